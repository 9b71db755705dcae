"""What a PostgreSQL server says of itself: whether we know it, and whether it keeps what it commits."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

_ASK = text("""
SELECT current_setting('server_version'), current_setting('server_version_num')::int,
       current_setting('server_encoding'), current_setting('fsync') = 'on',
       current_setting('full_page_writes') = 'on', current_setting('synchronous_commit')
""")


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """As one of the hub's own connections has them."""

    version: str
    version_number: int
    """15.4 is 150004."""
    encoding: str
    fsync: bool
    full_page_writes: bool
    synchronous_commit: str


def server_settings(connection: Connection) -> ServerSettings:
    """Ask the server behind this connection."""
    version, number, encoding, fsync, full_page_writes, synchronous_commit = connection.execute(_ASK).one()
    return ServerSettings(
        version=version,
        version_number=number,
        encoding=encoding,
        fsync=fsync,
        full_page_writes=full_page_writes,
        synchronous_commit=synchronous_commit,
    )
