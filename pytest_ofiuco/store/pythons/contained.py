"""A program that runs a command in a container, and ends with it: what stands before a cell's interpreter there.

Executed as a script (``python -I -S contained.py DOCUMENT COMMAND…``): standard library only. It is in front of the
engine for what differs from one start to the next: the container's name, folder and variables; for signals; and for
what is left when it is killed: a shell that waits for its end removes the container.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

HOME = "/home/ofiuco"
"""The home folder in a container: in memory, and anybody's."""

_REMOVE = 'trap "" HUP INT TERM; cat >/dev/null; exec "$0" rm --force "$1"'
_OF_THIS_MACHINE = ("PATH", "HOME", "HOSTNAME", "PWD", "OLDPWD", "SHELL", "SHLVL", "_")
_OF_ITS_SYSTEM = ("LD_", "DYLD_", "XDG_", "DOCKER_", "CONTAINER_", "CONTAINERS_")
_ENGINES_OWN = (125, 126, 127)
_SIGNALLED = 128


def launcher(document: Mapping[str, object]) -> tuple[str, ...]:
    """What is to stand before a command. Keys: ``engine``, its path; ``says``, what it is; ``run``, options of its
    ``run``; ``image``; ``path``, the PATH in it; ``folders``, which are there as they are here.
    """
    return (sys.executable, "-I", "-S", os.path.abspath(__file__), json.dumps(document, sort_keys=True))


def engine_of(words: Sequence[str]) -> str | None:
    """The engine and its version, if a launcher is one of these."""
    if len(words) != 5 or words[3] != os.path.abspath(__file__):
        return None
    return str(json.loads(words[4])["says"])


def mounts(folders: Iterable[str]) -> Iterator[str]:
    """The options that mount folders where they are; one that lies in another needs none."""
    found = {each for folder in folders for each in (os.path.abspath(folder), os.path.realpath(folder))}
    taken: list[str] = []
    for each in sorted(found):
        if os.path.isdir(each) and not any(os.path.commonpath((each, known)) == known for known in taken):
            taken.append(each)
            yield f"--mount=type=bind,source={each},target={each}"


def variables(environ: Mapping[str, str], path: str) -> Iterator[str]:
    """The options that pass on variables; the values of this process's own are read by the engine, and not seen."""
    for name in sorted(environ):
        if name not in _OF_THIS_MACHINE and not name.startswith(_OF_ITS_SYSTEM):
            yield f"--env={name}"
    yield f"--env=HOME={HOME}"
    environment = environ.get("VIRTUAL_ENV") if "OFIUCO_CELL" in environ else None
    yield f"--env=PATH={environment}/bin:{path}" if environment else f"--env=PATH={path}"


def main(text: str, command: Sequence[str]) -> int:
    """Run a command in a container of its own; the exit code is the command's."""
    import signal  # a session only reads its own launchers here
    import subprocess
    import tempfile

    document, name = json.loads(text), f"ofiuco-{os.getpid()}-{os.urandom(4).hex()}"
    engine, here = document["engine"], os.getcwd()
    terminal = ["--tty"] if os.isatty(0) and os.isatty(1) else []
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", _REMOVE, engine, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    process = subprocess.Popen(
        [
            *(engine, "run", f"--name={name}", f"--workdir={here}", f"--tmpfs={HOME}:rw,exec,mode=1777", *terminal),
            *mounts([*document["folders"], here, tempfile.gettempdir()]),
            *variables(os.environ, document["path"]),
            *(*document["run"], document["image"], *command),
        ]
    )
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGABRT):
        signal.signal(each, lambda number, _: process.send_signal(number))
    code = process.wait()
    if code >= 0 and code not in _ENGINES_OWN:
        watcher.kill()  # the engine has removed it
    return code


def end(code: int) -> None:
    """End as the command has ended: by the same signal, if by one."""
    import signal

    number = -code if code < 0 else code - _SIGNALLED
    if number in set(signal.Signals):
        import resource  # few end so

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(code)


if __name__ == "__main__":
    end(main(sys.argv[1], sys.argv[2:]))
