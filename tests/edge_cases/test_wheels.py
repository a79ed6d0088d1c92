"""Cases 18–25 and 28: which file a target takes, from locks of every format that names files."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import NoArtifactError
from tests.edge_cases.reading import WITH_FILE_NAMES, file_of, of_files
from tests.targets import LINUX_X86_64, MACOS_ARM64, WINDOWS, target

GLIBC_2_26 = target("3.11", "manylinux_2_26_aarch64")
GLIBC_2_34 = target("3.11", "manylinux_2_34_aarch64")
PY310 = target("3.10", "manylinux_2_28_x86_64")
PY313 = target("3.13", "manylinux_2_28_x86_64")
FREE_THREADED = target("3.13t", "manylinux_2_28_x86_64")
MACOS_X86_64 = target("3.12", "macosx_14_0_x86_64")
MUSL = target("3.12", "musllinux_1_2_x86_64")
OLD_MUSL = target("3.12", "musllinux_1_1_x86_64")

# Seen: ofiuco's rules took the one candidate that was left whatever glibc it needed; PEP 600 decides.
NUMPY = (
    "a-1.0-cp311-cp311-manylinux_2_28_aarch64.whl",
    "a-1.0-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    "a-1.0.tar.gz",
)
# Seen in cryptography's wheels: PEP 425 prefers the newer Python's stable ABI to the newer libc.
STABLE = ("a-1.0-cp37-abi3-manylinux_2_28_x86_64.whl", "a-1.0-cp311-abi3-manylinux_2_17_x86_64.whl")
UNIVERSAL = ("a-1.0-cp38-abi3-macosx_10_9_universal2.whl", "a-1.0-cp311-abi3-macosx_10_9_universal2.whl")
# PEP 703 and PEP 803: the stable ABI of builds with the GIL is none of those without.
THREADS = (
    "a-1.0-cp39-abi3-manylinux_2_17_x86_64.whl",
    "a-1.0-cp313-cp313-manylinux_2_17_x86_64.whl",
    "a-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl",
)
BOTH_STABLE = "a-1.0-cp315-abi3.abi3t-manylinux_2_28_x86_64.whl"
# Seen in PyNaCl 1.5.0: two wheels alike in their best tag; the first by name, as packaging, pip and uv have it.
ALIKE = (
    "a-1.0-cp36-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.manylinux_2_24_aarch64.whl",
    "a-1.0-cp36-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
)
# macOS by its tags (PEP 425): the architecture's own first, both before other systems.
MACOS = ("a-1.0-cp312-cp312-macosx_10_9_universal2.whl", "a-1.0-cp312-cp312-macosx_11_0_arm64.whl")
# PEP 656: musl and glibc never mix.
LIBCS = ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "a-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")
PURE = "a-1.0-py3-none-any.whl"


@pytest.mark.parametrize("format", WITH_FILE_NAMES)
@pytest.mark.parametrize(
    ("here", "filenames", "expected"),
    [
        pytest.param(GLIBC_2_26, NUMPY, NUMPY[1], id="18: glibc 2.26"),
        pytest.param(GLIBC_2_34, NUMPY, NUMPY[0], id="18: glibc 2.34"),
        pytest.param(PY310, STABLE, STABLE[0], id="19: 3.10"),
        pytest.param(LINUX_X86_64, STABLE, STABLE[1], id="19: 3.12"),
        pytest.param(target("3.13", "macosx_14_0_arm64"), UNIVERSAL, UNIVERSAL[1], id="20: the newer stable ABI"),
        pytest.param(
            LINUX_X86_64,
            (PURE, "a-1.0-cp38-abi3-manylinux_2_17_x86_64.whl"),
            "a-1.0-cp38-abi3-manylinux_2_17_x86_64.whl",
            id="20: a platform's before any",
        ),
        pytest.param(FREE_THREADED, THREADS, THREADS[2], id="21: free-threaded"),
        pytest.param(PY313, THREADS, THREADS[1], id="21: with the GIL"),
        pytest.param(target("3.15", "manylinux_2_28_x86_64"), (BOTH_STABLE,), BOTH_STABLE, id="21: both, with the GIL"),
        pytest.param(target("3.15t", "manylinux_2_28_x86_64"), (BOTH_STABLE,), BOTH_STABLE, id="21: both, without"),
        pytest.param(MACOS_ARM64, MACOS, MACOS[1], id="22: its own before universal2"),
        pytest.param(MACOS_X86_64, MACOS, MACOS[0], id="22: x86_64 takes universal2"),
        pytest.param(MUSL, LIBCS, LIBCS[1], id="23: musl"),
        pytest.param(LINUX_X86_64, LIBCS, LIBCS[0], id="23: glibc"),
        pytest.param(OLD_MUSL, (*LIBCS, PURE), PURE, id="23: an older musl"),
        *(
            pytest.param(
                target("3.12", f"manylinux_2_{minor}_x86_64"),
                (f"a-1.0-cp312-cp312-{alias}_x86_64.whl", PURE),
                f"a-1.0-cp312-cp312-{alias}_x86_64.whl",
                id=f"24: {alias} is 2.{minor}",
            )
            for alias, minor in (("manylinux1", 5), ("manylinux2010", 12), ("manylinux2014", 17))
        ),
        *(
            pytest.param(
                target("3.12", f"manylinux_2_{minor - 1}_x86_64"),
                (f"a-1.0-cp312-cp312-{alias}_x86_64.whl", PURE),
                PURE,
                id=f"24: {alias} is not 2.{minor - 1}",
            )
            for alias, minor in (("manylinux1", 5), ("manylinux2010", 12), ("manylinux2014", 17))
        ),
        pytest.param(
            LINUX_X86_64,
            ("a-1.0-cp310.cp312-cp310.cp312-manylinux_2_12_x86_64.manylinux2010_x86_64.whl", PURE),
            "a-1.0-cp310.cp312-cp310.cp312-manylinux_2_12_x86_64.manylinux2010_x86_64.whl",
            id="24: compressed sets",
        ),
        pytest.param(target("3.12", "manylinux_2_17_aarch64"), ALIKE, ALIKE[0], id="24: alike in the best tag"),
        pytest.param(target("3.12", "manylinux_2_24_aarch64"), ALIKE, ALIKE[0], id="24: not alike on 2.24"),
        # Seen: torch's cu121 wheels; pip takes them, and so does uv.
        pytest.param(
            LINUX_X86_64,
            ("a-1.0-cp312-cp312-linux_x86_64.whl", PURE),
            "a-1.0-cp312-cp312-linux_x86_64.whl",
            id="24: bare linux",
        ),
        pytest.param(
            LINUX_X86_64,
            ("a-1.0-py2.py3-none-any.whl", "a-1.0-1-py2.py3-none-any.whl"),
            "a-1.0-1-py2.py3-none-any.whl",
            id="25: a build tag",
        ),
        pytest.param(
            LINUX_X86_64, ("a-1.0-py312-none-any.whl", PURE), "a-1.0-py312-none-any.whl", id="25: py312 on 3.12"
        ),
        pytest.param(
            target("3.11", "win_amd64"), ("a-1.0-py312-none-any.whl", PURE), PURE, id="25: py312 is not for 3.11"
        ),
        pytest.param(
            WINDOWS,
            ("a-1.0-py27-none-any.whl", "a-1.0-pp310-pypy310_pp73-win_amd64.whl", "a-1.0.tar.gz"),
            "a-1.0.tar.gz",
            id="25: Python 2 and PyPy",
        ),
        pytest.param(
            LINUX_X86_64, ("a-1.0-cp312-cp312-amiga_68k.whl", PURE), PURE, id="25: a platform that nobody knows"
        ),
        pytest.param(WINDOWS, ("a-1.0.zip",), "a-1.0.zip", id="28: a source in a .zip"),
        pytest.param(WINDOWS, NUMPY, NUMPY[2], id="28: a source, where no wheel fits"),
    ],
)
def test_choice(here: Target, filenames: tuple[str, ...], expected: str, format: str) -> None:
    assert file_of(of_files(format, *filenames), "a", here) == expected
    assert file_of(of_files(format, *reversed(filenames)), "a", here) == expected


@pytest.mark.parametrize("format", WITH_FILE_NAMES)
@pytest.mark.parametrize(
    ("name", "filename"),
    [
        pytest.param("inquirerpy", "InquirerPy-0.3.4-py3-none-any.whl", id="25: upper case"),
        pytest.param("ruamel-yaml", "ruamel.yaml-0.3.4-py3-none-any.whl", id="25: a dot"),
        pytest.param("ruamel-yaml", "ruamel_yaml-0.3.4-py3-none-any.whl", id="25: an underscore"),
    ],
)
def test_names_that_are_not_normalized(name: str, filename: str, format: str) -> None:
    assert file_of(of_files(format, filename, name=name, version="0.3.4"), name) == filename


@pytest.mark.parametrize("format", WITH_FILE_NAMES)
@pytest.mark.parametrize(
    ("here", "filename", "reason"),
    [
        pytest.param(
            GLIBC_2_26,
            "a-1.0-cp311-cp311-manylinux_2_34_aarch64.whl",
            "needs glibc ≥ 2.34, the platform has 2.26",
            id="18: a newer glibc alone",
        ),
        pytest.param(
            FREE_THREADED,
            "a-1.0-cp39-abi3-manylinux_2_17_x86_64.whl",
            "every wheel is for another platform or Python, and there is no sdist",
            id="21: the stable ABI without the GIL",
        ),
        pytest.param(
            MACOS_ARM64,
            "a-1.0-cp312-cp312-macosx_26_0_arm64.whl",
            "needs macOS ≥ 26.0, the platform has 14.0",
            id="22: a later macOS",
        ),
        pytest.param(
            OLD_MUSL,
            "a-1.0-cp312-cp312-musllinux_1_2_x86_64.whl",
            "needs musl ≥ 1.2, the platform has 1.1",
            id="23: a newer musl",
        ),
        pytest.param(
            MUSL,
            "a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
            "every wheel is for another platform or Python, and there is no sdist",
            id="23: glibc on musl",
        ),
    ],
)
def test_nothing_fits(here: Target, filename: str, reason: str, format: str) -> None:
    """Never an empty package, as ofiuco's rules made one."""
    with pytest.raises(NoArtifactError) as caught:
        file_of(of_files(format, filename), "a", here)
    error = caught.value
    assert (error.package, error.reason, list(error.offers)) == ("a", reason, [filename])
    assert str(error).endswith(f"no file of a 1.0 fits {here} ({reason}); the lock offers {filename}")
