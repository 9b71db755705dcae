"""Takes connections from a port that other processes take them from too, so that each has some.

The listening sockets are one and the same in all these processes: whoever is idle hears of a connection
first, and one that waits for a process that died is taken by another. A server that takes all that wait, as
event loops do, would leave nothing to a neighbour that wakes a moment later, and clients keep their
connections: so one is taken, and the neighbours have a moment.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

BACKLOG: Final = 2048
"""Connections that wait to be taken; the system has a limit of its own."""
NEIGHBOURS_SECONDS: Final = 0.001
"""In which another process may take the next one. So one process takes at most a thousand a second."""
EXHAUSTED_SECONDS: Final = 1.0
"""Until it is tried again where the system has no room for a connection."""

log = structlog.stdlib.get_logger("hub.acceptor")


class Acceptor:
    """Takes connections in a running loop and hands each to `serve`, until it is stopped."""

    def __init__(
        self, listeners: Sequence[socket.socket], serve: Callable[[socket.socket], Awaitable[object]]
    ) -> None:
        self._listeners = list(listeners)
        self._serve = serve
        self._beginning: set[asyncio.Task[None]] = set()
        self._is_stopped = False

    def start(self) -> None:
        """Listen. Raises OSError where another program took the port meanwhile."""
        for listener in self._listeners:
            listener.setblocking(False)
            listener.listen(BACKLOG)
            self._look_out(listener)

    async def stop(self) -> None:
        """Take no more; what was taken is in the hands of `serve` then."""
        self._is_stopped = True
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        await asyncio.gather(*self._beginning)

    def _look_out(self, listener: socket.socket) -> None:
        if not self._is_stopped:
            asyncio.get_running_loop().add_reader(listener, self._take, listener)

    def _look_away(self, listener: socket.socket, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        loop.call_later(seconds, self._look_out, listener)

    def _take(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # a neighbour has it, or nobody waits any more
        except OSError as error:
            log.warning("no connection can be taken for a moment", reason=error.strerror)
            self._look_away(listener, EXHAUSTED_SECONDS)
            return
        connection.setblocking(False)
        beginning = asyncio.get_running_loop().create_task(self._begin(connection))
        self._beginning.add(beginning)
        beginning.add_done_callback(self._beginning.discard)
        self._look_away(listener, NEIGHBOURS_SECONDS)

    async def _begin(self, connection: socket.socket) -> None:
        with suppress(OSError):  # whoever came has gone
            await self._serve(connection)
            return
        connection.close()
