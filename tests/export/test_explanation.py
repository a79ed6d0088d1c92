"""``ofiuco why`` for people and as JSON."""

from __future__ import annotations

import json

import pytest

from pytest_ofiuco.core.explain import explain
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.export.explanation import explanation_json, explanation_text
from tests.core.test_explain import DIAMOND, WHEELS
from tests.locks import edge, lock, package
from tests.targets import LINUX_X86_64


def text(a_lock: Lock, name: str) -> str:
    return explanation_text(explain(a_lock, LINUX_X86_64, a_lock.selection(), name))  # type: ignore[arg-type]


MANY = [package(f"p{number}", "1.0", edge("z")) for number in range(9)]


@pytest.mark.parametrize(
    ("a_lock", "name", "expected"),
    [
        pytest.param(
            lock(WHEELS, package("m", "1.0", edge("n", "sys_platform == 'linux'")), roots=(edge("m"),)),
            "n",
            """uv.lock for Python 3.12 on manylinux_2_28_x86_64: n 1.0 comes

brought by
  the project
    → m 1.0
      → n 1.0   [sys_platform == "linux"]

entries
  1.0 at package n 1.0: taken

files
  taken  n-1.0-1-cp312-cp312-manylinux_2_28_x86_64.whl: best tag cp312-cp312-manylinux_2_28_x86_64
  fits   n-1.0-cp312-cp312-manylinux_2_28_x86_64.whl: tag cp312-cp312-manylinux_2_28_x86_64 comes later, or its build\
 number is lower
  fits   n-1.0-cp312-cp312-manylinux_2_17_x86_64.whl: tag cp312-cp312-manylinux_2_17_x86_64 comes later, or its build\
 number is lower
  unfit  n-1.0-cp312-cp312-manylinux_2_34_x86_64.whl: needs glibc ≥ 2.34, the platform has 2.28
  unfit  n-1.0.whl: its name is not a wheel's
  fits   n-1.0.tar.gz: a wheel comes first
  unfit  1 file for another Python
  unfit  1 file for another Python and platform
  unfit  1 file for another platform
""",
            id="comes",
        ),
        pytest.param(
            DIAMOND,
            "f",
            """uv.lock for Python 3.12 on manylinux_2_28_x86_64: f does not come

nearest ways, and what keeps it out
  group dev
    → f 1.0   [group dev is not selected]

entries
  1.0 at package f 1.0: group dev is not selected
""",
            id="does not come",
        ),
        pytest.param(
            lock(package("n", None, wheels=("n-1.0-py2-none-any.whl", "n-1.0-py3-none-win32.whl") * 2)),
            "n",
            """uv.lock for Python 3.12 on manylinux_2_28_x86_64: n comes, and no file of it fits

brought by
  the project
    → n

entries
  no version at package n None: taken

files
  unfit  2 files for another Python
  unfit  2 files for another platform
""",
            id="nothing fits",
        ),
        pytest.param(
            lock(*MANY, package("z"), roots=tuple(edge(each.name) for each in MANY)),
            "z",
            "uv.lock for Python 3.12 on manylinux_2_28_x86_64: z 1.0 comes\n\nbrought by\n"
            + "".join(f"  the project\n    → p{number} 1.0\n      → z 1.0\n" for number in range(8))
            + "  … and 1 more\n\nentries\n  1.0 at package z 1.0: taken\n\nfiles\n"
            + "  taken  z-1.0-py3-none-any.whl: best tag py3-none-any\n",
            id="many ways",
        ),
        pytest.param(
            lock(package("a", "1.0"), package("a", "2.0"), roots=(edge("a", version="1.0"), edge("a", version="2.0"))),
            "a",
            """uv.lock for Python 3.12 on manylinux_2_28_x86_64: a comes 2 times, which is an error of the lock

brought by
  the project
    → a 1.0
  the project
    → a 2.0

entries
  1.0 at package a 1.0: taken
  2.0 at package a 2.0: taken
""",
            id="comes twice",
        ),
        pytest.param(
            lock(package("a"), package("b"), roots=(edge("a"),)),
            "b",
            """uv.lock for Python 3.12 on manylinux_2_28_x86_64: b does not come

entries
  1.0 at package b 1.0: nothing asks for it
""",
            id="nothing asks for it",
        ),
    ],
)
def test_text(a_lock: Lock, name: str, expected: str) -> None:
    assert text(a_lock, name) == expected


def test_json() -> None:
    explanation = explain(DIAMOND, LINUX_X86_64, DIAMOND.selection(), "e")  # type: ignore[arg-type]
    document = json.loads(explanation_json(explanation))
    assert explanation_json(explanation) == json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert document["taken"] == []
    assert document["chains"][0] == [
        {
            "at": "edge to f",
            "from": "group dev",
            "marker": None,
            "obstacle": "group dev is not selected",
            "to": "f",
            "version": "1.0",
        },
        {"at": "edge to e", "from": "f 1.0", "marker": None, "obstacle": None, "to": "e", "version": "1.0"},
    ]
    assert document["entries"] == [
        {
            "at": "package e 1.0",
            "obstacles": ["extra x of c is not requested", "f 1.0 is not reached"],
            "version": "1.0",
        }
    ]
    assert (document["files"], document["other_chains"], document["package"]) == ([], 0, "e")
    assert document["target"] == {"python": "3.12", "platform": "manylinux_2_28_x86_64"}
    (file,) = json.loads(explanation_json(explain(DIAMOND, LINUX_X86_64, DIAMOND.selection(), "a")))["files"]  # type: ignore[arg-type]
    assert file == {"filename": "a-1.0-py3-none-any.whl", "reason": "best tag py3-none-any", "verdict": "taken"}
