"""The door to owned data, with a scribe beside it."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from application.pausing import in_parts
from application.ports.audit import AuditLog
from application.ports.organizations import Charter, Invitations, Member, Members, Organizations
from application.ports.paging import Onward, Page, Stretch
from application.ports.replies import Replies
from application.ports.spaces import Neighbour, OpenSpace, Space
from application.ports.tasks import FIRST, TaskFilters, TaskQuery, Tasks
from application.ports.usage import Usage
from application.recording.resources import (
    RecordingDocuments,
    RecordingSettings,
    RecordingTagNames,
    RecordingTags,
)
from application.recording.scribe import Notes, Scribe
from domain.access import Access, Actor, Relation, space_named
from domain.audit import Action, Deed, Resource
from domain.deeds import (
    all_deleted_deed,
    emptied_deed,
    invitation_deed,
    member_deed,
    organization_deed,
    purged_deed,
    received_deed,
    retagged_deed,
    sent_deed,
    task_deed,
    unassigned_deed,
)
from domain.errors import Forbidden, NotAuthenticated, NotFound, SpaceForbidden
from domain.ids import InvitationId, SpaceId, TaskId, UserId, personal_space
from domain.organization import Invitation, Membership, Organization
from domain.tag import TagName
from domain.task import Task


@dataclass(frozen=True, slots=True)
class RecordingTasks:
    """Tasks, with every change noted."""

    tasks: Tasks
    notes: Notes
    space_id: SpaceId

    async def add(self, task: Task) -> None:
        await self.tasks.add(task)
        self.notes.did(task.space_id, task_deed(None, task))

    async def get(self, task_id: TaskId) -> Task:
        self.notes.aim(Resource.TASK, task_id)
        return await self.tasks.get(task_id)

    async def save(self, task: Task, *, was: Task) -> None:
        await self.tasks.save(task, was=was)
        if task != was:
            self.notes.did(task.space_id, task_deed(was, task))

    async def add_all(self, tasks: Sequence[Task]) -> None:
        await self.tasks.add_all(tasks)
        await in_parts(lambda task: self.notes.did(task.space_id, task_deed(None, task)), tasks)

    async def get_all(self, task_ids: Collection[TaskId]) -> Sequence[Task]:
        self.notes.resource_type = Resource.TASK
        return await self.tasks.get_all(task_ids)

    async def save_all(self, changes: Sequence[tuple[Task, Task]]) -> None:
        await self.tasks.save_all(changes)
        await in_parts(self._note_change, changes)

    def _note_change(self, change: tuple[Task, Task]) -> None:
        task, was = change
        if task != was:
            self.notes.did(task.space_id, task_deed(was, task))

    async def trashed(self, task_id: TaskId) -> Task:
        self.notes.aim(Resource.TASK, task_id)
        return await self.tasks.trashed(task_id)

    async def purge(self, task: Task) -> None:
        await self.tasks.purge(task)
        self.notes.did(task.space_id, purged_deed(task.id))

    async def empty_trash(self, *, limit: int, after: TaskId = FIRST) -> Sequence[TaskId]:
        self.notes.resource_type = Resource.TASK
        purged = await self.tasks.empty_trash(limit=limit, after=after)
        return self._did_to_all(purged, emptied_deed(len(purged)))

    async def delete_found(
        self, filters: TaskFilters, *, at: datetime, limit: int, after: TaskId = FIRST
    ) -> Sequence[TaskId]:
        self.notes.resource_type = Resource.TASK
        deleted = await self.tasks.delete_found(filters, at=at, limit=limit, after=after)
        return self._did_to_all(deleted, all_deleted_deed(len(deleted), at))

    async def unassign(self, user_id: UserId, *, at: datetime, limit: int) -> Sequence[TaskId]:
        taken = await self.tasks.unassign(user_id, at=at, limit=limit)
        return self._did_to_all(taken, unassigned_deed(len(taken), user_id))

    async def retag(
        self, was: TagName, now: TagName | None, *, at: datetime, limit: int, after: TaskId = FIRST
    ) -> Sequence[TaskId]:
        changed = await self.tasks.retag(was, now, at=at, limit=limit, after=after)
        return self._did_to_all(changed, retagged_deed(len(changed), was, now))

    def _did_to_all(self, task_ids: Sequence[TaskId], deed: Deed) -> Sequence[TaskId]:
        """Note a change of many tasks once, if there were any."""
        if task_ids:
            self.notes.did(self.space_id, deed)
        return task_ids

    async def find(self, query: TaskQuery) -> Page[Task]:
        self.notes.resource_type = Resource.TASK
        return await self.tasks.find(query)

    async def trash(self, stretch: Stretch) -> Page[Task]:
        self.notes.resource_type = Resource.TASK
        return await self.tasks.trash(stretch)


@dataclass(slots=True)
class RecordingMembers:
    """Members, with every coming, going and change of role noted."""

    members: Members
    notes: Notes
    found: dict[UserId, Membership] = field(default_factory=dict)

    async def find(self, page: Onward) -> Sequence[Member]:
        return await self.members.find(page)

    async def get(self, user_id: UserId) -> Membership:
        self.notes.aim(Resource.MEMBER, user_id)
        self.found[user_id] = await self.members.get(user_id)
        return self.found[user_id]

    async def profile(self, user_id: UserId) -> Member:
        return await self.members.profile(user_id)

    async def count_other_owners(self, user_id: UserId) -> int:
        return await self.members.count_other_owners(user_id)

    async def add(self, membership: Membership) -> None:
        await self.members.add(membership)
        self.notes.did(membership.space_id, member_deed(Action.JOIN, None, membership))

    async def save(self, membership: Membership) -> None:
        await self.members.save(membership)
        was = self.found.get(membership.user_id)
        if membership != was:
            self.notes.did(membership.space_id, member_deed(Action.ROLE_CHANGE, was, membership))

    async def remove(self, user_id: UserId) -> None:
        await self.members.remove(user_id)
        was = self.found[user_id]
        self.notes.did(was.space_id, member_deed(Action.LEAVE, was, None))


@dataclass(frozen=True, slots=True)
class RecordingInvitations:
    """Invitations, with every one that is made or taken back noted. Its token is not."""

    invitations: Invitations
    notes: Notes

    async def add(self, invitation: Invitation) -> None:
        await self.invitations.add(invitation)
        self.notes.did(invitation.space_id, invitation_deed(Action.INVITE, invitation))

    async def open(self) -> Sequence[Invitation]:
        return await self.invitations.open()

    async def count_open(self, at: datetime, at_most: int) -> int:
        return await self.invitations.count_open(at, at_most)

    async def find(self, page: Onward, *, at: datetime) -> Sequence[Invitation]:
        return await self.invitations.find(page, at=at)

    async def get(self, invitation_id: InvitationId) -> Invitation:
        self.notes.aim(Resource.INVITATION, invitation_id)
        return await self.invitations.get(invitation_id)

    async def with_token(self, token_hash: bytes) -> Invitation | None:
        return await self.invitations.with_token(token_hash)

    async def save(self, invitation: Invitation) -> None:
        await self.invitations.save(invitation)
        self.notes.did(invitation.space_id, invitation_deed(Action.DELETE, invitation))


@dataclass(slots=True)
class RecordingCharter:
    """What makes a space an organisation, with every change noted; its end is noted by whoever ends it, too."""

    charter: Charter
    notes: Notes
    user_id: UserId
    found: Organization | None = None

    async def get(self) -> Organization:
        self.found = await self.charter.get()
        self.notes.aim(Resource.ORGANIZATION, self.found.id)
        return self.found

    async def save(self, organization: Organization) -> None:
        await self.charter.save(organization)
        if organization != self.found:
            deed = organization_deed(Action.UPDATE, self.found, organization)
            self.notes.did(organization.id, deed)

    async def dissolve(self, *, at: datetime, limit: int) -> None:
        organization = self.found or await self.charter.get()
        await self.charter.dissolve(at=at, limit=limit)  # Its end is noted, and not what goes with it.
        deed = organization_deed(Action.DELETE, organization, None)
        self.notes.did(organization.id, deed)
        self.notes.did(personal_space(self.user_id), deed)


@dataclass(frozen=True, slots=True)
class RecordingNeighbour:
    """Another space, with everything that moves there noted in both logs."""

    neighbour: Neighbour
    notes: Notes

    @property
    def relation(self) -> Relation:
        return self.neighbour.relation

    @property
    def tags(self) -> RecordingTagNames:
        return RecordingTagNames(self.neighbour.tags, self.notes)

    @property
    def usage(self) -> Usage:
        return self.neighbour.usage

    async def has_member(self, user_id: UserId) -> bool:
        return await self.neighbour.has_member(user_id)

    async def take(self, task: Task, *, was: Task) -> None:
        await self.neighbour.take(task, was=was)
        self.notes.did(was.space_id, sent_deed(was, task))
        self.notes.did(task.space_id, received_deed(was, task))


@dataclass(frozen=True)
class RecordingSpace:
    """An open space that notes what is done in it."""

    space: Space
    notes: Notes

    @property
    def access(self) -> Access:
        return self.space.access

    @property
    def tasks(self) -> RecordingTasks:
        return RecordingTasks(self.space.tasks, self.notes, self.access.space_id)

    @property
    def tags(self) -> RecordingTags:
        return RecordingTags(self.space.tags, self.notes, self.space.tags)

    @property
    def documents(self) -> RecordingDocuments:
        return RecordingDocuments(self.space.documents, self.notes)

    @property
    def settings(self) -> RecordingSettings:
        return RecordingSettings(self.space.settings, self.notes)

    async def neighbour(self, space_id: SpaceId) -> RecordingNeighbour:
        return RecordingNeighbour(await self.space.neighbour(space_id), self.notes)

    @cached_property
    def members(self) -> RecordingMembers:
        return RecordingMembers(self.space.members, self.notes)

    @property
    def invitations(self) -> RecordingInvitations:
        return RecordingInvitations(self.space.invitations, self.notes)

    @property
    def organizations(self) -> Organizations:
        return self.space.organizations  # They are only counted here.

    @cached_property
    def charter(self) -> RecordingCharter:
        return RecordingCharter(self.space.charter, self.notes, self.access.user_id)

    @property
    def usage(self) -> Usage:
        return self.space.usage

    @property
    def audit(self) -> AuditLog:
        return self.space.audit

    @property
    def replies(self) -> Replies:
        return self.space.replies  # What is answered is noted already, as what was done.


@dataclass(frozen=True, slots=True)
class RecordingOpenSpace:
    """Opens spaces that write down what is done in them, and what was refused."""

    open_space: OpenSpace
    scribe: Scribe
    notes_readings: bool = False
    """Whether it is noted, too, who has read what."""

    @asynccontextmanager
    async def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AsyncIterator[Space]:
        notes = Notes(Action.READ if read_only else Action.UPDATE)
        try:
            async with self.open_space(actor, owner_id, read_only=read_only, recalls=recalls) as space:
                yield RecordingSpace(space, notes)
                await self.scribe.write_all(space.audit, notes, by=actor.user_id, origin=actor.origin)
            self.scribe.note_growth(notes)
            if read_only and self.notes_readings:
                await self.scribe.write_reading(notes, space_id=space.access.space_id, actor=actor)
        except (NotAuthenticated, Forbidden, NotFound) as refusal:
            if isinstance(refusal, SpaceForbidden):
                notes.aim(Resource.SPACE, space_named(actor, owner_id))
            await self.scribe.write_refusal(refusal, notes, actor)
            raise
