"""Ports to listen on: a free one, or the told one if nobody else has it."""

import errno
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from core.errors import Misconfigured


def free_port(host: str) -> int:
    """Return a port that nothing listens on just now.

    Chosen before the processes start, so that one that is restarted comes back on the same port.
    Raises Misconfigured where the host is no address of this machine.
    """
    with _bound(host, 0, "a free port") as listeners:
        return port_of(listeners[-1])


def require_free(host: str, port: int, what: str) -> None:
    """Raise Misconfigured, naming the option that chooses another port, where `port` cannot be had.

    `what` is the protocol, DICOM or HTTP.
    """
    with bound(host, port, what):
        pass


def bound(host: str, port: int, what: str) -> AbstractContextManager[list[socket.socket]]:
    """Bind every address that the host stands for; nobody is answered before somebody listens.

    Raises Misconfigured as `require_free` does. The sockets are closed at the end.
    """
    return _bound(host, port, f"port {port} for {what}", option=f"--{what.lower()}-port")


def port_of(listener: socket.socket) -> int:
    """Return the port that a socket is bound to."""
    port: int = listener.getsockname()[1]
    return port


@contextmanager
def _bound(host: str, port: int, what: str, option: str = "") -> Iterator[list[socket.socket]]:
    choose = f" or choose {option}" if option else ""
    with ExitStack() as stack:
        listeners: list[socket.socket] = []
        for family, address in _addresses(host, port):
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            try:
                _bind(listener, address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise Misconfigured(
                        f"{what} is in use on {host}: stop the other program{choose}"
                    ) from error
                if error.errno == errno.EACCES:
                    raise Misconfigured(
                        f"{what} on {host} needs rights that this user lacks{choose}"
                    ) from error
                continue
            listeners.append(listener)
        if not listeners:
            raise Misconfigured(f"{what} cannot be had: {host} is no address of this machine")
        yield listeners


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return []
    return [(entry[0], entry[4]) for entry in found]


def _bind(listener: socket.socket, address: tuple[Any, ...]) -> None:
    # as servers do: a port whose last connections still wait to close is free
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(address)
