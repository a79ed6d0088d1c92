"""Poetry's sources, its configuration and its variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_ofiuco.errors import InputError
from pytest_ofiuco.store.network.source import Source
from pytest_ofiuco.store.settings import IndexSettings

SOURCES = """
[[tool.poetry.source]]
name = "foo-bar"
url = "https://foo.invalid/simple/"
{priority}
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config").mkdir()
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "POETRY_CONFIG_DIR": str(tmp_path / "config"),
        "HOME": str(tmp_path),
    }


def load(environ: dict[str, str], project: Path, pyproject: str) -> IndexSettings:
    (project / "pyproject.toml").write_text(pyproject)
    return IndexSettings.load(environ, project)


def source(settings: IndexSettings) -> Source:
    (found,) = settings.sources
    return found


@pytest.mark.parametrize(
    ("priority", "default", "indexes", "explicit"),
    [
        pytest.param("", "foo", [], [], id="by default"),
        pytest.param('priority = "primary"', "foo", [], [], id="primary"),
        pytest.param('priority = "default"', "foo", [], [], id="default"),
        pytest.param('priority = "supplemental"', None, ["foo"], [], id="supplemental"),
        pytest.param("secondary = true", None, ["foo"], [], id="secondary, as Poetry 1 had it"),
        pytest.param('priority = "explicit"', None, [], ["foo"], id="explicit"),
        pytest.param('\n[[tool.poetry.source]]\nname = "PyPI"', None, ["foo"], [], id="beside the public one"),
        pytest.param(
            '\n[[tool.poetry.source]]\nname = "PyPI"\npriority = "explicit"', "foo", [], [], id="public, but explicit"
        ),
    ],
)
def test_priorities(
    tmp_path: Path,
    environ: dict[str, str],
    priority: str,
    default: str | None,
    indexes: list[str],
    explicit: list[str],
) -> None:
    settings = load(environ, tmp_path, SOURCES.format(priority=priority))
    urls = {"foo": "https://foo.invalid/simple/", None: None}
    assert settings.default_index == urls[default]
    assert settings.indexes == tuple(urls[each] for each in indexes)
    assert settings.explicit == tuple(urls[each] for each in explicit)
    assert [each.name for each in settings.sources] == ["foo-bar"]


def test_a_source_comes_after_pips_index(tmp_path: Path, environ: dict[str, str]) -> None:
    settings = load(environ | {"PIP_INDEX_URL": "https://pip.invalid"}, tmp_path, SOURCES.format(priority=""))
    assert settings.default_index == "https://pip.invalid"
    assert settings.indexes == ("https://foo.invalid/simple/",)


def test_files(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "config" / "auth.toml").write_text('[http-basic.foo-bar]\nusername = "me"\npassword = "pa:ss"\n')
    (tmp_path / "config" / "config.toml").write_text(
        '[certificates.foo-bar]\ncert = "ca.pem"\nclient-cert = "client.pem"\n'
        '[repositories.upload]\nurl = "https://upload.invalid/"\n[keyring]\nenabled = false\n'
    )
    settings = load(environ, tmp_path, SOURCES.format(priority=""))
    assert settings.sources[0] == Source(
        tool="poetry",
        name="foo-bar",
        url="https://foo.invalid/simple/",
        user="me",
        password="pa:ss",
        certificate="ca.pem",
        client_certificate="client.pem",
    )
    assert settings.sources[1] == Source(tool="poetry", name="upload", url="https://upload.invalid/")
    assert not settings.has_poetry_keyring
    assert settings.credentials("https://foo.invalid/files/x.whl") == ("me", "pa:ss")
    assert settings.certificates_for("https://foo.invalid/x").authorities == ("ca.pem",)
    assert settings.certificates_for("https://foo.invalid/x").client == "client.pem"
    assert settings.certificates_for("https://bar.invalid/x").client is None
    assert settings.for_pip()["PIP_INDEX_URL"] == "https://me:pa%3Ass@foo.invalid/simple/"
    assert "pa:ss" not in repr(settings)


def test_variables_come_before_files(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "config" / "auth.toml").write_text('[http-basic.foo-bar]\nusername = "me"\npassword = "pass"\n')
    variables = {
        "POETRY_HTTP_BASIC_FOO_BAR_USERNAME": "you",
        "POETRY_HTTP_BASIC_FOO_BAR_PASSWORD": "other",
        "POETRY_CERTIFICATES_FOO_BAR_CERT": "~/ca.pem",
        "POETRY_CERTIFICATES_FOO_BAR_CLIENT_CERT": "client.pem",
        "POETRY_KEYRING_ENABLED": "false",
    }
    settings = load(environ | variables, tmp_path, SOURCES.format(priority=""))
    assert (source(settings).user, source(settings).password) == ("you", "other")
    assert source(settings).certificate == os.path.expanduser("~/ca.pem")
    assert source(settings).client_certificate == "client.pem"
    assert not settings.has_poetry_keyring


@pytest.mark.parametrize("text", ["cert = false", 'cert = "false"'])
def test_certificates_need_not_be_checked(tmp_path: Path, environ: dict[str, str], text: str) -> None:
    (tmp_path / "poetry.toml").write_text(f"[certificates.foo-bar]\n{text}\n")
    settings = load(environ, tmp_path, SOURCES.format(priority=""))
    assert not settings.certificates_for("https://foo.invalid/x").is_checked
    assert settings.certificates_for("https://bar.invalid/x").is_checked


def test_where_the_configuration_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {
        "linux": tmp_path / "xdg" / "pypoetry",
        "darwin": tmp_path / "Library" / "Application Support" / "pypoetry",
        "win32": tmp_path / "roaming" / "pypoetry",
    }
    environ = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
        "APPDATA": str(tmp_path / "roaming"),
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
    }
    for platform, folder in folders.items():
        folder.mkdir(parents=True)
        (folder / "auth.toml").write_text(f'[http-basic.foo-bar]\nusername = "{platform}"\npassword = "x"\n')
        monkeypatch.setattr("pytest_ofiuco.store.settings.poetry.sys.platform", platform)
        assert source(load(environ, tmp_path, SOURCES.format(priority=""))).user == platform


@pytest.mark.parametrize(
    ("file", "text", "at"),
    [
        ("config/auth.toml", "[http-basic.foo-bar]\npassword = 'secret", "not valid TOML"),
        ("config/auth.toml", '[http-basic.foo-bar]\npassword = ["secret"]', r"http-basic\.foo-bar\.password"),
        ("config/auth.toml", 'http-basic = "secret"', "http-basic"),
        ("config/config.toml", '[repositories.x]\nurl = "https://me:secret@[x"', r"repositories\.x\.url"),
        ("poetry.toml", '[certificates.foo-bar]\ncert = ["secret"]', r"certificates\.foo-bar\.cert"),
    ],
)
def test_a_broken_file_is_named_and_not_repeated(
    tmp_path: Path, environ: dict[str, str], file: str, text: str, at: str
) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=rf"{Path(file).name}: {at}") as caught:
        load(environ, tmp_path, SOURCES.format(priority=""))
    assert "secret" not in caught.value.render()


def test_a_source_without_a_url(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"tool\.poetry\.source\[0\]\.url: required, and missing"):
        load(environ, tmp_path, '[[tool.poetry.source]]\nname = "x"\n')
