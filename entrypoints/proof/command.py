"""One whole run against a deployment: everybody is called together, tries everything, and leaves again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import httpx

from entrypoints.proof.backstage import Administration
from entrypoints.proof.clearing import Clearing
from entrypoints.proof.deployment import CannotRun, Deployment, Person
from entrypoints.proof.matrix import offered, results
from entrypoints.proof.report import Report
from entrypoints.proof.results import Result
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
        found, reason = list[Result](), ""
        try:
            async for result in results(deployment, operations, RULES, backstage):
                found.append(result)
        except CannotRun as error:
            reason = str(error)
        except KeyError as error:
            reason = f"an answer has no {error}"
        finally:
            remaining = await Clearing(deployment, operations, backstage).clear()
            if administrator is not None:
                await _sign_out(deployment, administrator)
    if reason:
        raise CannotRun(f"{reason}; accounts that remain: {', '.join(remaining) or 'none'}")
    return Report(url=url, started_at=started_at, results=found, remaining=remaining)


async def _sign_out(deployment: Deployment, administrator: Person) -> None:
    with suppress(CannotRun):
        await deployment.send_as(administrator, "POST", "/api/auth/logout")


@asynccontextmanager
async def _reached(url: str) -> AsyncIterator[Deployment]:
    try:
        client = httpx.AsyncClient(base_url=url, timeout=_SECONDS)
    except httpx.InvalidURL as error:
        raise CannotRun(f"{url} is no address: {error}") from None
    if client.base_url.userinfo:
        raise CannotRun("the address has a password in it, which would take the place of the access tokens")
    async with client as http:
        yield Deployment(http)
