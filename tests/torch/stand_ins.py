"""Small wheels in the place of real ones, and copies of locks that have their hashes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name

from pytest_ofiuco.core.table import Table, parse
from tests.store.makers import File, wheel
from tests.store.serving import Index

PYTORCH = "https://download.pytorch.org/whl"
BUILT = {"numpy-1.26.4.tar.gz": "numpy-1.26.4-py3-none-any.whl"}
"""What ofiuco-torch-assets builds on Python 3.13, since there is no wheel of it."""
_POETRY_FILE = re.compile(r'\{file = "(?P<filename>[^"]+)", hash = "sha256:[0-9a-f]{64}"')
_PYLOCK_FILE = re.compile(r'url = "(?P<url>[^"]+\.whl)", (?P<between>[^}]*sha256 = ")[0-9a-f]{64}')
_LOCATION = re.compile(rf"{re.escape(PYTORCH)}/\w+/(?P<filename>[^\"#]+\.whl)(?P<fragment>#sha256=[0-9a-f]{{64}})?")
_INDEX = re.compile(rf"{re.escape(PYTORCH)}/\w+")
_ENTRY = re.compile(r"(?=^\[\[packages?\]\]$)", re.MULTILINE)


def stand_in(filename: str, requires: Iterable[str] = (), code: str = "") -> File:
    """A wheel with the name, version and tags of a real one; its module says which it is, and has ``code``."""
    stem, version, tag = _parts(filename)
    module = stem.lower().replace(".", "_").replace("-", "_")
    files = {f"{module}/__init__.py": f'FILE = "{filename}"\n__version__ = "{version}"\n{code}'}
    metadata = "".join(f"Requires-Dist: {each}\n" for each in requires)
    made = wheel(stem, files, version=version, tag=tag, purelib=tag.endswith("-any"), metadata=metadata)
    return File(filename, made.content)


def is_wheel(filename: str) -> bool:
    return filename.endswith(".whl")


def _parts(filename: str) -> tuple[str, str, str]:
    stem, version, *_, python, abi, platform = filename.removesuffix(".whl").split("-")
    return stem, version, "-".join((python, abi, platform))


@dataclass(frozen=True)
class Hosts:
    """The main index, that of the CUDA builds, and that of the builds for the CPU alone."""

    main: Index
    cuda: Index
    cpu: Index

    def of(self, filename: str) -> Index:
        """Where a file is: one with a local version is on the index that is for such, and nowhere else."""
        _, _, local = _parts(filename)[1].partition("+")
        return self.main if not local else self.cpu if local == "cpu" else self.cuda

    def serve(self, file: File) -> None:
        index, name = self.of(file.filename), canonicalize_name(_parts(file.filename)[0])
        if file not in index.files.get(name, ()):
            index.add(name, file)

    def url(self, file: File) -> str:
        """Where a file is, as locks have it: its plus sign is encoded."""
        return f"{self.of(file.filename).base}/files/{quote(file.filename)}"


def reduced(lock: str, *names: str) -> str:
    """A lock with the entries of ``names`` and of what they need, by name, and no others."""
    table = parse(lock.encode(), "lock")
    entries = (table.tables("package"), table.tables("packages"))
    needs: dict[str, set[str]] = {}
    for entry in (*entries[0], *entries[1]):
        needs.setdefault(entry.name(), set()).update(_needed(entry))
    reached, waiting = set[str](), list(names)
    while waiting:
        if (name := waiting.pop()) not in reached:
            reached.add(name)
            waiting += needs.get(name, ())
    head, *blocks = _ENTRY.split(lock)
    kept = [block for block in blocks if _is_kept(block, reached)]
    tail = "" if kept and kept[-1] is blocks[-1] else _after(blocks[-1])
    return "".join((head, *kept)) + tail


def _needed(entry: Table) -> Iterable[str]:
    dependencies = entry.data.get("dependencies", {})
    if isinstance(dependencies, dict):
        return {canonicalize_name(name) for name in dependencies}
    return {each.name() for each in entry.tables("dependencies")}


def _is_kept(block: str, names: set[str]) -> bool:
    found = re.search(r'^name = "([^"]+)"$', block, re.MULTILINE)
    return found is not None and canonicalize_name(found[1]) in names


def _after(block: str) -> str:
    """What follows the last entry: [extras] and [metadata]."""
    found = re.search(r"^\[(?:extras|metadata)\]$", block, re.MULTILINE)
    return block[found.start() :] if found else ""


def copied(lock: str, hosts: Hosts) -> str:
    """A lock of real files, of which these are replaced, and nothing else:

    the hashes of wheels by those of stand-ins, which ``hosts`` serve; the addresses of wheels, and PyTorch's index, by
    those on the hosts; the sdists of ``BUILT`` by wheels for any machine. Other sdists stay: nobody has them.
    """
    made: dict[str, File] = {}

    def file(filename: str) -> File:
        if filename not in made:
            made[filename] = stand_in(filename)
            hosts.serve(made[filename])
        return made[filename]

    def listed(found: re.Match[str]) -> str:
        filename = BUILT.get(found["filename"], found["filename"])
        return f'{{file = "{filename}", hash = "sha256:{file(filename).sha256}"' if is_wheel(filename) else found[0]

    def named(found: re.Match[str]) -> str:
        its = file(unquote(urlsplit(found["url"]).path.rpartition("/")[2]))
        return f'url = "{hosts.url(its)}", {found["between"]}{its.sha256}'

    def located(found: re.Match[str]) -> str:
        its = file(unquote(found["filename"]))
        return hosts.url(its) + (f"#sha256={its.sha256}" if found["fragment"] else "")

    steps: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
        (_POETRY_FILE, listed),
        (_PYLOCK_FILE, named),
        (_LOCATION, located),
        (_INDEX, lambda _: hosts.cuda.simple),
    )
    for pattern, replacement in steps:
        lock = pattern.sub(replacement, lock)
    return lock


def project(folder: Path, origin: Path, hosts: Hosts, *names: str, ofiuco: str = "") -> Path:
    """A copy of a corpus project: of its lock and pyproject.toml, with ``ofiuco`` as its further settings."""
    folder.mkdir(parents=True)
    for path in origin.iterdir():
        text = path.read_text(encoding="utf-8")
        is_lock = path.name != "pyproject.toml"
        text = copied(reduced(text, *names) if is_lock else text, hosts)
        (folder / path.name).write_text(text if is_lock else f"{text}\n{ofiuco}", encoding="utf-8")
    if not (folder / "pyproject.toml").exists():
        (folder / "pyproject.toml").write_text(ofiuco, encoding="utf-8")
    return folder
