"""[tool.ofiuco]."""

from __future__ import annotations

import pytest

from pytest_ofiuco.config import Config, PlatformSettings, read
from pytest_ofiuco.core.matrix import HOST, Exclusion, PythonRange
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import InputError, UsageError
from tests.locks import table

CORRECT = "correct it there, or restore the file from version control"


def config(text: str) -> Config:
    return read(table(f"[tool.ofiuco]\n{text}\n"))


@pytest.mark.parametrize("text", ["", "[tool.ofiuco]", "[project]\nname = 'a'"])
def test_nothing_said(text: str) -> None:
    assert read(table(text)) == Config()


def test_everything_said() -> None:
    assert config(
        """
lock = "locks/uv.lock"
python = ["3.10", "3.13t", "3.10"]
platforms = ["host", "box", "host"]
groups = ["main", "more"]
extras = ["cpu"]
test-groups = []
install-project = "wheel"
missing-python = "skip"
link-mode = "copy"
exclude = [{ python = "<3.12", platform = "box" }, { platform = "host" }]
allow-unhashed = ["Own_Wheel"]

[tool.ofiuco.platform.box]
tag = "manylinux_2_34_aarch64"
python = ["3.12", ">=3.13"]
provided = ["boto3"]
interpreters = ["~/python3"]
markers = { platform_version = "1", platform_release = "5" }
max-size = 100
"""
    ) == Config(
        lock="locks/uv.lock",
        python=(Python.parse("3.10"), Python.parse("3.13t")),
        platforms=("host", "box"),
        groups=("main", "more"),
        extras=("cpu",),
        test_groups=(),
        install_project="wheel",
        missing_python="skip",
        link_mode="copy",
        exclude=(Exclusion(python=PythonRange.parse("<3.12"), platform="box"), Exclusion(platform="host")),
        allow_unhashed=("own-wheel",),
        settings={
            "box": PlatformSettings(
                tag="manylinux_2_34_aarch64",
                pythons=(PythonRange.parse("3.12"), PythonRange.parse(">=3.13")),
                provided=("boto3",),
                interpreters=("~/python3",),
                markers=(("platform_release", "5"), ("platform_version", "1")),
                max_size=100,
            )
        },
    )


def test_platforms_that_run_elsewhere() -> None:
    found = config(
        """
[tool.ofiuco.platform.linux_aarch64]
launcher = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]
[tool.ofiuco.platform.macos_arm64]
ssh = "-p 2222 me@studio"
ssh-config = "~/.ssh/studio"
[tool.ofiuco.platform.windows_amd64]
launcher = false
"""
    )
    assert found.settings == {
        "linux_aarch64": PlatformSettings(launcher=("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")),
        "macos_arm64": PlatformSettings(ssh="-p 2222 me@studio", ssh_config="~/.ssh/studio"),
        "windows_amd64": PlatformSettings(runs=False),
    }


