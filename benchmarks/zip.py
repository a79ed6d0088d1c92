"""The price of a zip for AWS Lambda, beside what people do without `ofiuco zip`; and of an image of the same.

    python benchmarks/zip.py [--rounds N] [--python X.Y] [--uv UV] [--pip PYTHON]

The zip of example_project for aws_lambda, everything in the caches of all sides: `ofiuco zip`, beside
`uv pip install --target` and `pip install --target` of the same wheels, the project's sources copied to them, and
`zip -r`. Every side begins with no folder and no zip. All sides run in turn, N times; medians and ratios are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from measuring import medians, output, variables

EXAMPLE = Path(__file__).parents[1] / "example_project"
PLATFORM = "manylinux_2_28_aarch64"
UV_PLATFORM = "aarch64-manylinux_2_28"


def ours(scratch: Path, python: str, what: str) -> Callable[[], None]:
    """`ofiuco zip` or `ofiuco image`, with its manifest."""
    command = [sys.executable, "-m", "pytest_ofiuco", what, "--platform", "aws_lambda", "--python", python]
    command += ["--output", str(scratch / f"ours.{what}"), "--manifest", str(scratch / "ours.json")]

    def run() -> None:
        output(command, EXAMPLE, variables())

    return run


def requirements(scratch: Path) -> Path:
    """What the manifest of our zip says that it holds, as lines for pip and uv."""
    packages = json.loads((scratch / "ours.json").read_text(encoding="utf-8"))["packages"]
    file = scratch / "requirements.txt"
    pinned = [f"{each['name']}=={each['version']}\n" for each in packages if each["version"]]
    file.write_text("".join(pinned), encoding="utf-8")
    return file


def theirs(scratch: Path, name: str, install: Sequence[str]) -> Callable[[], None]:
    """An installation to a folder, the project's sources, and `zip`."""
    target, archive = scratch / name, scratch / f"{name}.zip"

    def run() -> None:
        shutil.rmtree(target, ignore_errors=True)
        archive.unlink(missing_ok=True)
        output([*install, "--target", str(target)], scratch, variables())
        shutil.copytree(EXAMPLE / "src", target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        output(["zip", "--quiet", "--recurse-paths", str(archive), "."], target, variables())

    return run


def main() -> None:
    """Measure, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default="3.13")
    parser.add_argument("--uv", default=shutil.which("uv"))
    parser.add_argument("--pip", default=sys.executable, metavar="PYTHON", help="a Python that has pip")
    options = parser.parse_args()
    if not options.uv or not shutil.which("zip"):
        raise SystemExit("uv and zip are needed")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        own = ours(scratch, options.python, "zip")
        own()
        wanted = ["--no-deps", "--only-binary", ":all:", "--requirement", str(requirements(scratch))]
        uv = [options.uv, "pip", "install", "--quiet", "--python-platform", UV_PLATFORM]
        uv += ["--python-version", options.python, *wanted]
        pip = [options.pip, "-m", "pip", "install", "--quiet", "--platform", PLATFORM, "--platform"]
        pip += ["manylinux2014_aarch64", "--python-version", options.python, *wanted]
        works = [own, theirs(scratch, "uv", uv), theirs(scratch, "pip", pip)]
        times = medians(options.rounds, *works, ours(scratch, options.python, "image"))
        sizes = [os.path.getsize(scratch / f"{name}.zip") for name in ("ours", "uv", "pip")]
    for name, time, size in zip(("ofiuco zip", "uv + zip", "pip + zip"), times[:3], sizes, strict=True):
        print(f"{name:12} {time:7.3f} s   ratio {times[0] / time:5.2f}   {size / 1e6:6.1f} MB")
    print(f"{'ofiuco image':12} {times[-1]:7.3f} s")


if __name__ == "__main__":
    main()
