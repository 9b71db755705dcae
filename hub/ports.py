"""Ports to listen on: a free one, or the told one if nobody else has it."""

import errno
import socket
from typing import Any

from core.errors import Misconfigured


def free_port(host: str) -> int:
    """Return a port that nothing listens on just now.

    Chosen before the processes start, so that one that is restarted comes back on the same port.
    Raises Misconfigured where the host is no address of this machine.
    """
    return _bound_port(host, 0, "a free port")


def require_free(host: str, port: int, what: str) -> None:
    """Raise Misconfigured, naming the option that chooses another port, where `port` cannot be had.

    `what` is the protocol, DICOM or HTTP.
    """
    _bound_port(host, port, f"port {port} for {what}", option=f"--{what.lower()}-port")


def _bound_port(host: str, port: int, what: str, option: str = "") -> int:
    """Bind for a moment every address that the host stands for, and return the port had on the last."""
    choose = f" or choose {option}" if option else ""
    bound = 0
    for family, address in _addresses(host, port):
        try:
            bound = _bind(family, address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Misconfigured(f"{what} is in use on {host}: stop the other program{choose}") from error
            if error.errno == errno.EACCES:
                raise Misconfigured(f"{what} on {host} needs rights that this user lacks{choose}") from error
    if not bound:
        raise Misconfigured(f"{what} cannot be had: {host} is no address of this machine")
    return bound


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return []
    return [(entry[0], entry[4]) for entry in found]


def _bind(family: int, address: tuple[Any, ...]) -> int:
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # as servers do: a port whose last connections still wait to close is free
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        port: int = listener.getsockname()[1]
        return port
