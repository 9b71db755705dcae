"""Connections to an object store that end in time, however slowly it answers.

A time-out of a socket is one for silence: a peer that sends a byte now and then holds its caller for ever.
Here every act has a deadline as well, and each read and write waits no longer than what is left of it.
"""

import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import RemoteDisconnected
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProtocolError
from urllib3.response import BaseHTTPResponse

from core.limits import ASSOCIATIONS, KIB

CONNECT_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 10.0
"""The longest wait for the next byte, or for room to send one."""
CONNECTIONS: Final = 2 * ASSOCIATIONS
"""Kept open for the next request: one for every association, and as many for readers."""
BLOCK_BYTES: Final = 256 * KIB
"""Sent at a time; a body is never in memory as a whole."""
_SOCKET_OPTIONS: Final = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    # an idle connection that a firewall forgot is noticed before it is used again
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


class _Deadline(threading.local):
    """When the act of this thread must be over, by the monotonic clock."""

    at = math.inf


_deadline = _Deadline()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give what this thread does over these connections so many seconds; an act inside cannot take longer."""
    outer = _deadline.at
    _deadline.at = min(outer, time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.at = outer


def connection_pool() -> urllib3.PoolManager:
    """Return a pool that does not follow redirections, and retries only what `_ReadsAgain` says.

    TLS is held against the authorities that this machine trusts, or those in the file SSL_CERT_FILE.
    """
    context = ssl.create_default_context()
    context.sslsocket_class = _TLSSocket
    pool = urllib3.PoolManager(
        maxsize=CONNECTIONS,
        retries=False,
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=SILENCE_SECONDS),
        blocksize=BLOCK_BYTES,
        socket_options=_SOCKET_OPTIONS,
        ssl_context=context,
    )
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
    return pool


def _patience() -> float:
    """Return how long the next read or write may wait. Raises TimeoutError when there is no time left."""
    left = _deadline.at - time.monotonic()
    if left <= 0:
        raise TimeoutError("The object store did not finish in time.")
    return min(SILENCE_SECONDS, left)


class _PlainSocket(socket.socket):
    """A socket whose waits are bounded; those are all that HTTP uses."""

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(_patience())
        return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self.settimeout(_patience())
        super().sendall(*arguments)


class _TLSSocket(ssl.SSLSocket):
    """The same over TLS, where `sendall` sends piece by piece; an end that TLS did not announce is a cut."""

    def recv_into(self, *arguments: Any) -> int:
        self.suppress_ragged_eofs = False
        self.settimeout(_patience())
        return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:
        self.settimeout(_patience())
        return super().send(*arguments)


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        connected = self.sock
        self.sock = _PlainSocket(connected.family, connected.type, connected.proto, fileno=connected.detach())


class _ReadsAgain(HTTPConnectionPool):
    """Asks again, once, for what changes nothing: the store may close a kept connection as it is used."""

    def urlopen(self, method: str, url: str, *arguments: Any, **words: Any) -> BaseHTTPResponse:
        try:
            return super().urlopen(method, url, *arguments, **words)
        except ProtocolError as error:
            if method not in {"GET", "HEAD"} or not isinstance(error.args[-1], RemoteDisconnected):
                raise
            return super().urlopen(method, url, *arguments, **words)


class _Pool(_ReadsAgain):
    ConnectionCls = _Connection


class _TLSPool(_ReadsAgain, HTTPSConnectionPool):
    pass
