"""Large answers: a bounded number at a time, for each account and in all, until the client has read them."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.errors import TooBusy
from domain.ids import UserId

_FOR_EACH_ACCOUNT: Final = 2
_IN_ALL: Final = 16
_PIECE: Final = 64 * 2**10
"""Bytes that are handed to the server at once. It takes the next ones when the client has read enough of the last."""


class LargeAnswers:
    """The large answers that are under way in this process."""

    def __init__(self, *, for_each_account: int = _FOR_EACH_ACCOUNT, in_all: int = _IN_ALL) -> None:
        self._for_each_account = for_each_account
        self._in_all = in_all
        self._under_way: Counter[UserId] = Counter()

    @contextmanager
    def reserve(self, account: UserId) -> Iterator["Reservation"]:
        """Reserve room for an answer. Raises TooBusy where the account, or the process, has no more room.

        The room is free again on leaving, or when the answer that was given to ``until_sent`` is sent or given up.
        """
        if self._under_way[account] >= self._for_each_account or self._under_way.total() >= self._in_all:
            raise TooBusy
        self._under_way[account] += 1
        reservation = Reservation(self, account)
        try:
            yield reservation
        finally:
            if not reservation.is_handed_on:
                self.release(account)

    def release(self, account: UserId) -> None:
        """Free the room of one answer."""
        self._under_way[account] -= 1
        if not self._under_way[account]:
            del self._under_way[account]


class Reservation:
    """Room for one answer of an account."""

    def __init__(self, answers: LargeAnswers, account: UserId) -> None:
        self._answers = answers
        self._account = account
        self.is_handed_on = False

    def until_sent(self, response: Response) -> Response:
        """The response in pieces, so that the server's flow control holds it; the room is free when it is sent."""
        self.is_handed_on = True
        return InPieces(response, self.end)

    def end(self) -> None:
        """Free the room."""
        self._answers.release(self._account)


class InPieces(Response):
    """A response that is sent piece by piece. ``end`` is called when it is sent or given up."""

    def __init__(self, response: Response, end: Callable[[], None]) -> None:
        super().__init__()
        self.body, self.status_code, self.raw_headers = response.body, response.status_code, response.raw_headers
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send it. The next piece waits until the client has read enough of the last one."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            whole = memoryview(self.body)
            for start in range(0, len(whole), _PIECE):
                piece = bytes(whole[start : start + _PIECE])
                more = start + _PIECE < len(whole)
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        finally:
            self._end()
