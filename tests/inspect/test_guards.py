"""Which imports are certain on a target."""

from __future__ import annotations

import ast

import pytest

from pytest_ofiuco.inspect.guards import Facts, imports

FACTS = Facts(version=(3, 12), sys_platform="linux", os_name="posix", platform_system="Linux")


def names(source: str, *, is_own: bool = True) -> list[str]:
    return [f"{'.' * each.level}{each.name}" for each in imports(ast.parse(source), FACTS, is_own=is_own)]


def test_what_imports_say() -> None:
    found = list(
        imports(ast.parse("import a.b, c\nfrom . import d\nfrom ..e import *\nfrom f import g, h"), FACTS, is_own=True)
    )
    assert [(each.name, each.level, each.names, each.line) for each in found] == [
        ("a.b", 0, (), 1),
        ("c", 0, (), 1),
        ("", 1, ("d",), 2),
        ("e", 2, (), 3),
        ("f", 0, ("g", "h"), 4),
    ]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("try:\n import a\nexcept ImportError:\n a = None", id="ImportError"),
        pytest.param("try:\n import a\nexcept (OSError, ModuleNotFoundError):\n a = None", id="one of several"),
        pytest.param("try:\n import a\nexcept Exception:\n import b", id="Exception"),
        pytest.param("try:\n import a\nexcept:\n pass\nelse:\n import b", id="all"),
        pytest.param("try:\n import a\nexcept builtins.ImportError:\n pass", id="by its module"),
        pytest.param("with contextlib.suppress(ImportError):\n import a", id="suppressed"),
        pytest.param("with suppress(ValueError, ModuleNotFoundError):\n import a", id="suppressed by name"),
        pytest.param("if TYPE_CHECKING:\n import a", id="types"),
        pytest.param("if typing.TYPE_CHECKING and x:\n import a", id="types and more"),
        pytest.param("if sys.platform == 'win32':\n import a", id="platform"),
        pytest.param("if sys.platform.startswith('win'):\n import a", id="platform's start"),
        pytest.param("if not sys.platform in ('linux', 'darwin'):\n import a", id="platforms"),
        pytest.param("if os.name == 'nt':\n import a", id="os"),
        pytest.param("if platform.system() != 'Linux':\n import a", id="system"),
        pytest.param("if sys.version_info < (3, 11):\n import a", id="version"),
        pytest.param("if sys.version_info[:2] == (3, 11):\n import a", id="part of the version"),
        pytest.param("if sys.version_info[0] == 2:\n import a", id="major"),
        pytest.param("if sys.version_info.minor < 12:\n import a", id="minor"),
        pytest.param("if sys.implementation.name == 'pypy':\n import a", id="implementation"),
        pytest.param("if sys.version_info >= (3, 11):\n pass\nelse:\n import a", id="else"),
        pytest.param("if False or 0:\n import a", id="constants"),
        pytest.param("assert sys.platform == 'win32'\nimport a", id="assertion"),
        pytest.param("if sys.platform != 'win32':\n raise ImportError\nimport a", id="raised"),
        pytest.param("def f():\n return 1\n import a", id="returned"),
    ],
)
def test_what_does_not_count(source: str) -> None:
    assert names(source) == []


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("try:\n import a\nexcept ValueError:\n pass", id="another error"),
        pytest.param("try:\n pass\nexcept ImportError:\n pass\nfinally:\n import a", id="finally"),
        pytest.param("with open(x):\n import a", id="with"),
        pytest.param("with suppress(ValueError):\n import a", id="another error suppressed"),
        pytest.param("if sys.version_info >= (3, 12):\n import a", id="version"),
        pytest.param("if sys.version_info >= (3,) and os.name == 'posix':\n import a", id="both"),
        pytest.param("if sys.platform == 'win32':\n pass\nelif sys.version_info > (3, 8):\n import a", id="elif"),
        pytest.param("if sys.version_info >= '3':\n import a", id="no comparison"),
        pytest.param("if not TYPE_CHECKING:\n import a", id="not types"),
        pytest.param("class A:\n import a", id="class"),
    ],
)
@pytest.mark.parametrize("is_own", [True, False])
def test_what_counts(source: str, *, is_own: bool) -> None:
    is_unknown = "'3'" in source
    assert names(source, is_own=is_own) == ([] if is_unknown and not is_own else ["a"])


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def f():\n import a", id="function"),
        pytest.param("class A:\n async def f(self):\n  import a", id="method"),
        pytest.param("if x:\n import a", id="a test of something else"),
        pytest.param("if __name__ == '__main__':\n import a", id="script"),
        pytest.param("for x in y:\n import a", id="loop"),
        pytest.param("match x:\n case 1:\n  import a", id="match"),
    ],
)
def test_what_counts_in_own_code_alone(source: str) -> None:
    assert names(source) == ["a"]
    assert names(source, is_own=False) == []
