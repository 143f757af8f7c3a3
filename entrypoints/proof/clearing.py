"""Takes away again what the proof has made."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from entrypoints.proof.cast import Backstage, NotPossible
from entrypoints.proof.deployment import CannotRun, Deployment, Person, Unreachable
from entrypoints.proof.operations import Operation

_IN_SPACES: Final = ("tasks", "tags", "documents", "settings")


@dataclass(frozen=True, slots=True)
class Clearing:
    """Removes what is in spaces, organisations, and accounts where the deployment has a route for that."""

    deployment: Deployment
    operations: Collection[Operation]
    backstage: Backstage

    async def clear(self) -> list[str]:
        """Remove everything, as far as it goes; the addresses of the accounts that remain."""
        remaining = {person.email for person in self.deployment.people}
        with suppress(Unreachable):
            for person in self.deployment.people:
                if await self._gone(person):
                    remaining.discard(person.email)
        return sorted(remaining)

    async def _gone(self, person: Person) -> bool:
        try:
            return await self._clear(person)
        except Unreachable:
            raise
        except CannotRun:
            return False

    async def _clear(self, person: Person) -> bool:
        """Remove what somebody has, and their account; tell whether that is gone."""
        if not await self._signs_in(person):
            return not person.id  # Nobody has ever signed in as them: there is no such account.
        await self._empty(person, "/api/organizations", named=True)
        for collection in _IN_SPACES:
            await self._empty(person, f"/api/{collection}")
        if not self._offers("DELETE", "/api/users/me"):
            await self.deployment.send_as(person, "POST", "/api/auth/logout")
            return False
        answer = await self.deployment.send_as(person, "DELETE", "/api/users/me", {"password": person.password})
        return answer.is_success

    async def _signs_in(self, person: Person) -> bool:
        answer = await self.deployment.send_as(person, "GET", "/api/users/me")
        if answer.is_success:
            return True
        try:
            await self.deployment.sign_in(person)
        except CannotRun:
            return await self._comes_back(person)
        return True

    async def _comes_back(self, person: Person) -> bool:
        """Sign in somebody whose account was switched off."""
        try:
            await self.backstage.reactivate(person)
            await self.deployment.sign_in(person)
        except (NotPossible, CannotRun):
            return False
        return True

    async def _empty(self, person: Person, path: str, *, named: bool = False) -> None:
        """Delete everything in a list that the person may delete, until nothing is left; by name, where it is asked."""
        found = await self._items(person, path, named=named)
        while found:
            answers = [await self.deployment.send_as(person, "DELETE", f"{path}/{item}") for item in found]
            gone = any(answer.is_success for answer in answers)
            found = await self._items(person, path, named=named) if gone else []

    async def _items(self, person: Person, path: str, *, named: bool) -> list[str]:
        """The last segment of the address of each, with its name behind it."""
        found = (await self.deployment.ask(person, "GET", path))["items"]
        ids = [item.get("id") or item["key"] for item in found]
        names = [f"?{urlencode({'name': item['name']})}" if named else "" for item in found]
        return [item_id + name for item_id, name in zip(ids, names, strict=True)]

    def _offers(self, method: str, path: str) -> bool:
        return any(operation.method == method and operation.path == path for operation in self.operations)
