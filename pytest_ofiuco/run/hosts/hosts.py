"""The machines of a session: which cells run where."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.run.hosts.connection import Address, parse
from pytest_ofiuco.run.hosts.host import Host
from pytest_ofiuco.store.project import LocalProject


class Hosts:
    """One machine for each address that the project's platforms name."""

    def __init__(self, project: LocalProject) -> None:
        self._project = project
        directory, lock = project.directory.resolve(), project.lock_file.parent.resolve()
        self._root = Path(os.path.commonpath([directory, lock]))
        self._hosts: dict[Address, Host] = {}

    def connect(self, cells: Iterable[Cell]) -> None:
        """Begin to connect to the machines that cells run on, each in a thread."""
        found = [self.of(cell) for cell in cells]
        for host in {id(host): host for host in found if host is not None}.values():
            threading.Thread(target=_begun, args=(host,), daemon=True).start()

    def of(self, cell: Cell) -> Host | None:
        """The machine that a cell runs on, if it is not this one."""
        settings = self._project.config.settings.get(cell.platform)
        if settings is None or settings.ssh is None:
            return None
        directory = self._project.directory
        address = parse(settings.ssh, settings.ssh_config, settings.interpreters, directory)
        return self._hosts.setdefault(address, Host(address, self._root))


def _begun(host: Host) -> None:
    from pytest_ofiuco.errors import OfiucoError

    try:
        host.connect()
    except OfiucoError:
        return  # it is said to whoever asks the machine for something
