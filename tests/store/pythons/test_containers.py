"""Pythons in containers, by an engine that is a script: it notes what it is asked, and runs commands here.

It answers as docker and podman do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pytest_ofiuco.config.container import ContainerSettings
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import BrokenImageError, BrokenPythonError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters, host_platform
from pytest_ofiuco.store.pythons.contained import HOME, engine_of, launcher, mounts
from pytest_ofiuco.store.pythons.containers import VARIABLE, Engine, find_engine
from pytest_ofiuco.store.pythons.foreign import Lacking

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="containers are Linux")

HOST = host_platform()
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(HOST.architecture, HOST.architecture)
PYTHON = Python.parse(f"{sys.version_info[0]}.{sys.version_info[1]}")
EXECUTABLE = os.path.realpath(sys.executable)

ENGINE = """\
#!{python} -IS
import json, os, sys
state = json.load(open({state!r}))
words = sys.argv[1:]
with open({calls!r}, "a") as file:
    file.write(json.dumps(words) + "\\n")
def end(key):
    said, code = state.get(key, ["", 0])
    print(said, file=sys.stderr if code else sys.stdout, flush=True)
    sys.exit(code)
if words[0] == "run" and "run" not in state:
    start = words.index("image-id") + 1
    os.execvp(words[start], words[start:])
if words[0] == "pull" and state.get("pull", ["", 0])[1] == 0:
    state["image"] = state.pop("pulled")
    json.dump(state, open({state!r}, "w"))
end(words[0])
"""
IMAGE = [json.dumps([{"Id": "image-id", "Architecture": MACHINE, "Config": {"Env": ["A=1", "PATH=/in/image"]}}]), 0]
PODMAN: dict[str, object] = {"--version": ["podman version 5.2.0", 0], "info": ["5.2.0 false", 0], "image": IMAGE}
DOCKER = {**PODMAN, "--version": ["Docker version 28.2.2, build e6534b4", 0], "info": ["28.2.2 [name=seccomp]", 0]}
DOWN = {**DOCKER, "info": ["Cannot connect to the daemon. Is it running?", 1]}


class Machine:
    """A PATH with engines, and a session's environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        self.environ = {"PATH": str(folder / "bin"), "SECRET": "value", "OFIUCO_CACHE_DIR": str(folder / "cache")}

    def engine(self, name: str, state: Mapping[str, object]) -> None:
        path, kept = self.folder / "bin" / name, self.folder / f"{name}.json"
        kept.write_text(json.dumps(state))
        calls = str(self.folder / "calls")
        path.write_text(ENGINE.format(python=EXECUTABLE, state=str(kept), calls=calls))
        path.chmod(0o755)

    def calls(self, verb: str) -> list[list[str]]:
        said = map(json.loads, (self.folder / "calls").read_text().splitlines())
        return [words for words in said if words[0] == verb]

    def find(
        self, tag: str = str(HOST), *, python: Python = PYTHON, options: Sequence[str] = ()
    ) -> Interpreter | Lacking:
        from pytest_ofiuco.core.platforms import Platform

        settings = ContainerSettings(image="img:{python}", python=EXECUTABLE, options=tuple(options))
        interpreters = Interpreters(Store(self.folder / "cache"), self.environ)
        return interpreters.find_contained(python, Platform.parse(tag), settings, [str(self.folder)])


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_python_is_found(machine: Machine) -> None:
    machine.engine("podman", PODMAN)
    found = machine.find(options=["--memory=2g"])
    assert isinstance(found, Interpreter)
    assert (found.is_contained, found.platform, found.python.minor) == (True, HOST, PYTHON.minor)
    assert engine_of(found.launcher) == "podman 5.2.0"
    assert machine.calls("image") == [["image", "inspect", f"img:{PYTHON}"]]
    (run,) = machine.calls("run")
    options = run[: run.index("image-id")]
    assert options[1].startswith("--name=ofiuco-")
    fixed = [
        "--rm",
        "--interactive",
        "--init",
        "--network=host",
        "--pull=never",
        "--entrypoint=",
        "--security-opt=label=disable",
        f"--platform=linux/{MACHINE}",
        f"--user={os.getuid()}:{os.getgid()}",
        "--memory=2g",
    ]
    assert options[-len(fixed) :] == fixed
    passed = [each.removeprefix("--env=") for each in options if each.startswith("--env=")]
    assert {"SECRET", "OFIUCO_CACHE_DIR", f"HOME={HOME}", "PATH=/in/image"} <= set(passed)
    assert "PATH" not in passed
    assert f"--workdir={os.getcwd()}" in options
    other = machine.find()
    assert isinstance(other, Interpreter)
    assert other.identity != found.identity


