"""The door to owned data."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from application.ports.audit import AuditLog
from application.ports.documents import Documents
from application.ports.organizations import Charter, Invitations, Members, Organizations
from application.ports.replies import Replies
from application.ports.settings import Settings
from application.ports.tags import TagNames, Tags
from application.ports.tasks import Tasks
from application.ports.usage import Usage
from domain.access import Access, Actor, Relation
from domain.ids import SpaceId, UserId
from domain.task import Task


class Neighbour(Protocol):
    """Another space, as far as one sees it from an open one: to move things there."""

    @property
    def relation(self) -> Relation:
        """What the person who opened the space is to this one."""
        ...

    async def has_member(self, user_id: UserId) -> bool:
        """Tell whether this person is a member here."""
        ...

    @property
    def tags(self) -> TagNames:
        """The names of the tags here."""
        ...

    @property
    def usage(self) -> Usage:
        """How much is here."""
        ...

    async def take(self, task: Task, *, was: Task) -> None:
        """Move a task here, out of the space it was read in. Raises StaleVersion if it has changed since."""
        ...


class Space(Protocol):
    """An open space: what it holds, seen with one person's access. It cannot see any other space."""

    @property
    def access(self) -> Access:
        """Who is in, and as what."""
        ...

    @property
    def tasks(self) -> Tasks:
        """The tasks of this space."""
        ...

    @property
    def replies(self) -> Replies:
        """What the person who opened this was answered."""
        ...

    @property
    def tags(self) -> Tags:
        """The tags of this space."""
        ...

    @property
    def documents(self) -> Documents:
        """The documents of this space."""
        ...

    @property
    def settings(self) -> Settings:
        """The settings of this space."""
        ...

    @property
    def usage(self) -> Usage:
        """How much this space holds."""
        ...

    @property
    def audit(self) -> AuditLog:
        """The log of this space."""
        ...

    async def neighbour(self, space_id: SpaceId) -> Neighbour:
        """Another space, which may not exist."""
        ...

    @property
    def members(self) -> Members:
        """The people in this space."""
        ...

    @property
    def invitations(self) -> Invitations:
        """The invitations to this space."""
        ...

    @property
    def organizations(self) -> Organizations:
        """The organisations that people are in, to count them."""
        ...

    @property
    def charter(self) -> Charter:
        """What makes this space an organisation, if it is one."""
        ...


class RecallFailed(Exception):
    """A space is not as it was when it was last seen. Nothing is kept of what was done in it."""


class OpenSpace(Protocol):
    """The only door to owned data."""

    def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AbstractAsyncContextManager[Space]:
        """Open the space that ``owner_id`` names, or the actor's own, in one transaction.

        Commits on a clean exit, rolls back on any exception. In a ``read_only`` space a write raises OpenedForReading.
        A space that ``recalls`` goes by what it was like when it was last seen, the actor's role included, which saves
        a look, and looks at the latest when it closes, before anything is done. Where it has changed meanwhile,
        RecallFailed is raised: do it again, without recalling. What is raised for the actor may come only then, too.
        Raises NotAuthenticated if the session has ended or the account is not active, SpaceForbidden if the
        space is not one of the actor's, Unavailable if the store cannot answer.
        """
        ...
