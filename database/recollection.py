"""What the catalogue answered, given again for as long as nothing at all was committed to it.

Readers ask the same few things of every frame: who holds this token, where does the instance lie. Whether
anything was committed since costs less to ask than any of them, and tells of every change at once, whichever
process made it: an account that is disabled is refused with the very next request.
"""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from core.errors import StorageUnavailable
from core.limits import KIB, MIB
from database.sqlite import file_identity

Answer = TypeVar("Answer")

SMALL: Final = 4 * KIB
"""What an answer weighs whose size nobody said."""
LARGEST: Final = MIB
ANSWERS_AT_MOST: Final = 32 * MIB
"""Of one process, all together. Those that were asked for longest ago give way."""


class Recollection:
    """Keeps answers, each with the revision of the catalogue before which it was asked for."""

    def __init__(self, revision: Callable[[], Hashable | None], *, at_most: int = ANSWERS_AT_MOST) -> None:
        self._revision = revision
        self._at_most = at_most
        self._answers: OrderedDict[Hashable, tuple[Hashable, Any, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def recalled(
        self, key: Hashable, ask: Callable[[], Answer], weigh: Callable[[Answer], int] | None = None
    ) -> Answer:
        """Return what is kept under a key, or ask and keep it; what `ask` raises is not kept.

        The revision is taken before asking: an answer may be newer than it, never older. `weigh` returns
        the bytes of an answer that may be larger than SMALL; beyond LARGEST it is not kept.
        """
        revision = self._revision()
        if revision is None:
            return ask()
        with self._lock:
            kept = self._answers.get(key)
            if kept is not None and kept[0] == revision:
                self._answers.move_to_end(key)
                return cast("Answer", kept[1])
        answer = ask()
        weight = SMALL if weigh is None else weigh(answer)
        with self._lock:
            self._forget(key)
            if weight <= LARGEST:
                self._answers[key] = (revision, answer, weight)
                self._weight += weight
            while self._weight > self._at_most:
                self._forget(next(iter(self._answers)))
        return answer

    def _forget(self, key: Hashable) -> None:
        *_, weight = self._answers.pop(key, (None, None, 0))
        self._weight -= weight


class SqliteRevision:
    """Tells one state of a SQLite file from every other, by a connection that never writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._times_opened = 0

    def __call__(self) -> Hashable:
        """Return the present revision.

        Raises:
            StorageUnavailable: the file is gone, or is none that can be read.
        """
        with self._lock:
            try:
                return self._look()
            except sqlite3.Error as error:
                raise StorageUnavailable("The catalogue cannot be read.") from error

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _look(self) -> Hashable:
        file = file_identity(self._path)
        if file is None:
            raise StorageUnavailable("The catalogue's file is gone.")
        if self._connection is None or file != self._file:
            if self._connection is not None:
                self._connection.close()
            self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._file = file
            self._times_opened += 1
        # Fetched whole: a cursor with a row to come would hold its snapshot, and what it sees, for ever.
        [(version,)] = self._connection.execute("PRAGMA data_version").fetchall()
        return self._times_opened, version
