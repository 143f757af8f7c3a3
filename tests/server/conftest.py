"""One server for the tests that are not about deadlines and numbers."""

from collections.abc import Iterator

import pytest

from tests.server.listening import Listening, listening


@pytest.fixture(scope="session", params=["asyncio", "uvloop"])
def server(request: pytest.FixtureRequest) -> Iterator[Listening]:
    with listening(loop=request.param) as serving:
        yield serving
