"""Bodies: read no further than allowed, and as JSON without a doubt about what it says."""

import json
import math
import re
from typing import Any, Final, NoReturn

from starlette.requests import ClientDisconnect, Request

from domain.errors import InvalidValue
from entrypoints.http.problems import BodyTooLarge, MalformedBody, UnsupportedMediaType

LARGEST_BODY: Final = 1024 * 1024
_DEEPEST: Final = 100
_TEXT_OR_BRACKET: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]')
"""Text goes on to the end where its quote is missing, so that nothing is looked at twice."""

_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}
_JSON: Final = "application/json"


class StrictRequest(Request):
    """A request whose body is read as the contract says."""

    async def body(self) -> bytes:
        """The whole body.

        Raises BodyTooLarge before more than the limit is read, MalformedBody where it breaks off, UnsupportedMediaType.
        """
        if not hasattr(self, "_body"):
            self._body = await self._limited()
            if self._body and not _is_json(self.headers.get("content-type", "")):
                raise UnsupportedMediaType
        return self._body

    @property
    def body_read(self) -> bytes:
        """The body, where the route takes one; else nothing."""
        return self._body if hasattr(self, "_body") else b""

    async def json(self) -> Any:
        """The body as JSON. Raises MalformedBody, and InvalidValue for numbers that JSON does not have."""
        return read_json(await self.body())

    async def _limited(self) -> bytes:
        announced = self.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > LARGEST_BODY:
            raise BodyTooLarge
        body = bytearray()
        try:
            async for chunk in self.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise BodyTooLarge
        except ClientDisconnect as gone:
            raise MalformedBody from gone
        return bytes(body)


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == _JSON


def read_json(body: bytes) -> Any:
    """Read JSON (RFC 8259), more strictly than the standard library. Raises MalformedBody, InvalidValue."""
    try:
        text = body.decode()
        if _is_too_deep(text):
            raise MalformedBody
        return _STRICT_JSON.decode(text)
    except InvalidValue:
        raise
    except ValueError as error:
        raise MalformedBody from error


def _is_too_deep(text: str) -> bool:
    """Whether too many arrays and objects are open at once. Python would read them to the end of its stack."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return False
    depth = 0
    for token in _TEXT_OR_BRACKET.finditer(text):
        depth += _STEPS.get(token[0], 0)
        if depth > _DEEPEST:
            return True
    return False


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise MalformedBody
    return members


def _not_a_number(name: str) -> NoReturn:
    raise InvalidValue("not_finite", f"{name} is no number in JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidValue("not_finite", "This number is too large.")
    return number


_STRICT_JSON: Final = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_constant=_not_a_number, parse_float=_finite
)
