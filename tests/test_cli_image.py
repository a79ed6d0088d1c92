"""``ofiuco image``: what is printed and written, and what docs/image.md shows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from tests.bundle import commands
from tests.bundle.commands import ROOT, TARGET
from tests.bundle.image.layouts import AMD64, ARM64, Layout, image_of
from tests.bundle.projects import LAMBDA, project
from tests.store.makers import wheel

DOCS = commands.document("image")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    return commands.run(capsys, "image", *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return commands.small_project(tmp_path)


def test_an_image_and_its_manifest(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, manifest = tmp_path / "image", tmp_path / "image.json"
    arguments = ("--project", folder, *TARGET, "--output", output, "--manifest", manifest, "--exclude", "no*")
    code, out, err = run(capsys, *arguments, "--handler", "app.handler")
    assert (code, err) == (
        0,
        "warning: there is no base, so nothing provides boto3; --with-provided takes them along\n"
        'warning: exclude "no*": nothing in the image matches it\n',
    ) or err.splitlines() == [
        'warning: exclude "no*": nothing in the image matches it',
        "warning: there is no base, so nothing provides boto3; --with-provided takes them along",
    ]
    document = json.loads(manifest.read_text(encoding="utf-8"))
    first, dependencies, code_layer, left_out, note = out.splitlines()
    assert re.fullmatch(rf"{re.escape(str(output))}: 5 files, \S+ [KM]iB, latest@{document['digest']}", first)
    for line, layer in zip((dependencies, code_layer), document["layers"], strict=True):
        assert re.fullmatch(rf"  {layer['of']}: \S+ K?i?B, \S+ B unpacked, {layer['digest']}", line)
    assert left_out == "left out, since aws_lambda has them or nothing else needs them: boto3"
    assert note == "no base: the image has no Python in it; --base gives it one"
    assert document["cmd"] == ["app.handler"]
    written = manifest.read_bytes()
    assert run(capsys, *arguments, "--handler", "app.handler")[:2] == (code, out)
    assert manifest.read_bytes() == written


def test_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its base lies beside pyproject.toml; options come first."""
    table = (
        '[tool.ofiuco.image]\nbase = "bases:py313"\ntag = "v1"\nprefix = "/srv"\nentrypoint = ["python3", "-m"]\n'
        'cmd = ["app"]\nuser = "app"\nworkdir = "/tmp"\nenv = { A = "1", B = "2" }\nlabels = { team = "x" }\n'
        "with-provided = true\n"
    )
    folder = project(tmp_path / "p", [wheel("boto3", {"boto3.py": ""})], pyproject=LAMBDA + table)
    layout = Layout(folder / "bases")
    layout.end(py313=layout.image(ARM64, {"User": "root"}), other=layout.image(AMD64))
    monkeypatch.chdir(tmp_path)
    arguments = ("--project", "p", *TARGET, "--output", "image")
    code, _, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    image = image_of(tmp_path / "image")
    assert image.names(1)[-1] == "srv/boto3.py"
    config = image.config["config"]
    assert config.pop("Env")[-2:] == ["A=1", "B=2"]
    assert config == {
        "Entrypoint": ["python3", "-m"],
        "Cmd": ["app"],
        "User": "app",
        "WorkingDir": "/tmp",
        "Labels": {"team": "x"},
    }
    assert image.index["manifests"][0]["annotations"] == {"org.opencontainers.image.ref.name": "v1"}
    given = ["--tag v2", "prefix /opt/x", 'cmd ["a b","c"]', "user 1", "workdir /w", "env B=3", "label team=y"]
    words = [
        word for each in given for word in (f"--{each.removeprefix('--').partition(' ')[0]}", each.partition(" ")[2])
    ]
    assert run(capsys, *arguments, *words, "--entrypoint", "sh -c 'one two'")[0] == 0
    image = image_of(tmp_path / "image")
    config = image.config["config"]
    assert config["Env"][-2:] == ["A=1", "B=3"]
    assert (config["Entrypoint"], config["Cmd"]) == (["sh", "-c", "one two"], ["a b", "c"])
    assert (config["User"], config["WorkingDir"], config["Labels"]) == ("1", "/w", {"team": "y"})


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(
            ["--platform", "amiga"], 2, "platform 'amiga': neither a built-in name nor a platform tag", id="platform"
        ),
        pytest.param(
            ["--platform", "macos_arm64"], 2, "platform macos_arm64: there are no images of macosx_", id="macOS"
        ),
        pytest.param(
            ["--handler", "app.nope"], 1, "handler app.nope: app does not define nope at its top", id="handler"
        ),
        pytest.param(["--output", "no/x"], 2, "no/x: the folder no is not there", id="output"),
        pytest.param(["--base", "no"], 2, "base no: there is no such folder", id="base"),
        pytest.param(["--env", "A"], 2, "--env 'A': has no value", id="env"),
        pytest.param(["--label", "=a"], 2, "label '': not a name", id="label"),
        pytest.param(["--cmd", "'a"], 2, """--cmd "'a": cannot be read: No closing quotation""", id="quote"),
        pytest.param(["--entrypoint", "[1]"], 2, "--entrypoint '[1]': not an array of strings", id="array"),
        pytest.param(["--entrypoint", "[a]"], 2, "--entrypoint '[a]': cannot be read: Expecting value", id="no JSON"),
        pytest.param(["--manifest", "image"], 2, "image: is, or is in, what is made", id="one place"),
        pytest.param(["--manifest", "image/x.json"], 2, "image/x.json: is, or is in, what is made", id="in the image"),
        pytest.param(["--env", "A=\udcff"], 2, "env 'A=\\udcff': not text", id="env is no text"),
        pytest.param(["--label", "\udcff=a"], 2, "label '\\udcff=a': not text", id="label is no text"),
        pytest.param(["--entrypoint", "\udcff"], 2, "entrypoint '\\udcff': not text", id="entry point is no text"),
        pytest.param(["--cmd", r'["\ud800"]'], 2, "cmd '\\ud800': not text", id="cmd is no text"),
        pytest.param(["--output", "x/image:v1"], 2, "--output 'x/image:v1': a folder's name with a colon", id="a tag"),
        pytest.param(["--tag", ""], 2, "tag '': no registry takes it", id="no tag"),
        pytest.param(["--manifest", "."], 2, ".: cannot be written: Is a directory", id="a folder"),
        pytest.param(["--manifest", "no/x.json"], 2, "no/x.json: cannot be written: No such file", id="manifest"),
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
    given = ("--project", folder, *TARGET, "--output", "image", *arguments)
    commands.check_refusal(capsys, "image", *given, code=code, message=message)
    assert not (tmp_path / "image").exists()


