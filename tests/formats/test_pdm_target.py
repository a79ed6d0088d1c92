"""The Pythons and platforms that a pdm.lock was made for."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import PlatformNotAdmittedError, PythonNotAdmittedError
from tests.formats.pdm_locks import entry, metadata, names, read, resolved, targets
from tests.targets import LINUX_AARCH64, LINUX_X86_64, MACOS_ARM64, WINDOWS, target


@pytest.mark.parametrize(
    ("written", "here", "admitted"),
    [
        pytest.param('requires_python = ">=3.9,<3.13"', target("3.12", "win32"), True, id="a Python"),
        pytest.param('requires_python = ">=3.9,<3.12 || >=3.13"', target("3.13", "win32"), True, id="alternatives"),
        pytest.param('requires_python = ""', target("3.8", "win32"), True, id="any Python"),
    ],
)
def test_pythons(written: str, here: Target, admitted: bool) -> None:
    assert names(read(entry("a"), head=metadata(targets=targets(written))), here) == ["a"]


@pytest.mark.parametrize(
    ("written", "python", "message"),
    [
        pytest.param(
            ('requires_python = ">=3.9,<3.12"', 'requires_python = ">=3.13"'),
            "3.12",
            "pdm.lock: requires-python: Python 3.12.0 is not admitted by '>=3.9,<3.12 || >=3.13'",
            id="between two",
        ),
        pytest.param(
            ('requires_python = ">=3.9"',),
            "3.8",
            "pdm.lock: requires-python: Python 3.8.0 is not admitted by '>=3.9'",
            id="below",
        ),
    ],
)
def test_pythons_that_are_not_admitted(written: tuple[str, ...], python: str, message: str) -> None:
    lock = read(entry("a"), head=metadata(targets=targets(*written)))
    with pytest.raises(PythonNotAdmittedError) as caught:
        resolved(lock, target(python, "win_amd64"))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        pytest.param("linux", 'sys_platform == "linux" and platform_machine == "x86_64"', id="linux"),
        pytest.param("alpine", 'sys_platform == "linux" and platform_machine == "x86_64"', id="alpine"),
        pytest.param("macos", 'sys_platform == "darwin" and platform_machine == "arm64"', id="macos"),
        pytest.param("windows", 'sys_platform == "win32" and platform_machine == "AMD64"', id="windows"),
        pytest.param(
            "manylinux_2_40_x86_64", 'sys_platform == "linux" and platform_machine == "x86_64"', id="manylinux"
        ),
        pytest.param("musllinux_1_2_arm64", 'sys_platform == "linux" and platform_machine == "aarch64"', id="musl"),
        pytest.param("linux_x86", 'sys_platform == "linux" and platform_machine == "i686"', id="32 bits"),
        pytest.param("macos_14_0_x86_64", 'sys_platform == "darwin" and platform_machine == "x86_64"', id="Intel"),
        pytest.param("windows_arm64", 'sys_platform == "win32" and platform_machine == "ARM64"', id="windows, arm64"),
        pytest.param("windows_x86", 'sys_platform == "win32" and platform_machine == "x86"', id="windows, 32 bits"),
        pytest.param("freebsd_13_x86_64", 'sys_platform == "freebsd"', id="another system"),
    ],
)
def test_platforms(platform: str, expected: str) -> None:
    written = f'requires_python = ">=3.8"\nplatform = "{platform}"'
    (marker,) = read(entry("a"), head=metadata(targets=targets(written))).environments
    assert str(marker) == expected


PLATFORMS = metadata(
    targets=targets(
        'requires_python = ">=3.10"\nplatform = "manylinux_2_28_x86_64"',
        'requires_python = ">=3.11 || ==3.8.*"\nplatform = "macos_arm64"',
        'requires_python = ""\nplatform = "windows"\nimplementation = "cpython"\ngil_disabled = false',
    )
)


@pytest.mark.parametrize(
    ("here", "admitted"),
    [
        pytest.param(LINUX_X86_64, True, id="Linux"),
        pytest.param(LINUX_AARCH64, False, id="Linux on another machine"),
        pytest.param(target("3.9", "manylinux_2_28_x86_64"), False, id="Linux with an older Python"),
        pytest.param(MACOS_ARM64, True, id="macOS"),
        pytest.param(target("3.8", "macosx_14_0_arm64"), True, id="macOS with an older Python"),
        pytest.param(target("3.10", "macosx_14_0_arm64"), False, id="macOS with a Python between"),
        pytest.param(target("3.8", "win_amd64"), True, id="Windows with any Python"),
        pytest.param(target("pypy3.10", "win_amd64"), False, id="PyPy"),
    ],
)
def test_pythons_on_platforms(here: Target, admitted: bool) -> None:
    lock = read(entry("a"), head=PLATFORMS)
    if admitted:
        assert names(lock, here) == ["a"]
    else:
        with pytest.raises(PlatformNotAdmittedError):
            resolved(lock, here)


def test_a_target_without_a_platform_admits_all() -> None:
    head = metadata(targets=targets('requires_python = ">=3.8"\nplatform = "linux"', 'requires_python = ">=3.8"'))
    assert names(read(entry("a"), head=head), WINDOWS) == ["a"]


@pytest.mark.parametrize(
    ("said", "is_untold"),
    [
        pytest.param("", False, id="the first formats"),
        pytest.param("cross_platform = true", False, id="said"),
        pytest.param("cross_platform = false", True, id="said not to be"),
        pytest.param('strategy = ["cross_platform", "inherit_metadata"]', False, id="a strategy"),
        pytest.param('strategy = ["inherit_metadata"]', True, id="no strategy"),
    ],
)
def test_locks_before_targets(said: str, is_untold: bool) -> None:
    head = metadata(f"{said}\n", targets="", version="4.4.1")
    lock = read(entry("a"), head=head, pyproject='[project]\nrequires-python = ">=3.9"')
    assert (lock.requires_python_text, lock.requires_python_file) == (">=3.9", "pyproject.toml")
    warning = "pdm.lock: locked for the one platform that it was made on, which it does not name"
    assert lock.warnings == ((warning,) if is_untold else ())
