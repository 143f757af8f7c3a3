"""Who may open an account: a rule that the operator sets."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import RegistrationRefused
from domain.user import Email


class RegistrationMode(StrEnum):
    """Who may register: everyone, holders of an open invitation, or no person."""

    OPEN = "open"
    INVITED = "invited"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """Which accounts people may open for themselves. An empty set of domains allows every domain.

    ``domains`` are in lower case. A subdomain is another domain.
    """

    mode: RegistrationMode = RegistrationMode.OPEN
    domains: AbstractSet[str] = frozenset()

    def check(self, email: Email, *, is_invited: bool) -> None:
        """Raise RegistrationRefused unless a person with this address may register."""
        if self.mode is RegistrationMode.CLOSED:
            raise RegistrationRefused("This service takes no registrations. Ask its operator for an account.")
        if self.mode is RegistrationMode.INVITED and not is_invited:
            raise RegistrationRefused("Registration needs an invitation: send its token as 'invitation'.")
        if self.domains and email.key.rpartition("@")[2] not in self.domains:
            raise RegistrationRefused("Only addresses of certain e-mail domains may register. Use one of them.")
