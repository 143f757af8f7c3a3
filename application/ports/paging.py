"""Stretches of what a space holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item_co = TypeVar("Item_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Which part of a list is wanted: ``limit`` after ``skip``."""

    skip: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Page(Generic[Item_co]):
    """A stretch of what was found, and how much there is in all."""

    items: Sequence[Item_co]
    total: int
