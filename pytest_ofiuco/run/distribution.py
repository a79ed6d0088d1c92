"""Which tests must stay together on one worker, by pytest-xdist's names for it, and which of them another may take.

https://pytest-xdist.readthedocs.io/en/stable/distribution.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import islice

from pytest_ofiuco.run.proxies import ProxyItem
from pytest_ofiuco.run.workers import Worker

Group = Callable[[ProxyItem], "str | None"]
"""The name of the group that a test stays in; none where it stands alone."""


def by_mark(proxy: ProxyItem) -> str | None:
    """The name that the mark ``xdist_group`` gives: by position or as ``name``."""
    for name, arguments, keywords in proxy.remote.markers:
        if name == "xdist_group":
            return str(arguments[0] if arguments else keywords.get("name", "default"))
    return None


def by_scope(proxy: ProxyItem) -> str | None:
    """The module, or the class of a test method."""
    return proxy.remote.nodeid.removesuffix(f"::{proxy.remote.name}")


def by_file(proxy: ProxyItem) -> str | None:
    """The file."""
    return proxy.remote.nodeid.partition("::")[0]


MODES: Mapping[str, Group] = {
    "load": by_mark,
    "worksteal": by_mark,
    "loadgroup": by_mark,
    "loadscope": by_scope,
    "loadfile": by_file,
}
"""``--dist`` of pytest-xdist. Tests of one ``xdist_group`` stay together wherever single tests move."""


def share(todo: Collection[ProxyItem], taker: Worker, group: Group, parts: int) -> list[ProxyItem]:
    """What of the tests that no worker has one of ``parts`` workers takes: whole groups from the beginning."""
    if parts == 1 and all(map(taker.has, todo)):
        return list(todo)
    found: dict[object, list[ProxyItem]] = {}
    for proxy in todo:
        name = group(proxy)
        found.setdefault(proxy if name is None else name, []).append(proxy)
    mine = [each for each in found.values() if all(map(taker.has, each))]
    wanted = -(-sum(map(len, mine)) // parts)
    taken: set[ProxyItem] = set()
    for each in mine:
        if taken and len(taken) + len(each) // 2 >= wanted:
            break
        taken.update(each)
    return [proxy for proxy in todo if proxy in taken]


def spare_groups(giver: Worker, taker: Worker, group: Group, owned: Mapping[str, Worker]) -> list[list[ProxyItem]]:
    """What of a worker's tests another one takes: whole groups from its end, about half of what it can spare.

    A worker is on its first test and knows its second; ``owned`` are the groups that a worker has run a test of.
    """
    if not giver.spare:
        return []
    fixed = {group(proxy) for proxy in islice(giver.queue, 2)} - {None}
    found: dict[object, list[ProxyItem]] = {}
    for proxy in islice(giver.queue, 2, None):
        name = group(proxy)
        if name is None:
            found[proxy] = [proxy]
        elif name not in fixed and owned.get(name) in (None, taker):
            found.setdefault(name, []).append(proxy)
    groups = [each for each in found.values() if all(map(taker.has, each))]
    wanted = (giver.spare + 1) // 2
    taken: list[list[ProxyItem]] = []
    while groups and wanted > 0:
        last = groups.pop()
        if taken and len(last) > 2 * wanted:
            break
        taken.append(last)
        wanted -= len(last)
    return taken[::-1]
