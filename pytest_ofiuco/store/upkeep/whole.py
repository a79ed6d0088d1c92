"""Which of the ``.pyc`` files that are named on standard input are not whole.

Executed as a script by the interpreter that made them (``python -I whole.py``): standard library only, and nothing that
Python 3.8 does not know. Names are separated by zero bytes, in and out. What another Python made is passed over.
"""

from __future__ import annotations

import marshal
import os
import sys
from importlib.util import MAGIC_NUMBER

_HEADER = 16
"""Bytes before the code: https://peps.python.org/pep-0552/. Python itself notices where these are not whole."""


def is_whole(path: bytes) -> bool:
    """Whether the code in a file can be loaded; it is not executed."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return True
    if len(content) < _HEADER or content[:4] != MAGIC_NUMBER:
        return True
    try:
        marshal.loads(content[_HEADER:])
    except (EOFError, ValueError, TypeError):
        return False
    return True


def is_own(path: bytes) -> bool:
    """Whether an interpreter like this one made a file, by its name (https://peps.python.org/pep-3147/)."""
    tag = os.fsencode("." + (sys.implementation.cache_tag or ""))
    name = os.path.basename(path)
    return tag + b"." in name or tag + b"-" in name


if __name__ == "__main__":
    names = sys.stdin.buffer.read().split(b"\0")
    sys.stdout.buffer.write(b"\0".join(name for name in names if name and is_own(name) and not is_whole(name)))
