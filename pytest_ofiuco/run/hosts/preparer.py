"""Makes environments here and on other machines: what is locked is fetched here, and carried over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pytest_ofiuco.config import LinkMode
from pytest_ofiuco.core.artifact import Archive, Sdist, Wheel, sha256_of
from pytest_ofiuco.core.resolve import Pin
from pytest_ofiuco.run.hosts.host import FarInterpreter
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Preparer
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.request import Environment, Plan
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.trust import Trust


class FarPreparer(Preparer):
    """A preparer that has the environments of other machines made there."""

    def __init__(
        self,
        store: Store,
        settings: IndexSettings,
        *,
        offline: bool,
        refresh: bool,
        progress: Progress,
        environ: Mapping[str, str],
        link_mode: LinkMode = "hardlink",
    ) -> None:
        super().__init__(
            store,
            settings,
            offline=offline,
            refresh=refresh,
            progress=progress,
            environ=environ,
            link_mode=link_mode,
        )
        self._told, self._is_offline, self._anew, self._links = progress, offline, refresh, link_mode
        self._carried = Fetcher(store, settings, offline=offline, refresh=refresh, progress=progress)
        self._seen = Trust(store, self._carried)
        self._remarks: list[str] = []

    def prepare(self, plan: Plan) -> Environment:
        """The environment for ``plan``, made where its interpreter is.

        Raises:
            OfiucoError: it cannot be made.
        """
        interpreter = plan.interpreter
        if not isinstance(interpreter, FarInterpreter):
            return super().prepare(plan)
        if plan.unhashed:
            resolution = self._seen.given(plan.resolution, plan.unhashed, plan.lock_directory)
            plan = replace(plan, resolution=resolution, unhashed=frozenset())

        def locate(pin: Pin) -> tuple[Path, str]:
            artifact = pin.artifact
            assert isinstance(artifact, Wheel | Sdist | Archive)
            file = self._carried.fetch(artifact, pin.name, plan.lock_directory)
            return file, sha256_of(artifact.hashes) or ""

        environment, remarks = interpreter.host.prepare(
            plan, locate, self._told, offline=self._is_offline, refresh=self._anew, link_mode=self._links
        )
        self._remarks.extend(f"{interpreter.host.address.name}: {remark}" for remark in remarks)
        return environment

    def warnings(self) -> list[str]:
        """What there is to say about what was fetched, here and there, sorted."""
        return sorted({*super().warnings(), *self._carried.warnings(), *self._remarks})

    def close(self) -> None:
        """Let go of what fetches."""
        self._carried.stop()
        super().close()
        self._carried.close()