@pytest.mark.parametrize(
    ("engines", "named", "name", "user"),
    [
        pytest.param({"docker": DOCKER, "podman": PODMAN}, None, "docker", "--user={}:{}", id="docker-first"),
        pytest.param({"docker": DOWN, "podman": PODMAN}, None, "podman", "--user={}:{}", id="docker-is-down"),
        pytest.param({"docker": DOCKER, "podman": PODMAN}, "podman", "podman", "--user={}:{}", id="named"),
        pytest.param({"docker": PODMAN}, None, "docker", "--user={}:{}", id="docker-is-podman"),
        pytest.param(
            {"podman": {**PODMAN, "info": ["5.2.0 true", 0]}}, None, "podman", "--userns=keep-id", id="rootless-podman"
        ),
        pytest.param(
            {"docker": {**DOCKER, "info": ["28.2.2 [name=seccomp name=rootless]", 0]}},
            None,
            "docker",
            "--user=0:0",
            id="rootless-docker",
        ),
    ],
)
def test_the_first_engine_that_answers(
    engines: Mapping[str, Mapping[str, object]], named: str | None, name: str, user: str, machine: Machine
) -> None:
    for each, state in engines.items():
        machine.engine(each, state)
    if named:
        machine.environ[VARIABLE] = named
    found = find_engine(machine.environ)
    assert isinstance(found, Engine)
    assert found.name == name
    assert list(found.user()) == [user.format(os.getuid(), os.getgid())]


NO_PODMAN = "podman: it is not on PATH"


@pytest.mark.parametrize(
    ("engines", "named", "reason", "remedy"),
    [
        pytest.param({}, None, f"docker: it is not on PATH; {NO_PODMAN}", "install podman, or start docker", id="none"),
        pytest.param(
            {"docker": DOWN},
            None,
            f"docker: Cannot connect to the daemon. Is it running?; {NO_PODMAN}",
            "install podman, or start docker",
            id="down",
        ),
        pytest.param({"podman": PODMAN}, "nerdctl", "nerdctl: it is not on PATH", f"correct {VARIABLE}", id="named"),
        pytest.param(
            {"docker": {**DOCKER, "info": ["", 0]}}, "docker", "docker: exit code 0", f"correct {VARIABLE}", id="silent"
        ),
    ],
)
def test_no_engine_answers(
    engines: Mapping[str, Mapping[str, object]], named: str | None, reason: str, remedy: str, machine: Machine
) -> None:
    for each, state in engines.items():
        machine.engine(each, state)
    if named:
        machine.environ[VARIABLE] = named
    expected = Lacking(image=f"img:{PYTHON}", reason=f"no engine answers ({reason})", remedy=remedy)
    assert machine.find() == expected


