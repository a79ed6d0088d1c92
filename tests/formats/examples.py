"""A small lock of each format that holds every kind of thing its reader reads, and the pyproject.toml beside it."""

from __future__ import annotations

PYPROJECT = """
[project]
name = "project"
dependencies = ["a[x]>=1"]

[project.optional-dependencies]
cpu = ["b"]

[dependency-groups]
dev = ["c[y]", { include-group = "docs" }]
docs = ["d"]

[tool.poetry]
[tool.poetry.dependencies]
python = "^3.8"
a = [{ version = "^1.0", extras = ["x"] }]
b = { version = "*", extras = ["z"] }
[tool.poetry.group.lint]
optional = true
[tool.poetry.group.lint.dependencies]
e = "*"

[tool.uv]
default-groups = ["dev"]

[tool.pdm.dev-dependencies]
local = ["-e file:///${PROJECT_ROOT}/d", "./e-1.0-py3-none-any.whl"]

[[tool.pdm.source]]
name = "own"
url = "https://index.example.org/simple"
type = "index"

[tool.pdm.resolution]
excludes = ["f"]
"""

POETRY = """
[[package]]
name = "a"
version = "1.0"
optional = false
python-versions = ">=3.8"
groups = ["main", "dev"]
markers = {main = "sys_platform == 'linux'", dev = "python_version >= '3.8'"}
files = [
    {file = "a-1.0-py3-none-any.whl", hash = "sha256:00"},
    {file = "a-1.0.tar.gz", hash = "sha256:01"},
]

[package.dependencies]
b = [{version = "*", markers = "extra == 'x'", extras = ["y"]}, "*"]
c = "*"

[package.extras]
x = ["b (>=1)"]

[[package]]
name = "b"
version = "1.0"
optional = true
groups = ["main"]
markers = "extra == 'cpu'"
files = [{file = "b-1.0-py3-none-any.whl", hash = "sha256:02"}]

[package.source]
type = "url"
url = "https://files.example.org/b-1.0-py3-none-any.whl#sha256=02"

[[package]]
name = "c"
version = "1.0"
groups = ["dev"]
files = []
develop = true

[package.source]
type = "git"
url = "https://example.org/c"
reference = "HEAD"
resolved_reference = "abc"
subdirectory = "sub"

[[package]]
name = "d"
version = "1.0"
groups = ["docs"]
develop = true
files = []

[package.source]
type = "directory"
url = "d"

[extras]
cpu = ["b"]

[metadata]
lock-version = "2.1"
python-versions = "^3.8 || ^4.0"
content-hash = "00"
"""

UV = """
version = 1
revision = 3
requires-python = ">=3.8"
resolution-markers = ["sys_platform == 'linux'", "sys_platform != 'linux'"]
supported-markers = ["sys_platform == 'linux'"]
conflicts = [[{ package = "project", extra = "cpu" }, { package = "project", group = "docs" }]]

[manifest]
members = ["project", "member"]

[manifest.dependency-groups]
more = [{ name = "a" }]

[[package]]
name = "a"
version = "1.0"
source = { registry = "https://index.example.org/simple" }
resolution-markers = ["sys_platform == 'linux'"]
dependencies = [{ name = "b", version = "1.0", marker = "sys_platform == 'linux'", extra = ["x"] }]
sdist = { url = "https://files.example.org/a-1.0.tar.gz", hash = "sha256:01", size = 1 }
wheels = [{ url = "https://files.example.org/a-1.0-py3-none-any.whl", hash = "sha256:00", size = 1 }]

[package.optional-dependencies]
y = [{ name = "c", source = { git = "https://example.org/c?rev=main&subdirectory=sub#abc" } }]

[[package]]
name = "b"
version = "1.0"
source = { url = "https://files.example.org/b-1.0.tar.gz" }
sdist = { hash = "sha256:02" }

[[package]]
name = "c"
version = "1.0"
source = { git = "https://example.org/c?rev=main&subdirectory=sub#abc" }

[[package]]
name = "d"
version = "1.0"
source = { path = "d-1.0-py3-none-any.whl" }
wheels = [{ filename = "d-1.0-py3-none-any.whl", hash = "sha256:03" }]

[[package]]
name = "e"
version = "1.0"
source = { registry = "wheels" }
wheels = [{ path = "e-1.0-py3-none-any.whl" }]

[[package]]
name = "member"
version = "1.0"
source = { editable = "member" }

[[package]]
name = "project"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "a", extra = ["y"] }, { name = "member" }]

[package.optional-dependencies]
cpu = [{ name = "b", marker = "extra == 'extra-7-project-cpu'" }]

[package.dev-dependencies]
dev = [{ name = "d" }, { name = "e" }]
docs = [{ name = "a" }]

[package.metadata]
requires-dist = [{ name = "a", extras = ["y"] }]
provides-extras = ["cpu"]

[package.metadata.requires-dev]
dev = [{ name = "d" }]
"""

