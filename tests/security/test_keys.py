"""Signing keys: one that could be guessed stops the start, and no message holds a secret."""

import pytest

from adapters.security.keys import Key, KeyRing
from adapters.security.tokens import RandomRefreshTokens

GOOD = "Zk8uQw3nYx6vBr1tLp9sHd4fGj7mCa2e"
OTHER = "Pt5yRm2wKx8zNq4vJc7bFh1sDg9lTe6u"


def test_several_keys_are_read_newest_first() -> None:
    ring = KeyRing.parse(f" new:{GOOD} , old:{OTHER},")
    assert [key.kid for key in ring.keys] == ["new", "old"]
    assert ring.newest.secret == GOOD.encode()
    found = ring.named("old")
    assert found is not None
    assert found.secret == OTHER.encode()
    assert ring.named("other") is None


def test_a_secret_may_hold_colons() -> None:
    assert KeyRing.parse(f"k:{GOOD}:x").newest.secret == f"{GOOD}:x".encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        " ",
        GOOD,
        f":{GOOD}",
        f"k 1:{GOOD}",
        f"k/1:{GOOD}",
        f"k\u00e9:{GOOD}",
        f"-:{GOOD}",
        "k:",
        f"k:{GOOD[:-1]}",
        f"k:{GOOD},{OTHER}",
        f"k:{GOOD},k:{OTHER}",
        f"k:{GOOD},l:{OTHER[:31]}",
        "k:" + "a" * 64,
        "k:" + "abc" * 20,
        "k:changeme" + GOOD,
        "k:" + GOOD + "-Secret",
        "k:your-256-bit-key-goes-here-please",
        "k:insert-EXAMPLE-key-here-" + GOOD,
        "k:" + "correct-horse-password-" + GOOD,
    ],
)
def test_a_key_that_could_be_guessed_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        KeyRing.parse(text)
    message = str(refused.value)
    assert "\n" not in message
    for part in text.split(","):
        secret = part.partition(":")[2].strip()
        assert not secret or secret not in message
    assert GOOD[:-1] not in message
    assert OTHER[:31] not in message
    assert "changeme" not in message


def test_31_bytes_are_too_few_and_32_are_enough() -> None:
    assert KeyRing.parse(f"k:{GOOD}")
    assert len(GOOD) == 32
    with pytest.raises(ValueError, match="at least 32 bytes"):
        KeyRing.parse(f"k:{GOOD[:31]}")


def test_no_key_shows_its_secret() -> None:
    ring = KeyRing.parse(f"k:{GOOD}")
    for shown in (repr(ring), str(ring), repr(ring.newest), f"{ring.newest}", repr(RandomRefreshTokens(ring))):
        assert GOOD not in shown


def test_each_purpose_has_a_secret_of_its_own() -> None:
    key = Key("k", GOOD.encode())
    derived = {key.derive(purpose) for purpose in ("access-token", "refresh-token", "cursor")}
    assert len(derived) == 3
    assert all(len(secret) == 32 for secret in derived)
    assert key.secret not in derived
