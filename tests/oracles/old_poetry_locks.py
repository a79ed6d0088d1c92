"""poetry.lock 2.1, written as the formats before it: what they have no word for is left out."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

VERSIONS = ("1.1", "2.0")


def rewritten(lock: Path, version: str) -> dict[str, Any]:
    """The document as an older Poetry would have locked the same entries.

    2.0 has no ``groups`` and no ``markers`` of entries; 1.1 has categories and the files of a name in one place.
    """
    document: dict[str, Any] = copy.deepcopy(tomllib.loads(lock.read_text(encoding="utf-8")))
    document["metadata"]["lock-version"] = version
    for package in document["package"]:
        groups = package.pop("groups")
        package.pop("markers", None)
        if version == "1.1":
            package["category"] = "main" if "main" in groups else "dev"
            files = package.pop("files")
            document["metadata"].setdefault("files", {}).setdefault(package["name"], []).extend(files)
    return document


def to_toml(value: Any, path: str = "") -> str:
    """A document in TOML, of inline values but for its first two levels."""
    lines = []
    for key, each in value.items():
        if key == "package":
            lines += ["".join(f"[[package]]\n{_pairs(package)}") for package in each]
        elif isinstance(each, dict):
            lines.append(f"[{_key(key)}]\n{_pairs(each)}")
    return "\n".join(lines)


def _pairs(table: dict[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_value(each)}\n" for key, each in table.items())


def _key(key: str) -> str:
    return _text(key)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value)


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
