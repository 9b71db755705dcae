"""How a SQLite file stands: asked over a connection that never writes, in some microseconds."""

import sqlite3
import threading
from collections.abc import Callable, Collection, Hashable
from pathlib import Path
from typing import Any, TypeVar

from core.errors import StorageUnavailable
from database.recollection import Marks, Revision
from database.sqlite import file_identity

Found = TypeVar("Found")


class SqliteRevisions:
    """Tells one state of a file from every other, and the marks of its topics."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: Hashable = None
        self._times_opened = 0

    def now(self) -> Revision:
        """Return the present revision.

        Raises:
            StorageUnavailable: the file is gone, or is none that can be read.
        """

        def look(connection: sqlite3.Connection) -> Revision:
            [(version,)] = _all(connection, "PRAGMA data_version")
            return Revision(catalogue=self._times_opened, state=version)

        return self._asked(look)

    def marks(self, topics: Collection[str]) -> Marks:
        """Return the marks of these topics; raises as `now`."""

        def look(connection: sqlite3.Connection) -> Marks:
            places = ", ".join("?" * len(topics))
            statement = f"SELECT topic, mark FROM revisions WHERE topic IN ({places})"  # noqa: S608 - places
            return dict.fromkeys(topics) | dict(_all(connection, statement, *topics))

        return self._asked(look)

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._let_go()

    def _asked(self, look: Callable[[sqlite3.Connection], Found]) -> Found:
        with self._lock:
            try:
                return look(self._opened())
            except sqlite3.Error as error:
                raise StorageUnavailable("The catalogue cannot be read.") from error

    def _opened(self) -> sqlite3.Connection:
        file = file_identity(self._path)
        if file is None:
            raise StorageUnavailable("The catalogue's file is gone.")
        if self._connection is None or file != self._file:
            self._let_go()
            self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._file = file
            self._times_opened += 1
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _all(connection: sqlite3.Connection, statement: str, *values: Any) -> list[Any]:
    """Fetched whole: a cursor with a row to come would hold its snapshot, and what it sees, for ever."""
    return connection.execute(statement, values).fetchall()
