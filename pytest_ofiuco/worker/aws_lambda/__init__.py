"""What tests of a zip need: the zip itself, and AWS Lambda's runtime around it. Loaded when a test asks for it.

The runtime is the real one, ``awslambdaric``: it asks a Runtime API on loopback for its invocations, as it does on AWS.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import importlib
from typing import Any


def import_module(name: str) -> Any:
    """One of the modules here."""
    return importlib.import_module(f"{__name__}.{name}")
