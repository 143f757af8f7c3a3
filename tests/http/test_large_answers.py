"""Answers with contents: bounded in size, in number, and by how fast the client reads."""

import asyncio
from typing import Any

import pytest
from starlette.responses import Response
from uuid_utils.compat import uuid7

from domain.errors import TooBusy
from domain.ids import UserId
from entrypoints.http.large_answers import LargeAnswers
from tests.http.people import Person

ANN, BEN = UserId(uuid7()), UserId(uuid7())


async def test_a_list_shows_contents_only_where_they_are_asked_for(ann: Person) -> None:
    for content in ("All.", None):
        await ann.post("/api/documents", json={"title": "Minutes", "content": content})
    listed = (await ann.get("/api/documents")).json()["items"]
    assert ["content" in one for one in listed] == [False, False]
    full = (await ann.get("/api/documents?content=true")).json()
    assert [one["content"] for one in full["items"]] == [None, "All."]
    assert (full["total"], full["next_cursor"]) == (None, None)
    for path in ("page=1", "skip=0"):
        refused = await ann.get(f"/api/documents?content=true&{path}")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "paging_twice")


async def test_contents_are_cut_at_4_mib_and_go_on_by_cursor(ann: Person) -> None:
    for _ in range(12):
        await ann.post("/api/documents", json={"title": "x", "content": "\U0001f600" * 100_000})
    first = (await ann.get("/api/documents?content=true&page_size=100")).json()
    assert len(first["items"]) == 10
    second = (await ann.get("/api/documents", params={"content": "true", "cursor": first["next_cursor"]})).json()
    assert (len(second["items"]), second["next_cursor"]) == (2, None)


def test_room_is_reserved_for_each_account_and_in_all() -> None:
    answers = LargeAnswers(for_each_account=1, in_all=2)
    with answers.reserve(ANN):
        with pytest.raises(TooBusy), answers.reserve(ANN):
            pass
        with answers.reserve(BEN), pytest.raises(TooBusy), answers.reserve(UserId(uuid7())):
            pass
    with answers.reserve(ANN), answers.reserve(BEN):
        pass


def test_room_is_free_again_after_a_failure() -> None:
    answers = LargeAnswers(for_each_account=1)
    for _ in range(3):
        with pytest.raises(RuntimeError), answers.reserve(ANN):
            raise RuntimeError


async def test_an_answer_holds_its_room_until_the_client_has_read_it() -> None:
    answers, sent = LargeAnswers(for_each_account=1), []
    has_begun, go_on = asyncio.Event(), asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 2:
            has_begun.set()
            await go_on.wait()

    async def receive() -> Any:
        raise AssertionError

    with answers.reserve(ANN) as reserved:
        response = reserved.until_sent(Response(b"x" * 200_000, 200, {"X-Test": "1"}))
    sending = asyncio.create_task(response({}, receive, send))
    await has_begun.wait()
    with pytest.raises(TooBusy), answers.reserve(ANN):
        pass
    go_on.set()
    await sending
    assert sent[0]["status"] == 200
    assert (b"x-test", b"1") in sent[0]["headers"]
    assert b"".join(message["body"] for message in sent[1:]) == b"x" * 200_000
    assert max(len(message["body"]) for message in sent[1:]) == 65_536
    assert [message["more_body"] for message in sent[1:]] == [True, True, True, False]
    with answers.reserve(ANN):
        pass


async def test_an_answer_that_is_given_up_frees_its_room() -> None:
    answers = LargeAnswers(for_each_account=1)

    async def gone(_: Any) -> None:
        raise ConnectionError

    with answers.reserve(ANN) as reserved:
        response = reserved.until_sent(Response(b"x"))
    with pytest.raises(ConnectionError):
        await response({}, gone, gone)  # type: ignore[arg-type] # it is never received from
    with answers.reserve(ANN):
        pass
