"""Stretches of lists."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator
from typing_extensions import TypedDict

from application.ports.paging import Stretch
from domain.errors import InvalidValue
from entrypoints.http.fields import STRICT

DEFAULT_SIZE: Final = 20
LARGEST_SIZE: Final = 100
FARTHEST: Final = 2**31 - 1
"""How far into a list one can skip."""


class PageParameters(BaseModel):
    """Which page of a list."""

    model_config = STRICT

    page: Annotated[int, Field(ge=1, le=FARTHEST // LARGEST_SIZE)] = 1
    page_size: Annotated[int, Field(ge=1, le=LARGEST_SIZE)] = DEFAULT_SIZE

    @property
    def skip(self) -> int:
        """How many come before."""
        return (self.page - 1) * self.page_size

    @property
    def stretch(self) -> Stretch:
        """What a use case is asked for."""
        return Stretch(skip=self.skip, limit=self.page_size)


class StretchParameters(BaseModel):
    """Which stretch of a list: by ``page`` and ``page_size``, or by ``skip`` and ``limit``."""

    model_config = STRICT

    page: Annotated[int | None, Field(ge=1, le=FARTHEST // LARGEST_SIZE)] = None
    page_size: Annotated[int | None, Field(ge=1, le=LARGEST_SIZE)] = None
    skip: Annotated[int | None, Field(ge=0, le=FARTHEST)] = None
    limit: Annotated[int | None, Field(ge=1, le=LARGEST_SIZE)] = None

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


class PageView(TypedDict):
    """Which stretch of a list this is; ``total`` counts what is in all of it."""

    total: int
    page: int
    page_size: int


def page_view(total: int, parameters: PageParameters) -> PageView:
    """The page that was asked for."""
    return {"total": total, "page": parameters.page, "page_size": parameters.page_size}
