"""The stand-ins that the locks in tests/data/torch are of: their bytes, and so their hashes, are always the same."""

from __future__ import annotations

from pathlib import Path

from tests.store.makers import File
from tests.torch.stand_ins import Hosts, stand_in

PYTHONS = ("cp311", "cp312", "cp313")
NVIDIA = 'platform_system == "Linux" and platform_machine == "x86_64"'
DATA = Path(__file__).parents[1] / "data" / "torch"

MAIN = "https://index.example.org/simple", "https://files.example.org/files"
CUDA = "https://cuda.example.org/simple", "https://cuda.example.org/files"
CPU = "https://cpu.example.org/simple", "https://cpu.example.org/files"
"""The indexes in the locks, and where their files are."""


def torch() -> list[File]:
    """Builds as PyTorch has them: for CUDA on Linux and Windows, for the CPU there, and the main index's own."""
    tags = {
        "2.7.0": ("{}-manylinux_2_28_x86_64", "{}-manylinux_2_28_aarch64", "none-macosx_11_0_arm64", "{}-win_amd64"),
        "2.7.0+cu128": ("{}-manylinux_2_28_x86_64", "{}-win_amd64"),
        "2.7.0+cpu": ("{}-manylinux_2_28_x86_64", "{}-manylinux_2_28_aarch64", "{}-win_amd64"),
    }
    nvidia = {"2.7.0": "12.6.4.1", "2.7.0+cu128": "12.8.3.14"}
    files = []
    for version, patterns in tags.items():
        needed = [f"nvidia-cublas-cu12=={nvidia[version]}; {NVIDIA}"] if version in nvidia else []
        for python in PYTHONS:
            for pattern in patterns:
                filename = f"torch-{version}-{python}-{pattern.format(python)}.whl"
                files.append(stand_in(filename, ["filelock", *needed]))
    return files


def others() -> list[File]:
    """What torch needs; NVIDIA's wheels are for one machine."""
    filenames = (
        "filelock-3.18.0-py3-none-any.whl",
        "nvidia_cublas_cu12-12.6.4.1-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        "nvidia_cublas_cu12-12.8.3.14-py3-none-manylinux_2_27_x86_64.whl",
    )
    return [stand_in(filename) for filename in filenames]


def serve(hosts: Hosts) -> None:
    for file in (*torch(), *others()):
        hosts.serve(file)


def addresses(hosts: Hosts) -> dict[str, str]:
    """Those in the locks, and where the hosts are that stand in for them."""
    found: dict[str, str] = {}
    for (index, files), host in ((MAIN, hosts.main), (CUDA, hosts.cuda), (CPU, hosts.cpu)):
        found |= {index: host.simple, files: f"{host.base}/files"}
    return found
