"""Index settings: pip's and uv's variables and files."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest

from pytest_ofiuco.errors import InputError
from pytest_ofiuco.store.network.certificates import Certificates
from pytest_ofiuco.store.network.keyring_access import Keyring
from pytest_ofiuco.store.settings import IndexSettings, shown, unique

OFF = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Variables under which the settings of this machine are not seen, beyond those in /etc."""
    folder = tmp_path / "home"
    folder.mkdir()
    return {
        "HOME": str(folder),
        "APPDATA": str(folder / "roaming"),
        "VIRTUAL_ENV": str(tmp_path / "venv"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CONFIG_DIRS": str(tmp_path / "xdg"),
    }


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_nothing_set_means_the_public_index(tmp_path: Path) -> None:
    settings = IndexSettings.load(OFF | {"HOME": "/home/me", "PATH": "/bin"}, tmp_path)
    usual = IndexSettings(
        netrc_files=("/home/me/.netrc", "/home/me/_netrc"), keyring=Keyring(provider="auto", path="/bin")
    )
    assert settings == usual
    assert settings.default_index is None


def test_pips_variables(tmp_path: Path) -> None:
    settings = IndexSettings.load(
        OFF
        | {
            "PIP_INDEX_URL": "https://one.invalid/simple",
            "PIP_EXTRA_INDEX_URL": "https://two.invalid/simple https://three.invalid/simple",
            "PIP_FIND_LINKS": "links",
            "PIP_NO_INDEX": "true",
            "PIP_CERT": "ca.pem",
            "PIP_CLIENT_CERT": "client.pem",
            "PIP_TRUSTED_HOST": "one.invalid two.invalid:8080",
            "PIP_DEFAULT_TIMEOUT": "99",
            "PIP_PROXY": "http://proxy.invalid",
        },
        tmp_path,
    )
    assert settings.default_index == "https://one.invalid/simple"
    assert settings.indexes == ("https://two.invalid/simple", "https://three.invalid/simple")
    assert settings.find_links == ("links",)
    assert settings.no_index
    assert settings.certificates == Certificates(authorities=("ca.pem",), client="client.pem")
    assert settings.trusts("https://one.invalid/x")
    assert settings.trusts("https://two.invalid:8080/x")
    assert not settings.trusts("https://two.invalid/x")
    assert settings.timeout == 99
    assert settings.proxies.for_url("https://one.invalid") == "http://proxy.invalid"


def test_pips_files_in_their_order(tmp_path: Path, home: dict[str, str]) -> None:
    write(tmp_path / "xdg" / "pip" / "pip.conf", "[global]\nindex-url = https://machine.invalid\ntimeout = 5\n")
    write(tmp_path / "home" / ".pip" / "pip.conf", "[global]\nindex-url = https://legacy.invalid\n")
    write(tmp_path / "home" / "config" / "pip" / "pip.conf", "[global]\nindex_url = https://user.invalid\ncert = u\n")
    write(tmp_path / "venv" / "pip.conf", "[install]\nindex-url = https://site.invalid\n")
    named = tmp_path / "named.conf"
    write(
        named,
        "[global]\nindex-url = https://named.invalid\nextra-index-url =\n  https://a.invalid\n  https://b.invalid\n",
    )
    settings = IndexSettings.load({**home, "UV_NO_CONFIG": "1", "PIP_CONFIG_FILE": str(named)}, tmp_path)
    assert settings.default_index == "https://site.invalid"  # [install] is nearer than [global]
    assert settings.indexes == ("https://a.invalid", "https://b.invalid")
    assert settings.certificates.authorities == ("u",)
    assert settings.timeout == 5


def test_a_broken_pip_conf_is_named(tmp_path: Path, home: dict[str, str]) -> None:
    named = tmp_path / "pip.conf"
    write(named, "index-url = without a section\n")
    with pytest.raises(InputError, match=r"pip\.conf: not a configuration file of pip: File contains no") as caught:
        IndexSettings.load({**home, "PIP_CONFIG_FILE": str(named)}, tmp_path)
    assert "\n" not in str(caught.value)
    assert "without a section" not in str(caught.value)


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "1e999", "15s"])
def test_a_timeout_that_is_no_number(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="PIP_DEFAULT_TIMEOUT: not a number of seconds"):
        IndexSettings.load(OFF | {"PIP_DEFAULT_TIMEOUT": text}, tmp_path)


