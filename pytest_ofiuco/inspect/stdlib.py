"""Which modules the standard library of a Python has: what this one has, and what came and went before and since.

https://docs.python.org/3/whatsnew/ of 3.9 to 3.14, and https://peps.python.org/pep-0594/.
"""

from __future__ import annotations

import sys

_SINCE = {
    (3, 9): ("graphlib", "zoneinfo"),
    (3, 11): ("tomllib",),
    (3, 14): ("annotationlib", "compression"),
}
_UNTIL = {
    (3, 9): ("_dummy_thread", "dummy_threading"),
    (3, 10): ("formatter", "parser", "symbol"),
    (3, 11): ("binhex",),
    (3, 12): ("asynchat", "asyncore", "distutils", "imp", "smtpd"),
    (3, 13): (
        *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"),
        *("nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),
    ),
}
"""The first Python that has them, and the first that no longer has."""


def modules(python: tuple[int, int]) -> frozenset[str]:
    """The top-level modules of Python ``X.Y``; what only later ones than these here have is not known."""
    added = {name for since, names in _SINCE.items() if since > python for name in names}
    removed = {name for until, names in _UNTIL.items() if until <= python for name in names}
    ever = {name for names in (*_SINCE.values(), *_UNTIL.values()) for name in names}
    return frozenset({*sys.stdlib_module_names, "__main__", "test"} | ever) - added - removed
