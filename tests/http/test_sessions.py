"""Sessions over HTTP: listed, ended one by one and all at once, from the next request on and on every worker."""

from uuid import UUID

from sqlalchemy import URL
from uuid_utils.compat import uuid7

from tests.http.people import Person
from tests.http.service import serving, settings_for


async def test_one_sees_where_one_is_signed_in(ann: Person, ben: Person) -> None:
    phone = await ann.sign_in_again()
    (first, second) = (await phone.get("/api/auth/sessions", headers={"User-Agent": "Phone/1.0"})).json()["items"]
    assert [first["current"], second["current"]] == [True, False]
    assert first.keys() == {
        "id", "created_at", "last_used_at", "expires_at", "ip_address", "user_agent", "current",
    }  # fmt: skip
    assert (first["ip_address"], first["user_agent"]) == ("127.0.0.1", second["user_agent"])
    assert len((await ben.get("/api/auth/sessions")).json()["items"]) == 1


async def test_ending_one_session_leaves_the_others(ann: Person) -> None:
    lost, kept = await ann.sign_in_again(), await ann.sign_in_again()
    (session_id,) = [s["id"] for s in (await lost.get("/api/auth/sessions")).json()["items"] if s["current"]]
    assert (await ann.delete(f"/api/auth/sessions/{session_id}")).status_code == 204
    assert (await lost.get("/api/users/me")).status_code == 401
    refreshed = await ann.http.post("/api/auth/refresh", json={"refresh_token": lost.refresh_token})
    assert refreshed.status_code == 401
    for person in (ann, kept):
        assert (await person.get("/api/users/me")).status_code == 200


async def test_sessions_of_others_and_of_nobody_look_the_same(ann: Person, ben: Person) -> None:
    (theirs,) = [session["id"] for session in (await ben.get("/api/auth/sessions")).json()["items"]]
    (mine,) = [session["id"] for session in (await ann.get("/api/auth/sessions")).json()["items"]]
    answers = [
        await ann.delete(f"/api/auth/sessions/{session_id}")
        for session_id in (theirs, str(uuid7()), str(UUID(int=0)), "not-an-id", mine.replace("-", ""), ben.id)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text.replace(answer.headers["x-request-id"], "-") for answer in answers}) == 1
    for person in (ann, ben):
        assert (await person.get("/api/users/me")).status_code == 200


async def test_all_sessions_end_at_once(ann: Person, ben: Person) -> None:
    others = [await ann.sign_in_again() for _ in range(3)]
    assert (await others[0].post("/api/auth/logout-all")).status_code == 204
    for person in (ann, *others):
        assert (await person.get("/api/users/me")).status_code == 401
        answer = await ann.http.post("/api/auth/refresh", json={"refresh_token": person.refresh_token})
        assert answer.status_code == 401
    assert (await ben.get("/api/users/me")).status_code == 200


async def test_another_worker_knows_at_once(ann: Person, url: URL) -> None:
    """Two services on one database and with the same keys, as several workers are."""
    async with serving(settings_for(url)) as other:
        headers = {"Authorization": f"Bearer {ann.access_token}"}
        assert (await other.get("/api/tasks", headers=headers)).status_code == 200
        assert (await ann.post("/api/auth/logout-all")).status_code == 204
        assert (await other.get("/api/tasks", headers=headers)).status_code == 401
