"""So many at a time, and so many waiting: what takes a core or much memory must not take all threads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from viewer_api.problems import Busy


class Places:
    """Lets `count` in and makes `waiting` more wait; anybody beyond is sent away."""

    def __init__(self, count: int, *, waiting: int) -> None:
        self._places = threading.BoundedSemaphore(count)
        self._room = threading.BoundedSemaphore(count + waiting)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a place and give it back. Raises Busy."""
        if not self._room.acquire(blocking=False):
            raise Busy
        try:
            with self._places:
                yield
        finally:
            self._room.release()


DECODING: Final = Places(2, waiting=16)
"""As many as there may be children to decode in, and so many requests that wait for one."""
PASSWORDS_AT_ONCE: Final = 2
"""Each password checked takes 64 MiB and a core; more at once would starve whoever is reading."""
PASSWORDS_WAITING: Final = 8
