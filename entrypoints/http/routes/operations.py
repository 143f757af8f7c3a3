"""What machines ask: is the process alive, can it do its work."""

from typing import Literal

from fastapi import APIRouter, Response
from typing_extensions import TypedDict

from entrypoints.http.problems import NotReady
from entrypoints.http.responses import Json
from entrypoints.http.routing import App, PlainRoute

router = APIRouter(route_class=PlainRoute, tags=["operations"])


class StateView(TypedDict):
    """How the service is."""

    status: Literal["ok"]


_OK: StateView = {"status": "ok"}


@router.get("/livez", response_model=StateView)
async def livez() -> Response:
    """Tell that the process runs."""
    return Json(_OK)


@router.get("/readyz", response_model=StateView)
async def readyz(app: App) -> Response:
    """Tell whether the database answers and has the right schema; if not, the reason."""
    reason = await app.check_readiness()
    if reason is not None:
        raise NotReady(reason)
    return Json(_OK)
