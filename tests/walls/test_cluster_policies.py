"""The policies as a cluster takes them: without a subquery, and no weaker.

``test_policies_alone`` holds both kinds against each other, row by row. Citus itself is not here; what it refuses is.
"""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL

from adapters.sql import distribution, dsn, roles
from tests.isolation.over_http import OverHttp
from tests.isolation.walk import walk
from tests.walls.ground import Ground, connected, ground

WITH_SUBQUERIES = """
SELECT polname FROM pg_policy
WHERE polqual::text LIKE '%{SUBLINK %' OR polwithcheck::text LIKE '%{SUBLINK %'
"""


@pytest.fixture(scope="module")
async def cluster(postgres_server: URL) -> AsyncIterator[Ground]:
    async with ground(postgres_server, is_cluster=True) as found:
        yield found


async def subqueries(place: Ground) -> set[str]:
    """The policies that Citus would refuse, by what PostgreSQL has understood of them."""
    async with connected(place.superuser) as connection:
        return {row["polname"] for row in await connection.fetch(WITH_SUBQUERIES)}


async def test_no_policy_has_a_subquery(cluster: Ground) -> None:
    assert await subqueries(cluster) == set()


async def test_a_policy_with_a_subquery_is_seen(scratch: Ground) -> None:
    async with connected(scratch.superuser) as connection:
        policies = {row[0] for row in await connection.fetch("SELECT polname FROM pg_policy")}
        without = {
            "departures_for_upkeep",
            "replies_expired",
            "spaces_for_upkeep",
            "spaces_removed",
            "unsealed_events_left",
        }
        assert await subqueries(scratch) == policies - without


async def test_the_service_serves_under_them(cluster: Ground) -> None:
    async with connected(cluster.service) as connection:
        assert await roles.faults(connection) == []


async def test_the_owner_may_do_all_that_is_not_done_by_citus_itself(cluster: Ground) -> None:
    by_citus = ("SELECT create_", "ALTER DATABASE")  # The setting is nobody's before Citus brings it.
    sql = [one for one in distribution.statements(str(cluster.owner.database)) if not one.startswith(by_citus)]
    await dsn.run(cluster.owner, sql)
    async with connected(cluster.service) as connection:
        assert await roles.faults(connection) == []


async def test_no_table_has_a_trigger_that_would_have_to_be_on_every_machine(cluster: Ground) -> None:
    async with connected(cluster.superuser) as connection:
        assert await connection.fetch("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == []


def test_whatever_people_do_each_sees_and_does_what_the_model_allows(cluster: Ground) -> None:
    walk(lambda: OverHttp(cluster.service), examples=4, steps=30)