def test_platforms_as_a_table() -> None:
    """The host, and what it defines."""
    found = config('[tool.ofiuco.platforms.box]\ntag = "win_amd64"\n[tool.ofiuco.platforms.host]\n')
    assert found.platforms == ("host", "box")
    assert found.settings == {"box": PlatformSettings(tag="win_amd64"), "host": PlatformSettings()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('"editable"', "editable", id="editable"),
        pytest.param('"wheel"', "wheel", id="wheel"),
        pytest.param("false", "no", id="false"),
    ],
)
def test_install_project(text: str, expected: str) -> None:
    assert config(f"install-project = {text}").install_project == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            "pythons = []", "pythons: not a key that is known", "use one of: allow-unhashed, exclude, ", id="key"
        ),
        pytest.param("lock = 1", "lock: expected a string, found an integer", CORRECT, id="lock"),
        pytest.param('python = "3.12"', "python: expected an array, found a string", CORRECT, id="python"),
        pytest.param(
            "python = []", "python: an empty matrix", 'name a Python, as in python = ["3.12"]', id="no python"
        ),
        pytest.param(
            'python = ["3.12", "three"]',
            "python[1]: python 'three': not a version of Python 3",
            "write it as 3.12, 3.12.4, 3.13t (free-threaded) or pypy3.10",
            id="no Python",
        ),
        pytest.param("python = [3.12]", "python[0]: expected a string, found a float", CORRECT, id="a number"),
        pytest.param("platforms = []", "platforms: an empty matrix", "name a platform, as in ", id="no platform"),
        pytest.param("platforms = [1]", "platforms[0]: expected a string, found an integer", CORRECT, id="platforms"),
        pytest.param(
            'platforms = ["host", "win32", "hsot"]',
            "platforms[2]: platform 'hsot': neither a built-in name nor a platform tag",
            "use a tag such as manylinux_2_28_aarch64, ",
            id="no such platform",
        ),
        pytest.param(
            "exclude = [{ platform = 'hsot' }]",
            "exclude[0].platform: platform 'hsot': neither a built-in name nor a platform tag",
            "use a tag such as manylinux_2_28_aarch64, ",
            id="exclude's platform",
        ),
        pytest.param("groups = 'main'", "groups: expected an array, found a string", CORRECT, id="groups"),
        pytest.param(
            "install-project = true",
            "install-project: True is not a choice",
            'use "editable", "wheel" or false',
            id="install-project",
        ),
        pytest.param(
            "missing-python = 'ignore'",
            "missing-python: 'ignore' is not a choice",
            "use one of: error, skip",
            id="missing-python",
        ),
        pytest.param(
            "link-mode = 'reflink'",
            "link-mode: 'reflink' is not a choice",
            "use one of: hardlink, clone, copy, symlink",
            id="link-mode",
        ),
        pytest.param(
            "exclude = [{}]",
            "exclude[0]: excludes everything",
            "give python, platform, variant, or several of them",
            id="exclude",
        ),
        pytest.param(
            "exclude = [{ python = '3.12' }, { box = 'x' }]",
            "exclude[1].box: not a key that is known",
            "use python, platform and variant",
            id="exclude's key",
        ),
        pytest.param(
            "exclude = [{ python = 'x' }]",
            "exclude[0].python: python 'x': neither a version nor specifiers",
            'write "3.12" or ">=3.11,<3.13"',
            id="exclude's python",
        ),
        pytest.param(
            "[tool.ofiuco.platform.box]\ntag = 'box'",
            "platform.box.tag: platform 'box': neither a built-in name nor a platform tag",
            "use a tag such as manylinux_2_28_aarch64, ",
            id="tag",
        ),
        pytest.param(
            "[tool.ofiuco.platform.box]",
            "platform.box.tag: platform 'box': neither a built-in name nor a platform tag",
            "use a tag such as manylinux_2_28_aarch64, ",
            id="no tag",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host]\npython = ['x']",
            "platform.host.python: python 'x': neither a version nor specifiers",
            'write "3.12" or ">=3.11,<3.13"',
            id="a platform's python",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host]\nmax-size = 0",
            "platform.host.max-size: 0 is no number of megabytes",
            "write it as in max-size = 250",
            id="a size",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host]\nlauncher = []",
            "platform.host.launcher: names no command",
            'write launcher = ["qemu-aarch64"], or false: inspect only',
            id="a launcher",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host]\nlauncher = true",
            "platform.host.launcher: expected an array, found a boolean",
            CORRECT,
            id="a launcher's kind",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host]\nssh = ' '",
            "platform.host.ssh: names no machine",
            'write it as for the ssh command, as in ssh = "user@host"',
            id="ssh",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host]\nssh = 'far'\nlauncher = ['x']",
            "platform.host.launcher: there is none on another machine",
            "give launcher or ssh",
            id="ssh and a launcher",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host]\nssh-config = 'x'",
            "platform.host.ssh-config: is of no use without ssh",
            'add ssh = "user@host"',
            id="ssh-config",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host]\nemulator = []",
            "platform.host.emulator: not a key that is known",
            "use one of: tag, python, provided, interpreters, launcher, container, ssh, ssh-config, markers, max-size",
            id="a platform's key",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host.markers]\nextra = 'x'",
            "platform.host.markers.extra: not a marker variable",
            "use one of: implementation_name, ",
            id="a marker",
        ),
        pytest.param(
            "[tool.ofiuco.platform.host.markers]\nos_name = 1",
            "platform.host.markers.os_name: expected a string, found an integer",
            CORRECT,
            id="a marker's value",
        ),
    ],
)
def test_wrong(text: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        config(text)
    assert str(caught.value) == f"pyproject.toml: tool.ofiuco.{message}"
    assert (caught.value.hint or "").startswith(hint)


AXES = config(
    """
[tool.ofiuco.platform.aws_lambda]
python = ["3.12"]
[tool.ofiuco.platform.box]
tag = "musllinux_1_2_x86_64"
[tool.ofiuco.platform.host]
markers = { platform_release = "6.1" }
[tool.ofiuco.platform.win_amd64]
tag = "win_arm64"
"""
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("host", "manylinux_2_36_x86_64", id="host"),
        pytest.param("aws_lambda", "manylinux_2_34_aarch64", id="refined"),
        pytest.param("box", "musllinux_1_2_x86_64", id="defined"),
        pytest.param("macos_arm64", "macosx_14_0_arm64", id="built in"),
        pytest.param("win32", "win32", id="a tag"),
        pytest.param("win_amd64", "win_arm64", id="a tag, defined anew"),
    ],
)
def test_axis(name: str, expected: str) -> None:
    axis = AXES.axis(name, "manylinux_2_36_x86_64")
    assert axis.definition.name == name
    assert str(axis.definition.platform((3, 12))) == expected


def test_axis_refined() -> None:
    assert AXES.axis("aws_lambda", "").pythons == (PythonRange.parse("3.12"),)
    host = AXES.axis(HOST, "macosx_14_0_arm64").definition.platform((3, 12))
    assert host.environment["platform_release"] == "6.1"


def test_axis_unknown() -> None:
    with pytest.raises(UsageError, match="platform 'amiga': neither a built-in name nor a platform tag"):
        AXES.axis("amiga", "")


def test_names_are_normalized() -> None:
    read_ = config('groups = ["Main", "Dev_Tools"]\nextras = ["Cpu.X"]\ntest-groups = ["T_1", "t-1"]')
    assert (read_.groups, read_.extras, read_.test_groups) == (("main", "dev-tools"), ("cpu-x",), ("t-1",))


def test_no_groups_are_no_groups() -> None:
    assert config("groups = []").groups == ()


def test_long_values_are_cut() -> None:
    with pytest.raises(InputError) as caught:
        config(f'missing-python = "{"x" * 5000}"')
    assert len(str(caught.value)) < 250
