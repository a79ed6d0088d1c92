"""Sessions with cells for other machines: as those in tests/plugin, with a cache that they share."""

from __future__ import annotations

from tests.plugin.conftest import cache

__all__ = ["cache"]
