"""A fetcher as tests use it: with the settings that they give it, and without anyone's files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_ofiuco.core.artifact import Archive, Wheel
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.progress import SilentProgress
from pytest_ofiuco.store.settings import IndexSettings


@contextmanager
def fetching(store: Store, settings: IndexSettings, *, offline: bool = False) -> Iterator[Fetcher]:
    fetcher = Fetcher(store, settings, offline=offline, refresh=False, progress=SilentProgress())
    try:
        yield fetcher
    finally:
        fetcher.close()


def fetched(store: Store, settings: IndexSettings, artifact: Wheel | Archive, *, offline: bool = False) -> Path:
    """The file in the store."""
    with fetching(store, settings, offline=offline) as fetcher:
        return fetcher.fetch(artifact, "demo", store.root.parent)


def failure(store: Store, settings: IndexSettings, artifact: Wheel | Archive) -> str:
    """What is said where the file cannot be had; nothing of it is left behind."""
    try:
        fetched(store, settings, artifact)
    except OfiucoError as error:
        assert nothing_half_written(store)
        return error.render()
    raise AssertionError("it was fetched")


def nothing_half_written(store: Store) -> bool:
    kept = [path for path in store.files.rglob("*") if path.is_file()] if store.files.exists() else []
    return not kept and not list(store.unfinished.iterdir())