@pytest.mark.parametrize(("text", "seconds"), [(" ", 15), ("-1", 1), ("0.5", 1), ("1e300", 24 * 3600)])
def test_a_timeout_is_a_second_to_a_day(tmp_path: Path, text: str, seconds: float) -> None:
    assert IndexSettings.load(OFF | {"PIP_DEFAULT_TIMEOUT": text}, tmp_path).timeout == seconds


@pytest.mark.parametrize("name", ["PIP_NO_INDEX", "UV_NO_INDEX"])
def test_a_switch_that_is_neither_on_nor_off(tmp_path: Path, name: str) -> None:
    assert not IndexSettings.load(OFF | {name: "False"}, tmp_path).no_index
    with pytest.raises(InputError, match=f"{name}: neither yes nor no"):
        IndexSettings.load(OFF | {name: "maybe"}, tmp_path)


@pytest.mark.parametrize("url", ["http://user:secret@[bad/simple", "https://user:secret@host.invalid:port/x"])
@pytest.mark.parametrize(
    "name",
    [
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_PROXY",
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
        "UV_INDEX",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
    ],
)
def test_a_url_that_is_none_is_not_repeated(tmp_path: Path, name: str, url: str) -> None:
    with pytest.raises(InputError, match=f"{name}: holds a URL that cannot be read") as caught:
        IndexSettings.load(OFF | {name: url}, tmp_path)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("file", "text", "at"),
    [
        ("uv.toml", 'index-url = "http://[bad"', "index-url"),
        ("uv.toml", 'extra-index-url = ["http://[bad"]', "extra-index-url"),
        ("uv.toml", 'find-links = ["http://[bad"]', "find-links"),
        ("pyproject.toml", '[[tool.uv.index]]\nname = "x"\nurl = "http://[bad"', r"tool\.uv\.index\[0\]\.url"),
        ("pip.conf", "[global]\nextra_index_url = a http://[bad", r"\[global\] extra_index_url"),
        ("pip.conf", "[install]\ntimeout = soon", r"\[install\] timeout"),
    ],
)
def test_a_bad_setting_of_a_file_is_named(tmp_path: Path, home: dict[str, str], file: str, text: str, at: str) -> None:
    write(tmp_path / file, text)
    environ = {**home, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    with pytest.raises(InputError, match=rf"{file}: {at}: ") as caught:
        IndexSettings.load(environ, tmp_path)
    assert "[bad" not in caught.value.render()


def test_uvs_variables_come_before_pips(tmp_path: Path) -> None:
    settings = IndexSettings.load(
        OFF
        | {
            "UV_DEFAULT_INDEX": "https://uv.invalid/simple",
            "UV_INDEX": "corp=https://corp.invalid/simple?x=1 https://plain.invalid/simple",
            "UV_INDEX_CORP_USERNAME": "us er",
            "UV_INDEX_CORP_PASSWORD": "p@ss",
            "UV_EXTRA_INDEX_URL": "https://extra.invalid/simple",
            "UV_FIND_LINKS": "https://links.invalid/page",
            "PIP_INDEX_URL": "https://pip.invalid/simple",
            "SSL_CERT_FILE": "authorities.pem",
        },
        tmp_path,
    )
    assert settings.default_index == "https://uv.invalid/simple"
    assert settings.indexes == (
        "https://pip.invalid/simple",
        "https://us%20er:p%40ss@corp.invalid/simple?x=1",
        "https://plain.invalid/simple",
        "https://extra.invalid/simple",
    )
    assert settings.find_links == ("https://links.invalid/page",)
    assert settings.certificates.authorities == ("authorities.pem",)
    assert settings.credentials("https://corp.invalid/files/x.whl") == ("us er", "p@ss")
    assert settings.credentials("http://corp.invalid/files/x.whl") is None
    assert settings.credentials("https://other.invalid/files/x.whl") is None
    assert "p%40ss" not in repr(settings)


def test_uvs_files(tmp_path: Path, home: dict[str, str]) -> None:
    pyproject = """
        [[tool.uv.index]]
        name = "corp"
        url = "https://corp.invalid/simple"
        default = true
        [[tool.uv.index]]
        url = "wheels"
        format = "flat"
        [[tool.uv.index]]
        url = "https://more.invalid/simple"
        explicit = true
        [tool.uv]
        find-links = ["https://links.invalid"]
    """
    write(tmp_path / "repository" / "pyproject.toml", pyproject.replace("[tool.uv]\n", "[tool.uv]\n").strip())
    write(tmp_path / "home" / "config" / "uv" / "uv.toml", 'extra-index-url = ["https://user.invalid"]')
    project = tmp_path / "repository" / "packages" / "one"
    project.mkdir(parents=True)
    settings = IndexSettings.load({**home, "PIP_CONFIG_FILE": os.devnull}, project)
    assert settings.default_index == "https://corp.invalid/simple"
    assert settings.indexes == ("https://user.invalid",)
    assert settings.explicit == ("https://more.invalid/simple",)
    assert settings.find_links == (str(tmp_path / "repository" / "wheels"), "https://links.invalid")


def test_uv_toml_hides_pyproject_beside_it(tmp_path: Path, home: dict[str, str]) -> None:
    write(tmp_path / "pyproject.toml", '[tool.uv]\nindex-url = "https://hidden.invalid"\n')
    write(tmp_path / "uv.toml", 'index-url = "https://seen.invalid"\nno-index = true\n')
    settings = IndexSettings.load({**home, "PIP_CONFIG_FILE": os.devnull}, tmp_path)
    assert settings.default_index == "https://seen.invalid"
    assert settings.no_index
    assert settings.indexes == ()


def test_a_broken_uv_toml_is_named(tmp_path: Path, home: dict[str, str]) -> None:
    write(tmp_path / "uv.toml", "index-url = 1")
    with pytest.raises(InputError, match=r"uv\.toml"):
        IndexSettings.load({**home, "PIP_CONFIG_FILE": os.devnull}, tmp_path)


def test_pip_gets_the_same_settings() -> None:
    settings = IndexSettings(default_index="https://a", indexes=("https://b", "https://c"), find_links=("d",))
    assert settings.for_pip() == {
        "PIP_INDEX_URL": "https://a",
        "PIP_EXTRA_INDEX_URL": "https://b https://c",
        "PIP_FIND_LINKS": "d",
    }
    assert IndexSettings().for_pip() == {}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:secret@host.invalid:8080/a/b.whl?token=secret#sha256=1", "https://host.invalid:8080/a/b.whl"),
        ("file:///a%20b/c", "/a b/c"),
        ("/a/b", "/a/b"),
    ],
)
def test_what_is_shown_of_a_url(url: str, expected: str) -> None:
    assert shown(url) == expected


