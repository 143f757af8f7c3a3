"""Who takes part: the victims, and an attacker for each line."""

from typing import Final

VICTIMS: Final = tuple(f"victim-{number}" for number in range(12))
"""Together they ask 100 times a second, each of them less often than the rate limit for an account."""

SENDER: Final = "sender"
"""Sends long texts, slow bodies and bursts."""

SIGNERS: Final = tuple(f"signer-{number}" for number in range(5))
FORGETFUL: Final = "forgetful"
"""Has asked for a new password, an hour ago."""

SIGNED_OUT: Final = "signed-out"
LOGGED: Final = "logged"
"""Has a long log."""

BURSTING: Final = "bursting"
COLLECTOR: Final = "collector"
"""Has many tasks, all with the same tag."""

WRITER: Final = "writer"
"""Has long documents."""

SEARCHER: Final = "searcher"
"""Has many tasks."""

FOUNDER: Final = "founder"
"""Has many organisations."""

ATTACKERS: Final = (
    SENDER,
    *SIGNERS,
    FORGETFUL,
    SIGNED_OUT,
    LOGGED,
    BURSTING,
    COLLECTOR,
    WRITER,
    SEARCHER,
    FOUNDER,
)
EVERYBODY: Final = (*VICTIMS, *ATTACKERS)
