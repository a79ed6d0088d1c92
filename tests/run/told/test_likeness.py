"""Which failures are one."""

from __future__ import annotations

import time

import pytest

from pytest_ofiuco.run.told.likeness import likeness, normalised, places_in, said_in, without_colours

NAMES = ("py310-host", "py310-host-django42", "py313-host")

LONG = """
    def test_json():
>       json.loads("x")

tests/test_a.py:12: 
_ _ _ _
{python}/json/__init__.py:{first}: in loads
    return _default_decoder.decode(s)
src/own/part.py:7: in part
{environment}/lib/python3.12/site-packages/numpy/core.py:8: in load
E           json.decoder.JSONDecodeError: Expecting value

{python}/json/decoder.py:{last}: JSONDecodeError
"""  # noqa: W291  # as pytest writes it

NATIVE = """Traceback (most recent call last):
  File "/cache/environments-v1/0a1b/lib/python3.12/site-packages/_pytest/runner.py", line 361, in from_call
    result = func()
  File "<frozen importlib._bootstrap>", line 1, in _load
  File "/project/tests/test_a.py", line 16, in test_one
    helper(1)
AssertionError: no two
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("<object at 0x7f39a4daa370>", "<object at 0x7efcb5a45980>", id="addresses"),
        pytest.param("'/tmp/pytest-of-me/pytest-7/test_a0'", "'/tmp/pytest-of-me/pytest-12/test_a0'", id="tmp_path"),
        pytest.param(r"C:\Temp\pytest-of-me\pytest-7\a", r"C:\Temp\pytest-of-me\pytest-8\a", id="tmp_path on Windows"),
        pytest.param("open('/tmp/tmpab12cd_9/x')", "open('/tmp/tmp0000zzzz/x')", id="tempfile"),
        pytest.param("/c/aa/lib/python3.10/site-packages/a", "/c/bb/lib/python3.13/site-packages/a", id="packages"),
        pytest.param("in /c/environments-v1/aa/share/x", "in /c/environments-v1/bb/share/x", id="environments"),
        pytest.param("/pyenv/3.10.13/lib/python3.10/json", "/pyenv/3.13.0/lib/python3.13t/json", id="the library"),
        pytest.param("ran /usr/bin/python3.10 -m a", "ran /opt/bin/pypy3.11 -m a", id="interpreters"),
        pytest.param("to 127.0.0.1:4567 failed", "to 127.0.0.1:34567 failed", id="ports"),
        pytest.param("after 0.21 s", "after 3.5 s", id="durations"),
        pytest.param(
            "RequestId: 0fa1bb16-2f42-4e9e-9a3e-9f1d2c1f8a01 Error: it",
            "RequestId: 7c2b6d3e-11aa-4c58-8d9f-00c1d2e3f4a5 Error: it",
            id="requests of AWS Lambda",
        ),
        pytest.param("in py310-host: x", "in py313-host: x", id="cells"),
        pytest.param("test_a[py310-host-django42]", "test_a[py313-host]", id="cells whose names begin alike"),
    ],
)  # fmt: skip
def test_what_is_another_in_each_process_does_not_count(one: str, other: str) -> None:
    assert normalised(one, NAMES) == normalised(other, NAMES)
    assert likeness("", one, (), NAMES) == likeness("", other, (), NAMES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("assert 12 == 9", "assert 13 == 9", id="values"),
        pytest.param("version 1.5 is old", "version 1.6 is old", id="versions"),
        pytest.param("no py310-hosts", "no py313-hosts", id="words that contain a cell's name"),
        pytest.param("x = 0xA", "x = 0xB", id="small hexadecimal numbers"),
        pytest.param("2026-01-01 00:00:00", "2026-01-02 00:00:00", id="dates"),
    ],
)
def test_what_is_said_counts(one: str, other: str) -> None:
    assert likeness("", one, (), NAMES) != likeness("", other, (), NAMES)


def test_how_pytest_explains_an_assertion_does_not_count() -> None:
    one = "AssertionError: no\nassert [1] == [2]\n  \n  At index 0 diff: 1 != 2\n  Use -v to get more diff"
    other = "AssertionError: no\nassert [1] == [2]\n  Full diff:\n  - [2]\n  + [1]"
    assert likeness("", one, (), NAMES) == likeness("", other, (), NAMES)
    assert likeness("", one, (), NAMES) != likeness("", one.replace("[1]", "[3]"), (), NAMES)
    assert likeness("", f"assert {one}", (), NAMES) == likeness("", "assert AssertionError: no", (), NAMES)


def test_where_an_assertion_is_shortened_its_explanation_counts() -> None:
    one, other = (f"assert [1, ...] == [1, ...]\n  At index {index} diff: 1 != 2" for index in (500, 600))
    assert likeness("", one, (), NAMES) != likeness("", other, (), NAMES)


def test_lines_of_the_project_count_and_no_others() -> None:
    text = LONG.format(
        python="/pyenv/3.12.1/lib/python3.12", first=346, last=355, environment="/cache/environments-v1/a"
    )
    assert places_in(text) == (("tests/test_a.py", 12), ("src/own/part.py", 7))
    assert places_in(NATIVE) == (("/project/tests/test_a.py", 16),)
    assert places_in('E     File "/project/test_a.py", line 4\nE       def x(:') == (("/project/test_a.py", 4),)
    assert places_in("\x1b[1m\x1b[31mtests/test_a.py\x1b[0m:12: ValueError") == (("tests/test_a.py", 12),)
    assert places_in(r"C:\Python312\Lib\json\decoder.py:3: in x") == ()


def test_failures_in_different_places_are_two() -> None:
    assert likeness("", "no", (("a.py", 1),), NAMES) != likeness("", "no", (("a.py", 2),), NAMES)


FUNCTION = """aws_lambda.LambdaError: KeyError: 'missing'
in the function (most recent call last):
  File "/tmp/pytest-of-me/pytest-{number}/aws-lambda0/task/app.py", line {line}, in handler
    return json.loads(event)
{marks}"""

LIBRARY = """  File "/pyenv/{0}/lib/python{0}/json/__init__.py", line {1}, in loads
    return _default_decoder.decode(s)
