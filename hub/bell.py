"""Tells a worker's duties whether anything was committed: one small question for all, not one from each."""

import threading
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Final

from core.errors import StorageUnavailable

ASKED_EVERY_SECONDS: Final = 0.05


class Bell:
    """Asks for the catalogue's revision, at most every twentieth of a second; many threads may listen."""

    def __init__(
        self, revision: Callable[[], Hashable | None], *, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._revision = revision
        self._seconds = seconds
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._state: Hashable | None = None

    def state(self) -> Hashable | None:
        """Return what differs once anything was committed, None where that cannot be told.

        It may be a twentieth of a second old, so it is to be taken before the catalogue is looked at.
        """
        with self._lock:
            if self._seconds() >= self._asked_at + ASKED_EVERY_SECONDS:
                self._asked_at = self._seconds()
                try:
                    self._state = self._revision()
                except StorageUnavailable:
                    self._state = None
            return self._state
