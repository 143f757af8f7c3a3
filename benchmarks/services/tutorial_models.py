"""What the tutorial style keeps and shows: tables of the ORM, and models of pydantic."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ARRAY, DateTime, ForeignKey, Index, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The ORM's registry."""


class User(Base):
    """Somebody with an account."""

    __tablename__ = "users"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)


class Task(Base):
    """A task of somebody."""

    __tablename__ = "tasks"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="pending")
    priority: Mapped[str] = mapped_column(Text, default="medium")
    due_date: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now, onupdate=now)
    __table_args__ = (Index("tasks_newest_idx", "owner_id", "created_at", "id"),)


class Account(BaseModel):
    """What one registers and signs in with."""

    email: str
    password: str


class Token(BaseModel):
    """What a sign-in gives."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - what kind it is


class TaskIn(BaseModel):
    """A task to be made."""

    title: str
    description: str | None = None
    status: str = "pending"
    priority: str = "medium"
    due_date: datetime | None = None
    tags: list[str] = []


class TaskOut(TaskIn):
    """A task as it is shown."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    owner_id: UUID
    completed_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class TaskPage(BaseModel):
    """Some tasks, and how many there are."""

    items: list[TaskOut]
    total: int
