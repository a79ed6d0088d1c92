"""One ssh process a machine, and the execnet gateway over its streams (https://execnet.readthedocs.io).

Nobody is asked for a password or a host key (BatchMode). What ssh says of a failure becomes an error with one remedy.
"""

from __future__ import annotations

import atexit
import contextlib
import shlex
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import execnet
from execnet.gateway_base import Popen2IO
from execnet.gateway_bootstrap import bootstrap

from pytest_ofiuco.errors import HostError
from pytest_ofiuco.run.gateway import GRACE_SECONDS, wait
from pytest_ofiuco.run.hosts import arrival, carried

_OPTIONS = ("BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3")
_START_SECONDS = 60.0
_BEAT_SECONDS = 20.0
_TAIL_BYTES = 4000
_NO_PYTHON = "ofiuco: no Python"

_FINDER = """\
for python in {named} python3 python3.14 python3.13 python3.12 python3.11 python3.10 \\
  "${{PYENV_ROOT:-$HOME/.pyenv}}"/versions/3.*/bin/python3 "$HOME"/.local/share/uv/python/cpython-3.*/bin/python3 \\
  /usr/local/bin/python3 /opt/homebrew/bin/python3; do
  if [ -d "$python" ]; then python=$python/bin/python3; fi
  if "$python" -I -c "import sys; sys.exit(sys.version_info < {oldest})" </dev/null >/dev/null 2>&1; then
    exec "$python" -I -u -c "import sys;exec(eval(sys.stdin.readline()))"
  fi
done
echo "{no_python}" >&2
exit 71
"""
"""Runs in the other machine's shell: starts the first Python that is new enough, as execnet starts one."""

