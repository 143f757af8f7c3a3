"""``taskward users``: accounts, for the operator."""

import asyncio
from typing import Annotated

import typer

from application.ports.identity import UserQuery
from domain.task import SearchText
from domain.user import AccountChanges, Email, UserRole
from entrypoints.cli.running import one_line, with_application

users = typer.Typer(no_args_is_help=True, help="Accounts, for the operator.")

_Address = Annotated[str, typer.Argument(help="The e-mail address of the account.")]


@users.command("list")
def list_users(
    search: Annotated[str | None, typer.Option(help="Part of the address or the name.")] = None,
    *,
    skip: Annotated[int, typer.Option(min=0, help="How many to leave out.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 100,
) -> None:
    """List accounts, the newest first."""
    with one_line():
        query = UserQuery(text=search and SearchText(search).key, skip=skip, limit=limit)
        page = asyncio.run(with_application(lambda application: application.find_accounts(query)))
    for user in page.items:
        state = "active" if user.is_active else "inactive"
        typer.echo(f"{user.id}  {user.role:5}  {state:8}  {user.email}  {user.full_name or ''}".rstrip())
    typer.echo(f"{len(page.items)} of {page.total}")


@users.command()
def deactivate(email: _Address) -> None:
    """Deactivate an account, and end its sessions at once."""
    _manage(email, {"is_active": False})


@users.command()
def reactivate(email: _Address) -> None:
    """Let somebody sign in again."""
    _manage(email, {"is_active": True})


@users.command("role")
def set_role(email: _Address, role: Annotated[UserRole, typer.Argument(help="What it is to be.")]) -> None:
    """Make an account an administrator, or an ordinary one again."""
    _manage(email, {"role": role})


def _manage(email: str, changes: AccountChanges) -> None:
    with one_line():
        address = Email(email)
        managed = asyncio.run(with_application(lambda application: application.manage_account(address, changes)))
    user = managed.user
    for organization_id in managed.ownerless:
        typer.echo(f"taskward: the organisation {organization_id} has no other owner with an active account", err=True)
    typer.echo(f"{user.email} is {'active' if user.is_active else 'inactive'}, with the role {user.role}.")
