"""Where the catalogue is, as one address. What is wrong is said without it: it may hold a password."""

from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS: Final = frozenset({"sqlite", "postgresql", "postgresql+psycopg"})
_WANTED: Final = (
    "wanted is postgresql+psycopg://login:password@host:5432/name, in the password %40 for @, %2F for /,"
    " %3A for : and %25 for %"
)


def require_usable(address: str) -> None:
    """Look at an address without connecting. Raises ValueError, whose message shows nothing of it."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ValueError(f"not an address of a database; {_WANTED}") from None
    if url.drivername not in _DRIVERS:
        raise ValueError(f"neither sqlite nor postgresql+psycopg; {_WANTED}")
    if url.drivername == "sqlite":
        return
    if "@" in (url.host or "") or not url.database:
        raise ValueError(f"a host or database that cannot be; {_WANTED}")
    _require_known_options(url)


def embedded_file(address: str) -> Path | None:
    """Return the file that an embedded database lies in; None for a server's."""
    url = make_url(address)
    return Path(url.database) if url.drivername == "sqlite" and url.database else None


def _require_known_options(url: URL) -> None:
    _, named = url.get_dialect()().create_connect_args(url)
    try:
        make_conninfo(**named)
    except psycopg.ProgrammingError:
        raise ValueError(f"an option after the ? that PostgreSQL does not know; {_WANTED}") from None
