"""[tool.ofiuco.variants]: every form, and how each that makes no sense is refused."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.config import Config, read
from pytest_ofiuco.config.variants import ReplacementSettings, VariantSettings
from pytest_ofiuco.core.artifact import Wheel
from pytest_ofiuco.core.matrix import Exclusion
from pytest_ofiuco.errors import InputError
from tests.locks import table

SHA256 = "0123456789abcdef" * 4
OTHER = "f" * 64
CORRECT = "correct it there, or restore the file from version control"
FORMS = (
    'write a version ("4.2.4"), { lock = "other/uv.lock" }, { path = "x.whl", hash = "sha256:…" }, or false to drop it'
)
ADD_HASH = 'add it, as in hash = "sha256:…"'
DJANGO = canonicalize_name("django")


def config(text: str) -> Config:
    return read(table(f"[tool.ofiuco]\n{text}\n"))


def replaced(value: str, name: str = "django") -> ReplacementSettings:
    """The settings of the one replacement of a variant."""
    (variant,) = config(f"[tool.ofiuco.variants.v]\nreplace = {{ {name} = {value} }}").variants
    (replacement,) = variant.replacements
    assert variant == VariantSettings(name="v", at="tool.ofiuco.variants.v", replacements=(replacement,))
    return replacement


def wheel(filename: str = "django-4.2-py3-none-any.whl", digest: str = SHA256, **location: str) -> Wheel:
    return Wheel(filename=filename, hashes=(("sha256", digest),), **location)  # type: ignore[arg-type]


PATH = "lib/django-4.2-py3-none-any.whl"
URL = "https://files.example.org/django-4.2-py3-none-any.whl"


def test_none() -> None:
    assert config("").variants == config("[tool.ofiuco.variants]").variants == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param('"4.2.4"', {"version": "4.2.4"}, id="a version"),
        pytest.param('{ version = "4.2.4" }', {"version": "4.2.4"}, id="a version, at length"),
        pytest.param('{ lock = "old/uv.lock" }', {"lock": "old/uv.lock"}, id="another lock's"),
        pytest.param(
            '{ lock = "old/uv.lock", version = "4.2" }', {"lock": "old/uv.lock", "version": "4.2"}, id="its version"
        ),
        pytest.param("false", {}, id="nothing"),
        pytest.param(f'"{PATH}#sha256={SHA256}"', {"wheels": (wheel(path=PATH),)}, id="a path"),
        pytest.param(f'"{URL}#sha256={SHA256}"', {"wheels": (wheel(url=URL),)}, id="a URL"),
        pytest.param(
            f'{{ path = "{PATH}", hash = "SHA256:{SHA256.upper()}" }}',
            {"wheels": (wheel(path=PATH),)},
            id="a path, at length",
        ),
        pytest.param(f'{{ url = "{URL}", hash = "sha256:{SHA256}" }}', {"wheels": (wheel(url=URL),)}, id="a URL"),
        pytest.param(f'{{ url = "{URL}#sha256={SHA256}" }}', {"wheels": (wheel(url=URL),)}, id="a hash in the URL"),
        pytest.param(
            f'{{ wheels = [{{ path = "{PATH}", hash = "sha256:{SHA256}" }},'
            f' {{ url = "https://files.example.org/Django-4.2.0-cp312-cp312-win32.whl#sha256={OTHER}" }}] }}',
            {
                "wheels": (
                    wheel(path=PATH),
                    wheel(
                        "Django-4.2.0-cp312-cp312-win32.whl",
                        OTHER,
                        url="https://files.example.org/Django-4.2.0-cp312-cp312-win32.whl",
                    ),
                )
            },
            id="several wheels",
        ),
        pytest.param(
            f'"https://files.example.org/django-4.2%2Bcu121-py3-none-any.whl?x=1#sha256={SHA256}"',
            {
                "wheels": (
                    wheel(
                        "django-4.2+cu121-py3-none-any.whl",
                        url="https://files.example.org/django-4.2%2Bcu121-py3-none-any.whl?x=1",
                    ),
                )
            },
            id="percent-encoded",
        ),
    ],
)
def test_forms(value: str, expected: dict[str, object]) -> None:
    found = replaced(value)
    assert found == ReplacementSettings(
        name=DJANGO,
        at="tool.ofiuco.variants.v.replace.django",
        **expected,  # type: ignore[arg-type]
    )
    assert found.is_dropped == (not expected)


def test_names_are_normalized() -> None:
    assert replaced('"4"', "DjanGo").name == "django"
    assert replaced('"1"', '"ruamel.yaml"').name == "ruamel-yaml"
    assert replaced(f'"Django-4-py3-none-any.whl#sha256={SHA256}"', "Django").wheels[0].path is not None


def test_a_range_is_a_variant_a_version() -> None:
    found = config('variants = { Django = ["4.2.4", "5.0.1"], torch = ["2.0+cpu"] }').variants
    assert [each.name for each in found] == ["django4.2.4", "django5.0.1", "torch2.0+cpu"]
    assert found[1] == VariantSettings(
        name="django5.0.1",
        at="tool.ofiuco.variants.Django[1]",
        replacements=(ReplacementSettings(name=DJANGO, at="tool.ofiuco.variants.Django[1]", version="5.0.1"),),
    )


def test_several_variants_in_the_order_of_the_file() -> None:
    found = config(
        """
