"""Versions: what lets somebody say which state of a thing their change is meant for."""

from collections.abc import Collection

from domain.errors import PreconditionFailed

Versions = Collection[int] | None
"""The versions for which something is meant; None is every version."""


def require_version(version: int, expected: Versions) -> None:
    """Raise PreconditionFailed unless the version is one of those expected."""
    if expected is not None and version not in expected:
        raise PreconditionFailed
