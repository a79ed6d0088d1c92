"""What ships, by lock format: without what the platform provides, and what only that needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.project import load
from pytest_ofiuco.store.variants import Variants
from tests.bundle.projects import LAMBDA, names, project, zipped
from tests.store.makers import File, sdist, source_files, wheel, write_tree

PROJECT = '[project]\nname = "shop"\nversion = "1"\n'
NEEDS = {
    "boto3": ["botocore", "urllib3[socks]", "jmespath"],
    "botocore": ["boto3", "jmespath"],
    "jmespath": ["ply"],
    "ply": [],
    "urllib3": [],
    "pysocks": [],
    "requests": ["urllib3"],
    "idna": [],
}
"""A circle (boto3, botocore), what both sides need (urllib3), an extra of it that one side asks for (pysocks)."""


def files() -> dict[str, File]:
    more = {"urllib3": 'Provides-Extra: socks\nRequires-Dist: pysocks; extra == "socks"\n'}
    return {
        name: wheel(
            name,
            {f"{name}.py": ""},
            metadata="".join(f"Requires-Dist: {each}\n" for each in needs)
            + 'Requires-Dist: idna; sys_platform == "win32"\nRequires-Dist: not readable\n'
            + more.get(name, ""),
        )
        for name, needs in NEEDS.items()
    }


def uv_lock() -> str:
    lines = [
        'version = 1\nrevision = 3\nrequires-python = ">=3.8"\n[[package]]\nname = "shop"\nversion = "1"\n'
        'source = { virtual = "." }\n'
        'dependencies = [{ name = "boto3" }, { name = "requests" }]\n'
    ]
    for name, file in files().items():
        needs = []
        for each in NEEDS[name]:
            extra = ', extra = ["socks"]' if each.endswith("[socks]") else ""
            needs.append(f'{{ name = "{each.partition("[")[0]}"{extra} }}')
        optional = '[package.optional-dependencies]\nsocks = [{ name = "pysocks" }]\n' if name == "urllib3" else ""
        lines.append(
            f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ registry = "." }}\n'
            f"dependencies = [{', '.join(needs)}]\n"
            f'wheels = [{{ path = "{file.filename}", hash = "sha256:{file.sha256}" }}]\n{optional}'
        )
    return "\n".join(lines)


def poetry_lock() -> str:
    lines = []
    for name, file in files().items():
        needs = []
        for each in NEEDS[name]:
            plain = each.partition("[")[0]
            written = '{version = "*", extras = ["socks"]}' if "[" in each else '"*"'
            needs.append(f"{plain} = {written}")
        if name == "urllib3":
            needs.append('pysocks = {version = "*", optional = true, markers = "extra == \\"socks\\""}')
        extras = '[package.extras]\nsocks = ["pysocks"]\n' if name == "urllib3" else ""
        if name == "idna":
            continue
        lines.append(
            f'[[package]]\nname = "{name}"\nversion = "1.0"\ndescription = ""\noptional = false\n'
            f'python-versions = "*"\ngroups = ["main"]\n'
            f'files = [{{file = "{file.filename}", hash = "sha256:{file.sha256}"}}]\n'
            f'[package.source]\ntype = "file"\nurl = "{file.filename}"\n'
            f"[package.dependencies]\n" + "\n".join(needs) + f"\n{extras}"
        )
    tail = f'[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "{"0" * 64}"\n'
    return "\n".join([*lines, tail])


def shipped(folder: Path, store: Store, **options: Any) -> tuple[list[str], dict[str, list[str]]]:
    made = zipped(folder, store, exclude=("**.dist-info/**",), **options)
    return [name.removesuffix(".py") for name in names(made)], made.manifest["left_out"]


DEPENDENCIES = 'dependencies = ["boto3", "requests"]\n'
LEFT_OUT = {"provided": ["boto3"], "needed_by_these_only": ["botocore", "jmespath", "ply", "pysocks"]}


@pytest.mark.parametrize(("lock", "text"), [("uv.lock", uv_lock()), ("poetry.lock", poetry_lock())])
def test_graphs(tmp_path: Path, store: Store, lock: str, text: str) -> None:
    folder = project(tmp_path / "p", files().values(), pyproject=PROJECT + DEPENDENCIES + LAMBDA, sources={})
    (folder / "pylock.toml").unlink()
    write_tree(folder, {lock: text})
    assert load(folder).lock.path == lock
    assert shipped(folder, store) == (["requests", "urllib3"], LEFT_OUT)
    assert shipped(folder, store, platform="host")[1] == {"provided": [], "needed_by_these_only": []}


def test_a_star_by_metadata(tmp_path: Path, store: Store) -> None:
    found = [file for name, file in files().items() if name != "idna"]
    folder = project(tmp_path / "p", found, pyproject=PROJECT + DEPENDENCIES + LAMBDA, sources={})
    assert shipped(folder, store) == (["requests", "urllib3"], LEFT_OUT)


@pytest.mark.parametrize(
    "pyproject",
    [
        pytest.param(PROJECT + 'dynamic = ["dependencies"]\n' + LAMBDA, id="dynamic"),
        pytest.param(LAMBDA, id="no project"),
    ],
)
def test_a_star_without_roots(tmp_path: Path, store: Store, pyproject: str) -> None:
    """What no provided package leads to is the project's; the other things that these need are, too."""
    found = [file for name, file in files().items() if name != "idna"]
    folder = project(tmp_path / "p", found, pyproject=pyproject, sources={})
    assert shipped(folder, store) == (["requests", "urllib3"], LEFT_OUT)


