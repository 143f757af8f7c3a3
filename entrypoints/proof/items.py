"""Things with an id, and how the proof makes them."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

from domain.access import Role
from entrypoints.proof.callers import ORGANIZATIONS, Caller, Place
from entrypoints.proof.deployment import Person
from entrypoints.proof.scene import Item, Scene


@dataclass(frozen=True, slots=True)
class Thing:
    """What people make in spaces: where it is posted to, and which field of it holds a text."""

    collection: str
    field: str


def host_of(scene: Scene) -> Person:
    """Who makes things in the scene's space."""
    match scene.place:
        case Place.ORGANIZATION:
            return scene.cast.steward
        case Place.ELSEWHERE:
            return scene.cast.people[Caller.OTHER_ORGANIZATION]
        case Place.OWN:
            return scene.person or scene.cast.owner
    return scene.cast.owner


async def _post(scene: Scene, maker: Person, thing: Thing, *readers: str, text: str = "") -> str:
    """Make a thing in the scene's space, for the people in it and in the readers' spaces."""
    path, canaries = f"/api/{scene.space_id}/{thing.collection}", scene.cast.canaries
    body = {thing.field: text or canaries.plant(scene.space_id, *readers)}
    made = await scene.cast.deployment.ask(maker, "POST", path, body)
    return canaries.guard(made["id"], scene.space_id, *readers)


async def one_of_ours(scene: Scene) -> str:
    """A filter for a task in the space; the owner and the organisation have one each that fits it as well.

    So a service that forgets the space deletes more than one, and the watch sees that. Nothing else fits: the text is
    random and was planted for this. That is why no request to delete by filter goes without one, not even in a space
    of the proof's own: there may be real people on the deployment, and if it forgot the space, all that they have
    would be gone. With the filter a service in which every wall is missing deletes what the proof has made.
    """
    places = {Place.PERSONAL, Place.ORGANIZATION} | ({scene.place} if scene.caller.is_signed_in else set())
    scenes = {one.space_id: one for one in (replace(scene, place=place) for place in places)}
    text = scene.cast.canaries.plant(*scenes)
    for one in scenes.values():
        await _post(one, host_of(one), _TASKS, text=text)
    return f"?q={text}"


async def everything(_scene: Scene) -> str:
    """That all there is in the space is meant."""
    return "?all=true"


async def its_name(scene: Scene) -> str:
    """The present name of the scene's organisation, as its owner sees it; some name where there is none."""
    if scene.place not in ORGANIZATIONS:
        return _named("none")
    host = scene.person if scene.founded else host_of(scene)
    found = await scene.cast.deployment.send_as(host, "GET", f"/api/organizations/{scene.space_id}")
    return _named(found.json()["name"] if found.is_success else "none")


def _named(name: str) -> str:
    return f"?{urlencode({'name': name})}"


def by_somebody_else(thing: Thing, *, moves: bool = False) -> Item:
    """One that another person in the space made; if it ``moves``, the organisation may get to see it."""

    async def make(scene: Scene) -> str:
        readers = [scene.cast.organizations[Place.ORGANIZATION]] if moves else []
        return await _post(scene, host_of(scene), thing, *readers)

    return Item(make)


def by_the_caller(thing: Thing) -> Item:
    """One that the caller made, and may not be able to make any more; somebody else's for an outsider."""

    async def make(scene: Scene) -> str:
        person, role = scene.person, scene.role
        if person is None or role is None:
            return await _post(scene, host_of(scene), thing)
        if role is not Role.VIEWER:
            return await _post(scene, person, thing)
        await scene.cast.make(person, Role.MEMBER)
        item_id = await _post(scene, person, thing)
        await scene.cast.make(person, role)
        return item_id

    return Item(make, is_callers=True)


async def _setting(scene: Scene) -> str:
    """A setting, under a key that is no secret: whoever makes one chooses it."""
    key, value = f"key-{uuid4().hex}", scene.cast.canaries.plant(scene.space_id)
    path = f"/api/{scene.space_id}/settings/{key}"
    await scene.cast.deployment.ask(host_of(scene), "PUT", path, {"value": value})
    return key


async def _member(scene: Scene) -> str:
    """A viewer of the organisation."""
    if scene.place is Place.ELSEWHERE:
        return host_of(scene).id
    await scene.cast.make(scene.cast.spare, Role.VIEWER)
    return scene.cast.spare.id


async def _owner(scene: Scene) -> str:
    """An owner of the organisation."""
    await scene.cast.make(scene.cast.spare, Role.OWNER)
    return scene.cast.spare.id


async def _oneself(scene: Scene) -> str:
    """The caller, as a member; for an outsider somebody who is one."""
    return await _member(scene) if scene.person is None or scene.role is None else scene.person.id


async def _come_back(scene: Scene) -> None:
    """Be what one was."""
    if scene.person is not None and scene.role is not None:
        await scene.cast.make(scene.person, scene.role)


async def _invitation(scene: Scene) -> str:
    """An open invitation."""
    invitation = await scene.cast.invite(scene.space_id, Role.VIEWER, by=host_of(scene))
    invitation_id: str = invitation["id"]
    return invitation_id


async def _trashed(scene: Scene) -> str:
    """A task that another person in the space made, in the trash."""
    task_id = await _post(scene, host_of(scene), _TASKS)
    await scene.cast.deployment.ask(host_of(scene), "DELETE", f"/api/{scene.space_id}/{_TASKS.collection}/{task_id}")
    return task_id


async def _session(scene: Scene) -> str:
    """A session that somebody has beside the one that they go on with."""
    deployment = scene.cast.deployment
    host = await deployment.sign_in_again(host_of(scene) if scene.caller.is_signed_in else scene.cast.owner)
    sessions = (await deployment.ask(host, "GET", "/api/auth/sessions"))["items"]
    return scene.cast.canaries.guard(next(session["id"] for session in sessions if session["current"]))


async def _account(scene: Scene) -> str:
    """An account that nobody misses."""
    return (await scene.cast.deployment.register()).id


_TASKS: Final = Thing("tasks", "title")
TASK: Final = by_somebody_else(_TASKS)
TASK_TO_MOVE: Final = by_somebody_else(_TASKS, moves=True)
TASK_OF_ONES_OWN: Final = by_the_caller(_TASKS)
_TAGS: Final = Thing("tags", "name")
TAG: Final = by_somebody_else(_TAGS)
TAG_OF_ONES_OWN: Final = by_the_caller(_TAGS)
_DOCUMENTS: Final = Thing("documents", "title")
DOCUMENT: Final = by_somebody_else(_DOCUMENTS)
DOCUMENT_OF_ONES_OWN: Final = by_the_caller(_DOCUMENTS)
SETTING: Final = Item(_setting)
MEMBER: Final = Item(_member, is_lasting=False)
OWNER: Final = Item(_owner, is_lasting=False)
ONESELF: Final = Item(_oneself, is_callers=True, undo=_come_back)
INVITATION: Final = Item(_invitation)
TRASHED_TASK: Final = Item(_trashed, is_lasting=False)
SESSION: Final = Item(_session)
ACCOUNT: Final = Item(_account)
