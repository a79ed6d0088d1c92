"""A resolution for people: one line a package."""

from __future__ import annotations

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel, unknown, without_user_info
from pytest_ofiuco.core.resolve import Resolution


def resolution_table(resolution: Resolution) -> str:
    """Name, version, kind and file of each package, in aligned columns under a headline, with a final newline."""
    lock = resolution.lock
    rows = [(pin.name, pin.version or "-", pin.artifact.kind, source_of(pin.artifact)) for pin in resolution.packages]
    variant = f", variant {resolution.variant.name}" if resolution.variant is not None else ""
    headline = (
        f"{lock.path} ({lock.format} {lock.version}) for {resolution.target}{variant}:"
        f" {len(rows)} package{'' if len(rows) == 1 else 's'}"
    )
    header = ("package", "version", "kind", "file")
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in (header, *rows)
    ]
    return "\n".join([headline, *lines]) + "\n"


def source_of(artifact: Artifact) -> str:
    """What is fetched or built, in a word that holds no password."""
    match artifact:
        case Wheel() | Sdist() | Archive():
            return artifact.filename
        case Vcs():
            return f"{artifact.type}+{without_user_info(artifact.url or artifact.path or '')}@{artifact.commit}"
        case Directory():
            return artifact.path
        case _:
            unknown(artifact)
