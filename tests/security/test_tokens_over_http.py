"""Whatever is wrong with a token, HTTP answers 401 in the same words, and goes on."""

import json

import pytest
from sqlalchemy import URL

from tests.http.people import Person, bearer
from tests.http.service import KEYS
from tests.security.databases import add_owner
from tests.security.test_access_tokens import HEADERS, SPELLINGS, decode, encode, signed

ODD = {
    "a header of 2,500 nested arrays": f"{encode(b'[' * 2500)}.AA.AA",
    "4 KiB and a byte": "x" * 4097,
    "64 KiB": "x" * 65_536,
    "bytes": "\xff\xfe",
    "two tokens": "a b",
    "a comma": "a,b",
}


async def answer_to(ann: Person, token: str) -> tuple[int, str]:
    raw = [(b"Authorization", b"Bearer " + token.encode("latin-1", errors="replace"))]
    answer = await ann.http.get("/api/users/me", headers=raw)
    return answer.status_code, answer.text.replace(answer.headers["x-request-id"], "-")


async def test_every_bad_token_gets_one_answer(ann: Person) -> None:
    bad = ODD | {name: make() for name, make in (HEADERS | SPELLINGS).items()}
    answers = {name: await answer_to(ann, token) for name, token in bad.items()}
    assert {name: status for name, (status, _) in answers.items()} == dict.fromkeys(bad, 401)
    assert len(set(answers.values())) == 1


@pytest.mark.parametrize("change", [{}, {"role": "admin"}, {"email": "ben@example.org"}], ids=str)
async def test_nothing_but_who_and_which_session_is_taken_from_the_claims(change: dict[str, str], ann: Person) -> None:
    header, claims, _ = ann.access_token.split(".")
    changed = json.dumps(json.loads(decode(claims)) | change).encode()
    answer = await ann.http.get("/api/users/me", headers=bearer(signed(decode(header), changed, by=KEYS)))
    assert answer.status_code == 200
    assert (answer.json()["email"], answer.json()["role"]) == (ann.email, "user")


async def test_a_session_serves_its_own_user_only(ann: Person, ben: Person) -> None:
    header, claims, _ = ann.access_token.split(".")
    theirs = json.loads(decode(ben.access_token.split(".")[1]))
    for change in ({"sub": theirs["sub"]}, {"sid": theirs["sid"]}):
        changed = json.dumps(json.loads(decode(claims)) | change).encode()
        forged = signed(decode(header), changed, by=KEYS)
        for path in ("/api/users/me", "/api/tasks", f"/api/{ann.id}/tasks", f"/api/{ben.id}/tasks"):
            assert (await ann.http.get(path, headers=bearer(forged))).status_code == 401


async def test_a_session_serves_its_own_user_only_also_where_both_are_owners(
    ann: Person, ben: Person, owner_url: URL
) -> None:
    """What is remembered of how somebody came in is no way in for another one's session."""
    await add_owner(owner_url, space_id=ann.id, user_id=ben.id)
    task = await ann.new_task()
    address = f"/api/{ann.id}/tasks/{task['id']}"
    for person in (ann, ben, ben):
        assert (await person.get(address)).json() == task
    header, claims, _ = ben.access_token.split(".")
    theirs = json.loads(decode(ann.access_token.split(".")[1]))
    changed = json.dumps(json.loads(decode(claims)) | {"sid": theirs["sid"]}).encode()
    forged = signed(decode(header), changed, by=KEYS)
    assert (await ann.http.get(address, headers=bearer(forged))).status_code == 401
