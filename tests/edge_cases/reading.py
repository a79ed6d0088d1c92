"""Locks as their tools write them, in a line or two, and what a target gets from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.target import Target
from tests.locks import read_lock
from tests.targets import LINUX_X86_64

FILES = "https://files.example.org"
INDEX = "https://index.example.org/simple"
SHA256 = "0123456789abcdef" * 4

WITH_FILE_NAMES = {"uv": "uv.lock", "poetry": "poetry.lock", "pylock": "pylock.toml", "pdm": "pdm.lock"}
"""The files of the formats that tell the names of what they lock."""
GRAPHS = {"uv": "uv.lock", "poetry 2.0": "poetry.lock", "poetry 1.1": "poetry.lock", "pdm 4.4": "pdm.lock"}
"""Those whose entries tell what they depend on, and do not tell when they are wanted."""


def pins(
    lock: Lock,
    here: Target = LINUX_X86_64,
    *,
    groups: Iterable[str] | None = None,
    extras: Iterable[str] = (),
) -> dict[str, str | None]:
    """Versions by name."""
    return resolve(lock, here, lock.selection(groups=groups, extras=extras)).versions()


def artifacts(lock: Lock, here: Target = LINUX_X86_64) -> dict[str, Artifact]:
    """What is installed, by name."""
    return {pin.name: pin.artifact for pin in resolve(lock, here, lock.selection()).packages}


def file_of(lock: Lock, name: str, here: Target = LINUX_X86_64) -> str:
    """The file name of what is installed of a package."""
    match artifacts(lock, here)[name]:
        case Wheel() | Sdist() | Archive() as file:
            return file.filename
        case Vcs() | Directory() as tree:
            raise AssertionError(tree)


def of_files(format: str, *filenames: str, name: str = "a", version: str = "1.0") -> Lock:
    """A lock of one package with these files."""
    write = {"uv": _uv_files, "poetry": _poetry_files, "pylock": _pylock_files, "pdm": _pdm_files}[format]
    return read_lock(WITH_FILE_NAMES[format], write(name, version, filenames))


def of_graph(format: str, graph: Mapping[str, Iterable[str]], root: str) -> Lock:
    """A lock in which each package depends on those beside it, and the project on ``root``."""
    write = {"uv": _uv_graph, "poetry 2.0": _poetry_2_graph, "poetry 1.1": _poetry_1_graph, "pdm 4.4": _pdm_graph}
    pyproject = f'[project]\nname = "project"\nversion = "0"\ndependencies = ["{root}"]\n'
    if format.startswith("poetry"):
        pyproject = f'[tool.poetry]\nname = "project"\n[tool.poetry.dependencies]\npython = "*"\n{root} = "*"\n'
    return read_lock(GRAPHS[format], write[format](graph, root), pyproject)


def _uv_files(name: str, version: str, filenames: tuple[str, ...]) -> str:
    wheels = [f'{{ url = "{FILES}/{each}", hash = "sha256:{SHA256}" }}' for each in filenames if each.endswith(".whl")]
    sdists = [
        f'sdist = {{ url = "{FILES}/{each}", hash = "sha256:{SHA256}" }}\n'
        for each in filenames
        if not each.endswith(".whl")
    ]
    return (
        'version = 1\n[[package]]\nname = "project"\nversion = "0"\nsource = { virtual = "." }\n'
        f'dependencies = [{{ name = "{name}" }}]\n'
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "{INDEX}" }}\n'
        f"{''.join(sdists)}wheels = [{', '.join(wheels)}]\n"
    )


def _poetry_files(name: str, version: str, filenames: tuple[str, ...]) -> str:
    files = [f'{{file = "{each}", hash = "sha256:{SHA256}"}}' for each in filenames]
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\ngroups = ["main"]\nfiles = [{", ".join(files)}]\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = "*"\n'
    )


def _pylock_files(name: str, version: str, filenames: tuple[str, ...]) -> str:
    wheels = [
        f'{{url = "{FILES}/{each}", hashes = {{sha256 = "{SHA256}"}}}}' for each in filenames if each.endswith(".whl")
    ]
    sdists = [
        f'sdist = {{url = "{FILES}/{each}", hashes = {{sha256 = "{SHA256}"}}}}\n'
        for each in filenames
        if not each.endswith(".whl")
    ]
    listed = f"wheels = [{', '.join(wheels)}]\n" if wheels else ""
    return (
        'lock-version = "1.0"\ncreated-by = "hand"\n'
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{"".join(sdists)}{listed}'
    )


def _pdm_files(name: str, version: str, filenames: tuple[str, ...]) -> str:
    files = [f'{{file = "{each}", hash = "sha256:{SHA256}"}}' for each in filenames]
    return (
        '[metadata]\ngroups = ["default"]\nstrategy = ["inherit_metadata"]\nlock_version = "4.5.0"\n'
        f'[[package]]\nname = "{name}"\nversion = "{version}"\ngroups = ["default"]\nfiles = [{", ".join(files)}]\n'
    )


def _pure(name: str) -> str:
    return f"{name.replace('-', '_')}-1.0-py3-none-any.whl"


def _uv_graph(graph: Mapping[str, Iterable[str]], root: str) -> str:
    text = (
        'version = 1\n[[package]]\nname = "project"\nversion = "0"\nsource = { virtual = "." }\n'
        f'dependencies = [{{ name = "{root}" }}]\n'
    )
    for name, needs in graph.items():
        edges = ", ".join(f'{{ name = "{each}" }}' for each in needs)
        text += (
            f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ registry = "{INDEX}" }}\n'
            f'dependencies = [{edges}]\nwheels = [{{ url = "{FILES}/{_pure(name)}", hash = "sha256:{SHA256}" }}]\n'
        )
    return text


def _poetry_entries(graph: Mapping[str, Iterable[str]], more: str, files: bool) -> str:
    text = ""
    for name, needs in graph.items():
        listed = f'files = [{{file = "{_pure(name)}", hash = "sha256:{SHA256}"}}]\n' if files else ""
        edges = "".join(f'{each} = "*"\n' for each in needs)
        text += f'[[package]]\nname = "{name}"\nversion = "1.0"\noptional = false\n{more}{listed}'
        text += f"[package.dependencies]\n{edges}" if edges else ""
    return text


def _poetry_2_graph(graph: Mapping[str, Iterable[str]], root: str) -> str:
    metadata = '[metadata]\nlock-version = "2.0"\npython-versions = "*"\n'
    return _poetry_entries(graph, "", files=True) + metadata


def _poetry_1_graph(graph: Mapping[str, Iterable[str]], root: str) -> str:
    files = [f'{name} = [{{file = "{_pure(name)}", hash = "sha256:{SHA256}"}}]\n' for name in graph]
    metadata = f'[metadata]\nlock-version = "1.1"\npython-versions = "*"\n[metadata.files]\n{"".join(files)}'
    return _poetry_entries(graph, 'category = "main"\n', files=False) + metadata


def _pdm_graph(graph: Mapping[str, Iterable[str]], root: str) -> str:
    text = '[metadata]\ngroups = ["default"]\nstrategy = ["cross_platform"]\nlock_version = "4.4"\n'
    for name, needs in graph.items():
        edges = ", ".join(f'"{each}"' for each in needs)
        text += (
            f'[[package]]\nname = "{name}"\nversion = "1.0"\ndependencies = [{edges}]\n'
            f'files = [{{file = "{_pure(name)}", hash = "sha256:{SHA256}"}}]\n'
        )
    return text
