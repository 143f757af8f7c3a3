"""What somebody needs so that every operation has something of theirs to work on."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.http.document import Operation
from tests.http.offer import BODIES, ITEMS, OF_ITEM, OF_TRASH
from tests.http.people import Json, Person, somebody

CONFIRMED = {
    "delete_found_tasks": "?all=true",
    "empty_trash": "?all=true",
    "dissolve_organization": "?name=Example",
}
"""What is sent to say that all is meant."""


def confirmed(operation: Operation) -> str:
    """The query that says that all is meant, of the operations that ask for it."""
    return CONFIRMED.get(operation.id.removesuffix("_of_owner"), "")


@dataclass(frozen=True)
class Belongings:
    """Values for the path and the body of an operation, with which it succeeds for whoever they belong to."""

    operation: Operation
    path: dict[str, str]
    body: Json = field(default_factory=dict)
    query: str = ""

    def at(self, **others: str) -> str:
        """The address, with other values where some are named."""
        return self.operation.at(**self.path | others) + self.query

    async def ask(self, who: Person, **others: str) -> httpx.Response:
        """Send a request in which nothing else is wrong."""
        body: dict[str, Any] = {"json": self.body} if self.operation.has_body else {}
        return await who.send(self.operation.method, self.at(**others), **body)


async def belongings_of(person: Person, operation: Operation) -> Belongings:
    """Make what the operation needs: something in a space, or an organisation with another member and an invitation."""
    path, body = {"owner_id": person.id}, dict(BODIES.get(str(operation), {}))
    if operation in OF_ITEM:
        path |= dict.fromkeys(ITEMS, await _item(person, operation))
    if "ids" in body:
        body["ids"] = [await person.new_item("/tasks")]
    if "{organization_id}" in operation.path:
        path |= await _organization(person)
    if "{session_id}" in operation.path:
        path["session_id"] = await _another_session(person)
    if operation.path.startswith("/api/admin/users/"):
        path["user_id"] = (await somebody(person.http)).id
    if str(operation) == "DELETE /api/users/me":
        body["password"] = person.password
    if "to" in body:
        body["to"] = person.id
    if "current_password" in body:
        body |= {"current_password": person.password, "new_password": person.password}
    if operation.path == "/api/invitations/accept":
        body["token"] = await _invitation_for_them(person.http)
    return Belongings(operation, path, body, confirmed(operation))


async def _item(person: Person, operation: Operation) -> str:
    item_id = await person.new_item(operation.path)
    if operation in OF_TRASH:
        assert (await person.delete(f"/api/tasks/{item_id}")).status_code == 204
    return item_id


async def _organization(owner: Person) -> dict[str, str]:
    organization_id = await owner.new_organization()
    colleague = await somebody(owner.http)
    await colleague.join(await owner.invite(organization_id, "member"))
    answer = await owner.post(f"/api/organizations/{organization_id}/invitations", json={"role": "viewer"})
    return {"organization_id": organization_id, "user_id": colleague.id, "invitation_id": answer.json()["id"]}


async def _another_session(person: Person) -> str:
    await person.sign_in_again()
    sessions = (await person.get("/api/auth/sessions")).json()["items"]
    return str(next(session["id"] for session in sessions if not session["current"]))


async def _invitation_for_them(http: httpx.AsyncClient) -> str:
    founder = await somebody(http)
    return await founder.invite(await founder.new_organization(), "member")