def test_an_image_that_is_not_there_is_pulled(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    absent = ["no such image", 1]
    machine.engine("podman", {**PODMAN, "image": absent, "pulled": IMAGE, "pull": ["Copying blob", 0]})
    assert isinstance(machine.find(), Interpreter)
    assert machine.calls("pull") == [["pull", f"--platform=linux/{MACHINE}", f"img:{PYTHON}"]]
    assert "Copying blob" in capfd.readouterr().err


OTHER = [json.dumps([{"Id": "image-id", "Architecture": "s390x"}]), 0]
_ANOTHER = "name another image, its `python` or the engine's `options` with `container` of the platform"


@pytest.mark.parametrize(
    ("state", "kind", "said", "hint"),
    [
        pytest.param(
            {"image": ["", 1], "pull": ["manifest unknown", 1]},
            BrokenImageError,
            f"img:{PYTHON}: this image cannot be used: manifest unknown",
            f"correct `container` of the platform, or try `podman pull img:{PYTHON}`",
            id="unknown",
        ),
        pytest.param(
            {"image": OTHER, "pulled": OTHER},
            BrokenImageError,
            f"img:{PYTHON}: this image cannot be used: it is for s390x, not for {MACHINE}",
            "name one for the platform with `container`",
            id="architecture",
        ),
        pytest.param(
            {"run": ["crun: executable file `python3.13` not found in $PATH", 127]},
            BrokenPythonError,
            f"{EXECUTABLE} in img:{PYTHON}: this interpreter cannot be used: exit code 127: crun: executable file"
            " `python3.13` not found in $PATH",
            _ANOTHER,
            id="no-python",
        ),
        pytest.param(
            {"run": ["Error: unknown flag: --odd\nSee 'podman run --help'", 125]},
            BrokenPythonError,
            f"{EXECUTABLE} in img:{PYTHON}: this interpreter cannot be used: exit code 125: Error: unknown flag: --odd",
            _ANOTHER,
            id="no-option",
        ),
    ],
)
def test_an_image_that_cannot_be_used(
    state: Mapping[str, object], kind: type[BrokenPythonError], said: str, hint: str, machine: Machine
) -> None:
    machine.engine("podman", {**PODMAN, **state})
    with pytest.raises(kind) as caught:
        machine.find()
    assert type(caught.value) is kind
    assert str(caught.value) == said
    assert caught.value.hint == hint


def test_a_python_of_another_version_or_libc(machine: Machine) -> None:
    machine.engine("podman", PODMAN)
    with pytest.raises(BrokenPythonError) as caught:
        machine.find(python=Python.parse("3.8"))
    version = ".".join(map(str, sys.version_info[:3]))
    assert str(caught.value).startswith(
        f"{EXECUTABLE} in img:3.8: this interpreter cannot be used: it is Python {version}"
    )
    with pytest.raises(BrokenPythonError) as caught:
        machine.find(f"manylinux_2_99_{HOST.architecture}")
    assert str(caught.value).endswith(f"it is for {HOST}, not for manylinux_2_99_{HOST.architecture}")
    assert caught.value.hint == "correct `tag` or `container` of the platform"


@pytest.mark.parametrize(
    ("tag", "said", "remedy"),
    [
        pytest.param(
            "manylinux_2_17_s390x",
            "exec /usr/bin/python3: Exec format error",
            "install qemu-user-static, by which the kernel starts programs for s390x",
            id="no-emulator",
        ),
        pytest.param(
            str(HOST),
            "container-init binary not found on the host",
            "install catatonit, which podman starts first in a container",
            id="no-init",
        ),
    ],
)
def test_what_this_machine_lacks(tag: str, said: str, remedy: str, machine: Machine) -> None:
    image = OTHER if "s390x" in tag else IMAGE
    machine.engine("podman", {**PODMAN, "image": image, "run": [said, 125]})
    reason = f"podman does not start it: exit code 125: {said}"
    assert machine.find(tag) == Lacking(image=f"img:{PYTHON}", reason=reason, remedy=remedy)


def test_containers_are_linux(machine: Machine) -> None:
    found = machine.find("macosx_14_0_arm64")
    assert isinstance(found, Lacking)
    assert found.reason == "containers are Linux"


def test_folders_are_mounted_once(tmp_path: Path) -> None:
    inner, link = tmp_path / "a" / "b", tmp_path / "link"
    inner.mkdir(parents=True)
    link.symlink_to(inner.parent)
    found = list(mounts([str(inner), str(tmp_path / "a"), str(link), str(tmp_path / "absent")]))
    assert found == [f"--mount=type=bind,source={each},target={each}" for each in (tmp_path / "a", link)]


def start(machine: Machine, code: str, **variables: str) -> subprocess.Popen[bytes]:
    document = {"engine": str(machine.folder / "bin/podman"), "says": "podman 5", "run": [], "image": "image-id"}
    command = launcher({**document, "path": "/in/image", "folders": []})
    environ = {**os.environ, **variables}
    return subprocess.Popen([*command, EXECUTABLE, "-c", code], env=environ, stdout=subprocess.PIPE)


@pytest.mark.parametrize("code", [0, 3, -signal.SIGSEGV, -signal.SIGKILL])
def test_it_ends_as_its_command(code: int, machine: Machine) -> None:
    machine.engine("podman", PODMAN)
    command = f"import os, sys; sys.exit({code})" if code >= 0 else f"import os; os.kill(os.getpid(), {-code})"
    with start(machine, command, OFIUCO_CELL="box", VIRTUAL_ENV="/env") as process:
        assert process.wait() == code
    (run,) = machine.calls("run")
    assert "--env=PATH=/env/bin:/in/image" in run


def test_an_exit_code_above_128_is_a_signal(machine: Machine) -> None:
    """So engines say it."""
    machine.engine("podman", {**PODMAN, "run": ["", 128 + signal.SIGSEGV]})
    with start(machine, "") as process:
        assert process.wait() == -signal.SIGSEGV


def test_signals_are_passed_on(machine: Machine) -> None:
    machine.engine("podman", PODMAN)
    code = "import sys, time\ntry: print('here', flush=True); time.sleep(60)\nexcept KeyboardInterrupt: sys.exit(7)"
    with start(machine, code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 7


def test_the_container_of_a_killed_one_is_removed(machine: Machine) -> None:
    machine.engine("podman", PODMAN)
    with start(machine, "print('here', flush=True); import time; time.sleep(3)") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        deadline = time.monotonic() + 20
        while not machine.calls("rm") and time.monotonic() < deadline:
            time.sleep(0.05)
    ((_, option),) = [(run[0], run[1]) for run in machine.calls("run")]
    assert machine.calls("rm") == [["rm", "--force", option.removeprefix("--name=")]]
