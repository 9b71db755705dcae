"""Every setting of the gateway's sockets, and how bytes are taken from them.

Small objects over a sender's Nagle and a receiver's delayed acknowledgement come at about 20 a second, 40 ms
each; acknowledging at once gives some ten times as many. What a peer claims to send is bounded before it is
read, and so is how long it may take.
"""

import socket
import time
from contextlib import suppress
from typing import Final

from core.errors import Misconfigured
from core.limits import ASSOCIATIONS, SILENCE_SECONDS

KEEPALIVE_IDLE_SECONDS: Final = 60
KEEPALIVE_INTERVAL_SECONDS: Final = 15
KEEPALIVE_PROBES: Final = 4
"""A line that died without a word is noticed after two minutes."""


class ConnectionEnded(Exception):
    """The peer closed the connection, or it broke."""


class ConnectionStalled(Exception):
    """The peer took too long for a whole PDU."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one, `::` takes IPv4 too.

    Raises:
        Misconfigured: the address is not this machine's, or the port is taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(
            address,
            family=family,
            backlog=ASSOCIATIONS,
            dualstack_ipv6=family == socket.AF_INET6 and host == "::",
        )
    except OSError as error:
        raise Misconfigured(f"DICOM cannot listen on {host}, port {port}: {error.strerror}.") from error


def prepare(connection: socket.socket, seconds: float = SILENCE_SECONDS) -> None:
    """Set up an accepted connection: answer at once, notice a dead line, never wait for ever."""
    connection.settimeout(seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)


def acknowledge_at_once(connection: socket.socket) -> None:
    """Re-arm TCP_QUICKACK: the kernel falls back to delaying after a few segments."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def receive(connection: socket.socket, count: int, deadline: float) -> bytearray:
    """Return exactly `count` bytes, of which the first are known to be on their way.

    Raises:
        ConnectionEnded: they never came.
        ConnectionStalled: they were not here at the deadline (time.monotonic).
    """
    received = bytearray(count)
    view = memoryview(received)
    timeout = connection.gettimeout()
    have = 0
    try:
        while have < count:
            acknowledge_at_once(connection)
            got = connection.recv_into(view[have:])
            if not got:
                raise ConnectionEnded
            have += got
            if have < count:
                _wait_no_longer_than(connection, deadline)
    except TimeoutError as error:
        raise ConnectionStalled from error
    except OSError as error:
        raise ConnectionEnded from error
    finally:
        if connection.gettimeout() != timeout:
            with suppress(OSError):  # it was closed meanwhile
                connection.settimeout(timeout)
    return received


def _wait_no_longer_than(connection: socket.socket, deadline: float) -> None:
    """Shorten a time-out that would last beyond the deadline; setting it each time would cost a call."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise ConnectionStalled
    timeout = connection.gettimeout()
    if timeout is None or timeout - left > timeout / 10:
        connection.settimeout(left)


def cut(connection: socket.socket) -> None:
    """End a connection for both sides, whoever waits on it; harmless when it is gone."""
    try:
        # Not TLS's own shutdown, which would let the bytes that still come be read as if they were clear.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return  # the peer was faster
