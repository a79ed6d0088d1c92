"""Which Pythons of other platforms uv fetches, and how it is asked for one.

Its list is that of `uv python list --all-platforms --all-arches --only-downloads`: a later one may have more, and uv is
asked all the same; what is not in it is not recommended.
"""

from __future__ import annotations

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.pythons.emulators import MACHINES

_FETCHED = {
    ("cpython", "glibc"): ("aarch64", "armv7l", "ppc64le", "riscv64", "s390x", "x86_64"),
    ("cpython", "musl"): ("aarch64", "x86_64"),
    ("pypy", "glibc"): ("aarch64", "i686", "x86_64"),
}
"""Architectures by implementation and C library."""


def is_fetched(python: Python, platform: Platform) -> bool:
    """Whether uv has such a Python."""
    return platform.architecture in _FETCHED.get((python.implementation, platform.libc or ""), ())


def request(python: Python, platform: Platform) -> str:
    """A Python as uv asks for one of another platform: ``cpython-3.12-linux-aarch64-gnu``."""
    architecture, _, libc = MACHINES[platform.architecture].uv.partition("-")
    if platform.libc == "musl":
        libc = libc.replace("gnu", "musl")
    free_threaded = "+freethreaded" if python.free_threaded else ""
    return f"{python.implementation}-{python.version}{free_threaded}-linux-{architecture}-{libc}"
