"""What holds for every lock and every target."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.utils import parse_wheel_filename

from pytest_ofiuco.core.artifact import Wheel
from pytest_ofiuco.core.lock import Dependency, Lock, Package
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.core.variant import Replacement, Variant
from pytest_ofiuco.errors import AmbiguousError, NoArtifactError, NotLockedError, UsageError
from pytest_ofiuco.export.json import document, resolution_json
from tests.locks import edge, lock, package

Outcome = Resolution | str

NAMES = ("a", "b", "c", "d", "e")
MARKERS = (
    None,
    "sys_platform == 'linux'",
    "sys_platform != 'linux'",
    "python_version >= '3.12'",
    "python_version < '3.12'",
    "platform_machine == 'x86_64'",
    "'x' in extras",
)
PLATFORM_TAGS = (
    "any",
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "manylinux_2_34_aarch64",
    "musllinux_1_2_x86_64",
    "linux_x86_64",
    "macosx_11_0_arm64",
    "macosx_10_9_universal2",
    "win_amd64",
)
PYTHON_TAGS = ("py3-none", "py2.py3-none", "cp311-cp311", "cp312-cp312", "cp313-cp313t", "cp38-abi3", "py312-none")

versions = st.tuples(st.integers(0, 50), st.integers(0, 50))
releases = st.tuples(st.integers(12, 50), st.integers(0, 50))
platforms = st.one_of(
    st.sampled_from(["win_amd64", "win_arm64", "win32"]).map(Platform.parse),
    st.sampled_from(["x86_64", "aarch64", "armv7l", "i686"]).map(lambda each: Platform.parse(f"linux_{each}")),
    st.builds(
        Platform,
        os=st.just("linux"),
        architecture=st.sampled_from(["x86_64", "aarch64", "ppc64le", "s390x", "riscv64"]),
        libc=st.sampled_from(["glibc", "musl"]),
        version=versions,
    ),
    st.builds(Platform, os=st.just("macos"), architecture=st.sampled_from(["arm64", "x86_64"]), version=releases),
    st.builds(
        Platform,
        os=st.just("ios"),
        architecture=st.sampled_from(["arm64_iphoneos", "arm64_iphonesimulator", "x86_64_iphonesimulator"]),
        version=releases,
    ),
    st.builds(
        Platform,
        os=st.just("android"),
        architecture=st.sampled_from(["arm64_v8a", "armeabi_v7a", "x86_64", "x86"]),
        version=st.tuples(st.integers(16, 50), st.just(0)),
    ),
    st.builds(
        Platform,
        os=st.just("emscripten"),
        architecture=st.just("wasm32"),
        version=st.tuples(st.integers(2024, 2050), st.integers(0, 50)),
    ),
)
pythons = st.sampled_from(["3.8", "3.11", "3.12", "3.12.4", "3.13", "3.13t", "pypy3.10"]).map(Python.parse)
common_platforms = st.sampled_from(
    [
        "manylinux_2_17_x86_64",
        "manylinux_2_28_x86_64",
        "manylinux_2_34_aarch64",
        "musllinux_1_2_x86_64",
        "macosx_14_0_arm64",
        "win_amd64",
    ]
).map(Platform.parse)
targets = st.builds(Target, python=pythons, platform=common_platforms)
wheel_names = st.builds(
    "{}-{}-{}".format,
    st.sampled_from(["1.0", "1.0-1", "1.0-2b"]),
    st.sampled_from(PYTHON_TAGS),
    st.sampled_from(PLATFORM_TAGS),
)


@st.composite
def edges(draw: st.DrawFn) -> Dependency:
    return edge(
        draw(st.sampled_from(NAMES)),
        draw(st.sampled_from(MARKERS)),
        version=draw(st.sampled_from([None, None, None, "1.0", "2.0"])),
        extra=draw(st.sampled_from([None, None, "x"])),
        extras=draw(st.sampled_from([(), (), ("x",)])),
    )


@st.composite
def packages(draw: st.DrawFn, name: str, version: str) -> Package:
    files = draw(st.lists(wheel_names, max_size=5, unique=True))
    return package(
        name,
        version,
        *draw(st.lists(edges(), max_size=3)),
        wheels=tuple(f"{name}-{each}.whl" for each in files),
        sdist=draw(st.sampled_from([f"{name}-{version}.tar.gz", None])),
    )


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    entries = [draw(packages(name, "1.0")) for name in NAMES]
    entries += [draw(packages(name, "2.0")) for name in NAMES if draw(st.integers(0, 4)) == 0]
    return lock(
        *entries,
        roots=tuple(draw(st.lists(edges(), max_size=4))),
        extras={"x": tuple(draw(st.lists(edges(), max_size=2)))},
        shape=draw(st.sampled_from(["graph", "star"])),
    )


def outcome(a_lock: Lock, here: Target) -> Outcome:
    """The resolution, or the kind of refusal and the package it is about."""
    try:
        return resolve(a_lock, here, a_lock.selection(all_extras=True))
    except (AmbiguousError, NoArtifactError, NotLockedError) as error:
        return f"{type(error).__name__} {error.package}"


def resolution_of(a_lock: Lock, here: Target) -> Resolution:
    found = outcome(a_lock, here)
    assume(isinstance(found, Resolution))
    assert isinstance(found, Resolution)
    return found


@given(platforms)
def test_a_platform_reads_as_it_is_written(platform: Platform) -> None:
    assert Platform.parse(str(platform)) == platform


@given(platforms)
def test_tags_of_a_platform_are_its_own(platform: Platform) -> None:
    assert len(set(platform.tags)) == len(platform.tags)
    assert all(tag.endswith(platform.architecture) for tag in platform.tags if platform.os != "macos")


@given(st.one_of(st.text(), st.from_regex(r"(pypy|cpython-)?3\.\d{1,2}(\.\d{1,2})?(rc1)?t?", fullmatch=True)))
def test_a_python_reads_as_it_is_written(text: str) -> None:
    try:
        python = Python.parse(text)
    except UsageError:
        return
    assert Python.parse(str(python)) == python


@given(locks(), targets, st.randoms(use_true_random=False))
def test_the_order_of_packages_is_irrelevant(a_lock: Lock, here: Target, random: Random) -> None:
    shuffled = list(a_lock.packages)
    random.shuffle(shuffled)
    first, second = outcome(a_lock, here), outcome(replace(a_lock, packages=tuple(shuffled)), here)
    if isinstance(first, Resolution) and isinstance(second, Resolution):
        assert resolution_json(first) == resolution_json(second)
    else:
        assert type(first) is type(second)


@given(locks(), targets)
def test_one_version_a_package(a_lock: Lock, here: Target) -> None:
    resolution = resolution_of(a_lock, here)
    names = [pin.name for pin in resolution.packages]
    assert names == sorted(set(names))
    assert {(pin.name, pin.version) for pin in resolution.packages} <= {
        (each.name, each.version) for each in a_lock.packages
    }


@given(locks(), targets)
def test_dependencies_are_in_the_resolution(a_lock: Lock, here: Target) -> None:
    resolution = resolution_of(a_lock, here)
    names = set(resolution.versions())
    assert all(names.issuperset(pin.dependencies) for pin in resolution.packages)


@given(locks(), targets)
def test_every_chosen_wheel_meets_the_targets_tags(a_lock: Lock, here: Target) -> None:
    tags = frozenset(here.tags)
    for pin in resolution_of(a_lock, here).packages:
        if isinstance(pin.artifact, Wheel):
            assert not parse_wheel_filename(pin.artifact.filename)[3].isdisjoint(tags)


@given(locks(), targets)
def test_a_source_is_chosen_only_where_no_wheel_fits(a_lock: Lock, here: Target) -> None:
    tags = frozenset(here.tags)
    by_name = {(each.name, each.version): each for each in a_lock.packages}
    for pin in resolution_of(a_lock, here).packages:
        if not isinstance(pin.artifact, Wheel):
            wheels = by_name[pin.name, pin.version].wheels
            assert all(parse_wheel_filename(each.filename)[3].isdisjoint(tags) for each in wheels)


@given(locks(), targets)
def test_wheels_for_other_platforms_change_nothing(a_lock: Lock, here: Target) -> None:
    tags = frozenset(here.tags)
    without = replace(
        a_lock,
        packages=tuple(
            replace(
                each,
                wheels=tuple(
                    wheel for wheel in each.wheels if not parse_wheel_filename(wheel.filename)[3].isdisjoint(tags)
                ),
            )
            for each in a_lock.packages
        ),
    )
    first, second = outcome(a_lock, here), outcome(without, here)
    if isinstance(first, Resolution) and isinstance(second, Resolution):
        assert resolution_json(first) == resolution_json(second)
    else:
        assert first == second


@given(locks(), targets, st.data())
def test_a_variant_of_a_packages_own_entry_changes_nothing(a_lock: Lock, here: Target, data: st.DataObject) -> None:
    resolution = outcome(a_lock, here)
    if not isinstance(resolution, Resolution) or not resolution.packages:
        return
    pin = data.draw(st.sampled_from(resolution.packages))
    entries = tuple(each for each in a_lock.packages if (each.name, each.version) == (pin.name, pin.version))
    is_told = data.draw(st.booleans())
    replacement = Replacement(name=pin.name, at="replace", entries=entries, is_told=is_told)
    variant = Variant(name="same", file="pyproject.toml", replacements=(replacement,))
    found = resolve(a_lock, here, resolution.selection, variant)
    assert document(found) == document(resolution) | {"variant": "same"}
    assert found.replaced == {pin.name: pin.version}
