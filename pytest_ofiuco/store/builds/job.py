"""One build: of what, for which interpreter, with what; where it is logged, and a scratch folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs
from pytest_ofiuco.errors import BuildError
from pytest_ofiuco.store.builds.commands import tail_of
from pytest_ofiuco.store.builds.locked import Locked
from pytest_ofiuco.store.cache import digest
from pytest_ofiuco.store.pythons.answers import Interpreter
from pytest_ofiuco.store.sources import fingerprint

Buildable = Sdist | Archive | Vcs | Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A source to be built: ``key`` is its own, ``machine`` its key and the interpreter's.

    ``within`` are the sources that wait for it, (key, name) each, the first one outermost.
    """

    artifact: Buildable
    package: str
    interpreter: Interpreter
    locked: Locked
    key: str
    machine: str
    within: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        artifact: Buildable,
        package: str,
        interpreter: Interpreter,
        locked: Locked,
        within: tuple[tuple[str, str], ...] = (),
    ) -> Order:
        """The order, with its keys.

        Raises:
            UnhashedError, InputError: see ``fingerprint``.
        """
        source = digest({"source": fingerprint(artifact, package, locked.directory)})
        python = interpreter.python
        abi = [python.implementation, *python.minor, python.free_threaded, str(interpreter.platform)]
        return cls(
            artifact=artifact,
            package=package,
            interpreter=interpreter,
            locked=locked,
            key=source,
            machine=digest({"source": source, "interpreter": abi}),
            within=within,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A build of ``artifact`` for ``interpreter``.

    ``within`` are it and the sources that wait for it, as in ``Order``. ``names`` collects the build requirements that
    the lock was asked for.
    """

    artifact: Buildable
    package: str
    interpreter: Interpreter
    locked: Locked
    log: Path
    scratch: Path
    within: tuple[tuple[str, str], ...]
    names: set[str] = field(default_factory=set)

    def failure(self, reason: str, *, hint: str | None = None, is_told: bool = False) -> BuildError:
        """What to raise; ``is_told``: the log's last lines say more."""
        return BuildError(self.package, reason, tail_of(self.log) if is_told else "", str(self.log), hint)
