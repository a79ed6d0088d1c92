"""What a worker says, one class a kind: named tuples, which cost a session's start an eighth of what dataclasses do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_ofiuco.errors import OfiucoError


@dataclass(eq=False)
class ProtocolError(OfiucoError):
    """A worker that says what no worker says."""

    exit_code = 1
    reason: str
    hint: str | None = "does something in the cell write to its standard output before Python starts?"

    def __str__(self) -> str:
        return f"the worker does not keep to the protocol: {self.reason}"


class Hello(NamedTuple):
    """The worker runs: its interpreter, prefix and pytest."""

    python: str
    pytest: str
    executable: str
    prefix: str
    pid: int


Chain = tuple[tuple[str, str, str], ...]
"""Type, name and path of what a test lies in, outermost first."""


class RemoteItem(NamedTuple):
    """A test as the worker collected it."""

    nodeid: str
    name: str
    type: str
    path: str
    location: tuple[str, int | None, str]
    chain: Chain
    markers: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...]
    names: tuple[str, ...]
    originalname: str | None
    parameters: str | None
    doc: str


class Collectable(NamedTuple):
    """A test that was collected."""

    item: RemoteItem


class CollectFailed(NamedTuple):
    """A collector that failed or was skipped; ``report`` is pytest's serialized report."""

    report: dict[str, Any]


class Collected(NamedTuple):
    """All ``total`` tests have been told, in order; or, in ``errors``, why pytest refused to start.

    ``deselected`` are the node ids of those that the cell's own plugins have left out.
    """

    total: int
    errors: tuple[str, ...]
    deselected: tuple[str, ...] = ()


class Alive(NamedTuple):
    """Collecting goes on."""


class Begins(NamedTuple):
    """The worker, which has waited, begins with its next test; the others follow without a word."""


Status = tuple[int, str, str, "str | tuple[str, dict[str, bool]]"]
"""The place of a report, its category, letter and word, as ``pytest_report_teststatus`` has them."""


class Ran(NamedTuple):
    """The test with the number ``test`` is over; its reports, in order.

    A report is serialized by pytest, or ``[when, duration, start, stop]`` of a phase that has passed and said nothing.
    ``statuses`` are a plugin's own words for some of them; ``shown`` is what was shown before each, if anything was.
    """

    test: int
    reports: tuple[Any, ...]
    statuses: tuple[Status, ...] = ()
    shown: tuple[str, ...] = ()


class Said(NamedTuple):
    """What plugins and conftest files of the cell want to be read: in the session's header, or in its summary."""

    where: str
    text: str


class Recorded(NamedTuple):
    """A property of the whole session, or an attribute of the test ``nodeid``, for a JUnit report."""

    nodeid: str
    name: str
    value: str


class Asked(NamedTuple):
    """A test in the worker needs something of the controller, and waits for it; ``about`` says more."""

    number: int
    what: str
    about: dict[str, Any]


class Given(NamedTuple):
    """Tests that the worker has given back, and will not run."""

    indices: tuple[int, ...]


class Warned(NamedTuple):
    """A warning that pytest recorded in the cell."""

    text: str
    category: str
    module: str
    filename: str
    lineno: int
    when: str
    nodeid: str
    location: tuple[str, int, str] | None


class Stopped(NamedTuple):
    """The cell's own pytest decided to stop; ``returncode`` is what ``pytest.exit`` was given."""

    reason: str
    returncode: int | None = None


class Failed(NamedTuple):
    """Something in the worker went wrong outside a test."""

    reason: str


class Bye(NamedTuple):
    """The worker's session is over; ``exitstatus`` is pytest's, where it came to one.

    ``keepers`` are the threads and processes that its end waits for.
    """

    exitstatus: int | None
    keepers: tuple[str, ...] = ()


class Gone(NamedTuple):
    """The connection ended; how the process ended, in words, and what its output last said."""

    how: str
    tail: str


Message = (
    Hello
    | Collectable
    | CollectFailed
    | Collected
    | Alive
    | Begins
    | Ran
    | Said
    | Recorded
    | Asked
    | Given
    | Warned
    | Stopped
    | Failed
    | Bye
    | Gone
)
