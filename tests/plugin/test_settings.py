"""A project whose pytest settings make sense in its cells only: the controller lacks its plugin and dependencies."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e

BACKEND = '''
"""A build backend that needs nothing: the project is a pytest plugin, installed by a path."""

import base64, hashlib, pathlib, zipfile

METADATA = "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0.0\\n"
WHEEL = "Wheel-Version: 1.0\\nGenerator: backend\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
ENTRY_POINTS = "[pytest11]\\nsmall = small_plugin\\n"


def build_editable(directory, config_settings=None, metadata_directory=None):
    members = {
        "small.pth": str(pathlib.Path("src").resolve()),
        "small-1.0.0.dist-info/METADATA": METADATA,
        "small-1.0.0.dist-info/WHEEL": WHEEL,
        "small-1.0.0.dist-info/entry_points.txt": ENTRY_POINTS,
    }
    record = "small-1.0.0.dist-info/RECORD"
    name = "small-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory, name), "w") as archive:
        lines = []
        for path, text in members.items():
            archive.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
            lines.append("{},sha256={},{}".format(path, digest, len(text)))
        archive.writestr(record, "\\n".join([*lines, record + ",,", ""]))
    return name


build_wheel = build_editable
'''
FILES = {
    "backend.py": BACKEND,
    "src/small_plugin.py": """
        import pytest

        class AreaWarning(UserWarning):
            pass

        def pytest_addoption(parser):
            parser.addoption("--area-unit", default="none")
            parser.addini("area_limit", "how large an area may be")

        @pytest.fixture
        def unit(request):
            return request.config.getoption("--area-unit")

        @pytest.fixture
        def limit(request):
            return int(request.config.getini("area_limit"))
    """,
    "conftest.py": """
        import small_plugin

        def pytest_addoption(parser):
            parser.addoption("--only-in-conftest", action="store_true")
    """,
    "tests/deep/conftest.py": """
        import pytest
        import small_plugin

        @pytest.fixture
        def deep():
            return small_plugin.AreaWarning
    """,
    "tests/deep/test_deep.py": """
        import warnings
        import pytest

        def test_options(unit, limit, request):
            assert (unit, limit) == ("km2", 12)
            assert request.config.getoption("--only-in-conftest")

        def test_filters(deep):
            with pytest.raises(deep):
                warnings.warn("too large", deep)
            with pytest.raises(DeprecationWarning):
                warnings.warn("old", DeprecationWarning)

        def test_filtered():
            warnings.warn("never mind", ResourceWarning)
    """,
}
SETTINGS = """
minversion = "7.0"
addopts = "--ofiuco-matrix --area-unit=km2 --strict-config --strict-markers --only-in-conftest"
area_limit = "12"
required_plugins = ["small>=1.0"]
filterwarnings = ["default::small_plugin.AreaWarning", "error", "ignore::ResourceWarning"]
"""


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Project:
    project = new_project()
    project.configure(pytest=SETTINGS)
    settings = project.folder / "pyproject.toml"
    build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n\n'
    settings.write_text(build + settings.read_text())
    project.write(FILES)
    return project


def test_cells_read_what_the_controller_cannot(project: Project) -> None:
    result = project.plain()
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["  py310-host  py313-host", "*Preparing environments: 2/2*"])


def test_from_a_subfolder_and_on_the_command_line(project: Project) -> None:
    inside = Project(project.folder / "tests", project.cache)
    result = inside.plain(
        "deep/test_deep.py::test_options[py313-host]", "-v", "--area-unit", "km2", "--only-in-conftest"
    )
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 cached, 0 built*", "*deep/test_deep.py::test_options[[]py313-host[]] PASSED*"])


def test_settings_in_an_environment_variable(project: Project) -> None:
    result = project.plain(PYTEST_ADDOPTS="-k filtered --ofiuco-cell=py310-host")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1, deselected=2)
