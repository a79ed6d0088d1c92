"""Locks of uv, Poetry and pdm with torch for CUDA on Linux and the main index's elsewhere: resolved and zipped."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.torch.asking import Asked
from tests.torch.catalogue import DATA, addresses, serve
from tests.torch.stand_ins import Hosts, stand_in

LOCKS = (
    pytest.param("uv", "uv.lock", id="uv.lock"),
    pytest.param("uv", "pylock.toml", id="pylock.toml"),
    pytest.param("uv", "requirements.txt", id="requirements.txt"),
    pytest.param("uv-url", "uv.lock", id="uv.lock, URLs"),
    pytest.param("poetry", "poetry.lock", id="poetry.lock"),
    pytest.param("pdm", "pdm.lock", id="pdm.lock"),
    pytest.param("pdm-urls", "pdm.lock", id="pdm.lock, URLs"),
)
FILES = {
    "linux_x86_64": "torch-2.7.0+cu128-{0}-{0}-manylinux_2_28_x86_64.whl",
    "linux_aarch64": "torch-2.7.0-{0}-{0}-manylinux_2_28_aarch64.whl",
    "macos_arm64": "torch-2.7.0-{0}-none-macosx_11_0_arm64.whl",
}
"""What each platform gets, whatever tool has locked it."""
NVIDIA = "nvidia_cublas_cu12-12.8.3.14-py3-none-manylinux_2_27_x86_64.whl"

Copy = Callable[..., Asked]


@pytest.fixture
def copy(hosts: Hosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Copy:
    """A project of tests/data/torch with one of its locks, and the hosts in the place of the indexes."""
    serve(hosts)

    def made(name: str, lock: str, ofiuco: str = "") -> Asked:
        folder = tmp_path / "project"
        folder.mkdir()
        for each in ("pyproject.toml", lock):
            text = (DATA / name / each).read_text(encoding="utf-8")
            for there, here in addresses(hosts).items():
                text = text.replace(there, here)
            (folder / each).write_text(text + (ofiuco if each == "pyproject.toml" else ""), encoding="utf-8")
        return Asked(folder, capsys)

    return made


@pytest.mark.parametrize(("name", "lock"), LOCKS)
def test_the_right_torch_for_every_platform(copy: Copy, hosts: Hosts, name: str, lock: str) -> None:
    asked = copy(name, lock)
    for platform, filename in FILES.items():
        for python in ("3.12", "3.13"):
            wanted = filename.format(f"cp{python.replace('.', '')}")
            chosen = asked.resolve(platform, python)
            assert chosen["torch"].filename == wanted
            assert (NVIDIA in {each.filename for each in chosen.values()}) == (platform == "linux_x86_64")
            zipped = asked.zip(platform, python)
            assert zipped["torch"] == wanted
            assert set(zipped.values()) == {each.filename for each in chosen.values()}
    assert {path for path in hosts.cuda.asked if "torch" not in path} == set()
    assert not [path for path in hosts.main.asked if "+" in path]


def test_extras_that_conflict(copy: Copy) -> None:
    asked = copy("uv-extras", "uv.lock")
    cpu = "torch-2.7.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl"
    for extra, linux in (("cu128", FILES["linux_x86_64"].format("cp312")), ("cpu", cpu)):
        options = ("3.12", "--extra", extra)
        assert asked.resolve("linux_x86_64", *options)["torch"].filename == linux
        assert asked.resolve("macos_arm64", *options)["torch"].filename == FILES["macos_arm64"].format("cp312")
        assert asked.zip("linux_x86_64", *options)["torch"] == linux
    assert "torch" not in asked.resolve("linux_x86_64", "3.12")
    both = ("--extra", "cpu", "--extra", "cu128")
    code, out, err = asked.run("resolve", "--platform", "linux_x86_64", "--python", "3.12", *both)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "error: uv.lock: extra cpu and extra cu128 conflict and cannot be selected together",
        "hint: select one of them",
    ]


GPU = """
[tool.ofiuco]
python = ["3.12", "3.13"]
platforms = ["gpu", "macos_arm64"]
exclude = [{ platform = "macos_arm64", variant = "cpu" }, { platform = "gpu", python = "3.13" }]

[tool.ofiuco.platform.gpu]
tag = "manylinux_2_28_x86_64"

[tool.ofiuco.variants.cpu]
replace = { torch = { url = "URL", hash = "sha256:HASH" }, nvidia-cublas-cu12 = false }
"""


@pytest.mark.parametrize(("name", "lock"), LOCKS)
def test_a_variant_for_the_cpu_on_a_platform_of_ones_own(copy: Copy, hosts: Hosts, name: str, lock: str) -> None:
    filename = "torch-2.7.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl"
    file = stand_in(filename, ["filelock"])
    asked = copy(name, lock, GPU.replace("URL", hosts.url(file)).replace("HASH", file.sha256))
    code, out, err = asked.run("matrix", "--format", "json")
    assert code == 0, err
    assert [each["name"] for each in json.loads(out)["cells"]] == [
        "py312-gpu",
        "py312-gpu-cpu",
        "py312-macos_arm64",
        "py313-macos_arm64",
    ]
    assert asked.zip("gpu", "3.12") == {
        "torch": FILES["linux_x86_64"].format("cp312"),
        "filelock": "filelock-3.18.0-py3-none-any.whl",
        "nvidia_cublas_cu12": NVIDIA,
    }
    assert asked.zip("gpu", "3.12", "--variant", "cpu") == {
        "torch": filename,
        "filelock": "filelock-3.18.0-py3-none-any.whl",
    }


def test_credentials_of_uvs_index(copy: Copy, hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts.cuda.authorization = "Basic " + base64.b64encode(b"me:secret").decode()
    asked, wanted = copy("uv", "uv.lock"), FILES["linux_x86_64"].format("cp312")
    code, _, err = asked.run("zip", "--platform", "linux_x86_64", "--python", "3.12", "--output", "x.zip")
    assert code == 1
    assert err.splitlines()[-2:] == [
        f"error: {wanted}: cannot be fetched: {hosts.cuda.host}: HTTP status 401 (Unauthorized)",
        "hint: give user name and password for pytorch-cu128 with UV_INDEX_PYTORCH_CU128_USERNAME"
        " and UV_INDEX_PYTORCH_CU128_PASSWORD",
    ]
    monkeypatch.setenv("UV_INDEX_PYTORCH_CU128_USERNAME", "me")
    monkeypatch.setenv("UV_INDEX_PYTORCH_CU128_PASSWORD", "secret")
    assert asked.zip("linux_x86_64", "3.12")["torch"] == wanted
    assert not [path for path, headers in hosts.main.seen if "Authorization" in headers]
