"""Which database the settings mean, and as whom."""

from adapters.sql.sqlite_file import keep_private
from adapters.sql.url import DatabaseUrl, database_file, is_sqlite, read_url
from entrypoints.settings import Settings, parsed


def owner_url(settings: Settings) -> DatabaseUrl:
    """The database as its owner reaches it. Raises WrongSetting."""
    return migration_url(settings) or service_url(settings)


def service_url(settings: Settings) -> DatabaseUrl:
    """The database as the service reaches it. Raises WrongSetting."""
    return parsed("database_url", read_url, settings.database_url.get_secret_value())


def migration_url(settings: Settings) -> DatabaseUrl | None:
    """The URL of the role that owns the tables, if one is given. Raises WrongSetting."""
    given = settings.migration_database_url
    return None if given is None else parsed("migration_database_url", read_url, given.get_secret_value())


def database_place(settings: Settings, *, of_owner: bool = False) -> str:
    """Where the data lies, without the password: as the service reaches it, or as the owner does."""
    url = owner_url(settings) if of_owner else service_url(settings)
    if is_sqlite(url):
        return str(database_file(url).resolve())
    # A password may also stand among the parameters, of which only the socket's folder is of interest.
    return url.set(query={name: text for name, text in url.query.items() if name == "host"}).render_as_string()


def keep_database_private(settings: Settings) -> None:
    """Keep the file of an embedded database from all but its owner. Raises FileNotPrivate."""
    url = service_url(settings)
    if is_sqlite(url):
        keep_private(database_file(url))
