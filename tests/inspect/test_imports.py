"""What shipped code imports and nothing that ships brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.inspect.imports import Shipment, complaints
from pytest_ofiuco.inspect.modules import linked_folders, modules_in, modules_of
from pytest_ofiuco.inspect.tree import tree_of
from tests.inspect.makers import folder_of, installed

TARGET = Target(python=Python.parse("3.12"), platform=Platform.parse("manylinux_2_34_aarch64"))
NOTHING = Shipment()


def packages(**files: str) -> dict[str, bytes]:
    """Installed packages: of each, by name, the source of a module ``NAME/__init__.py``."""
    return {
        path: content
        for name, source in files.items()
        for path, content in installed(name, {f"{name}/__init__.py": source.encode()}).items()
    }


def missing(folder: Path, files: dict[str, bytes], shipment: Shipment = NOTHING) -> list[str]:
    tree = tree_of(folder_of(folder, files))
    found = complaints(modules_of(tree, frozenset({"own"})), TARGET, shipment)
    return [f"{path}: {complaint.message}" for path, _, complaint in found]


@pytest.mark.parametrize(
    ("source", "others", "expected"),
    [
        pytest.param("import os, a\nfrom a import b", packages(a=""), [], id="brought"),
        pytest.param("\nimport yaml", {}, ["line 2 imports yaml, which nothing that ships brings"], id="nobody's"),
        pytest.param("import yaml, yaml.x\nfrom yaml import z", {}, ["line 1 imports yaml"], id="told once"),
        pytest.param("import cgi, imp", {}, ["line 1 imports imp"], id="no longer in the standard library"),
        pytest.param("def f():\n import yaml", {}, ["line 2 imports yaml"], id="in a function"),
        pytest.param("import _private", {}, [], id="private modules are never of a package"),
        pytest.param("import a", {**packages(a="def f():\n import yaml")}, [], id="in a function of others"),
        pytest.param("from . import other\nfrom .other import x", {"own/other.py": b"x = 1"}, [], id="relative"),
        pytest.param(
            "from .other import x", {"own/other.py": b"import yaml"}, ["own/other.py"], id="of another module"
        ),
        pytest.param("from ... import x\nfrom .....a import b", {}, [], id="beyond the top"),
        pytest.param(
            "",
            dict.fromkeys(("own/test_a.py", "own/a_test.py", "own/tests/a.py", "own/x/conftest.py"), b"import yaml"),
            [],
            id="tests that nobody imports",
        ),
        pytest.param(
            "from own import testing", {"own/testing.py": b"import yaml"}, ["own/testing.py"], id="that one does"
        ),
        pytest.param("import a.b.c", {"a/b/c.py": b"import yaml"}, ["a/b/c.py"], id="namespaces"),
        pytest.param("import a.b, a.c", {"a/b/x.py": b""}, ["line 1 imports a.c"], id="not in the namespace"),
        pytest.param("from a import b, c", {"a/b/x.py": b""}, ["line 1 imports a.c"], id="nor from it"),
        pytest.param("import a.b", packages(a=""), [], id="what a package makes as it is imported"),
        pytest.param("import a", {"a.cpython-312-aarch64-linux-gnu.so": b""}, [], id="extension module"),
        pytest.param("import a", {**packages(a="import b"), **packages(b="import yaml")}, ["b/__init__.py"], id="far"),
        pytest.param(
            "import a",
            {**packages(a="from .inner import x"), "a/inner.py": b"from . import b", "a/b.py": b"import yaml"},
            ["a/b.py"],
            id="relative, of others",
        ),
        pytest.param("import a", {"a.py": b"this is no Python"}, [], id="of another syntax"),
        pytest.param("import a", {"a.py": b"\0"}, [], id="no text"),
        pytest.param("import a", {"a.py": b"(" * 5000 + b")" * 5000}, [], id="too deep"),
        pytest.param("import a", {"a.py": b"x = '\\d'\nimport yaml"}, ["a.py: line 2"], id="a warning of the parser's"),
        pytest.param(
            "import a",
            installed("a", {"a/__init__.py": b"import packaging, more", "a/_vendor/packaging/__init__.py": b""}),
            ["a/__init__.py: line 1 imports more"],
            id="vendored",
        ),
    ],
)
def test_what_is_missing(tmp_path: Path, source: str, others: dict[str, bytes], expected: list[str]) -> None:
    found = missing(tmp_path, {"own/__init__.py": source.encode(), **others})
    assert len(found) == len(expected)
    assert all(part in line for part, line in zip(expected, found, strict=True))


def test_what_only_tests_need(tmp_path: Path) -> None:
    shipment = Shipment(left_out={"pytest": "pytest 9.2 (group dev)", "pyyaml": "pyyaml 6 (group dev)"})
    files = {
        **packages(own="from pytest import fixture\nimport _pytest.config", good="import yaml"),
        **installed("pytest", {"pytest/__init__.py": b"import pluggy", "_pytest/config.py": b""}),
        **installed("PyYAML", {"yaml/__init__.py": b""}),
        "own/x.py": b"import good",
    }
    assert missing(tmp_path, files, shipment) == [
        "own/__init__.py: line 1 imports pytest, which comes with pytest 9.2 (group dev): that does not ship",
        "good/__init__.py: line 1 imports yaml, which comes with pyyaml 6 (group dev): that does not ship",
    ]


def test_what_the_lock_has_by_that_name(tmp_path: Path) -> None:
    left_out = {"my-tool": "my-tool 1 (group dev)", "pyyaml": "pyyaml 6 (group dev)"}
    shipment = Shipment(left_out=left_out, provided=frozenset({"boto3", "google-cloud", "python-dateutil"}))
    files = {"own/__init__.py": b"import boto3, my_tool, google.cloud, dateutil.tz\n", "google/other/x.py": b""}
    files["own/other.py"] = b"import yaml"
    assert missing(tmp_path, files, shipment) == [
        "own/__init__.py: line 1 imports my_tool, which comes with my-tool 1 (group dev): that does not ship",
        "own/other.py: line 1 imports yaml, which comes with pyyaml 6 (group dev): that does not ship",
    ]


def test_sources_that_an_environment_links_to(tmp_path: Path) -> None:
    sources = folder_of(
        tmp_path / "project",
        {
            "own/__init__.py": b"import a, yaml, own.tests.made",
            "tests/test_own.py": b"import pytest",
            "own/tests/test_x.py": b"import pytest",
            "own/tests/made.py": b"",
            "test_own.py": b"import pytest",
            "own_test.py": b"import pytest",
            "setup.py": b"import setuptools",
            ".venv/pyvenv.cfg": b"",
            "env/pyvenv.cfg": b"",
            "env/lib/site.py": b"import nothing",
            "own-data/x.py": b"import nothing",
        },
    )
    pth = f"# a comment\nimport os; os.nothing\n/nowhere\n{sources}\n".encode()
    folder = folder_of(tmp_path / "environment", {**packages(a=""), "own.pth": pth})
    tree = tree_of(folder)
    assert linked_folders(folder, tree) == (sources,)
    own = modules_in(sources, "src")
    assert sorted(own) == ["own", "own.tests", "own.tests.made", "own.tests.test_x"]
    found = list(complaints(modules_of(tree, frozenset()) | own, TARGET, NOTHING))
    assert [(path, complaint.message) for path, _, complaint in found] == [
        ("src/own/__init__.py", "line 1 imports yaml, which nothing that ships brings")
    ]
