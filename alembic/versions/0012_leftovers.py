"""What has run out is found by when it did: sessions, and answers of whichever space.

The index that begins with the space is for whoever looks in one: they should not come by way of all.
"""

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None

# As a difference, which no index answers: or whoever names no space would be looked up in the index of all spaces.
EXPIRED = "expires_at - nullif(current_setting('app.expired_by', true), '')::timestamptz <= interval '0'"


def upgrade() -> None:
    """Make the indexes, and on PostgreSQL the policy, which a cluster takes as it is."""
    op.create_index("sessions_ends_at_idx", "sessions", ["ends_at"])
    op.create_index("replies_expires_at_idx", "replies", ["expires_at"])
    op.create_index("replies_of_space_idx", "replies", ["space_id", "expires_at"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE POLICY replies_expired ON replies FOR SELECT USING ({EXPIRED})")


def downgrade() -> None:
    """Drop them."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP POLICY replies_expired ON replies")
    op.drop_index("replies_of_space_idx", "replies")
    op.drop_index("replies_expires_at_idx", "replies")
    op.drop_index("sessions_ends_at_idx", "sessions")
