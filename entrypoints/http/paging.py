"""Stretches of lists."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

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
