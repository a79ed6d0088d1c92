"""``ofiuco cache``: what it says, as text and as JSON."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from pytest_ofiuco.cli.cache import seconds_of
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment
from pytest_ofiuco.store.interpreters import Interpreters
from pytest_ofiuco.store.upkeep.size import buckets as buckets_of
from tests.store.installing import prepare
from tests.store.makers import THIS_PYTHON, wheel


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OFIUCO_CACHE_DIR", str(tmp_path / "cache"))
    return Store(tmp_path / "cache")


@pytest.fixture
def environment(store: Store, tmp_path: Path) -> Environment:
    """One that was used last a hundred days ago."""
    interpreter = Interpreters(store, {}).find(Python.parse(THIS_PYTHON), [sys.executable])
    made = prepare(store, interpreter, tmp_path, wheel("demo", {"demo.py": "x" * 1000}))
    usage.end()
    then = time.time() - 100 * 86400
    for path in store.root.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (then, then))
    return made


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["cache", *words]) == code
    return capsys.readouterr().out


def test_dir(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "dir") == f"{store.root}\n"
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("size", "{root}\n  empty\n"),
        ("prune", "removed nothing\n"),
        ("verify", "verified 1 entry: all is as it was made\n"),
    ],
)
def test_without_a_cache(store: Store, capsys: pytest.CaptureFixture[str], part: str, expected: str) -> None:
    assert said(capsys, part) == expected.format(root=store.root)
    assert json.loads(said(capsys, part, "--format", "json"))["version"] == 1
    assert not store.root.exists()


def test_size(store: Store, environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "size").splitlines()
    assert lines[0] == str(store.root)
    assert lines[1].split()[:2] == ["files-v1", "1.9"]
    assert lines[1].split()[-2:] == ["downloaded", "files"]
    assert lines[-1].split()[0] == "total"
    document = json.loads(said(capsys, "size", "--format", "json"))
    assert document["bytes"] == sum(bucket["bytes"] for bucket in document["buckets"])
    by_name = {bucket["name"]: bucket for bucket in document["buckets"]}
    assert by_name["environments-v1"]["entries"] == 1
    assert by_name["wheels-v1"]["bytes"] > 1000


def test_prune(store: Store, environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    (store.root / "wheels-v0").mkdir()
    dry = said(capsys, "prune", "--older-than", "30d", "--dry-run").splitlines()
    assert f"environments-v1/{environment.key}: not used for 100 days" in dry
    assert dry[-3].startswith("would remove 1 of environments-v1, 1 of files-v1, 1 of wheels-v1")
    assert dry[-2].startswith("would free ")
    assert environment.path.exists()
    assert said(capsys, "prune", "--older-than", "200d").splitlines()[0] == "removed nothing"
    assert said(capsys, "prune", "--older-than", "30d").splitlines() == [
        "removed 1 of environments-v1, 1 of files-v1, 1 of wheels-v1",
        dry[-2].replace("would free", "freed"),
        "left alone: wheels-v0 (another layout, of another version of pytest-ofiuco)",
    ]
    assert not environment.path.exists()


def test_prune_as_json(store: Store, environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "prune", "--older-than", "2w", "--format", "json"))
    assert [each["path"].partition("/")[0] for each in document["removed"]] == [
        "environments-v1",
        "files-v1",
        "wheels-v1",
    ]
    assert document["freed"] > 2000
    assert (document["dry_run"], document["is_busy"], document["in_use"]) == (False, False, [])
    assert json.loads(said(capsys, "prune", "--format", "json"))["removed"] == []


def test_prune_says_what_it_left(store: Store, environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    usage.uses(store, environment.key)
    assert said(capsys, "prune", "--older-than", "30d").splitlines() == [
        "removed nothing",
        "left: 1 environment that running sessions use",
    ]


def test_the_latest_is_kept(store: Store, environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "prune", "--older-than", "30d", "--keep-latest") == "removed nothing\n"
    assert said(capsys, "prune", "--keep-latest") == "removed nothing\n"
    assert environment.path.exists()


def test_only_the_latest_is_kept(
    store: Store, environment: Environment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interpreter = Interpreters(store, {}).find(Python.parse(THIS_PYTHON), [sys.executable])
    latest = prepare(store, interpreter, tmp_path, wheel("other", {"other.py": ""}))
    usage.end()
    assert said(capsys, "prune", "--keep-latest").startswith("removed 1 of environments-v1")
    assert (environment.path.exists(), latest.path.exists()) == (False, True)


def test_verify(store: Store, environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "verify").endswith(": all is as it was made\n")
    (environment.path / "new").write_text("")
    assert said(capsys, "verify", code=1).splitlines() == [
        f"environments-v1/{environment.key}/new: was not installed",
        "verified 4 entries: 1 damaged",
        "hint: `ofiuco cache verify --fix` removes what is damaged, and the next run makes it again",
    ]
    document = json.loads(said(capsys, "verify", "--format", "json", code=1))
    assert document["damages"] == [
        {
            "entry": f"environments-v1/{environment.key}",
            "path": f"environments-v1/{environment.key}/new",
            "problem": "was not installed",
        }
    ]
    assert said(capsys, "verify", "--fix", code=1).splitlines()[-1] == (
        f"removed environments-v1/{environment.key}: the next run makes them again"
    )
    assert not environment.path.exists()
    assert said(capsys, "verify").startswith("verified 3 entries: ")


def test_verify_leaves_what_is_in_use(
    store: Store, environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    usage.uses(store, environment.key)
    (environment.path / "new").write_text("")
    assert said(capsys, "verify", "--fix", code=1).splitlines()[-1] == (
        f"left: environments-v1/{environment.key}, since sessions are running; run this again later"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("45m", 2700), ("12h", 43200), ("30d", 2592000), ("2w", 1209600), ("0m", 0)]
)
def test_an_age(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5h", "30 d", "3y", "٣d", "9999999d"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        seconds_of(text)
    assert caught.value.render() == (
        f"error: --older-than {text}: not an age\nhint: give a number and its unit: 45m, 12h, 30d, 2w"
    )


@pytest.mark.parametrize("words", [[], ["what"], ["size", "--fix"]])
def test_wrong_usage(store: Store, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["cache", *words]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: see `ofiuco")


def test_a_cache_that_is_a_file(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.root.write_text("")
    for part in ("size", "verify", "prune"):
        assert main(["cache", part]) == 1
        assert capsys.readouterr().err.splitlines() == [
            f"error: {store.root}: the cache cannot be used: not a folder",
            "hint: choose another folder with the variable OFIUCO_CACHE_DIR",
        ]
    assert said(capsys, "dir") == f"{store.root}\n"


def test_the_examples_in_the_docs(store: Store, environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    """What the docs show has the shape of what is said: all but numbers, keys and paths."""
    document = (Path(__file__).parents[1] / "docs" / "cache.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"```console\n\$ ofiuco cache (.*?)\n(.*?)```", document, re.DOTALL))
    assert [*shown] == ["size", "prune --older-than 30d", "verify"]
    size = said(capsys, "size").splitlines()
    assert {*map(_shape, shown["size"].splitlines()[1:])} - {_shape("  …")} <= {*map(_shape, size)}
    (environment.path / "new").write_text("")
    assert _shape(said(capsys, "verify", code=1)) == _shape(shown["verify"])
    (environment.path / "new").unlink()
    assert _shape(said(capsys, "prune", "--older-than", "30d")) == _shape(shown["prune --older-than 30d"])
    buckets = {bucket.path.name for bucket in buckets_of(store)}
    assert {*re.findall(r"`([a-z-]+-v\d(?:\.json)?)`", document)} == buckets - {store.virtualenv.name}


def _shape(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{24}\b|[\d.]+ k?B|\d+(?= entries)|\s+\d+(?=  )| +", "#", text)
