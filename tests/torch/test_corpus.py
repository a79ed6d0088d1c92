"""Real locks with torch, of which the wheels are stand-ins: the right file for each target, from the right place."""

from __future__ import annotations

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
