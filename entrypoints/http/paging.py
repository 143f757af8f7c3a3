"""Stretches of lists."""

from typing import Annotated, Final, Self, TypeVar

from pydantic import BaseModel, Field, model_validator

from application.ports.paging import Onward, Stretch
from domain.errors import InvalidValue
from entrypoints.http.fields import IN_DIGITS, STRICT, PlainText

DEFAULT_SIZE: Final = 20
LARGEST_SIZE: Final = 100
FARTHEST: Final = 2**31 - 1
"""How far into a list one can skip."""

T = TypeVar("T")

Items = Annotated[list[T], Field(max_length=LARGEST_SIZE)]
"""What is on one page, in an answer."""


class PageParameters(BaseModel):
    """Which page of a list that has cursors only."""

    model_config = STRICT

    cursor: Annotated[
        PlainText | None, Field(description="The next_cursor of the page before; left out, the first page.")
    ] = None
    page_size: Annotated[int, Field(ge=1, le=LARGEST_SIZE), IN_DIGITS] = LARGEST_SIZE

    @property
    def page(self) -> Onward:
        """What a use case is asked for."""
        return Onward(limit=self.page_size)


class StretchParameters(BaseModel):
    """Which stretch of a list: by ``page`` and ``page_size``, or by ``skip`` and ``limit``."""

    model_config = STRICT

    page: Annotated[int | None, Field(ge=1, le=FARTHEST // LARGEST_SIZE), IN_DIGITS] = None
    page_size: Annotated[int | None, Field(ge=1, le=LARGEST_SIZE), IN_DIGITS] = None
    skip: Annotated[int | None, Field(ge=0, le=FARTHEST), IN_DIGITS] = None
    limit: Annotated[int | None, Field(ge=1, le=LARGEST_SIZE), IN_DIGITS] = None

    @model_validator(mode="after")
    def _one_way_of_paging(self) -> Self:
        by_page = self.page is not None or self.page_size is not None
        if by_page and self.by_skip:
            raise InvalidValue("paging_twice", "Use either 'page' and 'page_size', or 'skip' and 'limit', not both.")
        return self

    @property
    def by_skip(self) -> bool:
        """Whether the client counts items, not pages."""
        return self.skip is not None or self.limit is not None

    @property
    def size(self) -> int:
        """How many at most."""
        return self.page_size or self.limit or DEFAULT_SIZE

    @property
    def start(self) -> int:
        """How many come before."""
        return ((self.page or 1) - 1) * self.size if self.skip is None else self.skip

    @property
    def number(self) -> int:
        """Which page this is, counted from 1."""
        return self.start // self.size + 1


class CursorParameters(StretchParameters):
    """Which stretch of a list: a page, or what comes behind the one before."""

    cursor: Annotated[
        PlainText | None,
        Field(
            description="The next_cursor of the stretch before, with the same filters and order; empty for the first "
            "one. Excludes 'page' and 'skip'. Nothing is counted: 'total' and 'page' are null."
        ),
    ] = None

    @model_validator(mode="after")
    def _one_place_to_begin(self) -> Self:
        if self.cursor is not None and (self.page is not None or self.skip is not None):
            raise InvalidValue("paging_twice", "Use one of 'page', 'skip' and 'cursor', not several.")
        return self

    @property
    def stretch(self) -> Stretch:
        """What a use case is asked for."""
        return Stretch(skip=self.start, limit=self.size)
