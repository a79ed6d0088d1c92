"""Makes environments here and on other machines: what is locked is fetched here, and carried over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_ofiuco.core.artifact import Archive, Sdist, Wheel, sha256_of
from pytest_ofiuco.core.resolve import Pin
from pytest_ofiuco.run.hosts.host import FarInterpreter
from pytest_ofiuco.store.environment import Preparer
from pytest_ofiuco.store.request import Environment, Plan


class FarPreparer(Preparer):
    """A preparer that has the environments of other machines made there."""

    def prepare(self, plan: Plan) -> Environment:
        """The environment for ``plan``, made where its interpreter is.

        Raises:
            OfiucoError: it cannot be made.
        """
        interpreter = plan.interpreter
        if not isinstance(interpreter, FarInterpreter):
            return super().prepare(plan)
        if plan.unhashed:
            resolution = self._trust.given(plan.resolution, plan.unhashed, plan.lock_directory)
            plan = replace(plan, resolution=resolution, unhashed=frozenset())

        def locate(pin: Pin) -> tuple[Path, str]:
            artifact = pin.artifact
            assert isinstance(artifact, Wheel | Sdist | Archive)
            file = self._fetcher.fetch(artifact, pin.name, plan.lock_directory)
            return file, sha256_of(artifact.hashes) or ""

        environment, remarks = interpreter.host.prepare(
            plan, locate, self._progress, offline=self._offline, refresh=self._refresh, link_mode=self._link_mode
        )
        self._remarks.extend(f"{interpreter.host.address.name}: {remark}" for remark in remarks)
        return environment
