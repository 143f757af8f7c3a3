"""Bodies in which nothing is wrong."""

from domain.access import Role
from entrypoints.proof.callers import Place
from entrypoints.proof.deployment import Json, new_person
from entrypoints.proof.items import TASK, host_of
from entrypoints.proof.scene import Body, Scene


async def a_title(scene: Scene) -> Json:
    """A task, or a new title for one."""
    return {"title": scene.text()}


async def some_titles(scene: Scene) -> Json:
    """Two tasks."""
    return {"items": [{"title": scene.text()}, {"title": scene.text()}]}


async def ids_of_a_task(scene: Scene) -> Json:
    """A task that another person in the space made: one that is there, if there is one."""
    if not scene.caller.is_signed_in:
        return {"ids": [scene.space_id]}
    found = await scene.cast.deployment.ask(host_of(scene), "GET", f"/api/{scene.space_id}/tasks?page_size=100")
    myself = scene.person.id if scene.person else ""
    ids = [task["id"] for task in found["items"] if task["created_by"] != myself]
    return {"ids": ids[:1] or [await TASK.make(scene)]}


async def a_status_for_a_task(scene: Scene) -> Json:
    """One that tasks do not have from the start."""
    return await ids_of_a_task(scene) | {"status": "completed"}


async def a_name(scene: Scene) -> Json:
    """An organisation, or a new name for one."""
    return {"name": scene.text()}


async def a_value(scene: Scene) -> Json:
    """A value for a setting."""
    return {"value": scene.text()}


async def a_full_name(scene: Scene) -> Json:
    """Another name for the caller, which whoever knows them will see."""
    spaces = scene.cast.circle_of(scene.caller) if scene.person else {scene.space_id}
    return {"full_name": scene.cast.canaries.name(*spaces)}


def a_role(role: Role) -> Body:
    """What a member, or somebody who is invited, is to be."""

    async def body(_scene: Scene) -> Json:
        return {"role": role}

    return body


async def an_invitation_token(scene: Scene) -> Json:
    """The token of an invitation to an organisation that nobody else is in: members could give each other things."""
    cast = scene.cast
    organization_id = await cast.found(cast.steward)
    invitation = await cast.invite(organization_id, Role.VIEWER, by=cast.steward)
    return {"token": invitation["token"]}


async def the_password(scene: Scene) -> Json:
    """The caller's own."""
    return {"password": scene.person.password if scene.person else new_person().password}


async def inactive(_scene: Scene) -> Json:
    """What an account is to be."""
    return {"is_active": False}


async def a_registration(scene: Scene) -> Json:
    """An account that nobody has yet."""
    person = new_person()
    scene.cast.deployment.people.append(person)
    return person.credentials


async def credentials(scene: Scene) -> Json:
    """The spare person's."""
    return scene.cast.spare.credentials


async def credentials_of_a_new_account(scene: Scene) -> Json:
    """For an answer that shows the account."""
    return (await scene.cast.deployment.register()).credentials


async def an_address_of_nobody(_scene: Scene) -> Json:
    """An address that no account has: nobody gets mail from this."""
    return {"email": new_person().email}


async def an_unknown_token(_scene: Scene) -> Json:
    """The token of a mail that was never sent. Those that are sent cannot be read from here."""
    return {"token": new_person().password, "new_password": new_person().password}


async def the_same_password(scene: Scene) -> Json:
    """The caller's own password, as the one they have and the one they want."""
    password = (scene.person or scene.cast.spare).password
    return {"current_password": password, "new_password": password}


async def a_refresh_token(scene: Scene) -> Json:
    """One that has not been used yet, of a new session."""
    person = await scene.cast.deployment.sign_in_again(scene.cast.spare)
    return {"refresh_token": person.refresh_token}


async def another_space(scene: Scene) -> Json:
    """Where to move something: into the organisation, or out of it to oneself."""
    cast = scene.cast
    inside = scene.place is Place.ORGANIZATION
    return {"to": cast.space_id(Place.OWN if inside else Place.ORGANIZATION, scene.caller)}