def test_unique_keeps_the_first_and_the_order() -> None:
    assert unique(["https://a/", "https://b", "https://a", "https://b/"]) == ["https://a/", "https://b"]
    assert unique(["https://a", "https://b", "https://a/"]) == ["https://a", "https://b"]


@pytest.mark.parametrize(
    ("variables", "timeout", "retries", "provider"),
    [
        pytest.param({}, 15, 3, "auto", id="nothing"),
        pytest.param({"PIP_TIMEOUT": "9", "PIP_DEFAULT_TIMEOUT": "8"}, 9, 3, "auto", id="pip, by its option's name"),
        pytest.param({"UV_HTTP_TIMEOUT": "7", "PIP_TIMEOUT": "9"}, 7, 3, "auto", id="uv over pip"),
        pytest.param({"UV_REQUEST_TIMEOUT": "6"}, 6, 3, "auto", id="uv, as it was"),
        pytest.param({"PIP_RETRIES": "0"}, 15, 0, "auto", id="no retries"),
        pytest.param({"UV_HTTP_RETRIES": "5", "PIP_RETRIES": "0"}, 15, 5, "auto", id="retries of uv"),
        pytest.param({"PIP_RETRIES": "9" * 99}, 15, 100, "auto", id="many retries"),
        pytest.param({"PIP_KEYRING_PROVIDER": "import"}, 15, 3, "import", id="keyring of pip"),
        pytest.param(
            {"UV_KEYRING_PROVIDER": "Subprocess", "PIP_KEYRING_PROVIDER": "import"}, 15, 3, "subprocess", id="of uv"
        ),
    ],
)
def test_limits_and_the_keyring(
    tmp_path: Path, variables: dict[str, str], timeout: float, retries: int, provider: str
) -> None:
    settings = IndexSettings.load(OFF | variables, tmp_path)
    assert (settings.timeout, settings.retries, settings.keyring.provider) == (timeout, retries, provider)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("PIP_RETRIES", "-1", "not a number of times"),
        ("UV_HTTP_RETRIES", "some", "not a number of times"),
        ("PIP_TIMEOUT", "soon", "not a number of seconds"),
        ("PIP_KEYRING_PROVIDER", "gnome", "none of auto, disabled, import, subprocess"),
        ("UV_SYSTEM_CERTS", "maybe", "neither yes nor no"),
    ],
)
def test_a_limit_that_is_none(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=f"{name}: {reason}"):
        IndexSettings.load(OFF | {name: text}, tmp_path)


