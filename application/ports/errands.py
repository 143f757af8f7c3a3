"""Work that is done behind the answer."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from domain.shares import ShareKey


class ErrandFailed(Exception):
    """Work that could not be done. The message goes into the log: it names no person and holds no secret."""


class Errands(Protocol):
    """Work that nobody waits for."""

    def take(self, what: str, work: Callable[[], Awaitable[None]], *, share: ShareKey, request_id: str | None) -> bool:
        """Take work to be done soon, and tell at once whether there is room for it: a share cannot fill it all.

        What there is no room for, and what fails, is noted in the log: as ``what``, which never holds a secret, with
        the id of the request that it was for. Whatever is taken is tried to be done before the service ends.
        """
        ...
