"""Lists that have cursors only: organisations, members, invitations and sessions."""

from collections.abc import Awaitable, Callable

import pytest

from tests.http.people import Person, somebody

Make = Callable[[Person, str], Awaitable[object]]


async def _new_member(ann: Person, firm: str) -> None:
    ben = await somebody(ann.http)
    await ben.join(await ann.invite(firm, "viewer"))


LISTS: dict[str, tuple[str, Make]] = {
    "organizations": ("/api/organizations", lambda ann, _: ann.new_organization("Another")),
    "members": (
        "/api/organizations/{}/members",
        _new_member,
    ),
    "invitations": ("/api/organizations/{}/invitations", lambda ann, firm: ann.invite(firm, "viewer")),
    "sessions": ("/api/auth/sessions", lambda ann, _: ann.sign_in_again()),
}
each_list = pytest.mark.parametrize(("path", "make"), LISTS.values(), ids=LISTS)


@each_list
async def test_pages_lead_on_by_cursor_and_by_link(ann: Person, path: str, make: Make) -> None:
    firm = await ann.new_organization()
    for _ in range(4):
        await make(ann, firm)
    at = path.format(firm)
    whole = (await ann.get(at)).json()
    assert (len(whole["items"]) >= 4, whole["next_cursor"]) == (True, None)
    items, answer = [], await ann.get(at, params={"page_size": 2})
    while True:
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            break
        assert len(answer.json()["items"]) == 2
        link, _, relation = answer.headers["link"].partition(">; ")
        assert relation == 'rel="next"'
        answer = await ann.get(link.removeprefix("<"))
    assert items == whole["items"]
    assert "link" not in answer.headers


@each_list
async def test_a_cursor_belongs_to_its_list_and_its_reader(ann: Person, ben: Person, path: str, make: Make) -> None:
    firm = await ann.new_organization()
    for _ in range(2):
        await make(ann, firm)
    at = path.format(firm)
    cursor = (await ann.get(at, params={"page_size": 1})).json()["next_cursor"]
    assert (await ann.get(at, params={"cursor": f"{cursor}x"})).status_code == 400
    assert (await ann.get("/api/tags", params={"cursor": cursor})).status_code == 400
    if "{}" in path:
        await ben.join(await ann.invite(firm, "admin"))
    assert (await ben.get(at, params={"cursor": cursor})).status_code == 400


@pytest.mark.parametrize("path", [path for path, _ in LISTS.values()], ids=LISTS)
async def test_a_wrong_page_is_refused_by_its_pointer(ann: Person, path: str) -> None:
    at = path.format(await ann.new_organization())
    for query in ("page_size=0", "page_size=101", "page_size=x", "page=1", "skip=1"):
        answer = await ann.get(f"{at}?{query}")
        assert answer.status_code == 422, query
        assert [one["pointer"] for one in answer.json()["errors"]] == [f"/query/{query.partition('=')[0]}"]
