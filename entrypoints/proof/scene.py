"""The moment before a call: who is about to do what, where."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.access import Role
from entrypoints.proof.callers import Caller, Place, role_in
from entrypoints.proof.cast import Cast
from entrypoints.proof.deployment import Json, Person


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody before a space."""

    cast: Cast
    caller: Caller
    place: Place
    stand_in: Person | None = None
    """Who really calls, where the caller's own account would be used up."""
    founded: str | None = None
    """The organisation that was founded for this, where it would be used up."""

    @property
    def person(self) -> Person | None:
        """The account behind the caller, if there is one."""
        return self.stand_in or self.cast.people.get(self.caller)

    @property
    def space_id(self) -> str:
        """The id of the space."""
        return self.founded or self.cast.space_id(self.place, self.caller)

    @property
    def role(self) -> Role | None:
        """What the caller is in the space."""
        return role_in(self.place, self.caller) if self.caller.is_signed_in else None

    def text(self) -> str:
        """A new text that only people in the space may read."""
        return self.cast.canaries.plant(self.space_id)


Body = Callable[[Scene], Awaitable[Json]]
"""Makes a body in which nothing is wrong."""


Query = Callable[[Scene], Awaitable[str]]
"""Makes what is put behind a path, with what it finds; every one finds something else."""


async def nothing(_scene: Scene) -> None:
    """Leave everything as it is."""


@dataclass(frozen=True, slots=True)
class Item:
    """A kind of thing with an id."""

    make: Callable[[Scene], Awaitable[str]]
    """Make one in the scene's space and return its id."""
    is_callers: bool = False
    """Whether each caller has one of their own."""
    is_lasting: bool = True
    """Whether it stays what it is while other things are made."""
    undo: Callable[[Scene], Awaitable[None]] = nothing
    """Put right what a successful call has done."""