PYLOCK = """
lock-version = "1.0"
created-by = "hand"
requires-python = ">=3.8"
environments = ["sys_platform == 'linux'"]
extras = ["cpu"]
dependency-groups = ["dev", "docs"]
default-groups = ["dev"]

[[packages]]
name = "a"
version = "1.0"
requires-python = ">=3.8"
marker = "sys_platform == 'linux'"
index = "https://index.example.org/simple"
dependencies = [{ name = "b", version = "1.0" }]
sdist = { url = "https://files.example.org/a-1.0.tar.gz", hashes = { sha256 = "01" }, size = 1 }
wheels = [{ url = "https://files.example.org/a-1.0-py3-none-any.whl", hashes = { sha256 = "00" }, size = 1 }]

[[packages]]
name = "b"
version = "1.0"
marker = "'cpu' in extras"
archive = { url = "https://files.example.org/b-1.0.tar.gz", hashes = { sha256 = "02" }, subdirectory = "sub" }

[[packages]]
name = "c"
marker = "'dev' in dependency_groups"
vcs = { type = "git", url = "https://example.org/c", requested-revision = "main", commit-id = "abc" }

[[packages]]
name = "d"
marker = "'docs' in dependency_groups"
directory = { path = "d", editable = true }
"""

_PDM_PACKAGES = """
[[package]]
name = "a"
version = "1.0"
requires_python = ">=3.8"
summary = "A"
groups = ["default"]
marker = "sys_platform == 'linux'"
dependencies = ["b>=1; sys_platform == 'linux'", "f"]
files = [
    {file = "a-1.0-py3-none-any.whl", hash = "sha256:00"},
    {file = "a-1.0.tar.gz", hash = "sha256:01"},
]

[[package]]
name = "a"
version = "1.0"
extras = ["x"]
requires_python = ">=3.8"
summary = "A"
groups = ["default"]
marker = "sys_platform == 'linux'"
dependencies = ["a==1.0", "b[y]"]
files = [{file = "a-1.0-py3-none-any.whl", hash = "sha256:00"}]

[[package]]
name = "b"
version = "1.0"
url = "https://files.example.org/b-1.0.tar.gz"
subdirectory = "sub"
groups = ["cpu", "default"]
files = [{url = "https://files.example.org/b-1.0.tar.gz", hash = "sha256:02"}]

[[package]]
name = "c"
version = "1.0"
git = "https://example.org/c.git"
ref = "main"
revision = "abc"
subdirectory = "sub"
groups = ["dev"]

[[package]]
name = "d"
version = "1.0"
path = "./d"
editable = true
groups = ["dev", "docs", "local"]

[[package]]
name = "e"
version = "1.0"
path = "./e-1.0-py3-none-any.whl"
groups = ["local"]
files = [{file = "e-1.0-py3-none-any.whl", hash = "sha256:03"}]

[[package]]
name = "f"
version = "1.0"
groups = ["default"]
"""

PDM = f"""
[metadata]
groups = ["default", "cpu", "dev", "docs", "local"]
strategy = ["inherit_metadata"]
lock_version = "4.5.1"
content_hash = "sha256:00"

[[metadata.targets]]
requires_python = ">=3.8"
platform = "manylinux_2_28_x86_64"
implementation = "cpython"
gil_disabled = false

[[metadata.targets]]
requires_python = ">=3.9,<4.0"
platform = "macos_14_0_arm64"
{_PDM_PACKAGES}"""

PDM_GRAPH = f"""
[metadata]
groups = ["default", "cpu", "dev", "docs", "local"]
strategy = ["cross_platform"]
cross_platform = true
lock_version = "4.2"
content_hash = "sha256:00"
{_PDM_PACKAGES}
[metadata.files]
"f 1.0" = [{{file = "f-1.0-py3-none-any.whl", hash = "sha256:04"}}]
"""

LOCKS = {"poetry.lock": POETRY, "uv.lock": UV, "pylock.toml": PYLOCK, "pdm.lock": PDM, "pdm.graph.lock": PDM_GRAPH}

REQUIREMENTS = """
# made by hand
--index-url https://index.example.org/simple
--extra-index-url=https://more.example.org/simple
-f wheels
--trusted-host more.example.org
--pre
--only-binary c
-r more.txt
-c constraints.txt

a[x,y]==1.0 ; python_version >= "3.8" \\
    --hash=sha256:{} \\
    --hash sha256:{}
    # via
    #   -r requirements.in
    #   b
b==1.0 --hash=sha256:{}  # via c[z], project (pyproject.toml)
e @ https://files.example.org/e-1.0-py3-none-any.whl ; sys_platform == "linux" --hash=sha256:{}
https://files.example.org/f-1.0.tar.gz#sha256={}&subdirectory=sub
./g-1.0-py3-none-any.whl --hash=sha256:{}
h @ git+https://example.org/h@{}#subdirectory=sub
-e ./libs/i ; python_version >= "3.8"
-e .
""".format(*(f"{number:x}" * 64 for number in range(6)), "6" * 40)

INCLUDED = {
    "more.txt": "c===1.0 --hash=sha512:" + "7" * 128,
    "constraints.txt": "a<2\nb==1.0 --hash=sha256:" + "2" * 64,
    "libs/i/pyproject.toml": '[project]\nname = "I"',
}
"""The files beside the requirements."""
