"""``ofiuco zip``: what is printed and written, and what docs/zip.md shows."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
import signal
import struct
import sys
import zipfile
from pathlib import Path

import pytest

from pytest_ofiuco.cli import output
from tests.bundle import commands
from tests.bundle.commands import ROOT, TARGET
from tests.bundle.projects import project

DOCS = commands.document("zip")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    return commands.run(capsys, "zip", *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return commands.small_project(tmp_path)


def test_a_zip_and_its_manifest(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, manifest = tmp_path / "x.zip", tmp_path / "x.json"
    arguments = ("--project", folder, *TARGET, "--output", output, "--manifest", manifest, "--exclude", "no*")
    code, out, err = run(capsys, *arguments, "--handler", "app.handler")
    sha256 = hashlib.sha256(output.read_bytes()).hexdigest()
    assert (code, err) == (0, 'warning: exclude "no*": nothing in the zip matches it\n')
    first, second = out.splitlines()
    assert re.fullmatch(rf"{re.escape(str(output))}: 5 files, \S+ B, \S+ B unzipped, sha256 {sha256}", first)
    assert second == "left out, since aws_lambda has them or nothing else needs them: boto3"
    written = manifest.read_bytes()
    document = json.loads(written)
    assert (document["sha256"], document["handler"]) == (sha256, "app.handler")
    assert base64.b64decode(document["code_sha256"]).hex() == sha256
    assert run(capsys, *arguments, "--handler", "app.handler")[:2] == (code, out)
    assert manifest.read_bytes() == written
    settings = folder / "pyproject.toml"
    settings.write_text(settings.read_text() + '[tool.ofiuco.zip]\nhandler = "app.handler"\n')
    assert run(capsys, *arguments)[:2] == (code, out)
    assert manifest.read_bytes() == written


def test_a_layer_of_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "x.zip"
    code, _, err = run(capsys, "--project", project(tmp_path / "p"), *TARGET, "--output", output, "--split")
    assert (code, err) == (0, f"warning: {tmp_path}/x-layer.zip: nothing is in it\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there a process ends at once")
def test_nothing_is_left_when_it_is_told_to_end(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("pytest_ofiuco.bundle.archive.Archive.add", end)
    with pytest.raises(SystemExit) as caught:
        run(capsys, "--project", folder, *TARGET, "--output", tmp_path / "x.zip")
    assert caught.value.code == 128 + signal.SIGTERM
    assert [each.name for each in tmp_path.glob("*x.zip*")] == []
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(
            ["--platform", "amiga"], 2, "platform 'amiga': neither a built-in name nor a platform tag", id="platform"
        ),
        pytest.param(["--python", "two"], 2, "python 'two': not a version of Python 3", id="python"),
        pytest.param(["--group", "nope"], 2, "pylock.toml: ", id="group"),
        pytest.param(
            ["--handler", "app.nope"], 1, "handler app.nope: app does not define nope at its top", id="handler"
        ),
        pytest.param(["--output", "nowhere/x.zip"], 2, "nowhere/x.zip: the folder nowhere is not there", id="output"),
        pytest.param(["--manifest", "x.zip"], 2, "x.zip: is, or is in, what is made", id="one place"),
        pytest.param(
            ["--split", "--manifest", "x-layer.zip"], 2, "x-layer.zip: is, or is in, what is made", id="the layer"
        ),
        pytest.param(["--shebang", "\udcff"], 2, "shebang: not one line of text", id="shebang is no text"),
        pytest.param(["--manifest", "no/x.json"], 2, "no/x.json: cannot be written: No such file", id="manifest"),
        pytest.param(["--layout", "round"], 2, "argument --layout: invalid choice", id="layout"),
        pytest.param(["--exclude", "/"], 2, "exclude '/': not a pattern of paths in a zip", id="pattern"),
        pytest.param(["--main", "app:handler"], 2, "a pex-like zip has something to start", id="main"),
        pytest.param(["--variant", "nope"], 2, "", id="variant"),
    ],
)
def test_refusals(
    tmp_path: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ("--project", folder, *TARGET, "--output", "x.zip", *arguments)
    commands.check_refusal(capsys, "zip", *given, code=code, message=message)
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_manifest_that_cannot_be_written_is_told_of_before(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    """By somebody who is not root, who may write anywhere."""
    manifest = tmp_path / "x.json"
    if is_there:
        manifest.write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK or Path(path) != tmp_path)
    monkeypatch.setattr(output, "tempfile", _NoTemporary)
    arguments = ("--project", folder, *TARGET, "--output", tmp_path / "x.zip", "--manifest", manifest)
    assert run(capsys, *arguments) == (
        2,
        "",
        f"error: {manifest}: cannot be written: Permission denied\n"
        "hint: name a file in a folder that exists and can be written\n",
    )
    assert manifest.exists() is is_there
    assert not (tmp_path / "x.zip").exists()


class _NoTemporary:
    """What cannot make a folder."""

    @staticmethod
    def TemporaryDirectory(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")


def test_the_docs_name_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    commands.check_options(capsys, "zip")


def test_the_docs_show_keys_of_the_manifest(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "--project", folder, *TARGET, "--output", tmp_path / "x.zip", "--manifest", tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert commands.keys_of_manifest("zip") == sorted(document)


@pytest.mark.e2e
def test_the_example_on_aws_lambda(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twice the same bytes, nothing that the runtime has, and nothing for another machine."""
    project = ("--project", ROOT / "example_project")
    command = re.findall(r"^\$ ofiuco zip (.*geo_lookup.*)$", DOCS, re.MULTILINE)[0]
    assert command == "--platform aws_lambda --python 3.13 --output x.zip --handler geo_lookup.app.handler"
    for name in ("x.zip", "y.zip"):
        output = tmp_path / name
        assert run(capsys, *project, *command.replace("x.zip", str(output)).split())[0] == 0
    assert (tmp_path / "x.zip").read_bytes() == (tmp_path / "y.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.testzip() is None
        found = archive.namelist()
        machines = {
            struct.unpack_from("<H", archive.read(name), 18)[0]
            for name in found
            if archive.read(name)[:4] == b"\x7fELF"
        }
    assert machines == {183}  # EM_AARCH64
    tops = {name.partition("/")[0].partition("-")[0] for name in found}
    assert not tops & {"boto3", "botocore", "awslambdaric", "s3transfer", "jmespath", "pytest", "_pytest", "pluggy"}
    assert {"geo_lookup", "numpy", "shapely", "pydantic_core", "requests", "urllib3"} <= tops
    assert not [name for name in found if "x86_64" in name]


def test_a_provided_package_that_is_misnamed(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So does ``ofiuco check`` say it."""
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(text.replace("boto3", "Boto33"))
    said = 'warning: tool.ofiuco.platform.aws_lambda.provided: "Boto33": no package of the lock: did you mean boto3?\n'
    code, _, err = run(capsys, "--project", folder, *TARGET, "--output", tmp_path / "x.zip")
    assert (code, err) == (0, said)
    assert commands.run(capsys, "check", "--project", folder, "--offline", *TARGET)[2] == said
