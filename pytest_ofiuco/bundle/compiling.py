"""Compiles the sources that standard input names, in their order; standard output is the bytecode of all.

Executed as a script by an interpreter of the target's version (``python -I compiling.py``): standard library only, and
nothing that Python 3.8 does not know. In: a path and a name in the zip, each ended by a zero byte. Out: a line with the
tag that names of ``.pyc`` files have, and for each source the length of what follows in eight bytes, and the content of
a ``.pyc`` file that is never checked against it (https://peps.python.org/pep-0552/); nothing for what is no Python of
this version.
"""

from __future__ import annotations

import sys
import warnings
from importlib import util
from marshal import dumps

_UNCHECKED = 1


def compiled(content: bytes, name: str) -> bytes:
    """A ``.pyc`` file, or nothing."""
    try:
        code = compile(content, name, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError):
        return b""
    # Of a code object that nothing else refers to, the same bytes come out each time.
    header = util.MAGIC_NUMBER + _UNCHECKED.to_bytes(4, "little") + util.source_hash(content)
    return header + dumps(code)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.buffer.write((sys.implementation.cache_tag or "").encode() + b"\n")
    words = sys.stdin.buffer.read().split(b"\0")[:-1]
    for at in range(0, len(words), 2):
        with open(words[at], "rb") as file:
            result = compiled(file.read(), words[at + 1].decode("utf-8", "surrogateescape"))
        sys.stdout.buffer.write(len(result).to_bytes(8, "little") + result)
