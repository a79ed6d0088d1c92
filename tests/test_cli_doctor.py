"""``ofiuco doctor``: a line for whatever there is to say, and never a traceback."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco import __version__
from pytest_ofiuco.cli import doctor, main
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.links import can_clone
from pytest_ofiuco.store.upkeep import health
from tests.store.makers import THIS_PYTHON
from tests.store.pythons import executables
from tests.store.serving import Index, closed_port, serving

SMALL = Path(__file__).parent / "data" / "projects" / "small"

Remark = dict[str, Any]


@pytest.fixture
def index() -> Iterator[Index]:
    with serving() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: Index) -> Path:
    """A project for the Python that runs the tests, on a machine with nothing else."""
    for name in [*os.environ]:
        if name.startswith(
            ("PIP_", "UV_", "POETRY_", "OFIUCO_", "SSL_", "REQUESTS_", "CURL_", "PYENV_", "MISE_", "ASDF_", "XDG_")
        ) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    (tmp_path / "bin").mkdir()
    variables = {"PATH": tmp_path / "bin", "HOME": tmp_path, "OFIUCO_CACHE_DIR": tmp_path / "cache"}
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("PIP_INDEX_URL", index.simple)
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(SMALL / "uv.lock", folder)
    return configured(folder, f'[tool.ofiuco]\npython = ["{THIS_PYTHON}"]\n')


def configured(project: Path, settings: str) -> Path:
    text, _, _ = (SMALL / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ofiuco]")
    (project / "pyproject.toml").write_text(text + settings, encoding="utf-8")
    return project


def remarks(
    project: Path, capsys: pytest.CaptureFixture[str], *words: str, section: str = "", code: int = 0
) -> list[Remark]:
    """Those of one section, or all."""
    assert main(["doctor", "--project", str(project), "--format", "json", *words]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    document = json.loads(captured.out)
    assert document["version"] == 1
    return [each for each in document["remarks"] if section in ("", each["section"])]


def said(found: list[Remark]) -> list[tuple[str, str]]:
    return [(each["status"], each["text"]) for each in found]


def test_all_is_well(project: Path, store: Store, index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--project", str(project)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("  ")][:-1] == [
        section for section in doctor.SECTIONS if section != "plugins" or "plugins" in lines
    ]
    assert lines[1].startswith(f"  ✓ pytest-ofiuco {__version__} on Python {THIS_PYTHON}.")
    assert f"  ✓ {project}: uv.lock (uv 1.5)" in lines
    assert f"  ✓ {index.simple}: answers" in lines
    assert any(line.startswith("  ✓ writable; link mode hardlink (hardlinks work, ") for line in lines)
    assert lines[-1] == "0 errors, 0 warnings"


def test_a_python_that_the_matrix_needs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(project, f'[tool.ofiuco]\npython = ["{THIS_PYTHON}", "3.99"]\n')
    here, missing = remarks(project, capsys, "--offline", section="matrix", code=1)
    assert here["status"] == "ok"
    assert here["details"]["python"] == THIS_PYTHON
    assert missing["status"] == "error"
    assert missing["text"] == "py399-host: Python 3.99 is missing"
    assert missing["hint"].startswith("install it (`uv python install 3.99`")


def test_a_python_that_may_be_missing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(project, '[tool.ofiuco]\npython = ["3.99"]\nmissing-python = "skip"\n')
    (missing,) = remarks(project, capsys, "--offline", section="matrix")
    assert (missing["status"], missing["text"]) == ("warning", "py399-host: Python 3.99 is missing")
    assert missing["hint"] == "install it (`uv python install 3.99`, `pyenv install 3.99`)"


@pytest.mark.skipif(sys.platform == "win32", reason="makes programs of scripts")
def test_launchers_and_foreign_platforms(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(project, f'[tool.ofiuco]\npython = ["{THIS_PYTHON}"]\nplatforms = ["win_amd64"]\n')
    (found,) = remarks(project, capsys, "--offline", section="matrix")
    assert found["status"] == "note"
    assert found["text"].startswith(f"py{THIS_PYTHON.replace('.', '')}-win_amd64: win_amd64 does not run on ")
    assert found["text"].endswith(", and nothing on it does; it is resolved and inspected")
    assert found["hint"] == "`ssh` of the platform names a machine that runs it"
    assert said(remarks(project, capsys, "--offline", section="launchers")) == [
        ("note", "no emulator (qemu-…) and no docker on PATH"),
    ]
    for name in ("qemu-aarch64", "qemu-system-arm", "docker"):
        (tmp_path / "bin" / name).write_text("")
        (tmp_path / "bin" / name).chmod(0o755)
    assert said(remarks(project, capsys, "--offline", section="launchers"))[:2] == [
        ("ok", f"docker: {tmp_path / 'bin' / 'docker'}"),
        ("ok", f"qemu-aarch64: {tmp_path / 'bin' / 'qemu-aarch64'}"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="makes programs of scripts")
def test_containers(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = '[tool.ofiuco.platform.box]\ntag = "manylinux_2_28_s390x"\ncontainer = "img:{python}"\n'
    configured(project, f'[tool.ofiuco]\npython = ["3.13"]\nplatforms = ["box"]\n{box}')
    tried = "docker: it is not on PATH; podman: it is not on PATH"
    (lacking,) = remarks(project, capsys, "--offline", section="matrix")
    text = f"py313-box: no engine answers ({tried}); it is resolved and inspected"
    assert (lacking["status"], lacking["text"], lacking["hint"]) == ("note", text, "install podman, or start docker")
    script = '#!/bin/sh\nif [ "$1" = --version ]; then echo podman version 5.2.0; else echo 5.2.0 true; fi\n'
    (tmp_path / "bin" / "podman").write_text(script)
    (tmp_path / "bin" / "podman").chmod(0o755)
    found = said(remarks(project, capsys, "--offline", section="matrix"))
    assert found == [("ok", "py313-box: runs in a container of img:3.13, by podman 5.2.0")]


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="an emulated machine is another one"
)
def test_each_foreign_platform_is_looked_at(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFIUCO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("QEMU_LD_PREFIX", str(tmp_path / "arm"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    paper = '[tool.ofiuco.platform.paper]\ntag = "manylinux_2_28_s390x"\nlauncher = false\n'
    configured(project, f'[tool.ofiuco]\npython = ["3.13"]\nplatforms = ["linux_aarch64", "paper"]\n{paper}')
    by_choice = "py313-paper: manylinux_2_28_s390x is not run (`launcher = false`); it is resolved and inspected"

    foreign, chosen = remarks(project, capsys, "--offline", section="matrix")
    assert (chosen["status"], chosen["text"], chosen["hint"]) == ("note", by_choice, None)
    assert foreign["status"] == "note"
    assert foreign["text"].endswith("and no Python 3.13 for it is here; it is resolved and inspected")
    assert foreign["hint"].startswith("install qemu-user (no qemu-aarch64 is on PATH) and libstdc++6-arm64-cross (")
    assert foreign["hint"].endswith("), then `ofiuco python install 3.13 linux_aarch64` makes it run")

    executables.emulator(tmp_path / "bin")
    executables.libraries(tmp_path / "arm")
    executables.python(tmp_path / "data" / "pythons-v1" / "uv" / "cpython-3.13.5-linux-aarch64-gnu")
    found, lacks, _ = remarks(project, capsys, "--offline", section="matrix")
    assert found["status"] == "ok"
    assert found["text"].startswith("py313-linux_aarch64: Python 3.13.5 for manylinux_2_41_aarch64, /")
    assert found["details"]["tag"] == "manylinux_2_28_aarch64"
    assert (lacks["status"], lacks["text"], lacks["hint"]) == (
        "warning",
        "py313-linux_aarch64: there is no libstdc++.so.6 among the libraries of its Python, which wheels may need",
        f"install it beside them ({tmp_path / 'arm' / 'lib'})",
    )
    (tmp_path / "arm" / "lib" / "libstdc++.so.6").touch()
    assert len(remarks(project, capsys, "--offline", section="matrix")) == 2

    broken = executables.script(tmp_path / "broken", "exit 3\n")
    named = f'[tool.ofiuco.platform.linux_aarch64]\ninterpreters = ["{broken}"]\n'
    configured(project, f'[tool.ofiuco]\npython = ["3.13"]\nplatforms = ["linux_aarch64"]\n{named}')
    (wrong,) = remarks(project, capsys, "--offline", section="matrix", code=1)
    assert wrong["text"] == f"py313-linux_aarch64: {broken}: this interpreter cannot be used: exit code 3"


@pytest.mark.skipif(sys.platform == "win32", reason="makes programs of scripts")
def test_an_interpreter_that_refuses(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "bin" / "python3"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    first = remarks(project, capsys, "--offline", section="pythons")[0]
    assert (first["status"], first["text"]) == ("note", f"{broken} is passed over: Exec format error")


def test_indexes(
    project: Path, index: Index, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dead = f"127.0.0.1:{closed_port()}"
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"http://me:secret@{dead}/simple {tmp_path / 'bin'} {tmp_path / 'none'}")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{tmp_path / 'bin'} {tmp_path / 'links'}")
    found = remarks(project, capsys, section="indexes")
    assert said(found) == [
        ("ok", f"{index.simple}: answers"),
        ("warning", f"http://{dead}/simple: {dead}: cannot be reached: Connection refused"),
        ("ok", f"{tmp_path / 'bin'}: a folder"),
        ("warning", f"{tmp_path / 'none'}: not there"),
        ("ok", f"files at {tmp_path / 'bin'}"),
        ("warning", f"files at {tmp_path / 'links'}: not there"),
    ]
    assert "secret" not in json.dumps(found)
    assert index.asked == ["/simple/pip/"]


def test_offline_asks_nobody(project: Path, index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(remarks(project, capsys, "--offline", section="indexes")) == [
        ("note", f"{index.simple}: not asked (--offline)")
    ]
    assert index.asked == []


def test_an_index_that_wants_a_password(project: Path, index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    index.authorization = "Basic eA=="
    (found,) = remarks(project, capsys, section="indexes")
    assert found["status"] == "warning"
    assert found["text"].startswith(f"{index.simple}: {index.simple.split('/')[2]}: HTTP status 401")
    assert found["hint"]


def test_connections(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(remarks(project, capsys, "--offline", section="connections")) == [
        ("ok", "certificates: the usual ones")
    ]
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "none.pem"))
    monkeypatch.setenv("PIP_TRUSTED_HOST", "index.example.org")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.example.org:8080")
    monkeypatch.setenv("NO_PROXY", "example.org")
    found = remarks(project, capsys, "--offline", section="connections")
    assert said(found) == [
        ("warning", f"certificates: {tmp_path / 'none.pem'} is not there"),
        ("warning", "the certificate of index.example.org is not checked"),
        ("ok", "proxy for https: http://proxy.example.org:8080"),
        ("ok", "no proxy for example.org"),
    ]
    assert "secret" not in json.dumps(found)


def test_the_cache(project: Path, store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first, space, links = remarks(project, capsys, "--offline", section="cache")
    assert first["details"]["path"] == str(store.root)
    assert space["details"]["free"] > 0
    can = can_clone(str(project / "uv.lock"), str(tmp_path / "clone"))
    assert links["details"] == {
        "is_writable": True,
        "hardlink": True,
        "clone": can,
        "symlink": True,
        "wanted": "hardlink",
        "link_mode": "hardlink",
    }
    (store.root / "wheels-v0").mkdir(parents=True)
    (store.root / "temporary-v1" / "left").mkdir(parents=True)
    assert said(remarks(project, capsys, "--offline", section="cache"))[-2:] == [
        ("note", "1 unfinished: of running sessions, or left by killed ones, and cleared by the next"),
        ("note", "of another version of pytest-ofiuco, and left alone: wheels-v0"),
    ]


def test_a_link_mode_that_cannot_be(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_tried", lambda _: {"hardlink": False, "clone": False, "symlink": True})
    text = "writable; link mode copy (no hardlinks, no clones, symlinks work), hardlink is wanted"
    assert ("warning", text) in said(remarks(project, capsys, "--offline", section="cache"))
    monkeypatch.setenv("OFIUCO_LINK_MODE", "symlink")
    text = "writable; link mode symlink (no hardlinks, no clones, symlinks work)"
    assert ("ok", text) in said(remarks(project, capsys, "--offline", section="cache"))
    monkeypatch.setenv("OFIUCO_LINK_MODE", "teleport")
    assert remarks(project, capsys, "--offline", section="cache", code=1)[-1]["status"] == "error"


def test_a_cache_that_cannot_be_written(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(place: Path) -> dict[str, bool]:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(health, "_tried", refused)
    last = remarks(project, capsys, "--offline", section="cache")[-1]
    assert (last["status"], last["text"]) == (
        "warning",
        "cannot be written: Permission denied; what is in it still serves",
    )


def test_a_cache_that_is_no_folder(project: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.root.write_text("")
    assert said(remarks(project, capsys, "--offline", section="cache", code=1)) == [
        ("error", f"{store.root} is no folder")
    ]


def test_outside_a_project(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    found = remarks(tmp_path / "empty", capsys, "--offline", section="project")
    assert said(found) == [("note", f"{tmp_path / 'empty'} is no project: it has neither pyproject.toml nor a lock")]


@pytest.mark.parametrize(
    ("pyproject", "said_so"),
    [
        pytest.param("[tool.ofiuco\n", "pyproject.toml: not valid TOML", id="no TOML"),
        pytest.param("[tool.ofiuco]\npython = 3\n", "pyproject.toml: tool.ofiuco.python: ", id="wrong type"),
        pytest.param('[tool.ofiuco]\nlock = "none.lock"\n', "no lock file here (looked for none.lock)", id="no lock"),
    ],
)
def test_a_broken_project(project: Path, capsys: pytest.CaptureFixture[str], pyproject: str, said_so: str) -> None:
    (project / "pyproject.toml").write_text(pyproject)
    (found,) = remarks(project, capsys, "--offline", section="project", code=1)
    assert found["status"] == "error"
    assert said_so in found["text"]
    assert found["hint"]


def test_a_folder_that_is_not_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = remarks(project / "none", capsys, "--offline", section="project", code=1)
    assert found["text"] == f"{project / 'none'}: no such folder"


def test_settings_that_cannot_be_read(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "perhaps")
    (found,) = remarks(project, capsys, "--offline", section="indexes", code=1)
    assert found["text"] == "PIP_NO_INDEX: neither yes nor no"


def test_no_index(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert said(remarks(project, capsys, section="indexes")) == [("note", "indexes are switched off (no-index)")]


def test_a_full_disk(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage)
    space = remarks(project, capsys, "--offline", section="cache")[1]
    assert space["status"] == "warning"
    assert space["text"].startswith("1.0 kB free")
    assert space["hint"] == "`ofiuco cache prune --older-than 30d` makes room"


def test_a_lock_that_is_out_of_date(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "other"\nversion = "1.0"\n')
    (found,) = remarks(project, capsys, "--offline", section="project")
    assert found["status"] == "warning"
    assert found["text"] == f"{project}: uv.lock (uv 1.5) is out of date with pyproject.toml"
    assert found["hint"] == "lock again: `uv lock`"


def test_the_example_in_the_docs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the docs show has the shape of what is said: sections, marks, and the words that do not vary."""
    document = (Path(__file__).parents[1] / "docs" / "doctor.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```console\n\$ ofiuco doctor\n(.*?)```", document, re.DOTALL)
    configured(project, f'[tool.ofiuco]\npython = ["{THIS_PYTHON}", "3.99"]\n')
    assert main(["doctor", "--project", str(project)]) == 1
    printed = capsys.readouterr().out
    here = os.environ["PIP_INDEX_URL"]
    assert [*dict.fromkeys(_shape(printed, here))] == [
        *dict.fromkeys(_shape(shown, "https://index.example.org/simple"))
    ]


def _shape(text: str, index: str) -> Iterator[str]:
    """The lines without what differs from machine to machine."""
    for line in text.replace(index, "INDEX").splitlines():
        if line == "plugins":
            return
        line = re.sub(r"no clones|clones work", "CLONES", line)
        line = re.sub(r"[\d.]+ .B( free)?( on \w+)?", "SPACE", line)
        line = re.sub(r"py\d+-host: Python 3[.\d]+,", "CELL", line) if "3.99" not in line else line
        line = re.sub(r"(manylinux|musllinux|macosx)\w+", "TAG", line)
        line = re.sub(r"\b\d+\.\d+\.\d+\w*|\((?=/).*?\)|/[^ :]+", "…", line)
        if not line.startswith("1 error"):
            yield line
