"""What the commands say of a project, and what they make of it."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.cli import main
from pytest_ofiuco.store import usage


@dataclass(frozen=True)
class Chosen:
    """The file of a package, and the URL or index where the lock says that it is."""

    filename: str
    at: str | None


class Asked:
    """``ofiuco`` in a project."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def run(self, command: str, *arguments: str) -> tuple[int, str, str]:
        """The exit code, what is printed, and what is said on standard error."""
        code = main([command, "--project", str(self.folder), *arguments])
        usage.end()
        out, err = self._capsys.readouterr()
        return code, out, err

    def resolve(self, platform: str, python: str, *options: str) -> dict[str, Chosen]:
        """The files of a target, by package."""
        arguments = ("--platform", platform, "--python", python, "--format", "json", *options)
        code, out, err = self.run("resolve", *arguments)
        assert code == 0, err
        packages: list[dict[str, Any]] = json.loads(out)["packages"]
        files = {each["name"]: each["artifact"] for each in packages}
        return {name: Chosen(each["filename"], each["url"] or each["index"]) for name, each in files.items()}

    def zip(self, platform: str, python: str, *options: str) -> dict[str, str]:
        """The files that a zip's modules were in, by package."""
        output = self.folder / f"{platform}.zip"
        code, _, err = self.run("zip", "--platform", platform, "--python", python, "--output", str(output), *options)
        assert code == 0, err
        found = {}
        with zipfile.ZipFile(output) as archive:
            assert archive.testzip() is None
            for name in archive.namelist():
                if name.endswith("/__init__.py"):
                    found[name.partition("/")[0]] = re.findall('FILE = "(.*)"', archive.read(name).decode())[0]
        return found
