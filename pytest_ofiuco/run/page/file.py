"""Where a page is written, and what it is made of: the one module of the page that touches files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from stat import S_ISDIR

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.page.document import SCRIPTS, Assets

_HINT = "give the path of a file in a folder that you may write to"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFile:
    """The file of a page; ``given`` is how the user wrote it."""

    given: str
    path: Path

    @classmethod
    def prepare(cls, given: str, start: Path) -> PageFile:
        """Make sure, before anything runs, that the file can be written; its folder is made.

        Raises:
            UsageError: it cannot.
        """
        page = cls(given=given, path=start / os.path.expanduser(os.path.expandvars(given)))
        try:
            if _is_folder(page.path):
                raise UsageError(f"--ofiuco-html {given}: is a folder, not a file", _HINT)
            page.path.parent.mkdir(parents=True, exist_ok=True)
            page._beside.touch()
            page._beside.unlink()
        except OSError as error:
            raise UsageError(f"--ofiuco-html {given}: cannot be written: {error.strerror or error}", _HINT) from error
        except ValueError as error:  # it holds what no name of a file may
            raise UsageError(f"--ofiuco-html {given}: is not the name of a file", _HINT) from error
        return page

    def write(self, text: str) -> None:
        """Replace the file at once: a reader sees the old page or the new one.

        Raises:
            OSError: there is no room, or the folder is gone.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._beside.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
            self._beside.replace(self.path)
        except BaseException:
            self._beside.unlink(missing_ok=True)
            raise

    @property
    def _beside(self) -> Path:
        """This process's own, in the same folder."""
        return self.path.with_name(f".ofiuco-page-{os.getpid()}")


def _is_folder(path: Path) -> bool:
    try:
        return S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return False


def assets() -> Assets:
    """The page's style and script."""
    folder = files(__package__)
    script = "".join((folder / "script" / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return Assets(style=(folder / "page.css").read_text(encoding="utf-8"), script=script)
