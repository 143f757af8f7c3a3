"""Everything that takes text or many things has a bound, which is checked before any of it is read."""

import contextlib
import inspect
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from itertools import repeat
from typing import Any, Final, get_origin, get_type_hints

import pytest
from fastapi import FastAPI

import domain
from domain import ids, rates, setting, tag, text, user
from domain.access import Actor, space_named
from domain.errors import InvalidValue
from domain.ids import NOBODY, SessionId, UserId
from entrypoints.container import Service
from entrypoints.http.app import create_app
from entrypoints.http.bodies import LARGEST_BODY, LARGEST_PUBLIC_BODY
from entrypoints.http.routing import PlainRoute, SecuredRoute, StrictRoute
from tests.architecture.source import classes_in, functions_in

LONG: Final = 1_000_000
NOT_READING: Final = frozenset({"__len__", "__class__", "__str__"})


class Watched(str):
    """Text that notes which of its methods are used."""

    __slots__ = ("used",)
    used: list[str]

    def __getattribute__(self, name: str) -> Any:
        if name != "used" and name not in NOT_READING:
            object.__getattribute__(self, "used").append(name)
        return object.__getattribute__(self, name)


class Pattern:
    """A regular expression that notes that it is used."""

    def __init__(self, pattern: "re.Pattern[str]", used: list[str]) -> None:
        self._pattern = pattern
        self._used = used

    def __getattr__(self, name: str) -> Any:
        self._used.append(f"re.{name}")
        return getattr(self._pattern, name)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A long text. Its methods, normalisation and the regular expressions of the domain note what reads it."""
    long_text = Watched("a" * LONG)
    used: list[str] = []
    object.__setattr__(long_text, "used", used)

    def normalize(form: Any, whole: str) -> str:
        used.append(f"normalize {form}")
        return unicodedata.normalize(form, whole)

    for module in {inspect.getmodule(function) for function in functions_in(domain).values()}:
        for name, value in list(vars(module).items()):
            if isinstance(value, re.Pattern):
                monkeypatch.setattr(module, name, Pattern(value, used))
            elif value is unicodedata:
                monkeypatch.setattr(module, name, type("spy", (), {"normalize": staticmethod(normalize)}))
    return long_text


KINDS: Final = [
    kind
    for kind in classes_in(domain)
    if issubclass(kind, str) and not issubclass(kind, Enum) and kind is not setting.SettingValue
]
"""The value objects that are text, and check it when they are made."""

ACTOR: Final = Actor(UserId(NOBODY), SessionId(NOBODY))

READERS: Final[dict[str, Callable[[str], object]]] = {
    "setting.SettingValue.of": setting.SettingValue.of,
    "text.checked_text": lambda long: text.checked_text(long, what="It", shortest=0, longest=9),
    "text.normalized_text": lambda long: text.normalized_text(long, what="It", shortest=0, longest=9),
    "text.visible_text": lambda long: text.visible_text(long, what="It", shortest=0, longest=9),
    "text.require_length": lambda long: text.require_length(long, what="It", shortest=0, longest=9),
    **{f"{kind.__module__.partition('.')[2]}.{kind.__name__}.__new__": kind for kind in KINDS},
}
"""What refuses text that is too long."""

LENIENT: Final[dict[str, tuple[Callable[[str], object], object]]] = {
    "ids.read_id": (ids.read_id, NOBODY),
    "access.space_named": (lambda long: space_named(ACTOR, long), NOBODY),
    "setting.read_key": (setting.read_key, setting.NO_KEY),
    "user.password_spellings": (lambda long: len(user.password_spellings(long)), 1),
    "rates.neighbourhood": (lambda long: len(rates.neighbourhood(long)), LONG),
}
"""What takes any text, and gives something for what is too long without reading it."""

OTHERS: Final[dict[str, str]] = {
    "rates.Rate.of": "hands the address on to neighbourhood; an account is an id or an address",
    "deeds._written": "writes what entities hold",
    "shares.Share.of": "hands the address on to neighbourhood; an account is an id or an address",
    "characters.is_visible": "is what value objects look with, once the length fits",
    "characters.has_unseen": "the same",
    "characters.without_sequences": "is what value objects are compared by",
    "characters.folded": "is what value objects are searched by",
    "text.in_composed_form": "is what normalized_text and password_spellings compose with",
    "user.PasswordPolicy.check": "a Password has its bound, and the field is the service's own",
    "organization.Organization.require_name": "compares with the name that the organisation has",
    "audit.plain": "gives back what entities hold",
    "deeds.difference": "compares entities",
    "deeds._deed": "compares entities",
    "deeds._cut": "cuts short what an entity holds",
    "setting._measure": "is what SettingValue.of reads with",
}
"""What takes text that has a bound already, or none from outside."""


MANY: Final[dict[str, str]] = {
    "deeds._of_many": "takes the few fields that a mass change names",
    "fair_queue._longest": "looks through a queue that has its room",
    "document.fitting": "takes a stretch of a list, which its port cuts",
    "seals.verify": "takes a stretch of a log, which its port cuts",
    "tag.each_once": "takes the tags of tasks, which have their bounds",
    "task.Task.with_tags": "takes the tags of this task as they are spelt",
}
"""What takes many things that were counted before."""


def _hints_of(function: Callable[..., Any]) -> list[Any]:
    names = get_type_hints(function).items()
    return [hint for name, hint in names if name not in {"return", "other"}]


def _takes_text(function: Callable[..., Any]) -> bool:
    """Whether a parameter may be any text, or anything at all."""
    return any(hint in {str, str | None, Any, object} for hint in _hints_of(function))


def _takes_many(function: Callable[..., Any]) -> bool:
    """Whether a parameter may be any number of things."""
    kinds = [get_origin(hint) for hint in _hints_of(function)]
    return any(isinstance(kind, type) and issubclass(kind, Iterable) for kind in kinds)


def _taking(takes: Callable[[Callable[..., Any]], bool]) -> set[str]:
    """The functions of the domain that do; the texts of refusals are the service's own."""
    found = functions_in(domain).items()
    return {name for name, function in found if not name.startswith("errors.") and takes(function)}


