"""People: accounts, their addresses and the rule for passwords."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self, TypedDict

from domain.characters import SEPARATOR, folded
from domain.errors import InvalidValue, LastAdministrator, NotAnAdministrator
from domain.ids import UserId
from domain.place import Place
from domain.text import checked_text, in_composed_form, normalized_text, require_length, visible_text
from domain.time import microseconds, not_before

_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])",
)


_LONGEST_LOCAL_PART: Final = 64
"""RFC 5321, section 4.5.3.1.1."""

_LONGEST_TYPED: Final = 512
"""Of a password: 128 characters in their longest decomposition."""

_LONGEST_SPELLING: Final = 1000
"""Of an address with the blanks around it, which do not count."""


class Email(str):
    """An e-mail address that a mail server could deliver to (RFC 5321 mailbox, no quoting, no address literal).

    Kept as it was written; ``key`` is what two spellings of one address share. Raises InvalidValue.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        require_length(text, what="An e-mail address", shortest=3, longest=_LONGEST_SPELLING)
        checked = checked_text(text.strip(), what="An e-mail address", shortest=3, longest=254)
        local, _, _ = checked.rpartition("@")
        if len(local) > _LONGEST_LOCAL_PART or not _ADDRESS.fullmatch(checked):
            raise InvalidValue("not_an_email", "This is not an e-mail address: write 'name@example.org'.")
        return super().__new__(cls, checked)

    @property
    def key(self) -> str:
        """The address without regard to case: unique among all accounts."""
        return self.casefold()


class FullName(str):
    """What a person wants to be called: 1 to 200 characters, one of which can be seen. Raises InvalidValue."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, visible_text(text, what="A name", shortest=1, longest=200))


class Password(str):
    """A password: 8 to 128 characters of any kind. It shows itself to nobody. Raises InvalidValue.

    Keyboards and systems type one text in several forms, so it is kept in one of them, the composed form (NFC), as NIST
    SP 800-63B-4, section 3.1.1.2 recommends.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, normalized_text(text, what="A password", shortest=8, longest=128))

    def __repr__(self) -> str:
        return "Password(***)"


def password_spellings(text: str) -> tuple[str, ...]:
    """What a password may have been hashed as, given as it was typed: in its composed form, and before that as typed.

    Text that is longer than any password ever was is left as it is.
    """
    if len(text) > _LONGEST_TYPED:
        return (text,)
    composed = in_composed_form(text)
    return (composed,) if composed == text else (composed, text)


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a new password may be, beyond its length: none of the commonest ones (NIST SP 800-63B, 3.1.1.2)."""

    common: AbstractSet[str]

    def check(self, password: Password, *, field: str = "password") -> None:
        """Raise InvalidValue for a password that is among the first anybody would try; ``field`` is where it stood."""
        if password.lower() in self.common:
            raise InvalidValue(
                "common_password",
                "This password is among the commonest ones. Choose another, for example four random words.",
                field=field,
            )


class UserRole(StrEnum):
    """What an account may do to other accounts. It opens nobody's space."""

    USER = "user"
    ADMIN = "admin"


class UserChanges(TypedDict, total=False):
    """What a person may change about themselves. What is left out stays as it is."""

    email: Email
    full_name: FullName | None


class AccountChanges(TypedDict, total=False):
    """What administrators may change about an account. What is left out stays as it is."""

    is_active: bool
    role: UserRole


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. Immutable: a change returns a new one."""

    id: UserId
    email: Email
    full_name: FullName | None
    role: UserRole
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def register(cls, *, id: UserId, email: Email, full_name: FullName | None, role: UserRole, at: datetime) -> Self:
        """Open a new, active account."""
        return cls(id=id, email=email, full_name=full_name, role=role, is_active=True, created_at=at, updated_at=at)

    def change(self, changes: UserChanges, *, at: datetime) -> Self:
        """Apply what the person wants changed. Returns itself where nothing is."""
        changed = replace(self, **changes)
        return self if changed == self else replace(changed, updated_at=not_before(self.updated_at, at))

    @property
    def place(self) -> Place:
        """Where it stands among all accounts, the newest of which come first."""
        return Place(microseconds(self.created_at), self.id)

    @property
    def search_text(self) -> str:
        """What a search looks through: address and name, without regard to case and accents."""
        name = self.full_name
        return folded(self.email) if not name else f"{folded(self.email)}{SEPARATOR}{folded(name)}"

    @property
    def is_administrator(self) -> bool:
        """Whether this account may manage others now."""
        return self.is_active and self.role is UserRole.ADMIN

    def require_administrator(self) -> None:
        """Raise NotAnAdministrator unless this account may manage others now."""
        if not self.is_administrator:
            raise NotAnAdministrator

    def manage(self, changes: AccountChanges, *, administrators: int, at: datetime) -> Self:
        """Apply what an administrator wants changed, where there are so many of them now.

        Returns itself where nothing changes. Raises LastAdministrator if none would be left.
        """
        changed = replace(self, **changes)
        if not changed.is_administrator:
            self.require_another_administrator(administrators)
        return self if changed == self else replace(changed, updated_at=not_before(self.updated_at, at))

    def require_another_administrator(self, administrators: int) -> None:
        """Raise LastAdministrator if this is the only one."""
        if self.is_administrator and administrators < 2:  # noqa: PLR2004 - this one and another
            raise LastAdministrator
