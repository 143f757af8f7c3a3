"""Things with an id, and how the proof makes them."""

from typing import Final

from domain.access import Role
from entrypoints.proof.callers import Caller, Place
from entrypoints.proof.deployment import Person
from entrypoints.proof.scene import Item, Scene


def _host(scene: Scene) -> Person:
    """Who makes things in the scene's space."""
    match scene.place:
        case Place.ORGANIZATION:
            return scene.cast.steward
        case Place.ELSEWHERE:
            return scene.cast.people[Caller.OTHER_ORGANIZATION]
        case Place.OWN:
            return scene.person or scene.cast.owner
    return scene.cast.owner


async def _new_task(scene: Scene, maker: Person, *readers: str) -> str:
    path, canaries = f"/api/{scene.space_id}/tasks", scene.cast.canaries
    title = canaries.plant(scene.space_id, *readers)
    task = await scene.cast.deployment.ask(maker, "POST", path, {"title": title})
    return canaries.guard(task["id"], scene.space_id, *readers)


async def _task(scene: Scene) -> str:
    """A task that somebody else in the space made."""
    return await _new_task(scene, _host(scene))


async def _task_to_move(scene: Scene) -> str:
    """The same, one that the organisation may get to see."""
    return await _new_task(scene, _host(scene), scene.cast.organizations[Place.ORGANIZATION])


async def _task_of_ones_own(scene: Scene) -> str:
    """A task that the caller made, and may not be able to make any more; somebody else's for an outsider."""
    person, role = scene.person, scene.role
    if person is None or role is None:
        return await _task(scene)
    if role is not Role.VIEWER:
        return await _new_task(scene, person)
    await scene.cast.make(person, Role.MEMBER)
    task_id = await _new_task(scene, person)
    await scene.cast.make(person, role)
    return task_id


async def _member(scene: Scene) -> str:
    """A viewer of the organisation."""
    if scene.place is Place.ELSEWHERE:
        return _host(scene).id
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
    invitation = await scene.cast.invite(scene.space_id, Role.VIEWER, by=_host(scene))
    invitation_id: str = invitation["id"]
    return invitation_id


TASK: Final = Item(_task)
TASK_TO_MOVE: Final = Item(_task_to_move)
TASK_OF_ONES_OWN: Final = Item(_task_of_ones_own, is_callers=True)
MEMBER: Final = Item(_member, is_lasting=False)
OWNER: Final = Item(_owner, is_lasting=False)
ONESELF: Final = Item(_oneself, is_callers=True, undo=_come_back)
INVITATION: Final = Item(_invitation)