[tool.ofiuco.variants]
pip = ["1"]
[tool.ofiuco.variants.b]
replace = { django = "4", click = false }
[tool.ofiuco.variants.a]
replace = { django = "4" }
"""
    ).variants
    assert [each.name for each in found] == ["pip1", "b", "a"]
    assert [(each.name, each.is_dropped) for each in found[1].replacements] == [("django", False), ("click", True)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param('"old/uv.lock"', ("old/uv.lock",), id="one"),
        pytest.param('["old/uv.lock", "poetry.lock"]', ("old/uv.lock", "poetry.lock"), id="several"),
        pytest.param("[]", (), id="none"),
    ],
)
def test_locks(value: str, expected: tuple[str, ...]) -> None:
    (found,) = config(f'[tool.ofiuco.variants.v]\nlock = {value}\nreplace = {{ django = "4" }}').variants
    assert found.locks == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param('django = "4.2"', "django: neither a variant nor versions", "VERSIONS", id="a string"),
        pytest.param("django = []", "django: no versions", 'name some, as in django = ["4.2.4", "5.0.1"]', id="empty"),
        pytest.param("django = [4.2]", "django[0]: expected a string, found a float", CORRECT, id="numbers"),
        pytest.param('django = ["4", "x"]', "django[1]: 'x' is not a version", FORMS, id="no version"),
        pytest.param('"-" = ["4"]', "-: '-' is not a project name", CORRECT, id="no name"),
        pytest.param('django = ["1!4"]', "django: 'django1!4' cannot name a cell", "CELL", id="an epoch"),
        pytest.param('"a b" = {replace = {a = "1"}}', "a b: 'a b' cannot name a cell", "CELL", id="a space"),
        pytest.param(
            'django = ["4", "4"]', "django: a second variant of the name django4", "give it another name", id="twice"
        ),
        pytest.param(
            'a = ["1"]\na1 = { replace = { b = "1" } }',
            "a1: a second variant of the name a1",
            "give it another name",
            id="named as a version",
        ),
        pytest.param("v = {}", "v.replace: replaces nothing", "REPLACE", id="nothing"),
        pytest.param("v = { replace = {} }", "v.replace: replaces nothing", "REPLACE", id="an empty table"),
        pytest.param(
            'v = { replaces = { a = "1" } }',
            "v.replaces: not a key that is known",
            "use one of: replace, lock",
            id="key",
        ),
        pytest.param(
            'v = { lock = 1, replace = { a = "1" } }',
            "v.lock: expected a string, found an integer",
            CORRECT,
            id="lock",
        ),
        pytest.param(
            'v = { lock = [1], replace = { a = "1" } }',
            "v.lock[0]: expected a string, found an integer",
            CORRECT,
            id="locks",
        ),
        pytest.param(
            'v = { replace = { django = "4", Django = false } }',
            "v.replace.Django: package django is replaced twice",
            "keep one of the two",
            id="replaced twice",
        ),
        pytest.param(
            'v = { replace = { "-" = "4" } }', "v.replace.-: '-' is not a project name", CORRECT, id="no package"
        ),
    ],
)
def test_variant_refused(text: str, message: str, hint: str) -> None:
    hints = {
        "CELL": "use letters, digits, . _ - and +",
        "REPLACE": 'say what, as in replace = { django = "4.2.4" }',
        "VERSIONS": 'write django = ["4.2.4", "5.0.1"]',
    }
    with pytest.raises(InputError) as caught:
        config(f"[tool.ofiuco.variants]\n{text}")
    assert str(caught.value) == f"pyproject.toml: tool.ofiuco.variants.{message}"
    assert caught.value.hint == hints.get(hint, hint)


def test_a_variant_without_a_name() -> None:
    with pytest.raises(InputError) as caught:
        config('[tool.ofiuco.variants.""]\nreplace = { a = "1" }')
    assert str(caught.value) == "pyproject.toml: tool.ofiuco.variants: '' cannot name a cell"
    assert caught.value.hint == "use letters, digits, . _ - and +"


HASH = f'hash = "sha256:{SHA256}"'
TWICE = "says not what takes its place, or says it twice"


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        pytest.param("true", "True takes no package's place", FORMS, id="true"),
        pytest.param("4.2", "4.2 takes no package's place", FORMS, id="a number"),
        pytest.param('"old/uv.lock"', "'old/uv.lock' is not a version", FORMS, id="a path"),
        pytest.param('">=4"', "'>=4' is not a version", FORMS, id="a specifier"),
        pytest.param(f'"{"1" * 5000}"', f"'{'1' * 120}…' is not a version", FORMS, id="a long number"),
        pytest.param('"http://["', "cannot read 'http://[': Invalid IPv6 URL", CORRECT, id="a broken URL"),
        pytest.param("{}", TWICE, FORMS, id="an empty table"),
        pytest.param('{ version = "1", path = "x.whl" }', TWICE, FORMS, id="a version and a path"),
        pytest.param(f'{{ version = "1", {HASH} }}', TWICE, FORMS, id="a hash of a version"),
        pytest.param(f"{{ {HASH} }}", TWICE, FORMS, id="a hash alone"),
        pytest.param(f'{{ path = "{PATH}", {HASH}, wheels = [] }}', TWICE, FORMS, id="a wheel and wheels"),
        pytest.param('{ version = "x" }', ".version: 'x' is not a version", FORMS, id="no version"),
        pytest.param("{ version = 1 }", ".version: expected a string, found an integer", CORRECT, id="a number"),
        pytest.param("{ lock = 1 }", ".lock: expected a string, found an integer", CORRECT, id="lock"),
        pytest.param(
            '{ wheel = "x.whl" }',
            ".wheel: not a key that is known",
            "use one of: version, lock, path, url, hash, wheels",
            id="key",
        ),
        pytest.param(
            f'{{ path = "{PATH}", url = "{URL}", {HASH} }}', "a wheel lies at a path or at a url", FORMS, id="both"
        ),
        pytest.param(
            f'{{ path = "django-4.2.tar.gz", {HASH} }}',
            "'django-4.2.tar.gz' is not the name of a wheel",
            FORMS,
            id="an sdist",
        ),
        pytest.param(f'"x.whl#sha256={SHA256}"', "'x.whl' is not the name of a wheel", FORMS, id="no wheel"),
        pytest.param(
            f'"a-{"1" * 5000}-py3-none-any.whl"',
            f"'a-{'1' * 118}…' is not the name of a wheel",
            FORMS,
            id="a long number in a name",
        ),
        pytest.param(
            f'"flask-2-py3-none-any.whl#sha256={SHA256}"',
            "flask-2-py3-none-any.whl is a wheel of flask",
            "name a wheel of django",
            id="another package's",
        ),
        pytest.param(
            '"https://me:secret@files.example.org/django-4-py3-none-any.whl"',
            ".hash: https://files.example.org/django-4-py3-none-any.whl has no hash",
            ADD_HASH,
            id="no hash of a URL, and no secret",
        ),
        pytest.param(f'{{ path = "{PATH}" }}', f".hash: {PATH} has no hash", ADD_HASH, id="no hash of a path"),
        pytest.param(
            f'{{ path = "{PATH}", hash = "{SHA256}" }}', f".hash: {PATH} has no hash", ADD_HASH, id="no algorithm"
        ),
        pytest.param(f'{{ path = "{PATH}", hash = "md5:00" }}', ".hash: 'md5:00' is not a sha256", ADD_HASH, id="md5"),
        pytest.param(
            f'{{ path = "{PATH}", hash = "sha256:00" }}', ".hash: 'sha256:00' is not a sha256", ADD_HASH, id="short"
        ),
        pytest.param(
            f'{{ path = "{PATH}", hash = "sha256:{"g" * 64}" }}',
            f".hash: 'sha256:{'g' * 64}' is not a sha256",
            ADD_HASH,
            id="no digits",
        ),
        pytest.param("{ wheels = [] }", ".wheels: no wheels", "name some, or false to drop the package", id="none"),
        pytest.param(
            '{ wheels = ["x.whl"] }', ".wheels[0]: expected a table, found a string", CORRECT, id="wheels as strings"
        ),
        pytest.param(
            f'{{ wheels = [{{ path = "{PATH}", version = "1" }}] }}',
            ".wheels[0].version: not a key that is known",
            "use one of: path, url, hash",
            id="a wheel's key",
        ),
        pytest.param(
            f"{{ wheels = [{{ {HASH} }}] }}",
            ".wheels[0]: a wheel lies at a path or at a url",
            FORMS,
            id="a wheel that lies nowhere",
        ),
        pytest.param(
            f'{{ wheels = [{{ path = "{PATH}", {HASH} }}, {{ url = "{URL}", {HASH} }}] }}',
            ".wheels[1]: django-4.2-py3-none-any.whl is named twice",
            "keep one of the two",
            id="one wheel twice",
        ),
        pytest.param(
            f'{{ wheels = [{{ path = "django-5-py3-none-any.whl", {HASH} }}, {{ path = "{PATH}", {HASH} }}] }}',
            ".wheels: wheels of several versions: 4.2 and 5",
            "make a variant of each version",
            id="two versions",
        ),
    ],
)
def test_replacement_refused(value: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        replaced(value)
    at = "pyproject.toml: tool.ofiuco.variants.v.replace.django"
    assert str(caught.value) == (f"{at}{message}" if message.startswith(".") else f"{at}: {message}")
    assert caught.value.hint == hint


VARIANTS = 'variants = { django = ["4", "5"] }\n'


def test_variants_left_out() -> None:
    found = config(f"{VARIANTS}exclude = [{{ variant = 'django4', platform = 'host' }}, {{ variant = false }}]").exclude
    assert found == (Exclusion(variant="django4", platform="host"), Exclusion(variant=""))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            f"{VARIANTS}exclude = [{{ variant = 'djagno4' }}]",
            "'djagno4' is not a variant of the project",
            "use one of: django4, django5, false (cells without one)",
            id="a typing error",
        ),
        pytest.param(
            "exclude = [{ variant = '' }]",
            "'' is not a variant of the project",
            "use one of: false (cells without one)",
            id="empty",
        ),
        pytest.param("exclude = [{ variant = true }]", "expected a string, found a boolean", CORRECT, id="true"),
    ],
)
def test_exclusion_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        config(text)
    assert str(caught.value) == f"pyproject.toml: tool.ofiuco.exclude[0].variant: {message}"
    assert caught.value.hint == hint
