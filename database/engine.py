"""One engine, two kinds of transaction: many may read, writes are short and one at a time."""

import shutil
import threading
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.access import EVERY_SITE, Scope
from core.errors import InvalidRequest, StorageUnavailable
from core.limits import CATALOGUE_SECONDS
from database import postgresql
from database.recollection import Marks, Recollection, Revision, Revisions
from database.sqlite import WRITES, open_sqlite
from database.sqlite_revisions import SqliteRevisions

Answer = TypeVar("Answer")


class Database:
    """The catalogue's engine. `read` gives a snapshot; `write` a transaction that is durable when it ends.

    Writers take turns on both engines, so what a write has read stays true until it commits, and what is
    numbered is committed in the order of its numbers. On SQLite a write is BEGIN IMMEDIATE, on PostgreSQL it
    begins with an advisory lock. This process queues its own writers in front of either: the file's lock is
    not fair to waiters, and waiting for the server's would use up the connections.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_sqlite(url) if url.startswith("sqlite") else postgresql.open_postgresql(url)
        self._writer = threading.Lock()
        file = self.engine.url.database if self.is_sqlite else None
        self._file_revisions = SqliteRevisions(Path(file)) if file else None
        self._revisions: Revisions | None = self._file_revisions
        if not self.is_sqlite:
            self._revisions = _ServerRevisions(self.engine)
        self._recollection = None if self._revisions is None else Recollection(self._revisions)

    @property
    def is_sqlite(self) -> bool:
        """Whether the catalogue is a file of this machine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self, *, within: Scope) -> Iterator[Connection]:
        """Open a transaction that reads, on PostgreSQL the rows of these sites alone.

        Raises:
            StorageUnavailable: the catalogue is away.
        """
        with _translated(), self.engine.connect() as connection:
            begin = connection.begin() if self.is_sqlite else postgresql.reading(connection, within)
            with begin:
                yield connection

    @contextmanager
    def write(self, *, within: Scope) -> Iterator[Connection]:
        """Open a transaction that writes, on PostgreSQL the rows of these sites alone.

        No I/O of other kinds belongs inside.

        Raises:
            StorageUnavailable: the catalogue is away, full or locked for too long.
        """
        with self._turn(), _translated(), self.engine.connect() as connection:
            connection.execution_options(**{WRITES: True})
            begin = connection.begin() if self.is_sqlite else postgresql.writing(connection, within)
            with begin:
                yield connection

    @contextmanager
    def alter(self) -> Iterator[Connection]:
        """Open a transaction that may change the schema, however long it takes; several wait for each other.

        Raises:
            StorageUnavailable: the catalogue is away.
        """
        if self.is_sqlite:
            with self.write(within=EVERY_SITE) as connection:
                yield connection
            return
        with _translated(), self.engine.connect() as connection, postgresql.altering(connection):
            yield connection

    @contextmanager
    def survey(self) -> Iterator[Connection]:
        """Open a transaction that looks at the schema, also where nothing was made yet.

        Raises:
            StorageUnavailable: the catalogue is away.
        """
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    def recalled(
        self,
        key: Hashable,
        ask: Callable[[], Answer],
        *,
        on: Collection[str] | None,
        weigh: Callable[[Answer], int] | None = None,
        still: Callable[[Answer], bool] | None = None,
    ) -> Answer:
        """Return what `ask` answered under this key, unless anything was committed since that it depends on.

        `on` says what that is, by the topics of `database.topics`; None is anything at all. The key says
        what else the answer depends on, the scope too. For small answers that are asked for again and
        again; `weigh` returns the bytes of one that need not be small. What follows from the time of day is
        none, unless `still` says of an answer whether it is of use now.

        Raises:
            StorageUnavailable: the catalogue is away.
        """
        if self._recollection is None:
            return ask()
        return self._recollection.recalled(key, ask, on=on, weigh=weigh, still=still)

    def revision(self) -> Revision | None:
        """Return what differs whenever anything was committed, by whichever process; None if that is unknown.

        Raises:
            StorageUnavailable: the catalogue is away.
        """
        return None if self._revisions is None else self._revisions.now()

    def room(self) -> int | None:
        """Return the free bytes of the file's disk, None where a server has the catalogue.

        Raises:
            StorageUnavailable: the disk is not there.
        """
        if not self.is_sqlite or not self.engine.url.database:
            return None
        try:
            return shutil.disk_usage(Path(self.engine.url.database).parent).free
        except OSError as error:
            raise StorageUnavailable("The disk of the catalogue is not there.") from error

    def close(self) -> None:
        """Give the connections back."""
        if self._file_revisions is not None:
            self._file_revisions.close()
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._writer.acquire(timeout=CATALOGUE_SECONDS):
            raise StorageUnavailable("The catalogue is too busy.")
        try:
            yield
        finally:
            self._writer.release()


class _ServerRevisions:
    """How the catalogue on a server stands; raises StorageUnavailable where that cannot be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> Revision:
        """Return the present revision."""
        with _translated(), self._engine.connect() as connection:
            return postgresql.revision(connection)

    def marks(self, topics: Collection[str]) -> Marks:
        """Return the marks of these topics."""
        with _translated(), self._engine.connect() as connection:
            return postgresql.marks(connection, topics)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StorageUnavailable("The catalogue cannot be reached.") from error
    except PoolTimeout as error:
        raise StorageUnavailable("Every connection of the catalogue is in use.") from error
    except DataError as error:
        if postgresql.is_away(error):
            raise StorageUnavailable("The catalogue is not set up: run imaging-hub migrate.") from error
        if postgresql.cannot_be_kept(error):
            raise InvalidRequest(
                "A text holds a character, or a number is one, that cannot be kept."
            ) from error
        raise
    except DBAPIError as error:
        # A file that is damaged, or no catalogue at all, is told by the bare class.
        if error.connection_invalidated or type(error) is DatabaseError or postgresql.is_away(error):
            raise StorageUnavailable("The catalogue cannot be read, or its connection was cut.") from error
        raise


def sqlite_url(path: Path) -> str:
    """Return the engine URL of a SQLite file."""
    return f"sqlite:///{path}"


def is_reachable(database: Database) -> bool:
    """Whether the catalogue answers."""
    try:
        with database.read(within=EVERY_SITE) as connection:
            connection.execute(text("SELECT 1"))
    except StorageUnavailable:
        return False
    return True