def test_variants(tmp_path: Path, store: Store) -> None:
    """What one replaces may be what does not ship."""
    replaced = "[tool.ofiuco.variants.less]\nreplace = { botocore = false, requests = { wheels = [WHEEL] } }\n"
    other = wheel("requests", {"newer.py": ""}, version="2.0", metadata="Requires-Dist: idna\n")
    pyproject = PROJECT + DEPENDENCIES + LAMBDA
    pyproject += replaced.replace("WHEEL", f'{{ path = "{other.filename}", hash = "sha256:{other.sha256}" }}')
    folder = project(tmp_path / "p", files().values(), pyproject=pyproject, sources={})
    other.write(folder)
    (folder / "pylock.toml").unlink()
    lock = uv_lock().replace('dependencies = [{ name = "urllib3" }]', 'dependencies = [{ name = "idna" }]')
    write_tree(folder, {"uv.lock": lock})
    variant = Variants(load(folder)).find("less")
    assert shipped(folder, store, variant=variant)[0] == ["idna", "newer"]


def test_folders_beside_the_project_are_built(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", pyproject=LAMBDA, sources={})
    write_tree(folder / "lib", source_files("lib"))
    lock = 'lock-version = "1.0"\ncreated-by = "hand"\n[[packages]]\nname = "lib"\n'
    write_tree(folder, {"pylock.toml": f'{lock}directory = {{ path = "lib", editable = true }}\n'})
    made = zipped(folder, store, exclude=("**.dist-info/**",))
    assert "lib_code/__init__.py" in names(made)


def test_roots_are_kept(tmp_path: Path, store: Store) -> None:
    """What the project asks for itself is not the provided package's alone; extras and markers count."""
    declared = (
        'dependencies = ["boto3", "urllib3[socks]", "ply; sys_platform == \'win32\'"]\n'
        '[project.optional-dependencies]\nmore = ["jmespath"]\n'
    )
    found = [file for name, file in files().items() if name != "idna"]
    folder = project(tmp_path / "p", found, pyproject=PROJECT + declared + LAMBDA, sources={})
    assert shipped(folder, store)[0] == ["pysocks", "requests", "urllib3"]


def test_what_a_provided_package_without_a_wheel_needs_is_not_known(tmp_path: Path, store: Store) -> None:
    folder = project(
        tmp_path / "p",
        [wheel("idna", {"idna.py": ""})],
        sdists=[sdist("boto3", source_files("boto3"))],
        pyproject=LAMBDA,
        sources={},
    )
    assert shipped(folder, store) == (["idna"], {"provided": ["boto3"], "needed_by_these_only": []})
