"""Use cases that are done once more where the store has undone their transaction."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final, TypeVar

from application.ports.transactions import TransactionRolledBack

UseCase = TypeVar("UseCase", bound=type)

DOORS: Final = ("open_space", "open_identity", "open_reception")
"""What use cases call the units of work that they open."""


class HeldDoor:
    """A unit of work that does not end with the use case, so that the use case alone cannot be done once more."""

    __slots__ = ()


def retried(use_case: UseCase) -> UseCase:
    """A use case that is called once more if its transaction was rolled back by the store.

    For use cases of which only the last transaction writes, and that have no effect outside it before it is committed.
    A deadlock, a serialization failure, a connection that broke before COMMIT and a schema that changed meanwhile are
    over the second time; where they are not, TransactionRolledBack is raised, which is Unavailable.
    """
    call: Callable[..., Awaitable[Any]] = use_case.__call__

    @wraps(call)
    async def call_again(self: object, *arguments: Any, **named: Any) -> Any:
        try:
            return await call(self, *arguments, **named)
        except TransactionRolledBack:
            if _is_held(self):
                raise
        return await call(self, *arguments, **named)

    use_case.__call__ = call_again  # type: ignore[method-assign] # on the class, where Python looks for it
    return use_case


def is_retried(use_case: type) -> bool:
    """Whether a use case is called once more."""
    return hasattr(use_case.__call__, "__wrapped__")


def _is_held(use_case: object) -> bool:
    return any(isinstance(getattr(use_case, name, None), HeldDoor) for name in DOORS)
