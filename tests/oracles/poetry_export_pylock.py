"""Poetry's own pylock.toml exporter, without an index; run by the interpreter that Poetry lives in.

Usage: ``poetry_export_pylock.py GROUPS EXTRAS`` in the project's folder, both comma-separated.

The exporter asks the index for the URL of each file, which poetry.lock does not have. Here the locked files themselves
answer; which packages, markers and files are exported, which is what the tests ask about, is Poetry's own doing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from cleo.io.buffered_io import BufferedIO  # type: ignore[import-not-found, unused-ignore]
from poetry.factory import Factory  # type: ignore[import-not-found, unused-ignore]
from poetry_plugin_export.exporter import Exporter  # type: ignore[import-not-found, unused-ignore]


class LockedFiles:
    """An index that has what was locked."""

    def __init__(self, packages: list[Any]) -> None:
        self.packages = {(package.name, package.version): package for package in packages}

    def package(self, name: str, version: Any, repository_name: str | None = None) -> Any:
        package = self.packages[name, version]
        package.files = [{**each, "url": f"https://files.example.org/{each['file']}"} for each in package.files]
        return package


def main(groups: str, extras: str) -> None:
    poetry = Factory().create_poetry(Path.cwd(), io=BufferedIO())
    poetry.set_pool(LockedFiles(poetry.locker.locked_repository().packages))
    output = BufferedIO()
    exporter = Exporter(poetry, BufferedIO())
    exporter.only_groups(groups.split(",")).with_extras(list(filter(None, extras.split(","))))
    exporter.export("pylock.toml", Path.cwd(), output)
    sys.stdout.write(output.fetch_output())


if __name__ == "__main__":
    main(*sys.argv[1:])
