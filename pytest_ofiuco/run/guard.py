"""A small process that ends the workers where the controller cannot: it was killed, or its machine's terminal is gone.

It hears of each worker over a pipe; when that closes and workers are left, it kills their process groups. A thread or a
signal in the workers would do the same, and be seen by the tests there.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from pathlib import Path

_SCRIPT = """\
trap '' HUP INT TERM
groups=
while read -r sign group; do
  if [ "$sign" = / ]; then
    set -- "$@" "$group"
    continue
  fi
  if [ "$sign" = . ]; then
    set --
    continue
  fi
  if [ "$sign" = + ]; then
    groups="$groups $group"
    continue
  fi
  kept=
  for each in $groups; do
    [ "$each" = "$group" ] || kept="$kept $each"
  done
  groups=$kept
done
for each in $groups; do
  kill -KILL "-$each" "$each"
done
[ $# = 0 ] || rm -rf "$@"
"""


class Guard:
    """Started with the first worker. POSIX only."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folders: set[Path] = set()
        self._lock = threading.Lock()

    def watch(self, process: int) -> None:
        """Kill this process and its group, should the controller end without ``forget``."""
        self._say(f"+ {process}\n")

    def remove(self, folder: Path) -> None:
        """Remove this folder, should the controller end without ``close``."""
        if folder not in self._folders:
            self._folders.add(folder)
            self._say(f"/ {folder}\n")

    def forget(self, process: int) -> None:
        """The process has ended."""
        if self._process is not None:
            self._say(f"- {process}\n")

    def close(self) -> None:
        """No more is to be watched."""
        with self._lock:
            process, self._process = self._process, None
            self._folders.clear()
        if process is not None:
            process.communicate(b".\n")

    def _say(self, line: str) -> None:
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", _SCRIPT],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            assert self._process.stdin is not None
            with contextlib.suppress(OSError):
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()