def test_pips_file_has_them_too(tmp_path: Path, home: dict[str, str]) -> None:
    named = tmp_path / "pip.conf"
    write(named, "[global]\nretries = 2\nkeyring-provider = disabled\nclient-cert = c.pem\nproxy = p:1\n")
    settings = IndexSettings.load(home | {"PIP_CONFIG_FILE": str(named), "UV_NO_CONFIG": "1"}, tmp_path)
    assert (settings.retries, settings.keyring.provider) == (2, "disabled")
    assert settings.certificates.client == "c.pem"
    assert settings.proxies.for_url("http://a") == "http://p:1"


def test_an_index_of_uv_that_has_a_name(tmp_path: Path, home: dict[str, str]) -> None:
    text = """
        keyring-provider = "subprocess"
        native-tls = true
        [[index]]
        name = "my-corp"
        url = "https://corp.invalid/simple"
        authenticate = "always"
        explicit = true
        ignore-error-codes = [403]
    """
    write(tmp_path / "uv.toml", text)
    variables = {"UV_INDEX_MY_CORP_USERNAME": "me", "UV_INDEX_MY_CORP_PASSWORD": "pass"}
    settings = IndexSettings.load(home | variables | {"PIP_CONFIG_FILE": os.devnull}, tmp_path)
    assert settings.explicit == ("https://me:pass@corp.invalid/simple",)
    assert settings.indexes == ()
    assert settings.credentials("https://corp.invalid/files/x") == ("me", "pass")
    source = settings.source("https://corp.invalid/files/x")
    assert source is not None
    assert (source.name, source.authenticate) == ("my-corp", "always")
    assert settings.keyring.provider == "subprocess"
    assert settings.certificates.is_system_only


def test_how_to_authenticate_must_be_known(tmp_path: Path, home: dict[str, str]) -> None:
    write(tmp_path / "uv.toml", '[[index]]\nname = "a"\nurl = "https://a.invalid"\nauthenticate = "maybe"\n')
    with pytest.raises(InputError, match=r"uv\.toml: index\[0\]\.authenticate: none of auto, always, never"):
        IndexSettings.load(home | {"PIP_CONFIG_FILE": os.devnull}, tmp_path)


def test_a_member_of_a_workspace_has_the_roots_settings(tmp_path: Path, home: dict[str, str]) -> None:
    root, member = tmp_path / "root", tmp_path / "root" / "packages" / "one"
    write(
        root / "pyproject.toml",
        '[tool.uv]\nindex-url = "https://root.invalid"\n[tool.uv.workspace]\nmembers = ["packages/*"]',
    )
    write(
        member / "pyproject.toml",
        '[project]\nname = "one"\n[[tool.uv.index]]\nname = "own"\nurl = "https://own.invalid"',
    )
    settings = IndexSettings.load(home | {"PIP_CONFIG_FILE": os.devnull}, member)
    assert settings.default_index == "https://root.invalid"
    assert settings.indexes == ("https://own.invalid",)
    write(member / "pyproject.toml", '[tool.uv]\nindex-url = "https://member.invalid"\n')
    assert IndexSettings.load(home | {"PIP_CONFIG_FILE": os.devnull}, member).default_index == "https://root.invalid"


def test_an_explicit_index_with_credentials_is_one_index_with_the_locks() -> None:
    settings = IndexSettings(explicit=("https://me:pass@corp.invalid/simple",))
    assert settings.is_explicit("https://corp.invalid/simple/")
    assert not settings.is_explicit("https://corp.invalid/other")
    assert not settings.is_explicit(None)
