"""Cycles: the whole component from any entry point, each package once, in every format that is a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from tests.edge_cases.reading import GRAPHS, of_graph, pins

# Seen in rules_python and Bazel at large, which refuse a cycle of targets.
CYCLES: list[Mapping[str, Iterable[str]]] = [
    {"torch": ["triton", "filelock"], "triton": ["torch", "cmake"], "filelock": [], "cmake": []},
    {"sphinx": ["sphinxcontrib-serializinghtml"], "sphinxcontrib-serializinghtml": ["sphinx"]},
    {"poetry": ["poetry-plugin-export"], "poetry-plugin-export": ["poetry"]},
    {"fixtures": ["testtools"], "testtools": ["fixtures"]},
    {
        "apache-airflow-core": ["apache-airflow-task-sdk"],
        "apache-airflow-task-sdk": ["apache-airflow-core", "attrs"],
        "attrs": [],
    },
]


@pytest.mark.parametrize("format", GRAPHS)
@pytest.mark.parametrize(
    ("graph", "root"),
    [pytest.param(graph, name, id=f"graphs: {name}") for graph in CYCLES for name, needs in graph.items() if needs],
)
def test_cycles(graph: Mapping[str, Iterable[str]], root: str, format: str) -> None:
    assert pins(of_graph(format, graph, root)) == dict.fromkeys(sorted(graph), "1.0")
