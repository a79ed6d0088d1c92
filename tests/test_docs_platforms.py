"""The documents show how a platform gets its cells, where they first show its table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_ofiuco.config import read
from pytest_ofiuco.core.table import parse

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("document", ["lambda.md", "zip.md", "foreign.md"])
def test_a_platform_with_a_table_has_cells(document: str) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / document).read_text(encoding="utf-8"), re.DOTALL)
    first = next(block for block in blocks if "[tool.ofiuco.platform." in block)
    config = read(parse(first.encode(), "pyproject.toml"))
    assert config.settings.keys() <= set(config.platforms)
    assert config.platforms == ("host", "aws_lambda")
