"""What the tables hold, past the service: of invitations, and of accounts that are closed."""

import base64
from uuid import UUID

from sqlalchemy import URL

from adapters.sql.tables import metadata
from tests.http.people import Person
from tests.security.databases import rows_of, values_of

LOGS = {"audit_events", "audit_seals", "unsealed_events"}


async def test_the_token_of_an_invitation_has_256_random_bits_and_is_kept_as_its_hash_only(
    ann: Person, owner_url: URL
) -> None:
    firm = await ann.new_organization()
    tokens = [(await ann.invite(firm, "viewer")).rpartition(".")[2] for _ in range(3)]
    assert len(set(tokens)) == 3
    assert {len(base64.urlsafe_b64decode(token + "=")) for token in tokens} == {32}
    secrets = [part for token in tokens for part in (token.encode(), base64.urlsafe_b64decode(token + "="))]
    looked_at = 0
    for table in metadata.tables:
        for row in await rows_of(owner_url, table):
            for value in values_of(row):
                looked_at += 1
                assert not [one for one in secrets if one in value or one.hex().encode() in value], table
    assert looked_at > 20


async def test_of_a_closed_account_nothing_is_left_but_the_log(ann: Person, ben: Person, owner_url: URL) -> None:
    task = await ann.new_task(tags=["work"])
    await ann.new_task()
    await ann.delete(f"/api/tasks/{task['id']}")
    await ann.post("/api/documents", json={"title": "x"})
    await ann.put("/api/settings/a", json={"value": 1})
    await ann.post("/api/tasks", json={"title": "x"}, headers={"Idempotency-Key": "once"})
    await ann.join(await ben.invite(await ben.new_organization(), "member"))
    before = await tables_with(ann.id, owner_url)
    assert before >= {"users", "sessions", "memberships", "tasks", "tags", "documents", "settings", "replies"}
    assert (await ann.delete("/api/users/me", json={"password": ann.password})).status_code == 204
    assert await tables_with(ann.id, owner_url) <= LOGS


async def tables_with(id_: str, url: URL) -> set[str]:
    """The tables in which this id is found."""
    spelt = (UUID(id_).bytes, id_.encode())
    return {
        table
        for table in metadata.tables
        for row in await rows_of(url, table)
        for value in values_of(row)
        if any(one in value for one in spelt)
    }
