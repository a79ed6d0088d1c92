"""What shipped code imports and nothing that ships brings: from the project's own modules, import by import.

The imports are followed through the modules of the tree as they would run on the target
(https://docs.python.org/3/reference/import.html), by their syntax trees alone.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_ofiuco.core.target import Target
from pytest_ofiuco.inspect import stdlib
from pytest_ofiuco.inspect.binary import UnreadableError
from pytest_ofiuco.inspect.complaint import Complaint
from pytest_ofiuco.inspect.guards import Facts, Import, imports
from pytest_ofiuco.inspect.modules import Module
from pytest_ofiuco.inspect.tree import Package

_OF_TESTS = frozenset(("conftest", "test", "testing", "tests"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Which packages count, by normalized name.

    ``left_out``: those in the tree or the lock that do not ship, with what there is to say of them, as in
    ``pytest 9.2 (group dev)``. ``provided``: those that the platform brings.
    """

    left_out: Mapping[str, str] = field(default_factory=dict)
    provided: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A module that an import asks for; ``package`` is the one that would bring it, of those that do not ship."""

    importer: Module
    line: int
    name: str
    package: str = ""


def complaints(
    modules: Mapping[str, Module], target: Target, shipment: Shipment
) -> Iterator[tuple[str, Package | None, Complaint]]:
    """A complaint for each module that is missing: the file that imports it first, its package, and what is wrong."""
    told: set[str] = set()
    for missing in _Closure(modules, target, shipment).missing():
        subject = missing.package or missing.name
        if subject in told or missing.importer.member is None:
            continue
        told.add(subject)
        message = f"line {missing.line} imports {missing.name}, which nothing that ships brings"
        hint = "add what brings it to the project's dependencies, and lock again"
        if missing.package:
            message = (
                f"line {missing.line} imports {missing.name}, which comes with {missing.package}: that does not ship"
            )
            hint = "make it a dependency of the project, or import it in tests only"
        yield missing.importer.member.path, missing.importer.owner, Complaint(code="import", message=message, hint=hint)


class _Closure:
    def __init__(self, modules: Mapping[str, Module], target: Target, shipment: Shipment) -> None:
        self._modules, self._shipment = modules, shipment
        self._standard = stdlib.modules(target.python.minor)
        self._left_out = {alias: said for name, said in shipment.left_out.items() for alias in _aliases(name)}
        self._left_out |= shipment.left_out
        self._provided = {alias for name in shipment.provided for alias in _aliases(name)}
        self._vendored = {(each.owner, _vendored(each.name)) for each in modules.values() if not each.is_own}
        environment = target.environment
        self._facts = Facts(
            version=target.python.minor,
            sys_platform=environment["sys_platform"],
            os_name=environment["os_name"],
            platform_system=environment["platform_system"],
            implementation=environment["implementation_name"],
        )

    def missing(self) -> Iterator[Missing]:
        """Every module that is asked for and does not ship, in the order in which it is come upon."""
        own = (each for each in self._modules.values() if each.is_own and not _is_test(each.name))
        waiting = sorted(own, key=lambda each: each.name)
        seen = {each.name for each in waiting}
        for importer in waiting:  # grows on the way
            for asked in self._imports(importer):
                for name in self._names(importer, asked):
                    for found in self._steps(importer, asked, name):
                        if isinstance(found, Missing):
                            yield found
                        elif found.name not in seen:
                            seen.add(found.name)
                            waiting.append(found)

    def _imports(self, module: Module) -> Iterator[Import]:
        if module.member is None:
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(module.member.read())
            yield from imports(tree, self._facts, is_own=module.is_own)
        except (UnreadableError, SyntaxError, ValueError, RecursionError, MemoryError):
            return  # of another Python's syntax, as files of tests and templates are

    def _names(self, importer: Module, asked: Import) -> Iterator[str]:
        """The absolute names that an import may mean: of ``from a import b`` both ``a`` and ``a.b``."""
        base = asked.name
        if asked.level:
            parts = importer.name.split(".")
            kept = len(parts) - asked.level + int(importer.is_package)
            if kept < 1:
                return
            base = ".".join(filter(None, (*parts[:kept], asked.name)))
        yield base
        parent = self._modules.get(base)
        for name in asked.names:
            if f"{base}.{name}" in self._modules or (parent is not None and parent.kind == "namespace"):
                yield f"{base}.{name}"

    def _steps(self, importer: Module, asked: Import, name: str) -> Iterator[Module | Missing]:
        """The modules that are imported on the way to ``name``, up to one that is missing."""
        parts = name.split(".")
        parent: Module | None = None
        for depth in range(1, len(parts) + 1):
            path = ".".join(parts[:depth])
            module = self._modules.get(path)
            if module is None:
                if self._is_missing(importer, parent, path):
                    yield Missing(importer=importer, line=asked.line, name=path, package=self._bringer(path))
                return
            owner = module.owner
            is_left_out = owner is not None and owner.name in self._shipment.left_out and not module.is_own
            if is_left_out and module.kind != "namespace" and owner is not None:
                package = self._shipment.left_out[owner.name]
                yield Missing(importer=importer, line=asked.line, name=path, package=package)
                return
            yield module
            parent = module

    def _is_missing(self, importer: Module, parent: Module | None, path: str) -> bool:
        """Whether nothing else brings a module that the tree does not have.

        What a package has in it, only reading all of it would tell: attributes, and modules made as it is imported.
        """
        if parent is None:
            is_private = path.startswith("_") and not self._bringer(path)
            is_vendored = not importer.is_own and (importer.owner, path) in self._vendored
            return path not in self._standard and not is_private and not is_vendored and not self._is_provided(path)
        return parent.kind == "namespace" and parent.name not in self._standard and not self._is_provided(path)

    def _is_provided(self, path: str) -> bool:
        return _normalized(path) in self._provided

    def _bringer(self, path: str) -> str:
        """The package that does not ship and, by its name, brings a module."""
        return self._left_out.get(_normalized(path), "")


def _is_test(module: str) -> bool:
    """Whether a module is imported by those who test alone, unless another one imports it, too."""
    *parents, last = module.split(".")
    return last.startswith("test_") or last.endswith("_test") or not _OF_TESTS.isdisjoint((*parents, last))


def _vendored(module: str) -> str:
    """What a package may import a module of its own as, having made a path to it: ``setuptools._vendor.wheel``."""
    *parents, last = module.split(".")
    if parents and last.startswith("_"):
        return last.removeprefix("_")
    return last if any(each.lstrip("_").startswith("vendor") for each in parents) else ""


def _aliases(package: str) -> set[str]:
    """What a package's modules may be called: ``yaml`` of ``pyyaml``, ``dateutil`` of ``python-dateutil``."""
    return {package, package.removeprefix("python-"), package.removesuffix("-python"), package.removeprefix("py")}


def _normalized(module: str) -> str:
    """The package that a module is of, where it is named after it: ``google.cloud.storage``, ``typing_extensions``."""
    return module.replace("_", "-").replace(".", "-").strip("-").lower()
