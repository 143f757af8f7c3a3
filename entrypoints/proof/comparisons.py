"""Answers that must not differ: not in a byte, the request's id and the date aside."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Final

import httpx

_PER_REQUEST: Final = frozenset({"x-request-id", "date"})
_COUNTING: Final = ("ratelimit", "x-ratelimit")
"""Headers that count the caller's requests, whatever they are about."""

NOBODY: Final = str(uuid.UUID(int=0))

Impression = tuple[int, tuple[tuple[str, str], ...], bytes]


def impression(answer: httpx.Response) -> Impression:
    """All that a client learns from an answer."""
    headers = sorted(
        (name, value)
        for name, value in answer.headers.multi_items()
        if name not in _PER_REQUEST and not name.startswith(_COUNTING)
    )
    request_id = answer.headers.get("x-request-id", "").encode()
    body = answer.content.replace(request_id, b"-") if request_id else answer.content
    return answer.status_code, tuple(headers), body


def unused_ids(like: str) -> list[str]:
    """Ids that nobody has: random ones, one beside a real one, and text that is no id at all."""
    beside = f"{like[:-1]}{'0' if like.endswith('1') else '1'}"
    return [str(uuid.uuid4()), beside, NOBODY, "not-an-id", f"{like}x"]


def deviations(answers: Sequence[tuple[str, httpx.Response]], expected: int) -> Iterator[str]:
    """Which answers have another status than all must have; each is given with what it is about."""
    for about, answer in answers:
        if answer.status_code != expected:
            yield f"{about}: answered {answer.status_code} instead of {expected}"


def differences(answers: Sequence[tuple[str, httpx.Response]]) -> Iterator[str]:
    """Which answers are not the same as the first."""
    first, *others = answers
    for about, answer in others:
        if impression(answer) != impression(first[1]):
            yield f"{about}: the answer differs from the one for {first[0]}"
