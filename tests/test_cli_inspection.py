"""``ofiuco check --environment`` and ``--zip``: what they print, and when they say no."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from tests.inspect import makers
from tests.inspect.makers import X86_64, elf, folder_of, installed

DOCUMENT = (Path(__file__).parents[1] / "docs" / "inspection.md").read_text(encoding="utf-8")
LAMBDA = ("--platform", "aws_lambda", "--python", "3.11")
NOT_FOLLOWED = "; no imports were followed: none of its modules is known to be the project's own"
SHAPELY = installed(
    "shapely",
    {
        "shapely/lib.cpython-311-x86_64-linux-gnu.so": elf(X86_64),
        "shapely/_geos.cpython-311-x86_64-linux-gnu.so": elf(X86_64),
    },
    version="2.1.2",
    tag="cp311-cp311-manylinux_2_17_aarch64",
)
NUMPY = installed(
    "numpy",
    {"numpy/__init__.py": b"", "numpy.libs/libopenblas.so": elf(versions={"libc.so.6": ("GLIBC_2.27",)})},
    version="2.4.6",
    tag="cp311-cp311-manylinux_2_17_aarch64",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[str]]:
    """The exit code, and the lines of both outputs."""
    code = main(["check", *options])
    return code, "".join(capsys.readouterr()).splitlines()


def test_the_example_of_the_document(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    makers.zip_of(folder / "function.zip", {**NUMPY, **SHAPELY, "function.py": b"import json, numpy\n"})
    ((command, output),) = re.findall(r"```console\n\$ ofiuco check (.*)\n((?:.*\n)*?)```", DOCUMENT)
    assert checked(capsys, *command.split()) == (1, output.splitlines())


def test_the_document_names_every_code() -> None:
    sources = (Path(__file__).parents[1] / "pytest_ofiuco" / "inspect").glob("*.py")
    codes = {code for each in sources for code in re.findall(r'code="(\w+)"', each.read_text(encoding="utf-8"))}
    assert codes == set(re.findall(r"^\| `(\w+)` \| (?:error|warning)", DOCUMENT, re.MULTILINE))


def test_json(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    file = makers.zip_of(folder / "x.zip", SHAPELY)
    code, lines = checked(capsys, "--zip", "x.zip", *LAMBDA, "--format", "json")
    document = json.loads("\n".join(lines))
    (example,) = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert set(json.loads(example)) == set(document)
    (finding,) = document.pop("findings")
    size = sum(map(len, SHAPELY.values()))
    assert (code, document) == (
        1,
        {
            "version": 1,
            "inspected": "x.zip",
            "target": {"python": "3.11", "platform": "manylinux_2_26_aarch64"},
            "files": 4,
            "binaries": 2,
            "own_modules": 0,
            "size": size,
            "size_zipped": file.stat().st_size,
            "packages": [{"name": "shapely", "size": size}],
        },
    )
    assert (finding["code"], finding["at"]) == ("machine", "shapely/_geos.cpython-311-x86_64-linux-gnu.so")


def test_warnings_count_with_strict(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    folder_of(folder / "x", installed("x", {"x/a.so": elf(X86_64)}))
    lines = [
        "warning: x: x/a.so: x 1.0: is for x86_64, not aarch64",
        "x: 1 warning for Python 3.11 on manylinux_2_26_aarch64 (3 files, 1 of machine code, 527 B)" + NOT_FOLLOWED,
    ]
    assert checked(capsys, "--environment", "x", *LAMBDA) == (0, lines)
    assert checked(capsys, "--environment", "x", *LAMBDA, "--strict") == (1, lines)


def test_limits_of_the_platform(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.ofiuco.platform.aws_lambda]\nmax-size = 1\n", encoding="utf-8")
    makers.zip_of(folder / "x.zip", {"x.py": b"#" * (3 << 19)})
    assert checked(capsys, "--zip", "x.zip", *LAMBDA) == (
        1,
        [
            "error: x.zip: 1.5 MiB unpacked, the platform takes 1.0 MiB",
            "hint: leave out what is not needed; the largest: x 1.5 MiB",
            "x.zip: 1 error for Python 3.11 on manylinux_2_26_aarch64 (1 file, 0 of machine code, 1.5 MiB)"
            + NOT_FOLLOWED,
        ],
    )


PROJECT = """
[project]
name = "own-thing"
version = "1"

[tool.ofiuco.platform.aws_lambda]
provided = ["boto3"]
"""
LOCK = """
version = 1
requires-python = ">=3.11"

