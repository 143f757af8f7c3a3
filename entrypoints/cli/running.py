"""What commands share: the service while they need it, and one line for what goes wrong."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NoReturn, TypeVar

import typer

from application.facade import Application
from domain.errors import DomainError, Unavailable
from entrypoints.container import Service, build
from entrypoints.settings import WrongSetting, read_settings

T = TypeVar("T")


class NotReady(Exception):
    """The service could not do its work. The message says why."""


@contextmanager
def one_line() -> Iterator[None]:
    """Say what is wrong in one line, and fail."""
    try:
        yield
    except Unavailable as error:
        _fail(f"{error} {error.__cause__ or ''}")
    except (WrongSetting, NotReady, DomainError, LookupError) as error:
        _fail(str(error))


def _fail(reason: str) -> NoReturn:
    typer.echo(f"taskward: {' '.join(reason.split())}", err=True)
    raise typer.Exit(1)


@asynccontextmanager
async def ready(service: Service) -> AsyncIterator[Application]:
    """The application while it runs. Raises NotReady where it could not do its work."""
    async with service.running() as application:
        reason = await application.check_readiness()
        if reason is not None:
            raise NotReady(reason)
        yield application


async def with_application(work: Callable[[Application], Awaitable[T]]) -> T:
    """Do something with the service that the settings describe."""
    async with ready(build(read_settings())) as application:
        return await work(application)
