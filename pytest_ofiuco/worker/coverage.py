"""pytest-cov in a worker: it measures, and leaves it to the controller to report.

https://pytest-cov.readthedocs.io: its plugin object ``_cov`` is there where ``--cov`` is given. What it was asked for
is written beside the data, for the process that reports what all workers have measured.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict

Message = Dict[str, Any]

RECORD, SAVED = "asked.json", "saved"

_ASKED = ("cov_", "no_cov")


def leave_reporting(config: Any, folder: str | None) -> None:
    """Record in ``folder`` what is asked for, and have nothing reported here, nor compared with a limit."""
    plugin = config.pluginmanager.getplugin("_cov")
    if plugin is None:
        return
    options = plugin.options
    if folder is not None:
        _record(options, folder)
    options.cov_report = {}
    options.cov_fail_under = None
    measuring = getattr(getattr(plugin, "cov_controller", None), "cov", None)
    if measuring is not None:  # one of several workers need not see every module
        measuring._warn_no_data = measuring._warn_unimported_source = False


def _record(options: Any, folder: str) -> None:
    import sysconfig

    paths = sysconfig.get_paths()
    version = "{}.{}.{}-{}-{}".format(*sys.version_info[:5])
    record: Message = {
        "options": {name: value for name, value in vars(options).items() if name.startswith(_ASKED)},
        "description": f"platform {sys.platform}, python {version}",
        "installed": sorted({os.path.realpath(paths[name]) for name in ("purelib", "platlib")}),
        "path": list(map(str, sys.path)),
    }
    record["options"]["collectonly"] = bool(getattr(options, "collectonly", False))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, RECORD), "w", encoding="utf-8") as file:
        json.dump(record, file)


def save(config: Any, folder: str | None) -> None:
    """Save what has been measured, where pytest-cov has not: its session was cut short. Then say that all is there."""
    plugin = config.pluginmanager.getplugin("_cov")
    controller = getattr(plugin, "cov_controller", None)
    if controller is not None and controller.cov is not controller.combining_cov:
        controller.finish()
    if controller is not None and folder is not None:
        with open(os.path.join(folder, SAVED), "w", encoding="utf-8"):
            pass
