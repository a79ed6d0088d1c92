"""What is asked of the store, and what it gives: a plan of what is to be installed, and the environment it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pytest_ofiuco.core.artifact import Artifact, Directory  # a session that is told again installs nothing
    from pytest_ofiuco.core.resolve import Resolution
    from pytest_ofiuco.store.pythons.answers import Interpreter


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project under test, and how it is installed."""

    directory: Path
    install: Literal["editable", "wheel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something to install. Names may repeat: the project's own need not be its alone."""

    name: str
    version: str | None
    artifact: Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be installed where; paths in the lock are relative to ``lock_directory``.

    ``unhashed``: the packages whose files need no hash in the lock. ``compiler``: an interpreter of this machine that
    writes the bytecode of one that is for another platform, and builds what is for any.
    """

    resolution: Resolution
    interpreter: Interpreter
    lock_directory: Path
    project: Project | None
    unhashed: frozenset[str] = frozenset()
    compiler: Interpreter | None = None

    @property
    def builder(self) -> Interpreter:
        """The interpreter that builds what is not locked as a wheel."""
        if self.compiler is None and self.interpreter.is_contained:
            return self.interpreter.nowhere(self.interpreter.python, self.interpreter.platform)
        return self.compiler or self.interpreter

    def parts(self) -> list[Part]:
        """Everything that is to be installed; the project comes last: its files win.

        Raises:
            InputError: the project's pyproject.toml cannot be read.
        """
        from pytest_ofiuco.core.artifact import Directory
        from pytest_ofiuco.store.sources import name_of

        pins = self.resolution.packages
        parts = [Part(name=pin.name, version=pin.version, artifact=pin.artifact) for pin in pins]
        if self.project is not None:
            directory = self.project.directory.absolute()
            artifact = Directory(path=str(directory), editable=self.project.install == "editable")
            parts.append(Part(name=name_of(directory), version=None, artifact=artifact))
        return parts

    def reads_anew(self) -> bool:
        """Whether a file beside the lock has no hash: it is taken as it is each time."""
        from pytest_ofiuco.core.artifact import Archive, Sdist, Wheel, sha256_of

        unhashed = [pin.artifact for pin in self.resolution.packages if pin.name in self.unhashed]
        files = [each for each in unhashed if isinstance(each, Wheel | Sdist | Archive) and each.path is not None]
        return any(sha256_of(each.hashes) is None for each in files)

    def directories(self) -> list[tuple[Directory, Path]]:
        """The source trees among the parts, each with the folder that its path is relative to."""
        found = [part.artifact for part in self.parts()]
        return [(each, self.lock_directory) for each in found if each.kind == "directory"]


class Machine(Protocol):
    """Another machine that an environment is on."""

    def close(self) -> None:
        """End what has been started there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A directory that realizes a resolution; ``was_cached``: it was there before.

    ``launcher`` is what stands before the command of its interpreter; ``host`` is the machine it is on, if another.
    """

    path: Path
    python: Path
    key: str
    was_cached: bool
    launcher: tuple[str, ...] = ()
    host: Machine | None = None
