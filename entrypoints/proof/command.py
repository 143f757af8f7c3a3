"""One whole run against a deployment: everybody is called together, tries everything, and leaves again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import httpx

from entrypoints.proof.backstage import Administration
from entrypoints.proof.clearing import Clearing
from entrypoints.proof.deployment import CannotRun, Deployment, Person
from entrypoints.proof.matrix import offered, results
from entrypoints.proof.report import Report
from entrypoints.proof.table import RULES

_SECONDS: Final = 30.0


async def prove(url: str, administrator: Person | None = None) -> Report:
    """Try everything at this address. Raises CannotRun where that is not possible."""
    started_at = datetime.now(UTC)
    async with _reached(url) as deployment:
        operations = await offered(deployment)
        if administrator is not None:
            await deployment.sign_in(administrator)
        backstage = Administration(deployment, operations, administrator)
        clearing = Clearing(deployment, operations, backstage)
        try:
            found = [result async for result in results(deployment, operations, RULES, backstage)]
        except KeyError as error:
            raise CannotRun(f"an answer has no {error}") from None
        finally:
            remaining = await clearing.clear()
            if administrator is not None:
                await deployment.send_as(administrator, "POST", "/api/auth/logout")
    return Report(url=url, started_at=started_at, results=found, remaining=remaining)


@asynccontextmanager
async def _reached(url: str) -> AsyncIterator[Deployment]:
    try:
        client = httpx.AsyncClient(base_url=url, timeout=_SECONDS)
    except httpx.InvalidURL as error:
        raise CannotRun(f"{url} is no address: {error}") from None
    async with client as http:
        yield Deployment(http)
