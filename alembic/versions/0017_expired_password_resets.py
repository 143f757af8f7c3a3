"""Expired password resets are swept, so they are found by when they expire."""

from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None

INDEX = "password_resets_expires_at_idx"


def upgrade() -> None:
    """Make the index."""
    op.create_index(INDEX, "password_resets", ["expires_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(INDEX, "password_resets")
