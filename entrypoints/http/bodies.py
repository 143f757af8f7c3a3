"""Bodies: read no further than allowed, and as JSON without a doubt about what it says."""

import json
import math
import re
from contextlib import AbstractAsyncContextManager
from itertools import accumulate
from typing import Any, Final, NoReturn

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

from application.ports.long_work import LongWork
from domain.errors import InvalidValue
from domain.shares import ShareKey
from entrypoints.http.buffers import LARGE_BODY, Buffers
from entrypoints.http.problems import BodyTooLarge, MalformedBody, UnsupportedContentCoding, UnsupportedMediaType

LARGEST_BODY: Final = 1024 * 1024
LARGEST_PUBLIC_BODY: Final = 16 * 1024
"""Of requests that need no account."""

_MOST_MEMBERS: Final = 65_536
_DEEPEST: Final = 100
_GLANCE: Final = 64 * 1024
"""How much is read of a body that is refused anyway, to tell whether it is malformed."""

_TEXT: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""Text goes on to the end where its quote is missing, so that nothing is looked at twice."""

_OTHERS: Final = bytes(set(range(256)) - set(b"[]{},"))
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_JSON: Final = "application/json"
_MERGE_PATCH: Final = "application/merge-patch+json"


class StrictRequest(Request):
    """A request whose body is read as the contract says, up to ``largest_body`` bytes."""

    share: ShareKey | None = None
    """On whose account a large body is held and read; None where there is no account, and bodies are small."""

    def __init__(self, scope: Scope, receive: Receive, largest_body: int = LARGEST_BODY) -> None:
        super().__init__(scope, receive)
        self._largest_body = largest_body
        self._reserved = 0

    async def body(self) -> bytes:
        """The whole body. Room for a large one is held until ``let_go``.

        Raises TooBusy where there is no room, BodyTooLarge before more than the limit is read, MalformedBody where it
        breaks off, UnsupportedMediaType, UnsupportedContentCoding.
        """
        if not hasattr(self, "_body"):
            self._require_no_coding()
            self._body = await self._limited()
            if self._body and not _is_json(self.headers.get("content-type", ""), self.method):
                raise UnsupportedMediaType.of(self.method)
        return self._body

    @property
    def body_read(self) -> bytes:
        """The body, where the route takes one; else nothing."""
        return self._body if hasattr(self, "_body") else b""

    async def json(self) -> Any:
        """The body as JSON. Raises MalformedBody, and InvalidValue for numbers that JSON does not have."""
        return read_json(await self.body())

    def _require_no_coding(self) -> None:
        """Raise UnsupportedContentCoding for a body in a content coding (RFC 9110, 8.4): it would be read as it is."""
        for coding in ",".join(self.headers.getlist("content-encoding")).split(","):
            if coding.strip().lower() not in {"", "identity"}:
                raise UnsupportedContentCoding

    async def _limited(self) -> bytes:
        announced = self.headers.get("content-length", "0")
        size = int(announced) if announced.isdecimal() else 0
        if size > self._largest_body:
            raise BodyTooLarge
        self._reserve(size, size)
        body = bytearray()
        try:
            async for chunk in self.stream():
                body += chunk
                if len(body) > self._largest_body:
                    raise BodyTooLarge
                self._reserve(len(body), self._largest_body)  # Nobody knows how much is to come.
        except ClientDisconnect as gone:
            raise MalformedBody from gone
        return bytes(body)

    def _reserve(self, size: int, most: int) -> None:
        """Hold room for a body of up to ``most`` bytes where it is large and none is held yet. Raises TooBusy."""
        if size > LARGE_BODY and self.share is not None and not self._reserved:
            buffers: Buffers = self.app.state.buffers
            buffers.reserve(self.share, most)
            self._reserved = most

    def let_go(self) -> None:
        """Hold no room for the body any more."""
        if self._reserved:
            self.app.state.buffers.release(self.share, self._reserved)

    @property
    def has_large_body(self) -> bool:
        """Whether the body, which was received, has to be read in turn."""
        return self.share is not None and len(self._body) > LARGE_BODY

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait for a turn to read a large body, and have it while this is open. Raises TooBusy."""
        turns: LongWork = self.app.state.turns_to_read
        return turns.turn(self.share)


def _is_json(content_type: str, method: str) -> bool:
    """Whether a body is JSON; that of a PATCH may be a merge patch (RFC 7396), which means the same here."""
    named = content_type.partition(";")[0].strip().lower()
    return named == _JSON or (named == _MERGE_PATCH and method == "PATCH")


def read_json(body: bytes, most_members: int = _MOST_MEMBERS) -> Any:
    """Read JSON (RFC 8259), more strictly than the standard library. Its arrays and objects are measured first.

    Raises MalformedBody, and InvalidValue for more than so many members in all, and for numbers that JSON lacks.
    """
    try:
        text = body.decode()
        _measure(body, most_members)
        return _STRICT_JSON.decode(text)
    except InvalidValue:
        raise
    except ValueError as error:
        raise MalformedBody from error


def _measure(body: bytes, most_members: int) -> None:
    """Raise MalformedBody where too many arrays and objects are open at once, InvalidValue for too many members.

    Python would read the former to the end of its stack. Nothing is looked at that cannot hold too much of either.
    """
    opening = body.count(b"[") + body.count(b"{")
    if opening <= _DEEPEST and opening + body.count(b",") <= most_members:
        return
    # A member has a name and a value, so two texts in quotes at most.
    has_many_texts = body.count(b'"') - body.count(b'\\"') > 4 * (most_members + 1)
    frame = _TEXT.sub(b"", body[:_GLANCE] if has_many_texts else body).translate(None, _OTHERS)
    brackets = frame.translate(None, b",")[: 2 * most_members + _DEEPEST + 1]
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > _DEEPEST:
        raise MalformedBody
    if has_many_texts or frame.count(b"[") + frame.count(b"{") + frame.count(b",") > most_members:
        raise InvalidValue("too_many", f"This body may have at most {most_members:,} members in all.")


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
