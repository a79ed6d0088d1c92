"""Every value of an older poetry.lock and of its pyproject.toml, replaced by wrong ones."""

from __future__ import annotations

import sys

import pytest

from tests.formats.test_bad_values import WRONG, answer, cases, check, replaced

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT = """
[project]
name = "project"
dynamic = ["dependencies"]

[project.optional-dependencies]
cpu = ["b>=1", "project[gpu]"]
gpu = ["c"]

[dependency-groups]
test = ["c[y]", { include-group = "docs" }]
docs = ["d"]

[tool.poetry]
name = "project"

[tool.poetry.dependencies]
python = "^3.8"
a = [{ version = "^1.0", extras = ["x"], source = "own" }]
b = { version = "*", optional = true, url = "https://files.example.org/b-1.0-py3-none-any.whl" }
d = { path = "d", python = "^3.8", platform = "linux", markers = "os_name == 'posix'" }

[tool.poetry.extras]
cpu = ["b"]

[tool.poetry.dev-dependencies]
c = { git = "https://example.org/c", rev = "abc" }

[tool.poetry.group.lint]
optional = true
include-groups = ["docs"]

[tool.poetry.group.lint.dependencies]
a = "*"
"""

ENTRIES = """
[[package]]
name = "a"
version = "1.0"
category = "main"
optional = false
python-versions = ">=3.8"
marker = "python_version >= '3'"
FILES_A

[package.dependencies]
b = [{ version = "^1.0", optional = true, extras = ["y"], python = ">=3.8" }, "*"]
c = { version = "*", markers = "extra == 'x'", optional = true }

[package.extras]
x = ["b (>=1)", "a[y]"]
y = ["c"]

[package.source]
type = "legacy"
url = "https://index.example.org/simple"
reference = "own"

[[package]]
name = "a"
version = "1.1"
category = "main"
optional = false
python-versions = ">=3.8"
requirements = { python = ">=3.8", platform = "linux" }
FILES_A

[[package]]
name = "b"
version = "1.0"
category = "main"
optional = true
python-versions = "*"
FILES_B

[package.source]
type = "url"
url = "https://files.example.org/b-1.0-py3-none-any.whl#sha256=02"

[[package]]
name = "c"
version = "1.0"
category = "dev"
optional = false
python-versions = "*"
FILES_B

[package.source]
type = "git"
url = "https://example.org/c"
reference = "abc"
resolved_reference = "abc"

[[package]]
name = "d"
version = "1.0"
category = "main"
optional = false
python-versions = "*"
develop = true
FILES_B

[package.source]
type = "directory"
url = "d"

[extras]
cpu = ["b"]

[metadata]
python-versions = "^3.8 || ^4.0"
content-hash = "00"
"""
NAMED = "{file = 'a-1.0-py3-none-any.whl', hash = 'sha256:00'}, {file = 'a-1.1-py3-none-any.whl', hash = 'sha256:01'}"
LOCKS = {
    "1.1": ENTRIES.replace("FILES_A", "").replace("FILES_B", "")
    + f"lock-version = '1.1'\n[metadata.hashes]\nb = ['00']\n[metadata.files]\na = [{NAMED}]\nb = []\n",
    "2.0": ENTRIES.replace("FILES_A", f"files = [{NAMED}]").replace("FILES_B", "files = []") + "lock-version = '2.0'\n",
}


@pytest.mark.parametrize("version", LOCKS)
def test_the_examples_are_right(version: str) -> None:
    assert answer("poetry.lock", tomllib.loads(LOCKS[version]), tomllib.loads(PYPROJECT))


@pytest.mark.parametrize(
    ("version", "path"),
    [
        pytest.param(version, *case.values, id=f"{version}-{case.id}")
        for version, text in LOCKS.items()
        for case in cases(text)
    ],
)
def test_lock(version: str, path: tuple[str | int, ...]) -> None:
    document, pyproject = tomllib.loads(LOCKS[version]), tomllib.loads(PYPROJECT)
    for value in WRONG:
        check("poetry.lock", replaced(document, path, value), pyproject)


@pytest.mark.parametrize("path", cases(PYPROJECT))
def test_pyproject(path: tuple[str | int, ...]) -> None:
    pyproject = tomllib.loads(PYPROJECT)
    for value in WRONG:
        for text in LOCKS.values():
            check("poetry.lock", tomllib.loads(text), replaced(pyproject, path, value))
