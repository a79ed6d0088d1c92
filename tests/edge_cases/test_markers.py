"""Case 26: markers, in the formats that have them; not one of the 11 keys is the host's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from packaging import markers

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.platforms import MARKER_KEYS
from pytest_ofiuco.core.target import Target
from tests.edge_cases.reading import FILES, INDEX, SHA256, pins
from tests.locks import read_lock
from tests.targets import LINUX_AARCH64, LINUX_X86_64, MACOS_ARM64, WINDOWS, target

PYPY = target("pypy3.10", "manylinux_2_28_x86_64")


@pytest.fixture(autouse=True)
def _another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """``packaging`` takes from the host what it is not given: here that is never right."""
    monkeypatch.setattr(markers, "default_environment", lambda: dict.fromkeys(MARKER_KEYS, "of the host"))


def uv(marker: str) -> Lock:
    return read_lock(
        "uv.lock",
        'version = 1\n[[package]]\nname = "project"\nversion = "0"\nsource = { virtual = "." }\n'
        f'dependencies = [{{ name = "a", marker = "{marker}" }}]\n'
        f'[[package]]\nname = "a"\nversion = "1.0"\nsource = {{ registry = "{INDEX}" }}\n'
        f'wheels = [{{ url = "{FILES}/a-1.0-py3-none-any.whl", hash = "sha256:{SHA256}" }}]\n',
    )


def poetry(marker: str) -> Lock:
    return read_lock(
        "poetry.lock",
        f'[[package]]\nname = "a"\nversion = "1.0"\ngroups = ["main"]\nmarkers = "{marker}"\n'
        f'files = [{{file = "a-1.0-py3-none-any.whl", hash = "sha256:{SHA256}"}}]\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = "*"\n',
    )


def pylock(marker: str) -> Lock:
    return read_lock(
        "pylock.toml",
        'lock-version = "1.0"\ncreated-by = "hand"\n'
        f'[[packages]]\nname = "a"\nversion = "1.0"\nmarker = "{marker}"\n'
        f'wheels = [{{url = "{FILES}/a-1.0-py3-none-any.whl", hashes = {{sha256 = "{SHA256}"}}}}]\n',
    )


def pdm(marker: str) -> Lock:
    return read_lock(
        "pdm.lock",
        '[metadata]\ngroups = ["default"]\nstrategy = ["inherit_metadata"]\nlock_version = "4.5.0"\n'
        f'[[package]]\nname = "a"\nversion = "1.0"\ngroups = ["default"]\nmarker = "{marker}"\n'
        f'files = [{{file = "a-1.0-py3-none-any.whl", hash = "sha256:{SHA256}"}}]\n',
    )


@pytest.mark.parametrize("read", [uv, poetry, pylock, pdm])
@pytest.mark.parametrize(
    ("marker", "here", "expected"),
    [
        # Seen: compared as text, 3.13 is after 4.0 never, and before 3.9.
        pytest.param("python_version < '4.0'", target("3.13", "win_amd64"), True, id="26: 3.13 is before 4.0"),
        pytest.param("python_version >= '3.9'", target("3.13", "win_amd64"), True, id="26: 3.13 is after 3.9"),
        pytest.param("python_full_version < '3.14.1'", target("3.14", "win_amd64"), True, id="26: X.Y is X.Y.0"),
        pytest.param("python_full_version < '3.14.1'", target("3.14.1", "win_amd64"), False, id="26: X.Y.Z is itself"),
        pytest.param("python_full_version == '3.14.*'", target("3.14.1", "win_amd64"), True, id="26: a prefix"),
        # The specification: ``in`` on strings is a test for a substring.
        pytest.param("sys_platform in 'linux darwin'", LINUX_X86_64, True, id="26: a substring"),
        pytest.param("sys_platform in 'linux darwin'", WINDOWS, False, id="26: not a substring"),
        pytest.param("sys_platform not in 'linux darwin'", WINDOWS, True, id="26: not in"),
        pytest.param("'lin' in sys_platform", LINUX_X86_64, True, id="26: the other way round"),
        pytest.param("'win' in sys_platform", MACOS_ARM64, True, id="26: darwin has win in it"),
        pytest.param("platform_release >= '5'", LINUX_X86_64, False, id="26: no release is told"),
        pytest.param("platform_version == ''", LINUX_X86_64, True, id="26: nor a version"),
        # PEP 440: a prerelease is before its release, and python_version has no prereleases.
        pytest.param("python_full_version >= '3.14'", target("3.14.0rc1", "win_amd64"), False, id="26: a prerelease"),
        pytest.param("python_version >= '3.14'", target("3.14.0rc1", "win_amd64"), True, id="26: of its version"),
        pytest.param("python_full_version >= '3.14.0a1'", target("3.14.0rc1", "win_amd64"), True, id="26: and later"),
        pytest.param("os_name == 'nt'", WINDOWS, True, id="26: os_name"),
        pytest.param("platform_system == 'Darwin'", MACOS_ARM64, True, id="26: platform_system"),
        # Seen: ofiuco's rules said arm64 for Linux.
        pytest.param("platform_machine == 'aarch64'", LINUX_AARCH64, True, id="26: aarch64 on Linux"),
        pytest.param("platform_machine == 'arm64'", MACOS_ARM64, True, id="26: arm64 on macOS"),
        pytest.param("platform_machine == 'AMD64'", WINDOWS, True, id="26: AMD64 on Windows"),
        pytest.param("implementation_name == 'pypy'", PYPY, True, id="26: implementation_name"),
        pytest.param("platform_python_implementation != 'CPython'", PYPY, True, id="26: its name"),
        pytest.param("implementation_version < '3'", target("3.12.4", "win_amd64"), False, id="26: CPython's version"),
        pytest.param("implementation_version >= '7.3'", PYPY, True, id="26: PyPy's version"),
        pytest.param("sys_platform == 'ios'", target("3.13", "ios_13_0_arm64_iphoneos"), True, id="26: iOS"),
        pytest.param("sys_platform == 'android'", target("3.13", "android_24_arm64_v8a"), True, id="26: Android"),
        pytest.param(
            "sys_platform != 'emscripten'", target("3.13", "pyodide_2025_0_wasm32"), False, id="26: Emscripten"
        ),
    ],
)
def test_markers(marker: str, here: Target, expected: bool, read: Callable[[str], Lock]) -> None:
    assert pins(read(marker), here) == ({"a": "1.0"} if expected else {})


def test_no_key_is_of_the_host() -> None:
    """26"""
    assert tuple(LINUX_X86_64.environment) == MARKER_KEYS
    for key in MARKER_KEYS:
        assert pins(pylock(f"{key} == 'of the host'")) == {}, key
