"""The tables. The migrations make them; a test compares the two.

Whatever belongs to a space leads its keys with ``space_id``: primary, foreign and unique. So one space can
neither refer into another, nor need another one's rows to be on the same machine.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
    or_,
    text,
)

from adapters.sql.types import Flag, Id, Moment, Number, PlainOrder, TextList
from domain.access import Role
from domain.audit import Action, Outcome, Resource, Source
from domain.task import Priority, TaskStatus
from domain.user import UserRole

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    },
)


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Allow a text column the values of an enumeration."""
    return CheckConstraint(f"{column} IN ({_quoted(values)})", name=column)


def _quoted(values: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _written(value: StrEnum) -> ColumnElement[str]:
    """A value that stands in the statement itself, so that a database sees that an index is about it."""
    return literal_column(_quoted([value]), Text)


users = Table(
    "users",
    metadata,
    Column("id", Id, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("full_name", Text),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("is_active", Flag, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("search_text", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("id"),
    Index("users_email_key_key", "email_key", unique=True),
    _one_of("role", UserRole),
    sqlite_strict=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, nullable=False),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("ip_address", Text),
    Column("user_agent", Text),
    PrimaryKeyConstraint("id"),
    Index(None, "user_id"),
    Index(None, "ends_at"),
    sqlite_strict=True,
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("hash", LargeBinary, nullable=False),
    Column("session_id", Id, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("successor", LargeBinary),
    Column("replaced_at", Moment),
    PrimaryKeyConstraint("hash"),
    Index(None, "session_id"),
    sqlite_strict=True,
)

password_resets = Table(
    "password_resets",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("user_id"),
    Index("password_resets_token_hash_key", "token_hash", unique=True),
    Index(None, "expires_at"),
    sqlite_strict=True,
)

spaces = Table(
    "spaces",
    metadata,
    Column("space_id", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    PrimaryKeyConstraint("space_id"),
    sqlite_strict=True,
)
"""One that has been removed has no members. It stays until everything in it is gone."""

memberships = Table(
    "memberships",
    metadata,
    Column("space_id", Id, ForeignKey("spaces.space_id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("role", Text, nullable=False),
    Column("joined_at", Moment, nullable=False),
    PrimaryKeyConstraint("space_id", "user_id"),
    Index(None, "user_id"),
    _one_of("role", Role),
    sqlite_strict=True,
)

organizations = Table(
    "organizations",
    metadata,
    Column("space_id", Id, ForeignKey("spaces.space_id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("space_id"),
    sqlite_strict=True,
)

invitations = Table(
    "invitations",
    metadata,
    Column("space_id", Id, ForeignKey("organizations.space_id", ondelete="CASCADE"), nullable=False),
    Column("id", Id, nullable=False),
    Column("role", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("created_by", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("email", Text),
    PrimaryKeyConstraint("space_id", "id"),
    Index("invitations_space_id_token_hash_key", "space_id", "token_hash", unique=True),
    _one_of("role", Role),
    sqlite_strict=True,
)

tasks = Table(
    "tasks",
    metadata,
    Column("space_id", Id, ForeignKey("spaces.space_id", ondelete="CASCADE"), nullable=False),
    Column("id", Id, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("status", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("due_date", Moment),
    Column("tags", TextList, nullable=False),
    Column("assignee_id", Id),
    Column("created_by", Id, nullable=False),
    Column("completed_at", Moment),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    Column("title_key", PlainOrder, nullable=False, server_default=text("''")),
    Column("search_text", Text),
    Column("tag_keys", TextList),
    Column("priority_rank", Integer, nullable=False, server_default="0"),
    Column("due_ascending", Number, nullable=False, server_default="0"),
    Column("due_descending", Number, nullable=False, server_default="0"),
    PrimaryKeyConstraint("space_id", "id"),
    _one_of("status", TaskStatus),
    _one_of("priority", Priority),
    CheckConstraint("(completed_at IS NOT NULL) = (status = 'completed')", name="completed_at"),
    CheckConstraint("version > 0", name="version"),
    sqlite_strict=True,
)

tags = Table(
    "tags",
    metadata,
    Column("space_id", Id, ForeignKey("spaces.space_id", ondelete="CASCADE"), nullable=False),
    Column("id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", PlainOrder, nullable=False),
    Column("color", Text),
    Column("created_by", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("space_id", "id"),
    Index("tags_space_id_name_key_key", "space_id", "name_key", unique=True),
    CheckConstraint("version > 0", name="version"),
    sqlite_strict=True,
)

documents = Table(
    "documents",
    metadata,
    Column("space_id", Id, ForeignKey("spaces.space_id", ondelete="CASCADE"), nullable=False),
    Column("id", Id, nullable=False),
    Column("title", Text, nullable=False),
    Column("created_by", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # Behind all others: SQLite reads through a long value to reach the columns behind it.
    Column("content", Text),
    PrimaryKeyConstraint("space_id", "id"),
    Index("documents_newest_idx", "space_id", "created_at", "id"),
    CheckConstraint("version > 0", name="version"),
    sqlite_strict=True,
)

settings = Table(
    "settings",
    metadata,
    Column("space_id", Id, ForeignKey("spaces.space_id", ondelete="CASCADE"), nullable=False),
    Column("key", PlainOrder, nullable=False),
    Column("value", Text, nullable=False),
    Column("created_by", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("space_id", "key"),
    CheckConstraint("version > 0", name="version"),
    sqlite_strict=True,
)

departures = Table(
    "departures",
    metadata,
    Column("space_id", Id, ForeignKey("spaces.space_id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Id, nullable=False),
    PrimaryKeyConstraint("space_id", "user_id"),
    sqlite_strict=True,
)
"""A queue: the people who have closed their account, in each organisation where they may have tasks left."""

audit_events = Table(
    "audit_events",
    metadata,
    Column("space_id", Id, nullable=False),
    Column("id", Id, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor_id", Id),
    Column("action", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("resource_type", Text, nullable=False),
    Column("resource_id", Text),
    Column("ip_address", Text),
    Column("user_agent", Text),
    Column("request_id", Text),
    Column("changes", Text, nullable=False),
    Column("source", Text, _one_of("source", Source)),
    PrimaryKeyConstraint("space_id", "id"),
    _one_of("action", Action),
    _one_of("outcome", Outcome),
    sqlite_strict=True,
)
"""The logs. They refer to nothing, so that nothing that is removed takes its log with it."""

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("space_id", Id, nullable=False),
    Column("position", Number, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("space_id", "position"),
    Index("audit_seals_space_id_event_id_key", "space_id", "event_id", unique=True),
    sqlite_strict=True,
)

unsealed_events = Table(
    "unsealed_events",
    metadata,
    Column("space_id", Id, nullable=False),
    Column("event_id", Id, nullable=False),
    PrimaryKeyConstraint("space_id", "event_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""A queue: the events that no seal vouches for yet. A row comes with its event and goes with its seal."""

rate_limits = Table(
    "rate_limits",
    metadata,
    Column("fingerprint", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    Column("ends_at", Moment, nullable=False),
    PrimaryKeyConstraint("fingerprint"),
    Index(None, "ends_at"),
    sqlite_strict=True,
)
"""How often something was done, and until when that counts. Of whom, only their fingerprints tell."""

replies = Table(
    "replies",
    metadata,
    Column("space_id", Id, ForeignKey("spaces.space_id", ondelete="CASCADE"), nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("space_id", "key_hash"),
    Index(None, "expires_at"),
    Index("replies_of_space_idx", "space_id", "expires_at"),
    sqlite_strict=True,
)
"""What people were answered to requests that they gave a key, in the space of whoever sent them."""

FOR_ADMINISTRATORS = or_(
    audit_events.c.outcome != _written(Outcome.SUCCESS),
    audit_events.c.resource_type == _written(Resource.SESSION),
    audit_events.c.resource_type == _written(Resource.ACCOUNT),
)
"""Sign-ins, accounts and refusals: what happened at the doors, not behind them."""
Index(
    "audit_events_of_accounts_idx",
    audit_events.c.id,
    postgresql_where=FOR_ADMINISTRATORS,
    sqlite_where=FOR_ADMINISTRATORS,
)

IS_ADMINISTRATOR = users.c.role == _written(UserRole.ADMIN)
Index("users_administrators_idx", users.c.id, postgresql_where=IS_ADMINISTRATOR, sqlite_where=IS_ADMINISTRATOR)
Index("users_newest_idx", users.c.created_at, users.c.id)

DIRECTORY = frozenset({"spaces", "memberships", "organizations"})
"""The tables that say which spaces there are and who is in them: read at every door, and across spaces."""

APPEND_ONLY = (audit_events, audit_seals)
"""What the service may add to and read, and nothing else."""

QUEUES = (departures, unsealed_events)
"""What the service may add to, read and remove, and not change."""

IS_REMOVED = spaces.c.removed_at.is_not(None)
Index("spaces_removed_idx", spaces.c.space_id, postgresql_where=IS_REMOVED, sqlite_where=IS_REMOVED)

IN_USE = tasks.c.deleted_at.is_(None)
Index(
    "tasks_newest_idx",
    tasks.c.space_id,
    tasks.c.created_at,
    tasks.c.id,
    postgresql_where=IN_USE,
    sqlite_where=IN_USE,
)
Index(
    "tasks_status_idx",
    tasks.c.space_id,
    tasks.c.status,
    tasks.c.created_at,
    tasks.c.id,
    postgresql_where=IN_USE,
    sqlite_where=IN_USE,
)
IS_ASSIGNED = tasks.c.assignee_id.is_not(None)
Index(
    "tasks_assignee_idx",
    tasks.c.space_id,
    tasks.c.assignee_id,
    postgresql_where=IS_ASSIGNED,
    sqlite_where=IS_ASSIGNED,
)
for name, column in (
    ("updated", tasks.c.updated_at),
    ("title", tasks.c.title_key),
    ("priority", tasks.c.priority_rank),
    ("due_ascending", tasks.c.due_ascending),
    ("due_descending", tasks.c.due_descending),
):
    Index(f"tasks_{name}_idx", tasks.c.space_id, column, tasks.c.id, postgresql_where=IN_USE, sqlite_where=IN_USE)
IN_TRASH = tasks.c.deleted_at.is_not(None)
Index(
    "tasks_trash_idx",
    tasks.c.space_id,
    tasks.c.deleted_at,
    tasks.c.id,
    postgresql_where=IN_TRASH,
    sqlite_where=IN_TRASH,
)
DERIVED = frozenset({"title_key", "tag_keys", "priority_rank", "due_ascending", "due_descending", "search_text"})
"""What follows from the other columns of a task, written down so that it can be ordered and searched by."""
