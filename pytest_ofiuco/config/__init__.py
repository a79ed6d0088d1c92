"""[tool.ofiuco] of pyproject.toml → ``Config``. Pure: it names things, and asks nobody whether they exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from packaging.utils import canonicalize_name

from pytest_ofiuco.config.exclusions import check_platform, exclusions
from pytest_ofiuco.core.lock import MAIN
from pytest_ofiuco.core.matrix import HOST, Exclusion, PlatformAxis, PythonRange
from pytest_ofiuco.core.platforms import MARKER_KEYS, PlatformDefinition, find, fixed
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import UsageError, shown

if TYPE_CHECKING:
    from pytest_ofiuco.config.container import ContainerSettings
    from pytest_ofiuco.config.image import ImageSettings
    from pytest_ofiuco.config.variants import VariantSettings
    from pytest_ofiuco.config.zip import ZipSettings

_KEYS = (
    "lock",
    "python",
    "platform",
    "platforms",
    "groups",
    "extras",
    "test-groups",
    "install-project",
    "missing-python",
    "link-mode",
    "exclude",
    "variants",
    "allow-unhashed",
    "zip",
    "image",
)
_PLATFORM_KEYS = (
    "tag",
    "python",
    "provided",
    "interpreters",
    "launcher",
    "container",
    "ssh",
    "ssh-config",
    "markers",
    "max-size",
)

InstallProject = Literal["editable", "wheel", "no", "auto"]
LinkMode = Literal["hardlink", "clone", "copy", "symlink"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """[tool.ofiuco.platforms.NAME]: a built-in platform refined, or a new one.

    ``launcher`` is what stands before an interpreter's command; ``ssh`` names the machine that the interpreters are on,
    as the ssh command takes it. ``runs``: not only inspected. ``max_size``: the most megabytes that it takes unpacked.
    """

    tag: str | None = None
    pythons: tuple[PythonRange, ...] = ()
    provided: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    launcher: tuple[str, ...] = ()
    container: ContainerSettings | None = None
    ssh: str | None = None
    ssh_config: str | None = None
    runs: bool = True
    markers: tuple[tuple[str, str], ...] = ()
    max_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What [tool.ofiuco] says; ``None`` where it leaves the choice open. Groups and extras are normalized.

    Empty ``groups`` are taken at their word: nothing ships, and environments hold what the tests need.
    """

    file: str = "pyproject.toml"
    lock: str | None = None
    python: tuple[Python, ...] | None = None
    platforms: tuple[str, ...] = (HOST,)
    groups: tuple[str, ...] = (MAIN,)
    extras: tuple[str, ...] = ()
    test_groups: tuple[str, ...] | None = None
    install_project: InstallProject = "auto"
    missing_python: Literal["error", "skip"] = "error"
    link_mode: LinkMode | None = None
    exclude: tuple[Exclusion, ...] = ()
    settings: Mapping[str, PlatformSettings] = field(default_factory=dict)
    variants: tuple[VariantSettings, ...] = ()
    allow_unhashed: tuple[str, ...] = ()
    zip: ZipSettings | None = None
    image: ImageSettings | None = None

    def axis(self, name: str, host_tag: str) -> PlatformAxis:
        """A platform by name, refined as the table says; ``host_tag`` is what ``host`` stands for.

        Raises:
            UsageError: no platform has that name.
        """
        settings = self.settings.get(name, PlatformSettings())
        if settings.tag is not None:
            definition = fixed(name, settings.tag, settings.markers)
        elif name == HOST:
            definition = fixed(name, host_tag, settings.markers)
        else:
            known = find(name)
            definition = PlatformDefinition(name=name, choose=known.choose, markers=settings.markers)
        return PlatformAxis(definition=definition, pythons=settings.pythons)


def read(pyproject: Table) -> Config:
    """Read [tool.ofiuco] from the root table of a pyproject.toml.

    Raises:
        InputError: a key that is not known, or a value that is not of its kind.
    """
    table = pyproject.table("tool").table("ofiuco")
    for key in table:
        if key not in _KEYS:
            raise table.wrong(key, "not a key that is known", f"use one of: {', '.join(sorted(_KEYS))}")
    names, settings = _platforms(table)
    found = _variants(table)
    return Config(
        file=pyproject.file,
        lock=table.text("lock"),
        python=_pythons(table),
        platforms=names,
        groups=_names(table, "groups") if "groups" in table else (MAIN,),
        extras=_names(table, "extras"),
        test_groups=_names(table, "test-groups") if "test-groups" in table else None,
        install_project=_install_project(table),
        missing_python="skip" if _choice(table, "missing-python", ("error", "skip")) == "skip" else "error",
        link_mode=_link_mode(table),
        exclude=exclusions(table, settings, [each.name for each in found]),
        settings=settings,
        variants=found,
        allow_unhashed=_names(table, "allow-unhashed"),
        zip=_zip(table),
        image=_image(table),
    )


def _variants(table: Table) -> tuple[VariantSettings, ...]:
    if "variants" not in table:
        return ()
    from pytest_ofiuco.config import variants  # most projects have none

    return variants.read(table.table("variants"))


def _zip(table: Table) -> ZipSettings | None:
    if "zip" not in table:
        return None
    from pytest_ofiuco.config import zip  # a session makes none

    return zip.read(table.table("zip"))