def test_every_function_of_the_domain_that_takes_text_is_tried_or_has_a_reason() -> None:
    assert _taking(_takes_text) == READERS.keys() | LENIENT.keys() | OTHERS.keys()


def test_every_function_of_the_domain_that_takes_many_things_is_tried_or_has_a_reason() -> None:
    assert _taking(_takes_many) == MANY.keys() | {"tag.distinct_tags"}


@pytest.mark.parametrize("name", READERS)
def test_long_text_is_refused_before_it_is_read(name: str, watched: Watched) -> None:
    with pytest.raises(InvalidValue):
        READERS[name](watched)
    assert watched.used == []


@pytest.mark.parametrize("name", LENIENT)
def test_where_any_text_is_taken_long_text_is_not_read(name: str, watched: Watched) -> None:
    take, expected = LENIENT[name]
    assert take(watched) == expected
    assert watched.used == []


@pytest.mark.parametrize(
    "reader",
    [
        lambda long: text.checked_text(long.casefold(), what="It", shortest=0, longest=9),
        lambda long: text.checked_text(long.strip(), what="It", shortest=0, longest=9),
        lambda long: text.checked_text(
            vars(text)["unicodedata"].normalize("NFC", long), what="It", shortest=0, longest=9
        ),
        lambda long: vars(setting)["_KEY"].fullmatch(str(long)),
    ],
    ids=["folded", "stripped", "normalized", "matched"],
)
def test_text_that_is_read_before_it_is_counted_is_seen(reader: Callable[[str], object], watched: Watched) -> None:
    with contextlib.suppress(InvalidValue):
        reader(watched)
    assert len(watched.used) == 1


def test_tags_are_taken_up_to_a_bound_only() -> None:
    taken: list[tag.TagName] = []

    def endless() -> Iterable[tag.TagName]:
        for name in repeat(tag.TagName("a"), LONG):
            taken.append(name)
            yield name

    with pytest.raises(InvalidValue):
        tag.distinct_tags(endless())
    assert len(taken) <= 1001


