"""Pressing one mechanism of a service that really listens."""

from typing import Any, Final

import httpx

from entrypoints.proof.deployment import Deployment
from entrypoints.proof.mechanisms import MECHANISMS, Bounds, Scene
from entrypoints.proof.shares import Share
from entrypoints.proof.wire import Server
from tests.isolation.listening import listening
from tests.isolation.services import MemoryService

SHORT: Final = Bounds(patience=2, floor=0.4, sign_in=0.6, connections=20, times=4)
"""What the services of the tests do in a tenth of this, and take ten times as long for where they share nothing."""


async def pressed(mechanism: str, service: MemoryService, **options: Any) -> Share:
    """What comes of it. The options are those of uvicorn."""
    with listening(service.app(), **options) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            deployment = Deployment(http)
            scene = Scene(Server.at(httpx.URL(url)), await deployment.register(), await deployment.register(), SHORT)
        return await MECHANISMS[mechanism](scene)
