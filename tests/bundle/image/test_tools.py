"""Images in the hands of others: skopeo, umoci and a registry, and the handler called in what they unpack."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from pytest_ofiuco.cli import main
from tests.bundle.image.layouts import Image
from tests.store.makers import THIS_PYTHON

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EXAMPLE = Path(__file__).parents[3] / "example_project"
TOOLS = ("skopeo", "umoci", "docker-registry")
CALL = """\
import json, os, sys
sys.path[:] = [each for each in sys.path if "site-packages" not in each]
from geo_lookup.app import handler
event = {"requestContext": {"http": {"method": "GET"}}, "queryStringParameters": {"lat": "47.37", "lon": "8.54"}}
print(json.dumps({"said": handler(event, None)["statusCode"], "of": handler.__code__.co_filename, "at": os.getcwd()}))
"""
CONFIG = """\
version: 0.1
log: {{ level: error }}
storage: {{ filesystem: {{ rootdirectory: {folder}/blobs }} }}
http: {{ addr: "127.0.0.1:{port}" }}
"""


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    missing = [each for each in TOOLS if shutil.which(each) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        pytest.skip(f"there is no {missing[0]} here, and no apt to get it")
    command = ["apt-get", "install", "--simulate", "-y", "-qq", *missing]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    pytest.skip(done.stderr.strip() or f"not installed: apt-get install {' '.join(missing)}")


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a tool prints; what it complains of, where it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=env, cwd=cwd)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def make(output: Path, *arguments: str) -> None:
    """An image of example_project, for this machine unless told otherwise."""
    target = () if "--platform" in arguments else ("--platform", "host", "--python", THIS_PYTHON)
    assert main(["image", "--project", str(EXAMPLE), "--output", str(output), *target, *arguments]) == 0


def libraries(*files: Path) -> set[str]:
    """The shared libraries that files load, by the paths that they are found at."""
    found = run("ldd", *files)
    return set(re.findall(r"^\s*(?:\S+ => )?(/\S+) \(0x", found, re.MULTILINE))


def python_root(folder: Path) -> Path:
    """A root with nothing but this machine's Python, where python3 is on any PATH."""
    interpreter = Path(sys.base_prefix, "bin", f"python{THIS_PYTHON}").resolve()
    standard = Path(sysconfig.get_path("stdlib"))
    left = ("site-packages", "dist-packages", "test", "idlelib", "tkinter", "ensurepip", "__pycache__", "config-*")
    shutil.copytree(
        standard,
        folder / "usr/local/lib" / standard.name,
        ignore=shutil.ignore_patterns(*left),
        symlinks=False,
        ignore_dangling_symlinks=True,
    )
    (folder / "usr/local/bin").mkdir()
    shutil.copy(interpreter, folder / "usr/local/bin/python3")
    extensions = sorted((standard / "lib-dynload").glob("*.so"))
    cached = re.findall(
        r"=> (/\S*/(?:lib(?:stdc\+\+|gcc_s|rt|pthread|dl|m|util)\.so\.\d))$", run("/sbin/ldconfig", "-p"), re.MULTILINE
    )
    for library in libraries(interpreter, *extensions) | set(cached):
        place = folder / library[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A base that umoci makes."""
    folder = tmp_path_factory.mktemp("base")
    root = python_root(folder / "root")
    layout = folder / "layout"
    run("umoci", "init", "--layout", layout)
    run("umoci", "new", "--image", f"{layout}:python")
    for each in sorted(root.iterdir()):
        run("umoci", "insert", "--rootless", "--image", f"{layout}:python", each, f"/{each.name}")
    run("umoci", "config", "--image", f"{layout}:python", "--config.env", "PATH=/usr/local/bin", "--author", "umoci")
    return f"{layout}:python"


def unpacked(layout: str, folder: Path) -> dict[str, Any]:
    """What a container of an image is started with, by umoci, which checks its layers against their digests."""
    run("umoci", "unpack", "--rootless", "--image", layout, folder)
    process: dict[str, Any] = json.loads((folder / "config.json").read_text())["process"]
    return process


def test_the_handler_is_called_in_what_is_unpacked(tmp_path: Path, base: str) -> None:
    make(
        tmp_path / "image",
        "--base",
        base,
        "--handler",
        "geo_lookup.app.handler",
        "--cmd",
        json.dumps(["-c", CALL]),
        "--entrypoint",
        "python3 -B",
    )
    process = unpacked(f"{tmp_path}/image:latest", tmp_path / "bundle")
    environ = dict(each.split("=", 1) for each in process["env"])
    assert (environ["PATH"], environ["PYTHONPATH"]) == ("/app/bin:/usr/local/bin", "/app")
    assert (process["cwd"], process["args"]) == ("/app", ["python3", "-B", "-c", CALL])
    root = tmp_path / "bundle" / "rootfs"
    expected = {"said": 200, "of": "/app/geo_lookup/app.py", "at": "/app"}
    here = run(sys.executable, "-S", "-c", CALL, env={"PYTHONPATH": str(root / "app"), "PATH": ""}, cwd=root / "app")
    assert json.loads(here) == {**expected, "of": f"{root}/app/geo_lookup/app.py", "at": f"{root}/app"}
    user = ("--map-root-user",) if os.getuid() else ()
    chroot = (shutil.which("unshare") or "unshare", *user, f"--root={root}", f"--wd={process['cwd']}", "--")
    tried = subprocess.run([*chroot, "/usr/local/bin/python3", "-c", ""], capture_output=True, text=True, check=False)
    if "Operation not permitted" in tried.stderr:
        pytest.skip(f"nothing can be run in another root here: {tried.stderr.strip()}")
    assert json.loads(run(*chroot, *process["args"], env=environ)) == expected


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """A registry on a port of its own, which ends with the test."""
    port, folder = free_port(), tmp_path / "registry"
    folder.mkdir()
    (folder / "config.yml").write_text(CONFIG.format(folder=folder, port=port))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        for _ in range(200):
            try:
                urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5).close()
                break
            except URLError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("compression", ["deflated", "stored"])
def test_a_registry_takes_it_and_gives_it_back(tmp_path: Path, registry: str, compression: str) -> None:
    target = ("--platform", "aws_lambda", "--python", "3.13", "--handler", "geo_lookup.app.handler")
    make(tmp_path / "image", *target, "--compression", compression, "--tag", "v1")
    image = Image(tmp_path / "image")
    seen = json.loads(run("skopeo", "inspect", f"oci:{tmp_path}/image:v1"))
    (listed,) = image.index["manifests"]
    assert (seen["Architecture"], seen["Os"], seen["Digest"]) == ("arm64", "linux", listed["digest"])
    assert seen["Layers"] == [each["digest"] for each in image.manifest["layers"]]
    assert "PYTHONPATH=/var/task" in seen["Env"]
    quiet = ("skopeo", "--insecure-policy", "copy", "--quiet")
    run(*quiet, "--dest-tls-verify=false", f"oci:{tmp_path}/image:v1", f"docker://{registry}/geo:v1")
    there = json.loads(
        run("skopeo", "inspect", "--tls-verify=false", "--override-arch=arm64", f"docker://{registry}/geo:v1")
    )
    assert (there["Digest"], there["Layers"]) == (listed["digest"], seen["Layers"])
    back = tmp_path / "back"
    run(*quiet, "--src-tls-verify=false", "--override-arch=arm64", f"docker://{registry}/geo:v1", f"oci:{back}:v1")
    for blob in (tmp_path / "image" / "blobs" / "sha256").iterdir():
        assert (back / "blobs" / "sha256" / blob.name).read_bytes() == blob.read_bytes()
    unpacked(f"{back}:v1", tmp_path / "bundle")
    names = {each.name for each in (tmp_path / "bundle" / "rootfs" / "var" / "task").iterdir()}
    assert {"geo_lookup", "numpy", "shapely"} <= names
    assert not {"boto3", "botocore", "awslambdaric"} & names


def test_a_base_from_a_registry(tmp_path: Path, registry: str, base: str) -> None:
    """With Docker's media types, and back."""
    quiet = ("skopeo", "--insecure-policy", "copy", "--quiet")
    run(*quiet, "--dest-tls-verify=false", "--format=v2s2", f"oci:{base}", f"docker://{registry}/python:3")
    run(*quiet, "--src-tls-verify=false", f"docker://{registry}/python:3", f"oci:{tmp_path}/base:3")
    make(tmp_path / "image", "--base", f"{tmp_path}/base:3", "--cmd", "python3")
    unpacked(f"{tmp_path}/image", tmp_path / "bundle")
    assert (tmp_path / "bundle" / "rootfs" / "usr" / "local" / "bin" / "python3").is_file()
    run(*quiet, "--dest-tls-verify=false", f"oci:{tmp_path}/image:latest", f"docker://{registry}/app:1")
