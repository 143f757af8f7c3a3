"""What endpoints take, read from requests: what cannot be read is noticed when the route is made."""

from collections.abc import Sequence
from typing import Annotated, Any

import pytest
from fastapi import Body, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, create_model
from starlette.responses import Response

from entrypoints.http.bodies import StrictRequest
from entrypoints.http.reading import Signature, Strictness, signature_of

STRICTLY = Strictness(body=True, query=True)


class Wanted(BaseModel):
    """A query."""

    one: int = 1
    many: tuple[str, ...] = ()


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


def test_both_prefixes_share_what_is_known_of_an_endpoint() -> None:
    first, second = (signature_of(endpoint, frozenset({"item"}), STRICTLY) for _ in range(2))
    assert first is second
