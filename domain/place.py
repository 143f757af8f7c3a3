"""Places in lists, from which somebody can go on later."""

from dataclasses import dataclass
from uuid import UUID

from domain.ids import NOBODY


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a list an item stands: by what the list is ordered by, as a number or a text, and then by id.

    Places of one list compare as its items do, from the lowest to the highest. Where no two items share what the
    list is ordered by, the id says nothing.
    """

    key: int | str
    id: UUID = NOBODY
