"""One's own account."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from tests.http.people import PASSWORD, Person, new_email, sign_in


async def test_everybody_sees_their_own_account(ann: Person, ben: Person) -> None:
    for person in (ann, ben):
        answer = await person.get("/api/users/me")
        assert answer.status_code == 200
        me = answer.json()
        assert (me["id"], me["email"], me["full_name"], me["role"]) == (person.id, person.email, None, "user")


async def test_a_change_is_answered_and_kept(ann: Person) -> None:
    before = (await ann.get("/api/users/me")).json()
    answer = await ann.patch("/api/users/me", json={"full_name": "Ann Example"})
    assert answer.status_code == 200
    after = answer.json()
    assert after == before | {"full_name": "Ann Example", "updated_at": after["updated_at"]}
    assert datetime.fromisoformat(after["updated_at"]) > datetime.fromisoformat(before["updated_at"])
    assert (await ann.get("/api/users/me")).json() == after


async def test_what_is_left_out_is_untouched_and_null_clears(ann: Person) -> None:
    await ann.patch("/api/users/me", json={"full_name": "Ann Example"})
    email = new_email()
    changed = (await ann.patch("/api/users/me", json={"email": email, "current_password": PASSWORD})).json()
    assert (changed["email"], changed["full_name"]) == (email, "Ann Example")
    cleared = (await ann.patch("/api/users/me", json={"full_name": None})).json()
    assert (cleared["email"], cleared["full_name"]) == (email, None)


async def test_an_empty_change_changes_nothing(ann: Person) -> None:
    before = (await ann.get("/api/users/me")).json()
    answer = await ann.patch("/api/users/me", json={})
    assert answer.status_code == 200
    assert answer.json() == before
    assert (await ann.get("/api/users/me")).json() == before


async def test_the_new_address_signs_in_and_the_old_one_is_free(ann: Person, ben: Person) -> None:
    email = new_email()
    assert (await ann.patch("/api/users/me", json={"email": email, "current_password": PASSWORD})).status_code == 200
    assert (await sign_in(ann.http, email))["access_token"]
    old = {"email": ann.email, "password": PASSWORD}
    assert (await ann.http.post("/api/auth/login", json=old)).status_code == 401
    assert (
        await ben.patch("/api/users/me", json={"email": ann.email, "current_password": PASSWORD})
    ).status_code == 200


async def test_the_address_of_somebody_else_is_taken(ann: Person, ben: Person) -> None:
    before = (await ann.get("/api/users/me")).json()
    for spelt in (ben.email, ben.email.upper()):
        changes = {"email": spelt, "full_name": "changed?", "current_password": PASSWORD}
        answer = await ann.patch("/api/users/me", json=changes)
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("#email-taken")
        assert ben.id not in answer.text
    assert (await ann.get("/api/users/me")).json() == before


async def test_ones_own_address_may_be_spelt_anew(ann: Person) -> None:
    answer = await ann.patch("/api/users/me", json={"email": ann.email.upper(), "current_password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["email"] == ann.email.upper()


async def test_of_two_who_want_one_address_exactly_one_gets_it(ann: Person, ben: Person) -> None:
    email = new_email()
    answers = await asyncio.gather(
        *(who.patch("/api/users/me", json={"email": email, "current_password": PASSWORD}) for who in (ann, ben))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", None),
        ("email", ""),
        ("email", "ann"),
        ("full_name", ""),
        ("full_name", "x" * 201),
        ("full_name", 1),
        ("role", "admin"),
        ("is_active", True),
        ("password", "another password"),
        ("password_hash", "x"),
        ("id", "01900000-0000-7000-8000-000000000000"),
    ],
)
async def test_a_wrong_change_is_refused_by_its_pointer_and_nothing_is_written(
    field: str, value: Any, ann: Person
) -> None:
    before = (await ann.get("/api/users/me")).json()
    answer = await ann.patch("/api/users/me", json={"full_name": "changed?"} | {field: value})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]
    assert (await ann.get("/api/users/me")).json() == before


async def test_the_token_still_works_after_a_change_of_address(ann: Person) -> None:
    await ann.patch("/api/users/me", json={"email": new_email(), "current_password": PASSWORD})
    assert (await ann.get("/api/tasks")).status_code == 200
