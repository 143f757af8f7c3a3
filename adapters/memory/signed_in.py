"""Whether somebody is still signed in, in memory."""

from adapters.memory.store import Contents
from application.ports.clock import Clock
from domain.access import Actor
from domain.errors import NotAuthenticated


def require_signed_in(contents: Contents, actor: Actor, clock: Clock) -> None:
    """Raise NotAuthenticated unless the session and the account of the actor are alive."""
    session = contents.sessions.get(actor.session_id)
    account = contents.accounts.get(actor.user_id)
    if (
        session is None
        or account is None
        or session.user_id != actor.user_id
        or not session.is_alive(at=clock())
        or not account.user.is_active
    ):
        raise NotAuthenticated
