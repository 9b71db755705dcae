"""One engine, two kinds of transaction: many may read, writes are short and one at a time on SQLite."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import (
    TimeoutError as PoolTimeout,
)
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import StorageUnavailable

BUSY_MILLISECONDS = 10_000
_WRITES = "hub_writes"


class Database:
    """The catalogue's engine. `read` gives a snapshot; `write` a transaction that is durable when it ends.

    On SQLite a write is BEGIN IMMEDIATE, and this process queues its writers in front of the file's own lock,
    which is not fair to waiters.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _open_engine(url)
        self._writer = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether the catalogue is a file of this machine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that reads. Raises StorageUnavailable when the catalogue is away."""
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes; no I/O of other kinds belongs inside.

        Raises:
            StorageUnavailable: the catalogue is away, full or locked for too long.
        """
        if self.is_sqlite:
            self._writer.acquire()
        try:
            with _translated(), self.engine.connect() as connection:
                writing = connection.execution_options(**{_WRITES: True})
                with writing.begin():
                    yield writing
        finally:
            if self.is_sqlite:
                self._writer.release()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StorageUnavailable("The catalogue cannot be reached.") from error
    except PoolTimeout as error:
        raise StorageUnavailable("Every connection of the catalogue is in use.") from error
    except DBAPIError as error:
        # A file that is damaged, or no catalogue at all, is told by the bare class.
        if error.connection_invalidated or type(error) is DatabaseError:
            raise StorageUnavailable("The catalogue cannot be read, or its connection was cut.") from error
        raise


def _open_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
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
        entry.info["file"] = _file_identity(path)

    @event.listens_for(engine, "checkout")
    def compare(_connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        present = _file_identity(path)
        if present is None:
            raise StorageUnavailable("The catalogue's file is gone.")
        if present != entry.info["file"]:
            raise DisconnectionError


def _file_identity(path: Path) -> tuple[int, int] | None:
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
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def sqlite_url(path: Path) -> str:
    """Return the engine URL of a SQLite file."""
    return f"sqlite:///{path}"


def is_reachable(database: Database) -> bool:
    """Whether the catalogue answers."""
    try:
        with database.read() as connection:
            connection.execute(text("SELECT 1"))
    except StorageUnavailable:
        return False
    return True