[[package]]
name = "own-thing"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "boto3" }, { name = "requests" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[package.metadata]
requires-dist = []
"""
ENTRY = """
[[package]]
name = "{name}"
version = "1.0"
source = {{ registry = "https://index.example.org/simple" }}
{dependencies}
wheels = [{{ url = "https://files.example.org/{name}-1.0-py3-none-any.whl", hash = "sha256:{hash}" }}]
"""


def test_what_leaked_into_a_zip(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """The project's modules are those of its sources; the platform brings boto3 and with it botocore."""
    needs = {"boto3": "botocore", "botocore": "", "requests": "", "pytest": ""}
    entries = [
        ENTRY.format(name=name, dependencies=f'dependencies = [{{ name = "{need}" }}]' if need else "", hash="0" * 64)
        for name, need in needs.items()
    ]
    sources = {"app.py": b"import boto3, botocore.config, requests, yaml\n\ndef f():\n    import pytest\n"}
    files = {"pyproject.toml": PROJECT.encode(), "uv.lock": (LOCK + "".join(entries)).encode()}
    folder_of(folder, files | {f"src/{path}": content for path, content in sources.items()})
    zipped = {**sources, "requests/__init__.py": b"import simplejson", "requests/unused.py": b"import nothing"}
    makers.zip_of(folder / "x.zip", zipped)
    assert checked(capsys, "--zip", "x.zip", *LAMBDA, "--lock", "uv.lock") == (
        1,
        [
            "error: x.zip: app.py: app: line 1 imports yaml, which nothing that ships brings",
            "hint: add what brings it to the project's dependencies, and lock again",
            "error: x.zip: app.py: app: line 4 imports pytest, which comes with pytest 1.0 (group dev): that does not"
            " ship",
            "hint: make it a dependency of the project, or import it in tests only",
            "error: x.zip: requests/__init__.py: requests: line 1 imports simplejson, which nothing that ships brings",
            "hint: add what brings it to the project's dependencies, and lock again",
            "x.zip: 3 errors for Python 3.11 on manylinux_2_26_aarch64 (3 files, 0 of machine code, 105 B)",
        ],
    )


def test_what_is_provided_may_be_locked_for_tests_alone(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """The usual layout for AWS Lambda: boto3 in the dev group. What it alone needs is there, too, and has no size."""
    needs = {"pytest": [], "requests": [], "boto3": ["botocore", "requests"], "botocore": ["jmespath"], "jmespath": []}
    lock = LOCK.replace('{ name = "boto3" }, ', "").replace('"pytest" }', '"pytest" }, { name = "boto3" }')
    environment = {"own_thing.py": b"import boto3, botocore, jmespath, requests\nimport pytest\n"}
    for name, needed in needs.items():
        edges = ", ".join(f'{{ name = "{each}" }}' for each in needed)
        lock += ENTRY.format(name=name, dependencies=f"dependencies = [{edges}]", hash="0" * 64)
        environment |= installed(name, {f"{name}.py": b"#" * (1 << 20)})
    files = {"pyproject.toml": f"{PROJECT}max-size = 1\n".encode(), "uv.lock": lock.encode()}
    folder_of(folder_of(folder, files) / "e", environment)
    assert checked(capsys, "--environment", "e", *LAMBDA, "--lock", "uv.lock") == (
        1,
        [
            "error: e: own_thing.py: own-thing: line 2 imports pytest, which comes with pytest 1.0 (group dev): that"
            " does not ship",
            "hint: make it a dependency of the project, or import it in tests only",
            "error: e: 1.0 MiB unpacked, the platform takes 1.0 MiB",
            "hint: leave out what is not needed; the largest: requests 1.0 MiB, own-thing 57 B",
            "e: 2 errors for Python 3.11 on manylinux_2_26_aarch64 (16 files, 0 of machine code, 5.0 MiB)",
        ],
    )


def test_a_zip_and_its_layers(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """What the code imports is in a layer, and all of them count against the limit."""
    folder_of(folder, {"pyproject.toml": b"[tool.ofiuco.platform.aws_lambda]\nmax-size = 1\n"})
    makers.zip_of(folder / "x.zip", {"app.py": b"import numpy, yaml\n"})
    large = {"numpy/large.txt": bytes(1 << 20)}
    makers.zip_of(folder / "layer.zip", {f"python/{path}": content for path, content in (NUMPY | large).items()})
    code, lines = checked(capsys, "--zip", "x.zip", "--layer", "layer.zip", *LAMBDA)
    assert code == 1
    assert [line.split(", ")[0] for line in lines if line.startswith("error: ")] == [
        "error: x.zip: app.py: app: line 1 imports yaml",
        "error: x.zip: 1.0 MiB unpacked",
        "error: x.zip: layer.zip/python/numpy.libs/libopenblas.so: numpy 2.4.6: needs GLIBC_2.27",
    ]
    assert checked(capsys, "--layer", "layer.zip", *LAMBDA) == (
        2,
        ["error: --layer: there is no zip that it is of", "hint: add --zip FILE"],
    )


def test_a_zip_that_python_runs(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Its packages are those below ``site``."""
    files = {**NUMPY, "app.py": b"import numpy, yaml\n"}
    inside = {f"site/{path}": content for path, content in files.items()}
    makers.zip_of(folder / "x.zip", {"__main__.py": b"import zipfile\n", "bin/tool": b"", **inside})
    assert checked(capsys, "--zip", "x.zip", *LAMBDA) == (
        1,
        [
            "error: x.zip: site/app.py: app: line 1 imports yaml, which nothing that ships brings",
            "hint: add what brings it to the project's dependencies, and lock again",
            "error: x.zip: site/numpy.libs/libopenblas.so: numpy 2.4.6: needs GLIBC_2.27, the platform has 2.26",
            "hint: take a wheel for manylinux_2_26_aarch64: lock a version that has one",
            "x.zip: 2 errors for Python 3.11 on manylinux_2_26_aarch64 (7 files, 1 of machine code, 634 B)",
        ],
    )


@pytest.mark.parametrize("key", ["version", "version_info"])
def test_a_virtual_environment_names_its_python(capsys: pytest.CaptureFixture[str], folder: Path, key: str) -> None:
    folder_of(folder / "x", {"pyvenv.cfg": f"home = /nowhere\n{key} = 3.11.7.final.0\n".encode()})
    code, (line,) = checked(capsys, "--environment", "x")
    assert code == 0
    assert line.startswith("x: fine for Python 3.11 on ")


@pytest.mark.e2e
def test_a_cell(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    (folder / "pyproject.toml").write_text(f'[tool.ofiuco]\npython = ["{python}"]\n', encoding="utf-8")
    (folder / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n', encoding="utf-8")
    name = f"py{python.replace('.', '')}-host"
    code, (line,) = checked(capsys, "--environment", name)
    assert code == 0
    assert line.startswith(f"{name}: fine for Python {python} on ")
    assert line.endswith(NOT_FOLLOWED)
    folder_of(folder / "src", {"own/app.py": b"import json\n\nimport yaml\n"})
    code, lines = checked(capsys, "--environment", name)
    assert (code, lines[:-1]) == (
        1,
        [
            f"error: {name}: src/own/app.py: line 3 imports yaml, which nothing that ships brings",
            "hint: add what brings it to the project's dependencies, and lock again",
        ],
    )
    assert checked(capsys, "--environment", "py36-host") == (
        2,
        ["error: py36-host: neither a folder nor a cell of the matrix", f"hint: use one of: {name}"],
    )


@pytest.mark.parametrize(
    ("setting", "lines"),
    [
        pytest.param("", ["app.py: line 1", "inner/used.py: line 1", "other/code.py: line 1"], id="as a zip"),
        pytest.param("[tool.ofiuco.zip]\ninclude = ['other']\n", ["other/code.py: line 1"], id="what is included"),
    ],
)
def test_what_is_followed_of_a_folder_is_what_a_zip_holds(
    capsys: pytest.CaptureFixture[str], folder: Path, setting: str, lines: list[str]
) -> None:
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    configured = f'[tool.ofiuco]\npython = ["{python}"]\ninstall-project = false\n{setting}'
    (folder / "pyproject.toml").write_text(configured, encoding="utf-8")
    (folder / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n', encoding="utf-8")
    files = ["app.py", "test_app.py", "app_test.py", "conftest.py", "tests/test_b.py"]
    files += ["inner/used.py", "inner/tests/test_c.py", "other/code.py"]
    folder_of(folder, {each: f"import needed{number}\n".encode() for number, each in enumerate(files)})
    code, said = checked(capsys, "--environment", f"py{python.replace('.', '')}-host")
    assert code == 1
    assert [line.split(": ", 2)[2].partition(" imports")[0] for line in said if line.startswith("error")] == lines


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        pytest.param(
            ["--zip", "x.zip"],
            ["error: --zip: what it is for is not said", "hint: add --platform NAME and --python X.Y"],
            id="no target",
        ),
        pytest.param(
            ["--zip", "x.zip", *LAMBDA],
            ["error: x.zip: cannot be read: No such file or directory", "hint: name a zip that is whole"],
            id="no zip",
        ),
        pytest.param(
            ["--environment", "x", *LAMBDA],
            ["error: x: no such folder", "hint: name an environment's folder, or a cell"],
            id="no folder",
        ),
        pytest.param(
            ["--environment", "."],
            ["error: .: does not say which Python it is for", "hint: add --python X.Y"],
            id="no Python",
        ),
        pytest.param(
            ["--environment", ".", "--zip", "x.zip"],
            ["error: argument --zip: not allowed with argument --environment", "hint: see `ofiuco check --help`"],
            id="both",
        ),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], options: list[str], lines: list[str]) -> None:
    assert checked(capsys, *options) == (2, lines)
