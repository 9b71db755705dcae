"""Lets pynetdicom's two threads per association wait for events instead of polling.

Its reactors sleep a millisecond and look again: a millisecond of delay for every message, and much of a
processor for associations that do nothing. Here the one that reads waits on its socket and on this, the other
on its queue of messages, and whatever is put for either wakes it.
"""

import os
import queue
import select
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from pacs_gateway.tls import has_pending

IDLE_SECONDS: Final = 0.5
"""The longest wait: within it timers are looked at, and that the association was ended elsewhere."""


class WakeUp:
    """Wakes the thread that waits for bytes, because there is something to send."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._is_open = True

    def wake(self) -> None:
        """Wake the waiting thread, or let it not fall asleep."""
        # Under the lock: written after the close, the number could be another file's.
        with self._lock:
            if self._is_open:
                os.eventfd_write(self._descriptor, 1)

    def wait_for(self, connection: socket.socket, seconds: float) -> bool:
        """Return whether the connection has bytes, or has ended, as soon as it has or somebody wakes.

        Raises:
            OSError, ValueError: the connection was closed on this side.
        """
        if has_pending(connection):
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(connection, select.POLLIN)
        ready = dict(poll.poll(seconds * 1000))
        if self._descriptor in ready:
            os.eventfd_read(self._descriptor)
        return connection.fileno() in ready

    def close(self) -> None:
        """Give the descriptor back; nobody waits any more."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                os.close(self._descriptor)


class TellingQueue(queue.Queue[Any]):
    """A queue that tells somebody of each thing put into it."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put and tell."""
        super().put(item, block, timeout)
        self._tell()
