"""Ids: UUIDs that name one kind of thing each."""

from datetime import UTC, datetime, timedelta
from typing import Final, NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
SpaceId = NewType("SpaceId", UUID)
SessionId = NewType("SessionId", UUID)
TaskId = NewType("TaskId", UUID)
TagId = NewType("TagId", UUID)
DocumentId = NewType("DocumentId", UUID)
EventId = NewType("EventId", UUID)
InvitationId = NewType("InvitationId", UUID)

_BITS_BEHIND_TIME: Final = 80
_WRITTEN_LENGTH: Final = 36
"""Of a UUID as RFC 9562, section 4 writes it."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

NOBODY: Final = UUID(int=0)
"""The nil UUID (RFC 9562, section 5.9): the id that nothing and nobody ever has."""


def read_id(text: str) -> UUID:
    """Read an id that a caller wrote. What is no UUID in its usual spelling is ``NOBODY``.

    So text that cannot be an id takes the same way through the service as the id of something that does not
    exist, and gets the same answer.
    """
    if len(text) != _WRITTEN_LENGTH:
        return NOBODY
    try:
        found = UUID(text)
    except ValueError:
        return NOBODY
    return found if str(found) == text.lower() else NOBODY


def first_id_at(moment: datetime) -> UUID:
    """An id above all that were made before this millisecond: UUIDv7 begin with the time (RFC 9562, section 5.7)."""
    return UUID(int=(moment - _EPOCH) // timedelta(milliseconds=1) << _BITS_BEHIND_TIME)


def personal_space(user_id: UserId) -> SpaceId:
    """The space that a person has for themselves: it carries the person's id."""
    return SpaceId(user_id)
