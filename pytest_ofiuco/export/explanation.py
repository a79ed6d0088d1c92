"""An explanation of ``ofiuco why``: for people, and as JSON with sorted keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pytest_ofiuco.core.choice import FAR
from pytest_ofiuco.core.explain import Chain, Explanation, File, Step

VERSION = 1


def explanation_text(explanation: Explanation) -> str:
    """Chains, entries and files under a headline, with a final newline."""
    return "\n".join(_lines(explanation)) + "\n"


def explanation_json(explanation: Explanation) -> str:
    """The JSON document, with a final newline."""
    document = {
        "version": VERSION,
        "lock": {
            "format": explanation.lock.format,
            "path": explanation.lock.path,
            "sha256": explanation.lock.sha256,
        },
        "target": {"python": explanation.target.python.text, "platform": str(explanation.target.platform)},
        "package": explanation.name,
        "taken": [entry.version for entry in explanation.taken],
        "chains": [[_step_json(step) for step in chain] for chain in explanation.chains],
        "other_chains": explanation.others,
        "entries": [
            {"version": each.version, "at": each.at, "obstacles": list(each.obstacles)} for each in explanation.entries
        ],
        "files": [
            {"filename": each.filename, "verdict": each.verdict, "reason": each.reason} for each in explanation.files
        ],
    }
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _step_json(step: Step) -> dict[str, str | None]:
    return {
        "from": step.owner,
        "to": step.name,
        "version": step.version,
        "at": step.at,
        "marker": step.marker or None,
        "obstacle": step.obstacle or None,
    }


def _lines(explanation: Explanation) -> Iterator[str]:
    yield _headline(explanation)
    if explanation.chains:
        yield ""
        yield "brought by" if explanation.taken else "nearest ways, and what keeps it out"
        for chain in explanation.chains:
            yield from _chain_lines(chain)
        if explanation.others:
            yield f"  … and {explanation.others} more"
    yield ""
    yield "entries"
    for entry in explanation.entries:
        yield f"  {entry.version or 'no version'} at {entry.at}: {'; '.join(entry.obstacles) or 'taken'}"
    if explanation.files:
        yield ""
        yield "files"
        yield from _file_lines(explanation.files)


def _headline(explanation: Explanation) -> str:
    taken = explanation.taken
    headline = f"{explanation.lock.path} for {explanation.target}: {explanation.name}"
    if len(taken) > 1:
        return f"{headline} comes {len(taken)} times, which is an error of the lock"
    if not taken:
        return f"{headline} does not come"
    version = f" {taken[0].version}" if taken[0].version else ""
    fits = any(file.verdict == "taken" for file in explanation.files)
    return f"{headline}{version} comes" if fits else f"{headline}{version} comes, and no file of it fits"


def _file_lines(files: Sequence[File]) -> Iterator[str]:
    """Each file that fits or nearly does; the others by their reason."""
    far: dict[str, int] = {}
    for file in files:
        if file.verdict == "unfit" and file.reason.startswith(FAR):
            far[file.reason] = far.get(file.reason, 0) + 1
        else:
            yield f"  {file.verdict.ljust(5)}  {file.filename}: {file.reason}"
    for reason, count in sorted(far.items()):
        yield f"  unfit  {count} {'file' if count == 1 else 'files'} {reason}"


def _chain_lines(chain: Chain) -> Iterator[str]:
    yield f"  {chain[0].owner}"
    for depth, step in enumerate(chain, 2):
        named = f"{step.name} {step.version}" if step.version else step.name
        condition = f"   [{step.obstacle}]" if step.obstacle else f"   [{step.marker}]" if step.marker else ""
        yield f"{'  ' * depth}→ {named}{condition}"
