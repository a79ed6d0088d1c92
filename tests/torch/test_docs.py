"""What docs/torch.md shows: settings that the tools have locked, commands, and what they print."""

from __future__ import annotations

import re
import shlex
import zipfile
from pathlib import Path

import pytest

from pytest_ofiuco.core.table import parse
from tests.torch.asking import Asked
from tests.torch.catalogue import CPU, CUDA, DATA, addresses, serve
from tests.torch.stand_ins import PYTORCH, Hosts, stand_in

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "torch.md").read_text(encoding="utf-8")
UV, POETRY, PLATFORMS, VARIANT, PROVIDED = re.findall(r"^```toml\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
INDEXES = {f"{PYTORCH}/cu128": CUDA[0], f"{PYTORCH}/cpu": CPU[1]}


@pytest.mark.parametrize(
    ("name", "shown"), [pytest.param("uv", UV, id="uv"), pytest.param("poetry", POETRY, id="Poetry")]
)
def test_the_settings_are_those_that_were_locked(name: str, shown: str) -> None:
    for there, here in INDEXES.items():
        shown = shown.replace(there, here)
    locked = (DATA / name / "pyproject.toml").read_text(encoding="utf-8")
    whole = parse(locked.encode(), "pyproject.toml").table("tool").table(name)
    ours = parse(shown.encode(), "torch.md")
    own = ours.table("tool").table(name)
    assert own.data.keys() <= {"sources", "index", "dependencies", "source"}
    for key, value in own.data.items():
        found = whole.data[key]
        assert value == found if isinstance(value, dict) else [each for each in value if each not in found] == []
    if "project" in ours:
        assert ours.table("project").data == parse(locked.encode(), "pyproject.toml").table("project").data


@pytest.fixture
def asked(hosts: Hosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Asked:
    serve(hosts)
    cpu = stand_in("torch-2.7.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl", ["filelock"])
    text = "\n".join((UV, PLATFORMS, VARIANT.replace("sha256:…", f"sha256:{cpu.sha256}"), PROVIDED))
    lock = (DATA / "uv" / "uv.lock").read_text(encoding="utf-8")
    for there, here in INDEXES.items():
        text = text.replace(there, here)
    for there, here in addresses(hosts).items():
        text, lock = text.replace(there, here), lock.replace(there, here)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    (folder / "uv.lock").write_text(lock, encoding="utf-8")
    return Asked(folder, capsys)


def test_what_is_printed(asked: Asked) -> None:
    ((_, shown),) = re.findall(r"^```(console)\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    pairs = re.findall(r"^\$ ofiuco (.*)\n(.*)\n", shown, re.MULTILINE)
    assert len(pairs) == 3
    for command, line in pairs:
        name, *options = shlex.split(command)
        code, out, err = asked.run(name, *options)
        assert code == 0, err
        assert line in out.splitlines()


def test_what_is_shipped(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(asked.folder)
    ((_, block),) = re.findall(r"^```(sh)\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    commands = [*block.splitlines(), "ofiuco zip --platform training --python 3.12 --output training.zip"]
    shipped = {}
    for command in commands:
        _, name, *options = shlex.split(command)
        code, _, err = asked.run(name, *options)
        assert code == 0, err
        with zipfile.ZipFile(options[-1]) as archive:
            infos = {each.partition("/")[0] for each in archive.namelist() if ".dist-info/" in each}
        shipped[options[-1]] = sorted(each.removesuffix(".dist-info") for each in infos)
    common = ["filelock-3.18.0"]
    assert shipped == {
        "gpu.zip": [*common, "nvidia_cublas_cu12-12.8.3.14", "torch-2.7.0+cu128"],
        "cpu.zip": [*common, "torch-2.7.0+cpu"],
        "arm.zip": [*common, "torch-2.7.0"],
        "training.zip": [],
    }


def test_the_tests_are_python() -> None:
    ((_, shown),) = re.findall(r"^```(python)\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    compile(shown, "test_torch.py", "exec")


def test_a_name_that_no_machine_has_is_told(asked: Asked) -> None:
    lock = asked.folder / "uv.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace("sys_platform == 'linux'", "sys_platform == 'linux-x86_64'"), encoding="utf-8")
    _, out, _ = asked.run("check", "--offline")
    assert "linux-x86_64" in out