"""


def of_function(**varying: object) -> tuple[object, ...]:
    said = FUNCTION.format(**{"number": 1, "line": 5, "marks": "", **varying}).rstrip()
    text = "".join(f"E       {line}\n" for line in said.splitlines()) + "\ntest_app.py:2: LambdaError\n"
    return likeness(text, said, places_in(text), NAMES)


def test_a_traceback_in_what_is_said_counts_as_one_of_pytests() -> None:
    """Its folders, the lines of the standard library and the marks of newer Pythons do not; the project's lines do."""
    assert of_function() == of_function(number=2)
    assert of_function() == of_function(marks="           ~~~~~~~~~~^^^^^^^\n")
    assert of_function(marks=LIBRARY.format("3.10", 346)) == of_function(marks=LIBRARY.format("3.13", 355))
    assert of_function() != of_function(line=6)


def test_what_the_exception_says_is_found_in_the_text() -> None:
    assert said_in("a.py:1: in x\n    y\nE   ValueError: one\nE     two\n") == "ValueError: one\ntwo"
    assert said_in("\x1b[31mE   ValueError\x1b[0m") == "ValueError"
    assert said_in("Every line\nis text") == ""


def test_a_text_that_is_no_traceback_is_compared_whole() -> None:
    assert likeness("error: no wheel for py310-host", "", (), NAMES) == likeness(
        "error: no wheel for py313-host", "", (), NAMES
    )
    assert likeness("error: one", "", (), NAMES) != likeness("error: two", "", (), NAMES)


def test_without_names_of_cells() -> None:
    assert normalised("anything", ()) == "anything"


def test_colours() -> None:
    assert without_colours("\x1b[31;1mred\x1b[0m") == "red"


@pytest.mark.parametrize("word", ["x", "x/", "1", "a:1", "/tmp", "[", "/lib/python3.1"])
def test_long_words_take_no_time(word: str) -> None:
    text = word * 200_000
    began = time.monotonic()
    normalised(text, NAMES)
    places_in(text)
    said_in(text)
    assert time.monotonic() - began < 5
