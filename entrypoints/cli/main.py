"""``taskward``: for whoever runs the service."""

import asyncio
import json
import signal
import sys
from typing import Annotated, Final

import typer

from domain.ids import SpaceId, read_id
from domain.seals import Verdict
from domain.user import Email, FullName, Password, User
from entrypoints.cli.running import one_line, ready
from entrypoints.cli.telling import progress_on_stderr
from entrypoints.cli.users import users
from entrypoints.container import Service, build
from entrypoints.databases import database_place, keep_database_private
from entrypoints.http.app import create_app
from entrypoints.keys import new_key
from entrypoints.server.listening import listen
from entrypoints.settings import Settings, read_settings

_EVENTS_BETWEEN_LINES: Final = 1_000


cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def serve() -> None:
    """Serve HTTP, as the settings say. Outside production the database is migrated first."""
    # The server ends in good order at SIGTERM, and then raises it again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with one_line():
        settings = read_settings()
        asyncio.run(_prepare(settings))
    where = f"http://{settings.host}:{settings.port}"
    typer.echo(f"Taskward listens on {where}")
    typer.echo(f"Documentation:      {where}/docs")
    typer.echo(f"The data lies in    {database_place(settings)}", color=False)
    listen(settings)


async def _prepare(settings: Settings) -> None:
    """Have what the service needs: outside production by migrating, else by refusing to start without it."""
    service = build(settings)
    keep_database_private(settings)
    if not settings.in_production and not await _is_ready(settings):
        from entrypoints.upkeep import migrate

        await migrate(settings)
    async with ready(service):
        pass
    if settings.unsafe_database_role:
        typer.echo("taskward: TASKWARD_UNSAFE_DATABASE_ROLE is on: row-level security may not hold", err=True)


async def _is_ready(settings: Settings) -> bool:
    async with build(settings).running() as application:
        return await application.check_readiness() is None


@cli.command("migrate")
def migrate_database(
    revision: Annotated[str, typer.Argument(help="A revision, 'head' or 'base'.")] = "head",
) -> None:
    """Bring the database's schema to a revision, by default to the newest. All or nothing."""
    from entrypoints.upkeep import migrate

    with one_line():
        settings = read_settings()
        reached = asyncio.run(migrate(settings, revision))
    typer.echo(f"{database_place(settings, of_owner=True)} is at {reached}.")


@cli.command("create-roles")
def make_roles() -> None:
    """Make the service's own database role: the one in DATABASE_URL, by the one in MIGRATION_DATABASE_URL."""
    from entrypoints.upkeep import create_roles

    with one_line():
        name = asyncio.run(create_roles(read_settings()))
    typer.echo(f"The role {name} can serve, and cannot get around row-level security.")


@cli.command("distribute")
def distribute_tables() -> None:
    """Spread the database over the machines of a Citus cluster, space by space. What has its place there keeps it."""
    from entrypoints.upkeep import distribute

    with one_line():
        placed = asyncio.run(distribute(read_settings()))
    typer.echo(f"Placed: {', '.join(placed)}." if placed else "Every table has its place already.")


@cli.command()
def create_admin(
    email: Annotated[str, typer.Argument(help="The e-mail address to sign in with.")],
    name: Annotated[str | None, typer.Option(help="What the person is called.")] = None,
    *,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Open an account that may administer others."""
    with one_line():
        service = build(read_settings())
        password = _read_password(from_stdin=password_stdin)
        user = asyncio.run(_create_admin(service, email, password, name))
    typer.echo(f"{user.email} may sign in as an administrator.")


def _read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    prompted: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return prompted


async def _create_admin(service: Service, email: str, password: str, name: str | None) -> User:
    async with ready(service) as application:
        return await application.create_admin(
            Email(email), Password(password), None if name is None else FullName(name)
        )


audit = typer.Typer(no_args_is_help=True, help="The logs of spaces.")
cli.add_typer(audit, name="audit")


@audit.command("verify")
def verify_log(
    space: Annotated[str, typer.Argument(help="The id of a person or of an organisation.")],
) -> None:
    """Make sure that nobody has changed or removed what the log of a space says. Prints how far it is on stderr."""
    with one_line():
        verdict = asyncio.run(_inspect_log(build(read_settings()), SpaceId(read_id(space))))
    if not verdict.valid:
        typer.echo(f"Broken at event {verdict.first_broken}, behind {verdict.checked} that hold.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{verdict.checked} events hold.")


async def _inspect_log(service: Service, space_id: SpaceId) -> Verdict:
    async with ready(service) as application:
        return await application.inspect_log(space_id, on_progress=_say_progress)


def _say_progress(checked: int) -> None:
    """Say how many events hold so far: after each thousand, the few at the end aside."""
    if checked % _EVENTS_BETWEEN_LINES == 0 and checked:
        typer.echo(f"{checked} events hold so far.", err=True)


cli.add_typer(users, name="users")

keys = typer.Typer(no_args_is_help=True, help="Signing keys.")
cli.add_typer(keys, name="keys")


@keys.command("new")
def print_new_key() -> None:
    """Print a new key for TASKWARD_SECRET_KEYS. Put it in front of those in use; they go on verifying."""
    typer.echo(new_key())


@cli.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    with one_line():
        app = create_app(build(read_settings()))
    typer.echo(json.dumps(app.openapi(), indent=2))


@cli.command()
def prove_isolation(  # noqa: PLR0913 - the options of the command
    url: Annotated[str, typer.Option(help="Where the deployment answers: http://…")],
    json_file: Annotated[typer.FileTextWrite | None, typer.Option("--json", help="A file for the report.")] = None,
    admin_email: Annotated[str | None, typer.Option(help="An administrator, to try what needs one.")] = None,
    *,
    admin_password_stdin: Annotated[bool, typer.Option(help="Read their password from standard input.")] = False,
    load: Annotated[
        bool, typer.Option(help="Press what keeps shares fair as well, with a few hundred requests.")
    ] = False,
    progress: Annotated[
        bool | None, typer.Option(help="Tell on standard error how far it is; else on a terminal.")
    ] = None,
) -> None:
    """Prove on any deployment that nobody sees or changes what is not theirs.

    Everybody tries everything, with throw-away accounts. Exits with 1 where something does not hold, 2 where it cannot
    be tried.
    """
    from entrypoints.proof.command import Extent, prove
    from entrypoints.proof.deployment import CannotRun, Person

    administrator = None
    if admin_email is not None:
        given = sys.stdin.readline().rstrip("\n") if admin_password_stdin else typer.prompt("Password", hide_input=True)
        administrator = Person(admin_email, given)
    try:
        with progress_on_stderr(shown=progress) as told:
            report = asyncio.run(prove(url, administrator, Extent(load=load), told))
    except CannotRun as error:
        typer.echo(f"taskward: {error}", err=True)
        raise typer.Exit(2) from None
    for line in report.lines():
        typer.echo(line)
    if json_file is not None:
        json.dump(report.as_json(), json_file, indent=2)
    raise typer.Exit(0 if report.holds else 1)
