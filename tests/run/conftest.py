"""A pytest session inside a test, without our plugin's options or any of the surrounding session's."""

from __future__ import annotations

import pytest


@pytest.fixture
def session(pytester: pytest.Pytester) -> pytest.Session:
    return pytest.Session.from_config(pytester.parseconfigure("-p", "no:cacheprovider", "-p", "no:terminal"))