_REMEDIES = (
    ("host key verification failed", "connect once by hand and compare its key: `{command}`"),
    ("permission denied", "nobody is asked for a password here: have a key for it, in the agent or in ~/.ssh/config"),
    ("too many authentication failures", "name the one key for it in ~/.ssh/config, with IdentitiesOnly"),
)
_ELSE = "see whether `{command}` gets there, and correct `ssh` of its platform in [tool.ofiuco]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How a machine is reached: ``words`` as the ssh command takes them, and its Pythons that are named."""

    words: tuple[str, ...]
    config: str | None = None
    interpreters: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As messages name it."""
        return next((word for word in reversed(self.words) if not word.startswith("-")), " ".join(self.words))

    @property
    def ssh(self) -> list[str]:
        """The ssh command."""
        return ["ssh", *(("-F", self.config) if self.config else ()), *self.words]

    def command(self) -> list[str]:
        """What connects, and starts a Python there."""
        oldest = "({}, {})".format(*carried.oldest_python())
        named = " ".join(map(_quoted, self.interpreters))
        script = _FINDER.format(named=named, oldest=oldest, no_python=_NO_PYTHON)
        ssh, *rest = self.ssh
        options = [part for option in _OPTIONS for part in ("-o", option)]
        return [ssh, "-C", "-T", *options, *rest, f"exec /bin/sh -c {shlex.quote(script)}"]


def _quoted(path: str) -> str:
    return f'"$HOME"/{shlex.quote(path[2:])}' if path.startswith("~/") else shlex.quote(path)


class _Streams(Popen2IO):
    """The standard streams of a process that we have started, as execnet wants them."""

    def __init__(self, process: subprocess.Popen[bytes], execmodel: Any) -> None:
        super().__init__(process.stdin, process.stdout, execmodel=execmodel)
        self.popen = process

    def wait(self) -> int | None:
        """Execnet waits for it at the end."""
        return self.popen.wait()

    def kill(self) -> None:
        """As execnet does at the end."""
        self.popen.kill()


class Connection:
    """A machine that answers. Thread-safe once it is open."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._process: subprocess.Popen[bytes] | None = None
        self._gateway: Any = None
        self._watched: Any = None
        self._closed = threading.Event()
        self._said = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._forwards: Any = None

    def open(self) -> None:
        """Connect, and have our own code run there.

        Raises:
            HostError: it does not answer, or cannot run it.
        """
        limit = threading.Timer(_START_SECONDS, self.close)
        limit.daemon = True
        try:
            self._process = subprocess.Popen(
                self.address.command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is ours to hear: the machine is told in order
            )
        except OSError as error:
            reason = f"ssh cannot be started: {error.strerror or error}"
            raise HostError(self.address.name, reason, "install the OpenSSH client") from error
        atexit.register(self.close)
        self._reader.start()
        limit.start()
        try:
            self._arrive(self._process, limit)
        except execnet.RemoteError as error:
            self.close()
            raise self.unforeseen(error) from error
        except (OSError, EOFError, AssertionError, ValueError) as error:
            raise self._failure() from error
        finally:
            limit.cancel()

    def _arrive(self, process: subprocess.Popen[bytes], limit: threading.Timer) -> None:
        group = execnet.Group()
        atexit.unregister(self.close)
        atexit.register(self.close)  # to come before execnet's own, which takes its time
        spec = execnet.XSpec("ssh=elsewhere")
        spec.execmodel = "thread"
        group.allocate_id(spec)
        self._gateway = bootstrap(_Streams(process, group.execmodel), spec)
        self._gateway.spec = spec
        group._register(self._gateway)
        text = Path(arrival.__file__).read_text(encoding="utf-8")
        digest = carried.digest()
        channel = self._gateway.remote_exec(
            f"{text}\nif arrive(channel, {digest!r}):\n"
            "    from pytest_ofiuco.run.hosts.agent import watch\n    channel.send(['ready', ''])\n    watch(channel)\n"
        )
        self._watched = channel  # as long as it is open and heard of, what runs there goes on
        kind, said = channel.receive()
        limit.cancel()
        if kind == "lacking":
            channel.send(carried.archive())
            kind, said = channel.receive()
        if kind == "failed":
            self.close()
            raise HostError(self.address.name, said, "free the disk there, or choose another with OFIUCO_CACHE_DIR")
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self) -> None:
        """Have the machine hear of us: where nothing comes through any more, it ends what it has started."""
        with contextlib.suppress(OSError):
            while not self._closed.wait(_BEAT_SECONDS):
                self._watched.send(None)

    def channel(self) -> Any:
        """A channel to the agent there.

        Raises:
            HostError: the connection is lost.
        """
        try:
            return self._gateway.remote_exec("from pytest_ofiuco.run.hosts.agent import serve\nserve(channel)\n")
        except OSError as error:
            raise self.lost() from error

    def unforeseen(self, error: execnet.RemoteError) -> HostError:
        """What carries on there has failed in a way that nobody has foreseen."""
        lines = str(error).strip().splitlines()
        reason = f"pytest-ofiuco cannot run there: {lines[-1] if lines else 'it does not say why'}"
        return HostError(self.address.name, reason, "name another Python there with `interpreters` of its platform")

    def lost(self) -> HostError:
        """The connection was there, and is not."""
        said = self._last_line()
        return HostError(self.address.name, f"the connection was lost{f': {said}' if said else ''}", "run again")

    def close(self) -> None:
        """End everything there, then the connection."""
        atexit.unregister(self.close)
        self._closed.set()
        process = self._process
        if process is None:
            return
        if self._gateway is not None:
            with contextlib.suppress(OSError):
                self._gateway.exit()
        if wait(process, GRACE_SECONDS) is None:
            process.terminate()
            if wait(process, GRACE_SECONDS) is None:
                process.kill()
                process.wait()

    def _failure(self) -> HostError:
        process = self._process
        assert process is not None
        if wait(process, GRACE_SECONDS) is None:
            process.kill()
        process.wait()
        self._reader.join(GRACE_SECONDS)
        said, command = self._last_line(), shlex.join(self.address.ssh)
        if _NO_PYTHON in said:
            oldest = "{}.{}".format(*carried.oldest_python())
            remedy = "install one there, or name it with `interpreters` of its platform in [tool.ofiuco]"
            return HostError(self.address.name, f"no Python {oldest} or later was found there", remedy)
        remedy = next((text for sign, text in _REMEDIES if sign in self._text().lower()), _ELSE)
        reason = f"no connection: {said or f'ssh ended with {process.returncode}'}"
        return HostError(self.address.name, reason, remedy.format(command=command))

    def _read(self) -> None:
        """What ssh, and what runs there, says on its standard error."""
        assert self._process is not None
        assert self._process.stderr is not None
        while data := self._process.stderr.read1():  # type: ignore[attr-defined]  # a BufferedReader
            self._said = (self._said + data)[-_TAIL_BYTES:]
            if self._forwards is not None:
                self._forwards.write(data.decode(errors="replace"))
                self._forwards.flush()

    def _text(self) -> str:
        return self._said.decode(errors="replace")

    def _last_line(self) -> str:
        lines = [line.strip() for line in self._text().splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""

    def forward(self, stream: Any) -> None:
        """Write what comes on the standard error to a stream from here on."""
        self._forwards = stream


def parse(ssh: str, config: str | None, interpreters: Sequence[str], directory: Path) -> Address:
    """The address that [tool.ofiuco] gives; ``directory`` is pyproject.toml's."""
    file = str(directory / Path(config).expanduser()) if config else None
    return Address(words=tuple(shlex.split(ssh)), config=file, interpreters=tuple(interpreters))
