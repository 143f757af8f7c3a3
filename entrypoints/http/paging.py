"""Stretches of lists."""

from typing import Annotated, Final

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from application.ports.paging import Stretch
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


class PageView(TypedDict):
    """Which stretch of a list this is; ``total`` counts what is in all of it."""

    total: int
    page: int
    page_size: int


def page_view(total: int, parameters: PageParameters) -> PageView:
    """The page that was asked for."""
    return {"total": total, "page": parameters.page, "page_size": parameters.page_size}
