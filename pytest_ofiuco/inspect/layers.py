"""A function's zip with the layers that it is deployed with, as one tree: each finds its imports and libraries in all.

https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pytest_ofiuco.inspect.tree import Tree


def with_layers(tree: Tree, layers: Sequence[Tree]) -> Tree:
    """The tree, and those of layers below their names; what is large is the largest zip of them."""
    for layer in layers:
        name = f"{layer.name}/"
        tree = replace(
            tree,
            members=(*tree.members, *(replace(each, path=name + each.path) for each in layer.members)),
            roots=(*tree.roots, *(name + root for root in layer.roots)),
            owners=tree.owners | {name + path: owner for path, owner in layer.owners.items()},
            packages=tree.packages | {name + path: package for path, package in layer.packages.items()},
            odd=(*tree.odd, *((name + path, reason) for path, reason in layer.odd)),
            zipped=max(_known((tree.zipped, layer.zipped)), default=None),
        )
    return tree


def _known(sizes: Iterable[int | None]) -> list[int]:
    return [size for size in sizes if size is not None]
