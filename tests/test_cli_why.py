"""``ofiuco why``: real locks explained, and how bad input is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main

CORPUS = Path(__file__).parent / "data" / "corpus"


def why(capsys: pytest.CaptureFixture[str], package: str, project: str, *arguments: str) -> str:
    assert main(["why", package, "--project", str(CORPUS / project), *arguments]) == 0
    return capsys.readouterr().out


def test_what_brought_it(capsys: pytest.CaptureFixture[str]) -> None:
    out = why(capsys, "Colorama", "flask", "--python", "3.11", "--platform", "aws_lambda")
    assert out == (
        "uv.lock for Python 3.11 on manylinux_2_26_aarch64: colorama 0.4.6 comes\n\n"
        "brought by\n  group dev\n    → tox 4.52.0\n      → colorama 0.4.6\n\n"
        "entries\n  0.4.6 at package[11]: taken\n\n"
        "files\n  taken  colorama-0.4.6-py2.py3-none-any.whl: best tag py3-none-any\n"
        "  fits   colorama-0.4.6.tar.gz: a wheel comes first\n"
    )


def test_what_kept_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    out = why(capsys, "iniconfig", "click", "--python", "3.12", "--platform", "macos_arm64", "--group", "main")
    assert out == (
        "uv.lock for Python 3.12 on macosx_14_0_arm64: iniconfig does not come\n\n"
        "nearest ways, and what keeps it out\n"
        "  group tests\n    → pytest 9.0.2   [group tests is not selected]\n      → iniconfig 2.3.0\n\n"
        "entries\n  2.3.0 at package[22]: pytest 9.0.2 is not reached\n"
    )


def test_a_fork_of_torch(capsys: pytest.CaptureFixture[str]) -> None:
    """Origin: ofiuco's own example, where one name has three entries by platform."""
    arguments = ("--python", "3.12", "--platform", "linux_aarch64", "--group", "main", "--format", "json")
    document = json.loads(why(capsys, "torch", "ofiuco-torch", *arguments))
    assert document["taken"] == ["2.2.1"]
    assert document["entries"][1]["obstacles"] == ['marker sys_platform == "linux-x86_64" does not hold']
    assert document["files"][0]["filename"] == "torch-2.2.1-cp312-cp312-manylinux2014_aarch64.whl"


@pytest.mark.parametrize(
    ("arguments", "code", "error", "hint"),
    [
        pytest.param(
            ("tmli", "--python", "3.12", "--platform", "linux_x86_64"),
            1,
            "poetry.lock: package tmli: not in this lock",
            "did you mean tomli?",
            id="not in the lock",
        ),
        pytest.param(
            ("tomli", "--python", "2.7", "--platform", "linux_x86_64"),
            2,
            "python '2.7': not a version of Python 3",
            "write it as 3.12, 3.12.4, 3.13t (free-threaded) or pypy3.10",
            id="no Python",
        ),
        pytest.param(
            ("tomli", "--platform", "linux_x86_64"),
            2,
            "the following arguments are required: --python",
            "see `ofiuco why --help`",
            id="half a target",
        ),
    ],
)
def test_refused(
    arguments: tuple[str, ...], code: int, error: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", "--project", str(CORPUS / "rich"), *arguments]) == code
    assert capsys.readouterr() == ("", f"error: {error}\nhint: {hint}\n")


def test_in_a_variant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "uv.lock").write_bytes((CORPUS / "flask" / "uv.lock").read_bytes())
    pyproject = (CORPUS / "flask" / "pyproject.toml").read_text(encoding="utf-8")
    drop = "[tool.ofiuco.variants.bare]\nreplace = { markupsafe = false }\n"
    (tmp_path / "pyproject.toml").write_text(f"{pyproject}\n{drop}", encoding="utf-8")
    target = ("--project", str(tmp_path), "--python", "3.12", "--platform", "linux_x86_64", "--variant", "bare")
    assert main(["why", "markupsafe", *target]) == 1
    assert "error: uv.lock: package markupsafe: not in this lock" in capsys.readouterr().err
