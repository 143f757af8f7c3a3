"""One whole run against a deployment: everybody is called together, tries everything, and leaves again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import httpx

from entrypoints.proof.backstage import Administration
from entrypoints.proof.clearing import Clearing
from entrypoints.proof.deployment import CannotRun, Deployment, Person
from entrypoints.proof.matrix import offered, results
from entrypoints.proof.mechanisms import MECHANISMS, Bounds, press
from entrypoints.proof.progress import Progress
from entrypoints.proof.report import Report
from entrypoints.proof.results import Result
from entrypoints.proof.shares import Share
from entrypoints.proof.table import RULES

_SECONDS: Final = 30.0
_STEPS_OF_A_MECHANISM: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is tried."""

    load: bool = False
    """Whether the mechanisms that keep shares fair are pressed as well."""
    bounds: Bounds = field(default_factory=Bounds)


async def prove(
    url: str,
    administrator: Person | None = None,
    extent: Extent | None = None,
    progress: Progress | None = None,
) -> Report:
    """Try everything at this address. Raises CannotRun where that is not possible."""
    started_at = datetime.now(UTC)
    extent, progress = extent or Extent(), progress or Progress()
    async with _reached(url) as deployment:
        operations = await offered(deployment)
        if administrator is not None:
            await deployment.sign_in(administrator)
        backstage = Administration(deployment, operations, administrator)
        found, shares, reason = list[Result](), list[Share](), ""
        try:
            if extent.load:
                progress.expect(_STEPS_OF_A_MECHANISM * len(MECHANISMS))
            async for result in results(deployment, operations, RULES, backstage, progress):
                found.append(result)
                progress.check(result)
            if extent.load:
                async for share in press(deployment, httpx.URL(url), extent.bounds):
                    shares.append(share)
                    progress.step(_STEPS_OF_A_MECHANISM)
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
    return Report(
        url=url,
        started_at=started_at,
        results=found,
        remaining=remaining,
        shares=shares if extent.load else None,
    )


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
