"""How often what may be done: the table, who is told apart, and names that tell nobody's address."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.rates import (
    CORRECT_PASSWORD_OF_ACCOUNT,
    CORRECT_PASSWORD_OF_ADDRESS,
    ENDED_SESSION,
    LIMITS,
    PASSWORD_RESET,
    PASSWORD_RESET_OF_ACCOUNT,
    REFRESH,
    REGISTRATION,
    REQUESTS,
    SIGN_IN,
    SIGN_IN_OF_ACCOUNT,
    SIGN_IN_OF_ADDRESS,
    USUAL_ADDRESS,
    By,
    Rate,
    neighbourhood,
    weight_of,
)

ACCOUNT, ADDRESS, SESSION = By.ACCOUNT, By.ADDRESS, By.SESSION
SECRET = b"a secret of the tests"

TABLE = {
    "requests": (600, 60, (ACCOUNT,)),
    "ended-session": (10, 60, (SESSION,)),
    "sign-in": (10, 900, (ACCOUNT, ADDRESS)),
    "sign-in-address": (100, 900, (ADDRESS,)),
    "sign-in-account": (100, 3600, (ACCOUNT,)),
    "correct-password-account": (120, 900, (ACCOUNT,)),
    "correct-password-address": (600, 900, (ADDRESS,)),
    "registration": (100, 3600, (ADDRESS,)),
    "refresh": (300, 60, (ADDRESS,)),
    "password-reset": (20, 3600, (ADDRESS,)),
    "password-reset-confirm": (60, 3600, (ADDRESS,)),
    "password-reset-account": (5, 3600, (ACCOUNT,)),
    "email-change": (5, 3600, (ACCOUNT,)),
}


def test_the_table_says_how_often_what_may_be_done() -> None:
    assert {name: (rate.amount, rate.per.total_seconds(), rate.by) for name, rate in LIMITS.items()} == TABLE
    assert {name: rate.name for name, rate in LIMITS.items()} == {name: name for name in TABLE}


@pytest.mark.parametrize("rate", [*LIMITS.values(), USUAL_ADDRESS], ids=lambda rate: rate.name)
def test_a_window_is_whole_seconds_as_the_headers_say(rate: Rate) -> None:
    assert rate.per % timedelta(seconds=1) == timedelta()


def test_one_account_is_looser_than_one_address_of_it() -> None:
    hourly = {rate.name: rate.amount * (timedelta(hours=1) / rate.per) for rate in LIMITS.values()}
    assert hourly["sign-in"] < hourly["sign-in-account"] <= hourly["sign-in-address"]


def test_a_tally_is_about_what_its_rate_is_about() -> None:
    whom = {"account": "ann@example.org", "address": "203.0.113.7"}
    assert SIGN_IN.of(account="ann@example.org", address="203.0.113.7").of == tuple(whom.values())
    assert SIGN_IN_OF_ACCOUNT.of(account="ann@example.org", address="203.0.113.7").of == ("ann@example.org",)
    assert SIGN_IN_OF_ADDRESS.of(account="ann@example.org", address="203.0.113.7").of == ("203.0.113.7",)
    assert REQUESTS.of(account="ann").of == ("ann",)
    assert ENDED_SESSION.of(account="ann", session="one of hers").of == ("one of hers",)
    assert REGISTRATION.of().of == ("",)
    assert PASSWORD_RESET.of(address="203.0.113.7").of == ("203.0.113.7",)
    assert PASSWORD_RESET_OF_ACCOUNT.of(account="ann@example.org").of == ("ann@example.org",)


def test_guesses_that_are_checked_at_once_do_not_use_up_what_right_passwords_have() -> None:
    assert SIGN_IN_OF_ACCOUNT.amount < CORRECT_PASSWORD_OF_ACCOUNT.amount
    assert SIGN_IN_OF_ADDRESS.amount < CORRECT_PASSWORD_OF_ADDRESS.amount


def test_counting_is_the_work_of_the_address_or_else_of_the_account() -> None:
    rates = (SIGN_IN, SIGN_IN_OF_ADDRESS, SIGN_IN_OF_ACCOUNT)
    shares = [rate.of(account="ann@example.org", address="203.0.113.7").share for rate in rates]
    assert shares == ["203.0.113.7", "203.0.113.7", "ann@example.org"]


def test_a_tally_may_depend_on_another() -> None:
    usual = USUAL_ADDRESS.of(account="ann")
    assert SIGN_IN_OF_ACCOUNT.of(account="ann").unless is None
    assert SIGN_IN_OF_ACCOUNT.of(account="ann", unless=usual).unless is usual


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        (None, ""),
        ("", ""),
        ("testclient", "testclient"),
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("203.0.113.7:80", "203.0.113.7:80"),
    ],
)
def test_who_is_told_apart_by_address(address: str | None, known_as: str) -> None:
    assert neighbourhood(address) == known_as


def test_text_that_is_too_long_for_an_address_is_itself() -> None:
    assert neighbourhood("1" * 101) == "1" * 101


def test_a_fingerprint_tells_tallies_apart_and_names_nobody() -> None:
    tallies = [
        SIGN_IN.of(account="a", address="b"),
        SIGN_IN.of(account="b", address="a"),
        SIGN_IN.of(account='a", "b', address=""),
        SIGN_IN.of(account="\ud800", address="b"),
        USUAL_ADDRESS.of(account="a", address="b"),
        SIGN_IN_OF_ACCOUNT.of(account="a"),
        REFRESH.of(address="a"),
    ]
    fingerprints = {tally.fingerprint(SECRET) for tally in tallies}
    assert len(fingerprints) == len(tallies)
    assert {len(fingerprint) for fingerprint in fingerprints} == {16}


def test_a_fingerprint_depends_on_the_secret_and_on_nothing_that_may_change() -> None:
    tally = SIGN_IN.of(account="ann@example.org", address="203.0.113.7")
    assert tally.fingerprint(SECRET) == replace(tally, unless=REFRESH.of()).fingerprint(SECRET)
    assert tally.fingerprint(SECRET) != tally.fingerprint(b"another secret")
    looser = replace(SIGN_IN, amount=1000)
    assert looser.of(account="ann@example.org", address="203.0.113.7").fingerprint(SECRET) == tally.fingerprint(SECRET)


@pytest.mark.parametrize(("things", "weight"), [(0, 0), (1, 1), (50, 1), (51, 2), (1000, 20)])
def test_fifty_things_or_part_of_fifty_weigh_as_much_as_a_request(things: int, weight: int) -> None:
    assert weight_of(things) == weight


def test_a_tally_is_the_same_whatever_is_counted_at_once() -> None:
    ann = REQUESTS.of(account="ann")
    assert (ann.cost, ann.costing(7).cost) == (1, 7)
    assert ann.costing(7) == ann
    assert ann.costing(7).fingerprint(SECRET) == ann.fingerprint(SECRET)
