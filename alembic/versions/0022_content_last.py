"""The content of a document behind everything else, on SQLite: it reads through what stands before a column."""

from typing import Any

import sqlalchemy as sa

from adapters.sql.types import Id, Moment
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Move it to the end of the rows."""
    _arrange(content_last=True)


def downgrade() -> None:
    """Move it back."""
    _arrange(content_last=False)


def _arrange(*, content_last: bool) -> None:
    """Make the table anew. PostgreSQL keeps long values beside the table, and needs nothing."""
    if op.get_context().dialect.name == "postgresql":
        return
    head: list[sa.Column[Any]] = [
        sa.Column("space_id", Id, nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
    ]
    content: list[sa.Column[Any]] = [sa.Column("content", sa.Text)]
    others: list[sa.Column[Any]] = [
        sa.Column("created_by", Id, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
    ]
    columns = [*head, *others, *content] if content_last else [*head, *content, *others]
    names = [column.name for column in columns]
    op.drop_index("documents_newest_idx", "documents")
    op.rename_table("documents", "documents_before")
    documents = op.create_table(
        "documents",
        *columns,
        sa.PrimaryKeyConstraint("space_id", "id", name="documents_pkey"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.space_id"], name="documents_space_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint("version > 0", name=op.f("documents_version_check")),
        sqlite_strict=True,
    )
    before = sa.table("documents_before", *(sa.column(name) for name in names))
    op.execute(sa.insert(documents).from_select(names, sa.select(before)))
    op.drop_table("documents_before")
    op.create_index("documents_newest_idx", "documents", ["space_id", "created_at", "id"])
