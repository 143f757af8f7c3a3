"""What is noted of requests that are refused before any use case sees them."""

from datetime import timedelta

import pytest

from application.recording.noted import NotedLately
from domain.audit import Action, AuditEvent, Outcome, Resource
from domain.ids import personal_space
from tests.unit.application.organizations_builders import NOON, Office
from tests.unit.builders import SESSION

CSRF, CROSS_SITE = "csrf-token", "cross-site"
SECOND = timedelta(seconds=1)


@pytest.fixture
async def office() -> Office:
    """An organisation with somebody in every role."""
    office = Office()
    await office.open()
    return office


async def denied(office: Office) -> list[AuditEvent]:
    kept = (await office.contents()).audit_events.values()
    return sorted((event for event in kept if event.outcome is Outcome.DENIED), key=lambda event: event.id)


async def test_a_forged_request_is_in_the_log_of_the_one_whose_session_it_used(office: Office) -> None:
    member = office["member"]
    await office.app.record_forgery(member, CSRF)
    (event,) = await denied(office)
    assert (event.space_id, event.actor_id) == (personal_space(member.user_id), member.user_id)
    assert (event.action, event.resource_type) == (Action.UPDATE, Resource.SESSION)
    assert (event.resource_id, event.changes) == (str(member.session_id), {"reason": CSRF})


async def test_of_many_forged_requests_one_a_minute_is_noted_for_each_session_and_reason(office: Office) -> None:
    member, again, colleague = office["member"], await office.sign_in("member"), office["colleague"]
    for _ in range(3):
        for who, reason in ((member, CSRF), (member, CROSS_SITE), (again, CSRF), (colleague, CSRF)):
            await office.app.record_forgery(who, reason)
    assert len(await denied(office)) == 4
    office.clock.now = NOON + 60 * SECOND - timedelta(microseconds=1)
    await office.app.record_forgery(member, CSRF)
    assert len(await denied(office)) == 4
    office.clock.now = NOON + 60 * SECOND
    await office.app.record_forgery(member, CSRF)
    assert len(await denied(office)) == 5


def test_what_was_noted_is_remembered_within_bounds_and_the_oldest_goes_first() -> None:
    noted = NotedLately(room=2)
    assert noted.is_due(SESSION, "a", NOON)
    assert noted.is_due(SESSION, "b", NOON)
    assert not noted.is_due(SESSION, "a", NOON)
    assert noted.is_due(SESSION, "c", NOON)
    assert noted.is_due(SESSION, "a", NOON)
    assert not noted.is_due(SESSION, "c", NOON)


def test_a_clock_that_was_set_back_hides_nothing() -> None:
    noted = NotedLately()
    assert noted.is_due(SESSION, "a", NOON)
    assert noted.is_due(SESSION, "a", NOON - SECOND)
