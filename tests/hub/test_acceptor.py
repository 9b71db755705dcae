"""Connections of one port, taken by several processes: here by loops of several threads."""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from hub import acceptor
from hub.acceptor import Acceptor

CLIENTS = 12


class Process:
    """A loop in a thread of its own that takes connections and keeps them."""

    def __init__(self, listener: socket.socket) -> None:
        self.taken: list[socket.socket] = []
        self.acceptor = Acceptor([listener], self._keep)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.do(self._start)

    def do(self, act: Callable[[], object]) -> None:
        """Do something in the loop, and wait for it."""

        async def run() -> None:
            done = act()
            if asyncio.iscoroutine(done):
                await done

        asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def end(self) -> None:
        """Stop, and give everything back."""
        self.do(self.acceptor.stop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()
        for connection in self.taken:
            connection.close()

    def _start(self) -> None:
        self.acceptor.start()

    async def _keep(self, connection: socket.socket) -> None:
        self.taken.append(connection)
        connection.send(b"x")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@contextmanager
def running(listener: socket.socket) -> Iterator[Process]:
    process = Process(listener.dup())
    try:
        yield process
    finally:
        process.end()


def connect(listener: socket.socket) -> socket.socket:
    return socket.create_connection(listener.getsockname(), timeout=10)


def test_clients_that_come_together_are_shared_out(listener: socket.socket) -> None:
    with running(listener) as one, running(listener) as other, ExitStack() as clients:
        for client in [clients.enter_context(connect(listener)) for _ in range(CLIENTS)]:
            assert client.recv(1) == b"x"
        assert len(one.taken) + len(other.taken) == CLIENTS
        assert min(len(one.taken), len(other.taken)) >= CLIENTS // 4


def test_one_that_stops_leaves_all_that_come_to_the_other(listener: socket.socket) -> None:
    with running(listener) as other:
        with running(listener) as one:
            pass
        before = len(one.taken)
        for _ in range(3):
            with connect(listener) as client:
                assert client.recv(1) == b"x"
        assert (len(one.taken), len(other.taken)) == (before, 3)


def test_who_comes_while_none_is_there_is_answered_by_the_next(listener: socket.socket) -> None:
    with running(listener):
        pass
    with connect(listener) as client, running(listener):
        assert client.recv(1) == b"x"


def test_where_the_system_has_no_room_it_is_tried_again(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor, "EXHAUSTED_SECONDS", 0.01)

    class Exhausted(socket.socket):
        refusals = 2

        def accept(self) -> tuple[socket.socket, object]:
            if self.refusals:
                self.refusals -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    process = Process(Exhausted(fileno=listener.dup().detach()))
    with connect(listener) as client:
        assert client.recv(1) == b"x"
    process.end()


def test_a_client_who_cannot_be_served_any_more_is_let_go(listener: socket.socket) -> None:
    with running(listener) as process:

        async def refuse(connection: socket.socket) -> None:
            raise ConnectionResetError(f"{connection} has gone")

        process.acceptor._serve = refuse
        with connect(listener) as client:
            assert client.recv(1) == b""
