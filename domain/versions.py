"""Versions: what lets somebody say which state of a thing their change is meant for."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from domain.errors import PreconditionFailed

Versions = Collection[int] | None
"""The versions for which something is meant; None is every version."""


def require_version(version: int, expected: Versions) -> None:
    """Raise PreconditionFailed unless the version is one of those expected."""
    if expected is not None and version not in expected:
        raise PreconditionFailed(version)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What somebody expects who puts something where there may be something already."""

    versions: Versions = None
    is_new: bool | None = None
    """That there is nothing yet, or that there is something; None is either."""

    def require(self, version: int, *, is_new: bool) -> None:
        """Raise PreconditionFailed unless it is so."""
        if self.is_new not in {None, is_new}:
            raise PreconditionFailed(None if is_new else version)
        require_version(version, self.versions)


ANYTHING: Final = Expectation()
