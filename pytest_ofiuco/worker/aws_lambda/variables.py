"""The environment variables of a function: those that AWS Lambda sets, and nobody's credentials.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import os
import sys
from typing import Mapping

from .place import Place

_REGION, _NAME, _ACCOUNT = "us-east-1", "function", "123456789012"
ADDRESS = "AWS_LAMBDA_RUNTIME_API"
"""The variable that says where a function asks for its invocations: no two functions have the same."""

_KEPT = ("LD_LIBRARY_PATH", "TMPDIR")


def function_variables(
    place: Place, address: str, handler: str, memory: int, more: Mapping[str, str]
) -> dict[str, str]:
    """All of them; ``address`` is the Runtime API's, ``memory`` in MB, and ``more`` are the function's own."""
    scripts = os.path.dirname(sys.executable)
    path = [each for each in os.environ.get("PATH", os.defpath).split(os.pathsep) if each != scripts]
    return {
        **{name: os.environ[name] for name in os.environ if name in _KEPT or name.startswith("QEMU_")},
        "PATH": os.pathsep.join(path),
        "HOME": str(place.home),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": str(place.task),
        "LAMBDA_RUNTIME_DIR": str(place.runtime),
        "PYTHONPATH": str(place.runtime),
        "_HANDLER": handler,
        ADDRESS: address,
        "AWS_LAMBDA_FUNCTION_NAME": _NAME,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{_NAME}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "1970/01/01/[$LATEST]00000000000000000000000000000000",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*sys.version_info[:2]),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        **({"PYTHONPYCACHEPREFIX": str(place.bytecode)} if place.has_bytecode else {}),
        **more,
    }


def arn(variables: Mapping[str, str]) -> str:
    """The function's name in full: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    region = variables.get("AWS_REGION", _REGION)
    return f"arn:aws:lambda:{region}:{_ACCOUNT}:function:{variables.get('AWS_LAMBDA_FUNCTION_NAME', _NAME)}"
