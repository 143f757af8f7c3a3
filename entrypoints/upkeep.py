"""What is done to the database itself, as its owner: migrating it, making roles, spreading it.

This takes Alembic, which is half a second and 20 MB: only what needs it imports this.
"""

from adapters.sql import distribution, migrations, roles
from adapters.sql.history import expected_revision
from adapters.sql.sqlite_file import make_private
from adapters.sql.url import database_file, is_sqlite
from entrypoints.databases import migration_url, owner_url, service_url
from entrypoints.settings import Settings, WrongSetting


async def migrate(settings: Settings, revision: str = "head") -> str:
    """Bring the schema to a revision, older or newer, as the owner of the database; return which it is then.

    Raises Unavailable, WrongSetting, and LookupError: for a revision that there is not, for a database that a later
    version has migrated, and for a file that cannot be made.
    """
    url = owner_url(settings)
    if is_sqlite(url):
        make_private(database_file(url))
    reached = await migrations.move(url, revision)
    service = service_url(settings)
    if service.username != url.username and reached == expected_revision():
        await roles.grant(url, service)
    return reached


async def create_roles(settings: Settings) -> str:
    """Make the role of DATABASE_URL, as the role of MIGRATION_DATABASE_URL; return its name.

    Raises Unavailable, and WrongSetting unless the settings name two roles of one PostgreSQL database.
    """
    owner, service = migration_url(settings), service_url(settings)
    if owner is None or is_sqlite(owner) or is_sqlite(service):
        raise WrongSetting("migration_database_url", "the PostgreSQL URL of the role that owns the tables")
    if not service.username or service.username == owner.username:
        raise WrongSetting("database_url", "the same database, with the name and password of a role of its own")
    await migrations.upgrade(owner)
    await roles.create_role(owner, service)
    return service.username


async def distribute(settings: Settings) -> list[str]:
    """Spread the tables over the machines of a cluster, as their owner; return those that had no place there yet.

    Raises Unavailable, WrongSetting for SQLite, and LookupError where there is no cluster or a revision is missing.
    """
    url = owner_url(settings)
    if is_sqlite(url):
        raise WrongSetting("database_url", "SQLite is a file on one machine; only PostgreSQL can be spread, with Citus")
    return await distribution.distribute(url)