def _image(table: Table) -> ImageSettings | None:
    if "image" not in table:
        return None
    from pytest_ofiuco.config import image  # nor this

    return image.read(table.table("image"))


def _names(table: Table, key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(canonicalize_name(name) for name in table.texts(key)))


def _pythons(table: Table) -> tuple[Python, ...] | None:
    if "python" not in table:
        return None
    texts = table.texts("python")
    if not texts:
        raise table.wrong("python", "an empty matrix", 'name a Python, as in python = ["3.12"]')
    found: dict[str, Python] = {}
    for index, text in enumerate(texts):
        try:
            python = Python.parse(text)
        except UsageError as error:
            raise table.wrong(f"python[{index}]", str(error), error.hint) from error
        found.setdefault(python.label, python)
    return tuple(found.values())


def _platforms(table: Table) -> tuple[tuple[str, ...], Mapping[str, PlatformSettings]]:
    """The names, and the definitions in [tool.ofiuco.platform.NAME].

    TOML cannot hold an array and tables under one key, hence the singular; ``platforms`` may itself be the table of
    definitions where no array is needed: then the host and what it defines make the matrix.
    """
    plural_is_table = isinstance(table.data.get("platforms"), dict)
    names = () if plural_is_table else table.texts("platforms")
    if "platforms" in table and not plural_is_table and not names:
        raise table.wrong("platforms", "an empty matrix", 'name a platform, as in platforms = ["host"]')
    settings: dict[str, PlatformSettings] = {}
    for definitions in (table.table("platform"), *([table.table("platforms")] if plural_is_table else ())):
        settings |= {name: _platform(definitions.table(name), name) for name in definitions}
    for index, name in enumerate(names):
        check_platform(table, f"platforms[{index}]", name, settings)
    if plural_is_table:
        names = (HOST, *(name for name in settings if name != HOST))
    return tuple(dict.fromkeys(names or (HOST,))), settings


def _platform(table: Table, name: str) -> PlatformSettings:
    for key in table:
        if key not in _PLATFORM_KEYS:
            raise table.wrong(key, "not a key that is known", f"use one of: {', '.join(_PLATFORM_KEYS)}")
    tag = table.text("tag")
    try:
        if tag is not None:
            fixed(name, tag)
        elif name != HOST:
            find(name)
    except UsageError as error:
        raise table.wrong("tag", str(error), error.hint) from error
    try:
        pythons = tuple(PythonRange.parse(text) for text in table.texts("python"))
    except UsageError as error:
        raise table.wrong("python", str(error), error.hint) from error
    markers = table.table("markers")
    for key in markers:
        if key not in MARKER_KEYS:
            raise markers.wrong(key, "not a marker variable", f"use one of: {', '.join(MARKER_KEYS)}")
    return PlatformSettings(
        tag=tag,
        pythons=pythons,
        provided=table.texts("provided"),
        interpreters=table.texts("interpreters"),
        launcher=_launcher(table),
        container=_container(table),
        ssh=_ssh(table),
        ssh_config=table.text("ssh-config"),
        runs=table.data.get("launcher") is not False,
        markers=tuple(sorted((key, markers.required_text(key)) for key in markers)),
        max_size=_max_size(table),
    )


def _max_size(table: Table) -> int | None:
    size = table.integer("max-size")
    if size is not None and size < 1:
        raise table.wrong("max-size", f"{shown(size)} is no number of megabytes", "write it as in max-size = 250")
    return size


def _launcher(table: Table) -> tuple[str, ...]:
    if table.data.get("launcher") is False:
        return ()
    launcher = table.texts("launcher")
    if "launcher" in table and not (launcher and launcher[0].strip()):
        raise table.wrong("launcher", "names no command", 'write launcher = ["qemu-aarch64"], or false: inspect only')
    return launcher


def _container(table: Table) -> ContainerSettings | None:
    if "container" not in table:
        return None
    from pytest_ofiuco.config import container  # most projects have none

    return container.read(table)


def _ssh(table: Table) -> str | None:
    ssh = table.text("ssh")
    if ssh is not None and not ssh.strip():
        raise table.wrong("ssh", "names no machine", 'write it as for the ssh command, as in ssh = "user@host"')
    if ssh is not None and "launcher" in table:
        raise table.wrong("launcher", "there is none on another machine", "give launcher or ssh")
    if ssh is None and "ssh-config" in table:
        raise table.wrong("ssh-config", "is of no use without ssh", 'add ssh = "user@host"')
    return ssh


def _install_project(table: Table) -> InstallProject:
    value = table.data.get("install-project", "auto")
    if value is False:
        return "no"
    if value == "editable" or value == "wheel":
        return value  # type: ignore[no-any-return]
    if "install-project" not in table:
        return "auto"
    raise table.wrong("install-project", f"{shown(value)} is not a choice", 'use "editable", "wheel" or false')


def _link_mode(table: Table) -> LinkMode | None:
    return _choice(table, "link-mode", get_args(LinkMode))  # type: ignore[return-value]


def _choice(table: Table, key: str, choices: tuple[str, ...]) -> str | None:
    value = table.text(key)
    if value is not None and value not in choices:
        raise table.wrong(key, f"{shown(value)} is not a choice", f"use one of: {', '.join(choices)}")
    return value
