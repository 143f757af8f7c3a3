"""What the proof has an administrator do, where it was given one and the deployment can do it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from entrypoints.proof.cast import NotPossible
from entrypoints.proof.deployment import CannotRun, Deployment, Person
from entrypoints.proof.operations import Operation

_ACCOUNT = re.compile(r"/api/admin/users/\{[^}]+\}")


@dataclass(frozen=True, slots=True)
class Administration:
    """Works through the routes for administrators. They see our own accounts only, never one that was there before."""

    deployment: Deployment
    operations: Iterable[Operation]
    chief: Person | None

    async def administrator(self) -> Person:
        self._require()
        person = await self.deployment.register()
        await self._change(person, role="admin")
        return await self.deployment.sign_in(person)

    async def deactivate(self, person: Person) -> None:
        await self._change(person, is_active=False)

    async def reactivate(self, person: Person) -> None:
        await self._change(person, is_active=True)

    async def _change(self, person: Person, **changes: Any) -> None:
        operation = self._require()
        try:
            await self.deployment.ask(self.chief, operation.method, operation.at("", person.id), changes)
        except CannotRun as error:
            raise NotPossible(str(error)) from None

    def _require(self) -> Operation:
        """The operation that changes an account. Raises NotPossible."""
        found = [o for o in self.operations if o.method == "PATCH" and _ACCOUNT.fullmatch(o.path)]
        if not found:
            raise NotPossible("the deployment has no route to change an account: PATCH /api/admin/users/{id}")
        if self.chief is None:
            raise NotPossible("no administrator was given: use --admin-email")
        return found[0]
