"""Whose share something is: an account's, an address's, or the service's own."""

from uuid import UUID

from domain.access import NOWHERE, Actor, Origin
from domain.ids import SessionId, UserId
from domain.shares import SERVICE, Share, share_of_actor, share_of_origin

ANN, BEN = UserId(UUID(int=1)), UserId(UUID(int=2))


def test_an_account_has_one_share_in_all_of_its_sessions() -> None:
    here, there = (Actor(ANN, SessionId(UUID(int=number)), Origin(f"192.0.2.{number}")) for number in range(2))
    assert share_of_actor(here) == share_of_actor(there)
    assert share_of_actor(here) != share_of_actor(Actor(BEN, here.session_id, here.origin))


def test_an_ipv6_network_of_64_bits_has_one_share() -> None:
    assert share_of_origin(Origin("2001:db8::1")) == share_of_origin(Origin("2001:db8::2"))
    assert share_of_origin(Origin("2001:db8::1")) != share_of_origin(Origin("2001:db8:0:1::1"))
    assert share_of_origin(Origin("203.0.113.7")) == "203.0.113.7"


def test_work_that_no_address_has_caused_is_the_services_own() -> None:
    assert share_of_origin(NOWHERE) is SERVICE


def test_a_share_in_two_levels_has_the_address_and_then_the_account() -> None:
    assert Share.of(Origin("203.0.113.7"), ANN) == Share("203.0.113.7", str(ANN))
    assert Share.of(NOWHERE, "ann@example.org") == Share(SERVICE, "ann@example.org")