def _measured(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The arrays and objects whose parts are looked at from now on."""
    measured: list[Any] = []
    parts = setting._parts

    def measure(whole: Any) -> Iterable[Any]:
        measured.append(whole)
        return parts(whole)

    monkeypatch.setattr(setting, "_parts", measure)
    return measured


@pytest.mark.parametrize(
    "value", [[0] * LONG, dict.fromkeys(map(str, range(LONG))), [[[]] * LONG]], ids=["array", "object", "nested"]
)
def test_a_value_is_counted_before_its_parts_are_looked_at(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = _measured(monkeypatch)
    with pytest.raises(InvalidValue):
        setting.SettingValue.of(value)
    assert all(len(whole) == 1 for whole in measured)


def test_a_value_of_many_small_parts_is_read_no_further_than_it_could_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = _measured(monkeypatch)
    with pytest.raises(InvalidValue):
        setting.SettingValue.of([[0] * 50 for _ in range(10_000)])
    assert len(measured) < setting.LARGEST_VALUE / 50


@pytest.fixture
def app(service: Service) -> FastAPI:
    return create_app(service)


def _routes(app: FastAPI) -> list[StrictRoute]:
    return [route for route in app.routes if isinstance(route, StrictRoute)]


def test_whatever_needs_no_account_takes_small_bodies(app: FastAPI) -> None:
    largest = {isinstance(route, SecuredRoute): route.largest_body for route in _routes(app)}
    assert largest == {False: LARGEST_PUBLIC_BODY, True: LARGEST_BODY}
    assert LARGEST_PUBLIC_BODY == 16 * 1024
    assert any(isinstance(route, PlainRoute) for route in _routes(app))


def test_every_route_counts_the_members_of_a_body(app: FastAPI) -> None:
    most = {route.name: route.signature.most_members for route in _routes(app)}
    assert most["login"] == 2 + 1000
    assert most["create_task"] == 7 + 50 + 1000
    assert most["create_tasks"] == 1 + 1000 * (1 + 7 + 50) + 1000
    assert max(most.values()) < 70_000


def _endless(schema: Mapping[str, Any], parts: Mapping[str, Any], where: str) -> list[str]:
    """The arrays and texts of a schema that may have any length."""
    if "$ref" in schema:
        return _endless(parts[schema["$ref"].rpartition("/")[2]], parts, where)
    inner = {f"{where}/{name}": part for name, part in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        inner[f"{where}/*"] = schema["items"]
    found = [name for name, part in inner.items() for name in _endless(part, parts, name)]
    found += [name for part in schema.get("anyOf", ()) for name in _endless(part, parts, where)]
    limits = {"array": {"maxItems"}, "string": {"maxLength", "enum", "const"}}.get(schema.get("type", ""))
    return found if limits is None or limits & schema.keys() else [*found, where]


def _taken(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The schema of each body, and of each parameter outside the head."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    bodies = {
        operation["operationId"]: operation["requestBody"]["content"]["application/json"]["schema"]
        for operation in operations
        if "requestBody" in operation
    }
    return bodies | {
        f"{operation['operationId']} {parameter['name']}": parameter["schema"]
        for operation in operations
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "header"
    }


def test_everything_that_is_taken_has_a_documented_bound(app: FastAPI) -> None:
    document = app.openapi()
    parts = document["components"]["schemas"]
    taken = _taken(document)
    assert [f"{name}: {where}" for name in taken for where in _endless(taken[name], parts, "")] == []
    assert len(taken) > 100


def test_what_has_no_documented_bound_is_seen() -> None:
    parts = {"Endless": {"properties": {"names": {"type": "array", "items": {"type": "string"}}}}}
    assert _endless({"anyOf": [{"$ref": "#/x/Endless"}, {"type": "null"}]}, parts, "x") == ["x/names/*", "x/names"]


def test_repeated_parameters_have_room_for_twenty_values(app: FastAPI) -> None:
    schemas = _taken(app.openapi())
    repeated = {
        name.split()[1]: schema["maxItems"] for name, schema in schemas.items() if schema.get("type") == "array"
    }
    assert {name: repeated[name] for name in ("status", "priority", "tag")} == {"status": 20, "priority": 20, "tag": 20}
