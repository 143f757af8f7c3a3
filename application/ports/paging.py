"""Stretches of what a space holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.place import Place

Item_co = TypeVar("Item_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Which part of a list is wanted: ``limit``, from the beginning or from a place on."""

    limit: int = 20
    after: Place | None = None
    """From behind this place, which need not be taken any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch(Onward):
    """Which part of a list is wanted, of which it may be asked how long it is: ``limit`` after ``skip``."""

    skip: int = 0
    is_counted: bool = True
    """Whether it is asked, too, how many there are."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item_co]):
    """A stretch of what was found, and how much there is in all, where that was asked."""

    items: Sequence[Item_co]
    total: int | None
