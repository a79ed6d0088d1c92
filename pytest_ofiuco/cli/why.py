"""``ofiuco why``: what brought a package or kept it out, and why this file of it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from packaging.utils import canonicalize_name

from pytest_ofiuco.cli.options import add_lock_options, add_selection_options, add_target_options
from pytest_ofiuco.cli.subject import project_of, selection_of, target_of, variant_of
from pytest_ofiuco.core.explain import explain
from pytest_ofiuco.core.walk import Walk
from pytest_ofiuco.export.explanation import explanation_json, explanation_text


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("package", metavar="PACKAGE", help="the package's name")
    add_lock_options(parser)
    add_target_options(parser)
    add_selection_options(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: Namespace) -> tuple[str, int]:
    """Explain; the answer as text."""
    project = project_of(options)
    target, variant = target_of(options, project), variant_of(options, project)
    lock, selection = project.lock, selection_of(options, project.lock)
    if variant is not None:
        base = Walk(lock, target, selection)
        base.reach()
        lock = variant.applied(base)
    explanation = explain(lock, target, selection, canonicalize_name(options.package))
    return (explanation_json if options.format == "json" else explanation_text)(explanation), 0
