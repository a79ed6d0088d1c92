"""``--cache-show`` of a matrix: the session's own cache, then what tests have kept in each cell's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.cacheprovider import Cache, cacheshow
from _pytest.main import wrap_session


def show(config: pytest.Config) -> int:
    """Show them, in a session without tests."""
    return int(wrap_session(config, _show))


def _show(config: pytest.Config, session: pytest.Session) -> int:
    code = cacheshow(config, session)
    assert config.cache is not None  # pytest's own option has just shown it
    folder = config.cache._cachedir / "ofiuco"
    for each in sorted(folder.iterdir()) if folder.is_dir() else []:
        of_cell: Any = SimpleNamespace(cache=Cache(each, config, _ispytest=True), option=config.option)
        cacheshow(of_cell, session)
    return code
