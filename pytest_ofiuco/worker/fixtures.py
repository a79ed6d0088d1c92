"""The fixtures that tests have in a cell beside those of its plugins."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Callable, Dict, Iterator

Message = Dict[str, Any]

Record = Callable[[str, object], None]


class Cell:
    """What the ``ofiuco_cell`` fixture gives: the cell that the test runs in."""

    def __init__(self, fields: Message) -> None:
        self.name: str = fields["name"]
        self.python: str = fields["python"]
        self.platform: str = fields["platform"]
        self.variant: str | None = fields["variant"]
        self.resolution: dict[str, str | None] = fields["resolution"]

    def __repr__(self) -> str:
        return f"<ofiuco cell {self.name}>"


Ask = Callable[..., Message]
"""Asks something of the controller, and waits for its answer."""


def make_fixtures(start: Message, ask: Ask) -> ModuleType:
    """The cell's fixtures, as the plugin module that pytest expects them in; of two of a name pytest takes the later.

    ``worker_id`` and ``testrun_uid`` are named and valued as those of pytest-xdist.
    """
    import pytest

    xdist = start.get("xdist")

    @pytest.fixture(scope="session")
    def ofiuco_cell() -> Cell:
        """The cell that this test runs in: name, python, platform, variant, resolution."""
        return Cell(start["cell"])

    @pytest.fixture(scope="session")
    def worker_id() -> str:
        """The worker that this test runs in, as in gw0; "master" where the session has one at a time."""
        return str(xdist["worker"]) if xdist else "master"

    @pytest.fixture(scope="session")
    def testrun_uid() -> str:
        """An id of the session, the same in all of its workers."""
        return str(start.get("testrun"))

    @pytest.fixture(scope="session")
    def ofiuco_zip(tmp_path_factory: pytest.TempPathFactory) -> Any:
        """The zip of the cell that this test runs in, as ``ofiuco zip`` makes it: path, manifest."""
        asset = load_lambda(ask).import_module("asset")
        try:
            return asset.get(ask, tmp_path_factory)
        except asset.Refused as error:
            refusal = str(error)
        pytest.fail(refusal, pytrace=False)

    @pytest.fixture(scope="session")
    def _aws_lambda_place(ofiuco_zip: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
        invoking = load_lambda(ask).import_module("invoking")
        with invoking.functions(ofiuco_zip, tmp_path_factory) as functions:
            yield functions

    @pytest.fixture
    def aws_lambda(_aws_lambda_place: Any) -> Any:
        """Invokes handlers of the cell's zip, in the real awslambdaric: ``aws_lambda.invoke("app.handler", event)``."""
        return _aws_lambda_place.view()

    module = ModuleType("ofiuco_fixtures")
    module.__dict__.update(ofiuco_cell=ofiuco_cell, worker_id=worker_id, testrun_uid=testrun_uid)
    module.__dict__.update(ofiuco_zip=ofiuco_zip, _aws_lambda_place=_aws_lambda_place, aws_lambda=aws_lambda)
    return module


def load_lambda(ask: Ask) -> Any:
    """The part of the worker that only tests of a zip need: from its files or, where these are not, as texts."""
    import sys
    from importlib import import_module
    from importlib.util import find_spec

    name = f"{__package__}.aws_lambda"
    if name not in sys.modules and find_spec(name) is None:
        for each, text in ask("modules")["texts"]:
            module: Any = ModuleType(each)
            module.__package__, module.__path__ = name, []
            sys.modules[each] = module
            exec(compile(text, each, "exec"), module.__dict__)
    return import_module(name)


def make_recorders(send: Callable[..., None]) -> ModuleType:
    """The fixtures that write to a JUnit report: pytest's own, whose values go to the controller, too."""
    import pytest

    @pytest.fixture(scope="session")
    def record_testsuite_property(record_testsuite_property: Record) -> Record:
        """Add a property to the report of the whole session."""

        def record(name: str, value: object) -> None:
            __tracebackhide__ = True
            record_testsuite_property(name, value)
            send("recorded", nodeid="", name=name, value=str(value))

        return record

    @pytest.fixture
    def record_xml_attribute(record_xml_attribute: Record, request: pytest.FixtureRequest) -> Record:
        """Add an attribute to the test's element of the report."""

        def record(name: str, value: object) -> None:
            __tracebackhide__ = True
            record_xml_attribute(name, value)
            send("recorded", nodeid=request.node.nodeid, name=str(name), value=str(value))

        return record

    module = ModuleType("ofiuco_fixtures")
    module.__dict__["record_testsuite_property"] = record_testsuite_property
    module.__dict__["record_xml_attribute"] = record_xml_attribute
    return module
