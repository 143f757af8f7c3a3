"""The address of a Redis server. Apart from what speaks to it, which takes a while to import."""

from urllib.parse import SplitResult, urlsplit


def read_redis_url(text: str) -> str:
    """Check the address of a Redis server. Raises ValueError; its message never holds the password."""
    try:
        url = urlsplit(text)
        usable = url.scheme in {"redis", "rediss"} and url.hostname and (url.port or 1) and _names_a_database(url)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("'redis://user:password@host:6379/0', or 'rediss://...' for TLS")
    return text


def _names_a_database(url: SplitResult) -> bool:
    name = url.path.removeprefix("/")
    return not url.query and not url.fragment and (not name or (name.isascii() and name.isdecimal()))
