"""The server: uvicorn with our own protocol, in one process or in several."""

from typing import Final

import uvicorn

from entrypoints.server.workers import copy_workers
from entrypoints.settings import Settings

_SECONDS_TO_FINISH: Final = 10
_SECONDS_TO_START: Final = 60
"""How long a worker may take until it answers the process that watches over it: a busy machine needs its time."""


def listen(settings: Settings) -> None:
    """Serve HTTP as the settings say, until a signal ends the process."""
    copy_workers()
    uvicorn.run(
        "entrypoints.http.app:from_environment",
        factory=True,
        http="entrypoints.server.protocol:from_environment",
        ws="none",
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        timeout_worker_healthcheck=_SECONDS_TO_START,
    )
