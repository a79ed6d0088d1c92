"""Another machine: an sshd of our own on loopback, with a home of its own, run as a plain process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_ofiuco.store.interpreters import host_platform

_PASSED = ("PIP_", "UV_", "SSL_", "REQUESTS_CA_BUNDLE", "PYENV_ROOT", "LANG")
_PATIENCE = 10.0


def sshd() -> str | None:
    """The server, which is seldom on a user's PATH."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


needs_sshd = pytest.mark.skipif(sshd() is None, reason="no sshd: apt-get install openssh-server")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Machine:
    """What answers as ``far``; ``config`` is for ssh's -F."""

    folder: Path
    port: int = 0

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def config(self) -> Path:
        return self.folder / "ssh_config"

    @property
    def store(self) -> Path:
        return self.home / ".cache" / "pytest-ofiuco"

    def start(self) -> None:
        """Make keys and settings, and have it listen."""
        self.home.mkdir()
        for name in ("host", "user", "stranger"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        shutil.copy(self.folder / "user.pub", self.folder / "authorized")
        self.port = _free_port()
        self._configure_server()
        key = (self.folder / "host.pub").read_text().split()[:2]
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.port} {' '.join(key)}\n")
        self.write_client()
        if os.geteuid() == 0:  # where a service would have made it
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "sshd.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(sshd()), "-D", "-e", "-f", str(self.folder / "sshd_config")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "sshd.log").read_text())

    def _configure_server(self) -> None:
        passed = {name: value for name, value in os.environ.items() if name.startswith(_PASSED)}
        variables = {**passed, "HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin"}
        lines = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {self.folder / 'host'}",
            f"AuthorizedKeysFile {self.folder / 'authorized'}",
            f"PidFile {self.folder / 'pid'}",
            "UsePAM no",
            "StrictModes no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "SetEnv " + " ".join(f'{name}="{value}"' for name, value in sorted(variables.items())),
        ]
        (self.folder / "sshd_config").write_text("\n".join(lines) + "\n")

    def write_client(self, *, key: str = "user", known: str = "known") -> None:
        """The settings of ssh: who it is, and which machines it knows."""
        lines = [
            "Host far",
            "HostName 127.0.0.1",
            f"Port {self.port}",
            f"IdentityFile {self.folder / key}",
            "IdentitiesOnly yes",
            "IdentityAgent none",
            f"UserKnownHostsFile {self.folder / known}",
            "GlobalKnownHostsFile /dev/null",
        ]
        self.config.write_text("\n".join(lines) + "\n")

    def platform(self, interpreter: str, *, name: str = "box", ssh: str = "far") -> str:
        """The table of [tool.ofiuco] for its cells, which are of the platform of this machine."""
        return (
            f'[tool.ofiuco.platform.{name}]\ntag = "{host_platform()}"\npython = ["3.13"]\n'
            f'ssh = "{ssh}"\nssh-config = "{self.config}"\ninterpreters = ["{interpreter}"]\n'
        )

    def processes(self) -> list[int]:
        """Those that run with its home, of which the server is none."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    variables = (entry / "environ").read_bytes().split(b"\0")
                    state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                except OSError:
                    continue
                if f"HOME={self.home}".encode() in variables and state != "Z":
                    found.append(int(entry.name))
        return found

    def drop_connections(self) -> None:
        """As a router that is switched off: those that serve a connection end, and nothing is said."""
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._process.pid)], capture_output=True, check=True
        )
        for child in children.stdout.split():
            os.kill(int(child), signal.SIGKILL)

    def stop(self) -> None:
        """It answers no more."""
        self._process.terminate()
        self._process.wait()
