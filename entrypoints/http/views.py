"""Views that more than one resource shows."""

from datetime import datetime

from typing_extensions import TypedDict

from domain.user import User, UserRole
from entrypoints.http.fields import UuidField


class UserView(TypedDict):
    """An account."""

    id: UuidField
    email: str
    full_name: str | None
    role: UserRole
    is_active: bool
    created_at: datetime
    updated_at: datetime


def user_view(user: User) -> UserView:
    """What people see of an account."""
    return {
        "id": str(user.id),
        "email": user.email,
        "full_name": user.full_name,
        "role": user.role,
        "is_active": user.is_active,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
