"""Names of what platforms have that are nearly those of packages in the lock."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.provided import misnamed

KNOWN = ("boto3", "botocore", "python-dateutil", "six")


def said(written: str, near: str) -> list[str]:
    return [f'tool.ofiuco.platform.far.provided: "{written}": no package of the lock: did you mean {near}?']


@pytest.mark.parametrize(
    ("provided", "found"),
    [
        pytest.param(["boto3", "botocor"], said("botocor", "botocore"), id="cut short"),
        pytest.param(["Python_Dateutils"], said("Python_Dateutils", "python-dateutil"), id="as it is written"),
        pytest.param(["Boto3", "python.dateutil", "six"], [], id="locked"),
        pytest.param(["awslambdaric", "jmespath"], [], id="more than the lock has"),
        pytest.param(["botocore", "botocores"], [], id="the near one is there"),
    ],
)
def test_misnamed(provided: list[str], found: list[str]) -> None:
    assert list(misnamed({"near": [], "far": provided}, KNOWN)) == found
