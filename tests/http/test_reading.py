"""What endpoints take, read from requests: what cannot be read is noticed when the route is made."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any, NotRequired

import pytest
from fastapi import Body, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, Field, create_model
from starlette.responses import Response
from typing_extensions import TypedDict

from entrypoints.http.bodies import StrictRequest
from entrypoints.http.reading import Signature, Strictness, signature_of

LONG = Field(min_length=1, max_length=200)
looked_at: list[Any] = []
"""The elements that a validator was handed."""

STRICTLY = Strictness(body=True, query=True)


class Wanted(BaseModel):
    """A query."""

    one: int = 1
    many: Annotated[tuple[str, ...], Field(max_length=3)] = ()


async def who(request: Request) -> str:
    return str(request.headers["who"])


async def endpoint(
    request: Request,
    item: str,
    wanted: Annotated[Wanted, Query()],
    body: Annotated[dict[str, int], Body()],
    caller: Annotated[str, Depends(who)],
) -> Response:
    return Response(f"{request.method} {item} {wanted} {body} {caller}")


def a_request(query: bytes, body: bytes) -> StrictRequest:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"who", b"ann"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": query, "headers": headers}
    return StrictRequest(scope | {"path_params": {"item": "7"}}, receive)


async def test_each_part_is_read_from_its_place() -> None:
    request = a_request(b"one=3&many=a&many=b", b'{"x": 1}')
    read = await Signature(endpoint, {"item"}, STRICTLY).read(request)
    assert read == {
        "request": request,
        "item": "7",
        "wanted": Wanted(one=3, many=("a", "b")),
        "body": {"x": 1},
        "caller": "ann",
    }


async def test_what_has_one_value_is_not_read_from_two() -> None:
    with pytest.raises(RequestValidationError) as refusal:
        await Signature(endpoint, {"item"}, STRICTLY).read(a_request(b"one=2&many=a&one=3", b"{}"))
    assert [(error["loc"], error["type"]) for error in refusal.value.errors()] == [(("query", "one"), "repeated")]


async def test_what_is_left_out_of_a_query_has_its_default() -> None:
    read = await Signature(endpoint, {"item"}, STRICTLY).read(a_request(b"", b"{}"))
    assert read["wanted"] == Wanted()


async def strange(number: int) -> Response:
    return Response(str(number))


async def undone(caller: Annotated[str, Depends()]) -> Response:
    return Response(caller)


@pytest.mark.parametrize("wrong", [strange, undone])
def test_a_parameter_that_nothing_is_read_for_is_noticed_at_once(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"in neither path, query nor body"):
        Signature(wrong, set(), STRICTLY)


async def two_bodies(one: Annotated[dict[str, int], Body()], two: Annotated[dict[str, int], Body()]) -> Response:
    return Response(f"{one} {two}")


async def two_queries(one: Annotated[Wanted, Query()], two: Annotated[Wanted, Query()]) -> Response:
    return Response(f"{one} {two}")


@pytest.mark.parametrize("wrong", [two_bodies, two_queries])
def test_a_second_body_and_a_second_query_are_noticed_at_once(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"'two' is one too many"):
        Signature(wrong, set(), STRICTLY)


MISREAD = {
    "an alias": Annotated[int, Field(alias="other")],
    "an alias for reading": Annotated[int, Field(validation_alias="other")],
    "an alias of several": Annotated[tuple[str, ...], Field(alias="other")],
    "several or none": tuple[str, ...] | None,
    "several or none, at most three": Annotated[tuple[str, ...] | None, Field(max_length=3)],
    "at most three, or none": Annotated[tuple[str, ...], Field(max_length=3)] | None,
    "a tuple of anything": tuple,
    "a list": list[str],
    "a list or none": list[str] | None,
    "a list of anything": list,
    "a set": set[str],
    "a frozen set or none": frozenset[str] | None,
    "a sequence": Sequence[str],
    "a dictionary": dict[str, str],
}


@pytest.mark.parametrize("kind", MISREAD.values(), ids=MISREAD)
def test_a_field_of_a_query_that_would_be_misread_is_noticed_at_once(kind: Any) -> None:
    model = create_model("Odd", odd=(kind, ...))

    async def odd(query: Annotated[model, Query()]) -> Response:  # type: ignore[valid-type]
        return Response(str(query))

    odd.__annotations__["query"] = Annotated[model, Query()]
    with pytest.raises(TypeError, match="'odd' cannot be read from a query"):
        Signature(odd, set(), STRICTLY)


@pytest.mark.parametrize("kind", [tuple[str, ...], Annotated[tuple[str, ...], Field(min_length=1)]])
def test_a_filter_that_takes_any_number_of_values_is_noticed_at_once(kind: Any) -> None:
    model = create_model("Endless", endless=(kind, ()))

    async def found(query: Annotated[model, Query()]) -> Response:  # type: ignore[valid-type]
        return Response(str(query))

    found.__annotations__["query"] = Annotated[model, Query()]
    with pytest.raises(TypeError, match="'endless' cannot be read from a query: it takes any number"):
        Signature(found, set(), STRICTLY)


class Endless(TypedDict):
    """A body in which an array may have any length."""

    items: list[str]


class Nested(TypedDict):
    """A body with such an array deep inside."""

    inner: Annotated[list[Endless], Field(max_length=3)]


@pytest.mark.parametrize("kind", [Endless, Nested, list[str]])
def test_an_array_without_a_largest_length_is_noticed_at_once(kind: Any) -> None:
    async def found(body: Annotated[kind, Body()]) -> Response:
        return Response(str(body))

    found.__annotations__["body"] = Annotated[kind, Body()]
    with pytest.raises(TypeError, match="has no bound"):
        Signature(found, set(), STRICTLY)


class Counted(TypedDict):
    """A body with a long list."""

    items: Annotated[list[Annotated[int, BeforeValidator(lambda number: looked_at.append(number) or number)]], LONG]
    note: NotRequired[str]


async def count(body: Annotated[Counted, Body()]) -> Response:
    return Response(str(body))


COUNT = Signature(count, set(), STRICTLY)


async def errors_of(body: object) -> list[tuple[Any, str]]:
    """Where each error stands and what it is, and from now on what was looked at."""
    looked_at.clear()
    with pytest.raises(RequestValidationError) as refusal:
        await COUNT.read(a_request(b"", json.dumps(body).encode()))
    return [(error["loc"], error["type"]) for error in refusal.value.errors()]


async def test_a_long_list_is_read_element_by_element() -> None:
    read = await COUNT.read(a_request(b"", json.dumps({"items": list(range(200)), "note": "x"}).encode()))
    assert read["body"] == {"items": list(range(200)), "note": "x"}


@pytest.mark.parametrize("items", [[], [1] * 201])
async def test_elements_are_counted_before_they_are_looked_at(items: list[int]) -> None:
    assert [location for location, _ in await errors_of({"items": items})] == [("body", "items")]
    assert looked_at == []


async def test_validation_stops_at_the_fiftieth_error() -> None:
    found = await errors_of({"items": [1, *["x"] * 199]})
    assert found == [(("body", "items", index), "int_parsing") for index in range(1, 51)]
    assert len(looked_at) == 51


async def test_other_requests_have_their_turn_between_batches() -> None:
    turns: list[int] = []

    async def others() -> None:
        while True:
            turns.append(len(looked_at))
            await asyncio.sleep(0)

    looked_at.clear()
    task = asyncio.create_task(others())
    await COUNT.read(a_request(b"", json.dumps({"items": [1] * 200}).encode()))
    task.cancel()
    assert {50, 100, 150} <= set(turns)


MANY = "&".join(f"many={number}" for number in range(200)).encode()


@pytest.mark.parametrize(
    ("query", "location", "kind"),
    [
        (MANY, ("query",), "too_many"),
        (b"&" * 100, ("query",), "too_many"),
        (b"many=1&many=1&many=1&many=1", ("query", "many"), "too_long"),
        (b"one=%FF", ("query", "one"), "not_utf8"),
        (b"one=1&many=%C3%A9&many=%C3", ("query", "many", 1), "not_utf8"),
        (b"%FF=1", ("query",), "not_utf8"),
        (b"one=\xff", ("query",), "not_utf8"),
        (b"one=%ED%A0%80", ("query", "one"), "not_utf8"),
    ],
)
async def test_a_query_is_counted_and_decoded_strictly(query: bytes, location: Any, kind: str) -> None:
    with pytest.raises(RequestValidationError) as refusal:
        await Signature(endpoint, {"item"}, STRICTLY).read(a_request(query, b"{}"))
    assert [(error["loc"], error["type"]) for error in refusal.value.errors()] == [(location, kind)]


async def test_a_query_is_read_as_browsers_write_it() -> None:
    read = await Signature(endpoint, {"item"}, STRICTLY).read(a_request(b"&many=a+b%2Bc&many&many=%C3%A9&", b"{}"))
    assert read["wanted"] == Wanted(many=("a b+c", "", "é"))


def test_both_prefixes_share_what_is_known_of_an_endpoint() -> None:
    first, second = (signature_of(endpoint, frozenset({"item"}), STRICTLY) for _ in range(2))
    assert first is second