def test_the_docs_name_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    commands.check_options(capsys, "image")


def test_the_docs_show_keys_of_the_manifest(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "--project", folder, *TARGET, "--output", tmp_path / "x", "--manifest", tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert commands.keys_of_manifest("image") == sorted(document)


@pytest.mark.e2e
def test_the_example_on_aws_lambda(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twice the same bytes, and what a zip holds."""
    project = ("--project", ROOT / "example_project")
    ((command, shown),) = re.findall(r"^```console\n\$ ofiuco image (.*)\n((?:.*\n)*?)```", DOCS, re.MULTILINE)
    printed, contents = [], []
    for name in ("one", "two"):
        words = [str(tmp_path / name) if word == "image" else word for word in command.split()]
        code, out, _ = run(capsys, *project, *words, "--manifest", tmp_path / "x.json")
        assert code == 0
        printed.append(out.replace(str(tmp_path / name), "image"))
        contents.append({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()})
    assert printed[0] == printed[1]
    assert contents[0] == contents[1]
    alike = [re.sub(r"[a-f0-9]{64}|[\d.]+|…", "", text).splitlines() for text in (printed[0], shown)]
    for line, documented in zip(*alike, strict=True):
        assert line.startswith(documented)
    image = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    zipped = ("--output", str(tmp_path / "x.zip"), "--manifest", str(tmp_path / "y.json"))
    assert main(["zip", *map(str, project), *TARGET, *zipped]) == 0
    assert image["content_sha256"] == json.loads((tmp_path / "y.json").read_text(encoding="utf-8"))["content_sha256"]


def test_the_commands_in_the_docs_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = re.findall(r"^ofiuco image (.*)$", DOCS, re.MULTILINE)
    monkeypatch.chdir(project(tmp_path / "p"))
    for name in ("python", "lambda"):
        layout = Layout(tmp_path / "p" / "bases" / name)
        layout.end(**{"3.13": layout.image(ARM64, {"Entrypoint": ["/start"], "Env": ["LAMBDA_TASK_ROOT=/var/task"]})})
    assert [run(capsys, *shlex.split(command))[::2] for command in commands] == [(0, ""), (0, "")]
    started = [image_of(tmp_path / "p" / name).config["config"] for name in ("image", "function")]
    assert started[0]["Entrypoint"] == ["python3", "-m", "app"]
    assert (started[1]["Entrypoint"], started[1]["Cmd"]) == (["/start"], ["app.handler"])


def test_the_table_in_the_docs_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (table,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    folder = project(tmp_path / "p", pyproject=table)
    layout = Layout(folder / "bases" / "python")
    layout.end(**{"3.13": layout.image(ARM64)})
    arguments = ("--project", folder, "--platform", "linux_aarch64", "--python", "3.13", "--output", tmp_path / "x")
    assert run(capsys, *arguments)[0] == 0
