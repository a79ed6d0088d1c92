"""The example's handler, from its zip for AWS Lambda, in an arm64 interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.foreign.test_cells import configure, example, interpreters, pytestmark
from tests.plugin.conftest import Project

__all__ = ["example", "interpreters", "pytestmark"]

TESTS = """\
import platform

import pytest


@pytest.mark.platform("aws_lambda")
def test_the_zip_is_for_arm64(aws_lambda, ofiuco_zip):
    assert platform.machine() == "aarch64"
    assert ofiuco_zip.manifest["architectures"] == ["arm64"]
    assert {"awslambdaric", "boto3", "botocore"} <= set(ofiuco_zip.manifest["left_out"]["provided"])
    told = aws_lambda.invoke("platform.machine", check=False)
    assert told.error.error_type == "TypeError" and told.memory_used is None
"""


def test_the_handler_runs(example: Project, interpreters: Mapping[str, Path]) -> None:
    configure(
        example,
        "[tool.ofiuco.platform.aws_lambda]",
        f'interpreters = ["{interpreters["3.13"]}"]',
        'provided = ["awslambdaric", "boto3", "botocore"]',
    )
    (example.folder / "tests" / "test_arm64.py").write_text(TESTS, encoding="utf-8")
    arguments = ("-p", "no:cacheprovider", "tests/test_lambda.py", "tests/test_arm64.py")
    result = example.matrix("--ofiuco-python", "3.13", *arguments)
    assert result.parseoutcomes() == {"passed": 5}
