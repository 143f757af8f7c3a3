"""The tags that tasks name: there is one for each name, and tasks spell it as it does."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from application.pausing import in_parts, parts, pause
from application.ports.ids import IdGenerator
from application.ports.spaces import Space
from application.ports.tags import TagNames
from application.ports.usage import Usage
from application.room import Room
from domain.ids import SpaceId, TagId, UserId
from domain.quotas import Quota
from domain.tag import Tag, TagName, distinct_tags, each_once
from domain.task import Task, TaskChanges, TaskDraft

Wanted = TypeVar("Wanted", TaskDraft, TaskChanges)
Maker = Callable[[TagName], Tag]
Allow = Callable[[int], Awaitable[None]]
"""Raises QuotaReached unless there is room for so many new tags."""


def making_tags(new_id: IdGenerator, space_id: SpaceId, *, by: UserId, at: datetime) -> Maker:
    """How a tag is made in a space that lacks it."""

    def make(name: TagName) -> Tag:
        return Tag.named(name, id=TagId(new_id()), space_id=space_id, created_by=by, at=at)

    return make


def allowing_tags(room: Room, usage: Usage) -> Allow:
    """How it is made sure that a space has room for new tags."""

    async def allow(more: int) -> None:
        await room.require(usage, Quota.TAGS, more)

    return allow


async def with_tags(wanted: Wanted, space: Space, room: Room, new_id: IdGenerator, at: datetime) -> Wanted:
    """The same, with the tags as the space spells them; those that it lacks are made.

    Raises InvalidValue, QuotaReached.

    Comes before the task is read: whoever renames a tag holds that first and its tasks then, too.
    """
    if "tags" not in wanted:
        return wanted
    access, settled = space.access, wanted.copy()
    make = making_tags(new_id, access.space_id, by=access.user_id, at=at)
    allow = allowing_tags(room, space.usage)
    settled["tags"] = await spelt(distinct_tags(wanted["tags"]), space.tags, make, allow)
    return settled


async def all_spelt(tasks: Sequence[Task], tags: TagNames, make: Maker, allow: Allow) -> list[Task]:
    """The tasks with their tags as the space spells them: one look for all of them, and one order."""
    first_spelt: dict[str, TagName] = {}
    for part in parts(tasks):
        for name in each_once(name for task in part for name in task.tags):
            first_spelt.setdefault(name.key, name)
        await pause()
    spelling = {name.key: name for name in await spelt(tuple(first_spelt.values()), tags, make, allow)}
    return await in_parts(lambda task: task.with_tags(tuple(spelling[name.key] for name in task.tags)), tasks)


async def spelt(names: tuple[TagName, ...], tags: TagNames, make: Maker, allow: Allow) -> tuple[TagName, ...]:
    """The names as their tags spell them; tags that are not there are made, in one order for everybody."""
    if not names:
        return ()
    keys = await in_parts(_key, names)
    found = {name.key: name for name in await tags.spelt(names)}
    missing = {key: name for key, name in zip(keys, names, strict=True) if key not in found}
    if missing:
        await allow(len(missing))
        made = await in_parts(lambda key: make(missing[key]), sorted(missing))
        found |= {tag.name_key: tag.name for tag in await tags.add_unless_there(made)}
    return tuple(found[key] for key in keys)


async def spelt_in_secret(names: tuple[TagName, ...], tags: TagNames, make: Maker, allow: Allow) -> tuple[TagName, ...]:
    """The same, in the same steps whichever are there: for whoever may not be told that, not by a clock either.

    There has to be room for all of them, even if some are there: a refusal tells nothing of which these are.
    """
    if not names:
        return ()
    await allow(len(names))
    await tags.spelt(names)  # Whoever renames a tag waits from here on, as everywhere.
    made = [make(name) for name in sorted(names, key=_key)]
    found = {tag.name_key: tag for tag in await tags.add_unless_there(made)}
    return tuple(found[name.key].name for name in names)


def _key(name: TagName) -> str:
    return name.key
