"""Sign-ins: how long they last, and when a refresh token has been stolen."""

from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.session import RefreshToken, RefreshUse, Session, SessionLimits
from tests.unit.builders import ANN, LATER, NOON, SESSION, TICK, few_examples

IDLE, TOTAL, GRACE = timedelta(days=7), timedelta(days=30), timedelta(seconds=10)
LIMITS = SessionLimits(idle=IDLE, total=TOTAL, grace=GRACE)
NO_GRACE = replace(LIMITS, grace=timedelta(0))

FIRST, REPEAT, THEFT = RefreshUse.FIRST, RefreshUse.REPEAT, RefreshUse.THEFT


def a_session(limits: SessionLimits = LIMITS) -> Session:
    return Session.begin(id=SESSION, user_id=ANN, limits=limits, at=NOON)


def a_token(name: bytes = b"first") -> RefreshToken:
    return RefreshToken(hash=name, session_id=SESSION, issued_at=NOON)


def test_a_session_begins_now_and_ends_when_it_is_not_used() -> None:
    assert a_session() == Session(
        id=SESSION,
        user_id=ANN,
        created_at=NOON,
        last_used_at=NOON,
        expires_at=NOON + IDLE,
        ends_at=NOON + TOTAL,
        revoked_at=None,
    )


def test_a_session_never_outlives_its_absolute_end_even_unused() -> None:
    session = a_session(replace(LIMITS, total=timedelta(days=1)))
    assert session.expires_at == session.ends_at == NOON + timedelta(days=1)


@pytest.mark.parametrize(("moment", "alive"), [(NOON, True), (NOON + IDLE - TICK, True), (NOON + IDLE, False)])
def test_a_session_is_alive_until_it_expires(moment: datetime, *, alive: bool) -> None:
    assert a_session().is_alive(at=moment) is alive


def test_a_renewed_session_lives_for_another_idle_period() -> None:
    session = a_session()
    assert session.renew(limits=LIMITS, at=LATER) == replace(session, last_used_at=LATER, expires_at=LATER + IDLE)


def test_a_session_is_never_renewed_past_its_end() -> None:
    session = a_session()
    late = session.ends_at - timedelta(days=1)
    assert session.renew(limits=LIMITS, at=late) == replace(session, last_used_at=late, expires_at=session.ends_at)


@few_examples
@given(st.lists(st.timedeltas(timedelta(0), TOTAL), min_size=1, max_size=8))
def test_however_it_is_renewed_a_session_keeps_its_end(moments: list[timedelta]) -> None:
    session = a_session()
    for moment in sorted(moments):
        session = session.renew(limits=LIMITS, at=NOON + moment)
        assert session.ends_at == NOON + TOTAL
        assert session.expires_at == min(session.last_used_at + IDLE, session.ends_at)
    assert not session.is_alive(at=NOON + TOTAL)


def test_a_revoked_session_is_over_at_once() -> None:
    session = a_session()
    revoked = session.revoke(at=LATER)
    assert revoked == replace(session, revoked_at=LATER)
    assert not revoked.is_alive(at=LATER)


def test_a_revoked_session_stays_as_it_is() -> None:
    revoked = a_session().revoke(at=NOON)
    assert revoked.revoke(at=LATER) is revoked


def test_a_revoked_session_does_not_come_back_when_it_is_renewed() -> None:
    assert not a_session().revoke(at=NOON).renew(limits=LIMITS, at=LATER).is_alive(at=LATER)


def test_the_first_use_of_a_token_is_what_it_is_for() -> None:
    assert a_token().use(after=None, limits=LIMITS, at=LATER) is FIRST


@pytest.mark.parametrize("limits", [LIMITS, NO_GRACE])
@pytest.mark.parametrize("moment", [NOON, NOON + IDLE])
def test_an_unused_token_waits_for_any_time(limits: SessionLimits, moment: datetime) -> None:
    assert a_token().use(after=None, limits=limits, at=moment) is FIRST


@pytest.mark.parametrize(
    ("waited", "limits", "judged"),
    [
        (timedelta(0), LIMITS, REPEAT),
        (GRACE - TICK, LIMITS, REPEAT),
        (GRACE, LIMITS, THEFT),
        (GRACE + TICK, LIMITS, THEFT),
        (timedelta(0), NO_GRACE, THEFT),
        (TICK, NO_GRACE, THEFT),
    ],
)
def test_a_replaced_token_may_be_repeated_within_the_grace_period(
    waited: timedelta, limits: SessionLimits, judged: RefreshUse
) -> None:
    successor = a_token(b"second")
    used = a_token().replaced_by(successor.hash, at=LATER)
    assert used.use(after=successor, limits=limits, at=LATER + waited) is judged


def test_a_token_is_stolen_when_its_successor_has_been_used() -> None:
    second = a_token(b"second").replaced_by(b"third", at=LATER)
    first = a_token().replaced_by(second.hash, at=LATER)
    assert first.use(after=second, limits=LIMITS, at=LATER) is THEFT


def test_a_replaced_token_whose_successor_is_gone_is_stolen() -> None:
    assert a_token().replaced_by(b"second", at=LATER).use(after=None, limits=LIMITS, at=LATER) is THEFT


def test_a_replaced_token_knows_its_successor_and_when() -> None:
    assert a_token().replaced_by(b"second", at=LATER) == RefreshToken(
        hash=b"first", session_id=SESSION, issued_at=NOON, successor=b"second", replaced_at=LATER
    )


@pytest.mark.parametrize("part", ["user_id", "expires_at", "ends_at", "revoked_at"])
def test_a_session_is_never_altered(part: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(a_session(), part, None)


@pytest.mark.parametrize("part", ["hash", "session_id", "successor", "replaced_at"])
def test_a_token_is_never_altered(part: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(a_token(), part, None)
