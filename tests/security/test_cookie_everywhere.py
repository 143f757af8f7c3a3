"""A session with a cookie works wherever a token does: on every route, found in the document."""

import pytest

from tests.http.belongings import belongings_of
from tests.http.browsers import browser
from tests.http.document import Operation
from tests.http.offer import SECURED
from tests.http.people import Person, somebody

ADMINISTRATION = "/api/admin/"


@pytest.mark.parametrize("operation", SECURED, ids=str)
async def test_the_cookie_works_on_every_route_that_a_token_works_on(operation: Operation, ann: Person) -> None:
    """With the same answer: to those who administer nothing 403, where it takes an administrator."""
    by_token = await (await belongings_of(ann, operation)).ask(ann)
    again = await somebody(ann.http)
    mine = await belongings_of(again, operation)
    async with browser(ann.http) as opened:
        assert (await opened.sign_in(again.email)).status_code == 200
        body = {"json": mine.body} if operation.has_body else {}
        by_cookie = await opened.send(operation.method, mine.at(), **body)
    assert by_cookie.status_code == by_token.status_code
    assert by_cookie.is_success is not operation.path.startswith(ADMINISTRATION)
