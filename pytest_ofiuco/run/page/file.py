"""Where a page is written, and what it is made of: the one module of the page that touches files."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

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
        page = cls(given=given, path=start / Path(os.path.expandvars(given)).expanduser())
        if not given.strip() or page.path.is_dir():
            raise UsageError(f"--ofiuco-html {given}: is a folder, not a file", _HINT)
        try:
            page.path.parent.mkdir(parents=True, exist_ok=True)
            page._sibling().unlink()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"--ofiuco-html {given}: cannot be written: {reason}", _HINT) from error
        return page

    def write(self, text: str) -> None:
        """Replace the file at once: a reader sees the old page or the new one.

        Raises:
            OSError: there is no room, or the folder is gone.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._sibling()
        try:
            beside.write_text(text, encoding="utf-8", newline="\n")
            beside.chmod(0o666 & ~_umask())
            beside.replace(self.path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def _sibling(self) -> Path:
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", suffix=".tmp", dir=self.path.parent)
        os.close(handle)
        return Path(name)


def _umask() -> int:
    """The process's own, which can be read only by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def assets() -> Assets:
    """The page's style and script."""
    folder = files(__package__)
    script = "".join((folder / "script" / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return Assets(style=(folder / "page.css").read_text(encoding="utf-8"), script=script)
