"""The index of tasks by their assignees holds those that have one: most have none, and every new task was entered."""

import sqlalchemy as sa

from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None

INDEX = "tasks_assignee_idx"
COLUMNS = ["space_id", "assignee_id"]
ASSIGNED = sa.text("assignee_id IS NOT NULL")


def upgrade() -> None:
    """Make it anew."""
    op.drop_index(INDEX, "tasks")
    op.create_index(INDEX, "tasks", COLUMNS, postgresql_where=ASSIGNED, sqlite_where=ASSIGNED)


def downgrade() -> None:
    """Make it as it was."""
    op.drop_index(INDEX, "tasks")
    op.create_index(INDEX, "tasks", COLUMNS)
