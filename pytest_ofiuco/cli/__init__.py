"""``ofiuco`` on the command line: one module a command, imported when it is the one that was asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from pytest_ofiuco import __version__
from pytest_ofiuco.errors import OfiucoError, UsageError

COMMANDS = {
    "cache": "say where the cache is and how large, verify it, remove what nobody needs",
    "check": "say what is wrong with the lock, over the whole matrix",
    "doctor": "say what is here for the project's matrix, and what is missing",
    "export": "write what a target or the whole matrix gets, for pip, uv and GitHub Actions",
    "forkserver": "list or end the processes that pytest --ofiuco-forkserver has left",
    "image": "write the project and what it needs, for one Python on one platform, as an OCI image",
    "matrix": "list the cells of the matrix",
    "python": "install Pythons of other platforms, and list them",
    "resolve": "print exactly which files a Python on a platform gets from the lock",
    "sync": "make the environments of the matrix, and run nothing",
    "why": "print what brought a package or kept it out, and why this file of it",
    "zip": "write the project and what it needs, for one Python on one platform, as a zip to deploy",
}
"""What each command does; its module, of the same name, has ``add_options(parser)`` and ``run(options)``.

``run`` returns what to print, and the exit code: 0 when all is well, 1 when the answer is no.
"""


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of printing usage and exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"see `{self.prog} --help`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 when all is well, 1 when the answer is no, 2 for wrong usage or unreadable input.
    """
    words = sys.argv[1:] if arguments is None else arguments
    command = next((word for word in words if word in COMMANDS), "")
    try:
        options = _parser(command).parse_args(words)
        output, code = import_module(f"{__name__}.{command}").run(options)
        _print(output)
    except OfiucoError as error:
        print(error.render(), file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        hint = "run it where pytest-ofiuco is installed with all that it depends on"
        print(UsageError(f"this needs {error.name}, which is not installed", hint).render(), file=sys.stderr)
        return UsageError.exit_code
    except KeyboardInterrupt:
        return 130
    return int(code)


def _parser(chosen: str) -> argparse.ArgumentParser:
    """The parser of every command, and the options of the chosen one."""
    parser = _Parser(prog="ofiuco", description="One lock file, every platform you ship to.")
    parser.add_argument("--version", action="version", version=f"ofiuco {__version__}")
    # Without its name said, argparse would format a usage message to find it out.
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser, prog="ofiuco"
    )
    for name, does in COMMANDS.items():
        command = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
        if name == chosen:
            import_module(f"{__name__}.{name}").add_options(command)
    return parser


def _print(output: str) -> None:
    """Print to standard output, as UTF-8 whatever the locale.

    A path may hold bytes that are no text; JSON and people read them as ``\\udcff``. Who reads may stop reading: that
    is no error.

    Raises:
        UsageError: it cannot be written.
    """
    if sys.stdout is None:
        raise UsageError("standard output: closed", "leave it open, or send it to a file")
    try:
        sys.stdout.buffer.write(output.encode(errors="backslashreplace"))
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would be tried once more, and complained of, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(f"standard output: {error.strerror}", "make room there, or send it elsewhere") from error
