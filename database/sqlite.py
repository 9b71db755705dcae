"""The catalogue as a file of this machine: SQLite, set up to lose nothing."""

import sqlite3
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import StorageUnavailable
from core.limits import CATALOGUE_SECONDS

WRITES = "hub_writes"
"""The execution option of a transaction that will write."""
BUSY_MILLISECONDS = int(CATALOGUE_SECONDS * 1000)


def open_sqlite(url: str) -> Engine:
    """Return the engine; the file is made when the first transaction begins."""
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    if engine.url.database:
        _watch_file(engine, Path(engine.url.database))
    return engine


def _watch_file(engine: Engine, path: Path) -> None:
    """Notice a catalogue that was removed or restored under open connections.

    SQLite would go on writing to the file without a name: acknowledged, and gone with the process.
    """

    @event.listens_for(engine, "connect")
    def note(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["file"] = file_identity(path)

    @event.listens_for(engine, "checkout")
    def compare(_connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        present = file_identity(path)
        if present is None:
            raise StorageUnavailable("The catalogue's file is gone.")
        if present != entry.info["file"]:
            raise DisconnectionError


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from any other that takes its name; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction handling would begin DEFERRED and commit before DDL; ours is explicit.
    connection.isolation_level = None
    _enter_wal(connection)
    # FULL: with WAL and NORMAL an acknowledged commit can be lost at a power cut.
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        # PS3.4 C.2.2.2.4: wildcards are case-sensitive, as they are on the other engine.
        "case_sensitive_like=ON",
        # What a REPLACE puts aside is deleted too, and the triggers of database.append_only are to see it.
        "recursive_triggers=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Ask until it is done: changing the journal never waits for others that open the same new file."""
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
