"""Patterns of paths to leave out."""

from __future__ import annotations

import pytest

from pytest_ofiuco.bundle.patterns import Patterns
from pytest_ofiuco.errors import UsageError


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        pytest.param("**.dist-info/**", "numpy-2.0.dist-info/METADATA", True, id="the talk's metadata"),
        pytest.param("**.dist-info/**", "numpy-2.0.dist-info/licenses/a/b", True, id="deep metadata"),
        pytest.param("**.dist-info/**", "numpy/dist-info/METADATA", False, id="no metadata"),
        pytest.param("**/__pycache__/**", "a/b/__pycache__/c.pyc", True, id="caches"),
        pytest.param("**/__pycache__/**", "__pycache__/c.pyc", True, id="a cache at the top"),
        pytest.param("**/bin/*", "bin/tool", True, id="scripts"),
        pytest.param("**/bin/*", "a/bin/tool", True, id="a package's scripts"),
        pytest.param("**/bin/*", "a/bin/b/tool", False, id="one name only"),
        pytest.param("**/bin/*", "cabin/tool", False, id="a whole name"),
        pytest.param("boto3**", "boto3/session.py", True, id="across slashes"),
        pytest.param("a/**/b.py", "a/b.py", True, id="no folder"),
        pytest.param("a/**/b.py", "a/x/y/b.py", True, id="some folders"),
        pytest.param("*.py", "a/b.py", False, id="a star stays in its name"),
        pytest.param("numpy/tests/", "numpy/tests/a/b.py", True, id="all below"),
        pytest.param("a?.py", "ab.py", True, id="one character"),
        pytest.param("a?.py", "a/.py", False, id="which is no slash"),
        pytest.param("[ab].py", "b.py", True, id="one of some"),
        pytest.param("[!ab].py", "b.py", False, id="none of some"),
        pytest.param("[!ab].py", "c.py", True, id="another"),
        pytest.param("a+(b).py", "a+(b).py", True, id="nothing else is special"),
    ],
)
def test_match(pattern: str, path: str, matches: bool) -> None:
    patterns = Patterns([pattern])
    assert patterns.match(path, "") is matches
    assert patterns.unmatched == ([] if matches else [pattern])


def test_below_a_prefix_either_path_counts() -> None:
    patterns = Patterns(["numpy/**", "python/six.py", "nothing"])
    assert patterns.match("python/numpy/a.py", "python/")
    assert patterns.match("python/six.py", "python/")
    assert not patterns.match("python/other.py", "python/")
    assert patterns.unmatched == ["nothing"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        pytest.param("", "exclude '': not a pattern of paths in a zip", id="empty"),
        pytest.param("/a", "exclude '/a': not a pattern of paths in a zip", id="from the root"),
        pytest.param("a[b", "exclude 'a[b': [ has no ]", id="no end"),
        pytest.param("[b-a]", "exclude '[b-a]': not a pattern: bad character range b-a at position 1", id="range"),
    ],
)
def test_no_pattern(pattern: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Patterns([pattern])
    assert str(caught.value) == message
    assert caught.value.hint
