"""Real locks with torch, of which the wheels are stand-ins: the right file for each target, from the right place."""

from __future__ import annotations

import base64
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.torch.asking import Asked
from tests.torch.stand_ins import Hosts, project

CORPUS = Path(__file__).parents[1] / "data" / "corpus"

GPU = """
[tool.ofiuco.platforms.gpu]
tag = "manylinux_2_28_x86_64"
markers = { sys_platform = "linux-x86_64" }
"""
"""The lock of ofiuco's example tells its CUDA builds apart by a name that no machine has: a platform may have it."""

Corpus = Callable[[str], Asked]


@pytest.fixture
def corpus(hosts: Hosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Corpus:
    def made(name: str) -> Asked:
        roots = ("torch",) if name.startswith("pex") else ("torch", "torchvision")
        return Asked(project(tmp_path / name, CORPUS / name, hosts, *roots, ofiuco=GPU), capsys)

    return made


@pytest.mark.parametrize(
    ("name", "python", "platform", "torch", "torchvision"),
    [
        pytest.param(
            "ofiuco-torch",
            "3.12",
            "gpu",
            "torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl",
            "torchvision-0.17.1+cu121-cp312-cp312-linux_x86_64.whl",
            id="CUDA 12.1",
        ),
        pytest.param(
            "ofiuco-torch",
            "3.12",
            "linux_x86_64",
            "torch-2.2.1-cp312-cp312-manylinux1_x86_64.whl",
            "torchvision-0.17.1-cp312-cp312-manylinux1_x86_64.whl",
            id="x86_64",
        ),
        pytest.param(
            "ofiuco-torch",
            "3.12",
            "linux_aarch64",
            "torch-2.2.1-cp312-cp312-manylinux2014_aarch64.whl",
            "torchvision-0.17.1-cp312-cp312-manylinux2014_aarch64.whl",
            id="aarch64",
        ),
        pytest.param(
            "ofiuco-torch",
            "3.12",
            "macos_arm64",
            "torch-2.2.1-cp312-none-macosx_11_0_arm64.whl",
            "torchvision-0.17.1-cp312-cp312-macosx_11_0_arm64.whl",
            id="macOS",
        ),
        pytest.param(
            "ofiuco-torch-assets",
            "3.13",
            "linux_x86_64",
            "torch-2.7.0+cu118-cp313-cp313-manylinux_2_28_x86_64.whl",
            "torchvision-0.22.0-cp313-cp313-manylinux_2_28_x86_64.whl",
            id="CUDA 11.8",
        ),
        pytest.param(
            "ofiuco-torch-assets",
            "3.13",
            "macos_arm64",
            "torch-2.7.0-cp313-none-macosx_11_0_arm64.whl",
            "torchvision-0.22.0-cp313-cp313-macosx_11_0_arm64.whl",
            id="macOS, beside 11.8",
        ),
        pytest.param(
            "pex-issue-2887",
            "3.13",
            "linux_x86_64",
            "torch-2.6.0+cu124-cp313-cp313-linux_x86_64.whl",
            None,
            id="CUDA 12.4",
        ),
    ],
)
def test_the_right_file_from_the_right_place(
    corpus: Corpus, hosts: Hosts, name: str, python: str, platform: str, torch: str, torchvision: str | None
) -> None:
    asked = corpus(name)
    wanted = {"torch": torch} | ({"torchvision": torchvision} if torchvision else {})
    chosen = asked.resolve(platform, python)
    assert {each: chosen[each].filename for each in wanted} == wanted
    places = {"torch": f"{hosts.cuda.base}/files/{quote(torch)}", "torchvision": hosts.cuda.simple}
    for each in wanted:
        assert chosen[each].at == (places[each] if "+" in wanted[each] else None)
    zipped = asked.zip(platform, python)
    assert {each: zipped[each] for each in wanted} == wanted
    assert {each.lower() for each in zipped.values()} == {each.filename.lower() for each in chosen.values()}
    cuda = {filename for filename in zipped.values() if "+" in filename}
    assert {path.rpartition("/")[2] for path in hosts.cuda.asked if path.startswith("/files/")} == cuda
    assert not [path for path in hosts.main.asked if "+" in path]


def test_no_file_for_aarch64(corpus: Corpus) -> None:
    """All of Linux gets the wheel for x86_64 in this lock: not an empty package, and not the one for macOS."""
    code, out, err = corpus("ofiuco-torch-assets").run("resolve", "--platform", "linux_aarch64", "--python", "3.13")
    assert (code, out) == (1, "")
    assert err.splitlines()[-2:] == [
        "error: poetry.lock: package[37]: no file of torch 2.7.0+cu118 fits Python 3.13 on manylinux_2_28_aarch64"
        " (every wheel is for another platform or Python, and there is no sdist);"
        " the lock offers torch-2.7.0+cu118-cp313-cp313-manylinux_2_28_x86_64.whl",
        "hint: lock a version of torch that has a file for this platform, or leave this cell out",
    ]


def test_two_that_hold_at_once(corpus: Corpus) -> None:
    asked = corpus("ofiuco-torch")
    lock = asked.folder / "poetry.lock"
    text = lock.read_text(encoding="utf-8")
    own = 'markers = "sys_platform == \\"linux-x86_64\\""\nfiles = [\n    {file = "torch-'
    assert text.count(own) == 1
    lock.write_text(
        text.replace(own, own.replace('sys_platform == \\"linux-', 'platform_machine == \\"')), encoding="utf-8"
    )
    code, out, err = asked.run("resolve", "--platform", "linux_x86_64", "--python", "3.12")
    assert (code, out) == (1, "")
    assert err.splitlines()[-2:] == [
        "error: poetry.lock: package torch: several entries hold for Python 3.12 on manylinux_2_28_x86_64:"
        ' 2.2.1 at package[21] (sys_platform != "linux-x86_64")'
        ' and 2.2.1+cu121 at package[22] (platform_machine == "x86_64")',
        "hint: lock the project again: the markers of these entries must exclude each other",
    ]


def test_a_name_that_only_a_platform_has(corpus: Corpus) -> None:
    """What no machine would get is told, but where a platform of the matrix gets it."""
    asked = corpus("ofiuco-torch")
    pyproject = asked.folder / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace("platforms.gpu", "platform.gpu")
    pyproject.write_text(f'{text}\n[tool.ofiuco]\npython = ["3.12"]\nplatforms = ["gpu"]\n', encoding="utf-8")
    platforms = {platform: asked.run("check", "--offline", "--platform", platform) for platform in ("gpu", "host")}
    assert {platform: (code, out.count("can never hold")) for platform, (code, out, _) in platforms.items()} == {
        "gpu": (0, 0),
        "host": (0, 2),
    }


def test_the_index_of_the_cuda_builds_is_asked_for_nothing_else(corpus: Corpus, hosts: Hosts) -> None:
    corpus("ofiuco-torch").zip("gpu", "3.12")
    pages = {path.split("/")[2] for path in hosts.cuda.asked if path.startswith("/simple/")}
    assert pages == {"torchvision"}
    assert not {"torch", "torchvision"} & {path.split("/")[2] for path in hosts.main.asked}


@pytest.mark.parametrize("place", ["variables", "netrc", "url"])
def test_an_index_that_asks_who_it_is(
    corpus: Corpus, hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    hosts.cuda.authorization = "Basic " + base64.b64encode(b"me:secret").decode()
    asked = corpus("ofiuco-torch")
    code, _, err = asked.run(*ZIP)
    assert code == 1
    error, hint = err.splitlines()[-2:]
    assert error == (
        "error: torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl: cannot be fetched:"
        f" {hosts.cuda.host}: HTTP status 401 (Unauthorized); {hosts.main.host}: has no such file"
    )
    assert hint == (
        "hint: give user name and password for pytorch with POETRY_HTTP_BASIC_PYTORCH_USERNAME"
        " and POETRY_HTTP_BASIC_PYTORCH_PASSWORD"
    )
    match place:
        case "variables":
            monkeypatch.setenv("POETRY_HTTP_BASIC_PYTORCH_USERNAME", "me")
            monkeypatch.setenv("POETRY_HTTP_BASIC_PYTORCH_PASSWORD", "secret")
        case "netrc":
            (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
            monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        case _:
            pyproject = asked.folder / "pyproject.toml"
            text = pyproject.read_text(encoding="utf-8")
            source = f'url = "{hosts.cuda.simple}/"'
            assert text.count(source) == 1
            pyproject.write_text(text.replace(source, source.replace("//", "//me:secret@", 1)), encoding="utf-8")
    assert asked.zip("gpu", "3.12")["torch"] == "torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl"
    if place != "netrc":
        assert not [path for path, headers in hosts.main.seen if "Authorization" in headers]
    seen = [path.read_bytes() for path in asked.folder.parent.rglob("*") if path.is_file() and "netrc" not in path.name]
    assert not [content for content in seen if b"secret" in content and b"tool.poetry" not in content]


ZIP = ("zip", "--platform", "gpu", "--python", "3.12", "--output", "x.zip")


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("name", "python", "platform", "torch"),
    [
        pytest.param(
            "ofiuco-torch",
            "3.12",
            "gpu",
            "torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl",
            id="a platform",
        ),
        pytest.param(
            "ofiuco-torch-assets", "3.13", "host", "torch-2.7.0+cu118-cp313-cp313-manylinux_2_28_x86_64.whl", id="a URL"
        ),
    ],
)
@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="CUDA builds are for Linux on x86_64"
)
def test_the_environment_has_the_cuda_build(corpus: Corpus, name: str, python: str, platform: str, torch: str) -> None:
    asked = corpus(name)
    pyproject = asked.folder / "pyproject.toml"
    text = f'[tool.ofiuco]\npython = ["{python}"]\nplatforms = ["{platform}"]\n'
    pyproject.write_text(
        f"{pyproject.read_text(encoding='utf-8')}\n{text}".replace("platforms.gpu", "platform.gpu"), encoding="utf-8"
    )
    code, out, err = asked.run("sync", "--format", "json")
    assert code == 0, out + err
    (cell,) = json.loads(out)["cells"]
    command = [f"{cell['environment']}/bin/python", "-c", "import torch; print(torch.FILE)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"{torch}\n"
