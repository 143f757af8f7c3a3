"""The text that accounts are searched by: without regard to case and accents, on every database alike."""

import unicodedata
from typing import Any

import sqlalchemy as sa

from adapters.sql.types import Id
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | None = None
depends_on: str | None = None

AT_ONCE = 1000
USERS = sa.table(
    "users",
    sa.column("id", Id),
    sa.column("email", sa.Text),
    sa.column("full_name", sa.Text),
    sa.column("search_text", sa.Text),
)


def upgrade() -> None:
    """Add the column, and write it for every account."""
    op.add_column("users", sa.Column("search_text", sa.Text, nullable=False, server_default=sa.text("''")))
    connection = op.get_bind()
    statement = sa.select(USERS.c.id, USERS.c.email, USERS.c.full_name).order_by(USERS.c.id).limit(AT_ONCE)
    change = (
        sa.update(USERS)
        .where(USERS.c.id == sa.bindparam("with_id", type_=Id))
        .values(search_text=sa.bindparam("new_text", type_=sa.Text))
    )
    rows = connection.execute(statement).all()
    while rows:
        connection.execute(change, [{"with_id": row.id, "new_text": _searched(row)} for row in rows])
        rows = connection.execute(statement.where(USERS.c.id > sa.literal(rows[-1].id, Id))).all()


def downgrade() -> None:
    """Drop it."""
    op.drop_column("users", "search_text")


def _searched(user: Any) -> str:
    email, name = user.email, user.full_name
    return _folded(email) if not name else f"{_folded(email)}\uffff{_folded(name)}"


def _folded(text: str) -> str:
    """As domain/characters.py had it when this was written."""
    plain = text.replace("\uffff", "")
    decomposed = "".join(unicodedata.normalize("NFD", unicodedata.normalize("NFD", one).casefold()) for one in plain)
    return "".join(part for part in decomposed if not unicodedata.combining(part))
