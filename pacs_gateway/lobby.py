"""Where connections wait until they have said what they want: one thread, whoever they are and however slow.

A connection becomes an association, with threads of its own, only when its whole request is here. Silence and
one byte a second cost a file descriptor for ASSOCIATION_REQUEST_SECONDS, and no device its place.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from core.limits import ASSOCIATION_REQUEST_SECONDS, WAITING_CONNECTIONS
from pacs_gateway.pdu import (
    HEADER_LENGTH,
    AbortReason,
    PduType,
    ProtocolViolation,
    abort_pdu,
    ae_title_refusal,
    read_pdu_header,
    rejection_pdu,
)
from pacs_gateway.socket_options import acknowledge_at_once, prepare

ROUND_SECONDS: Final = 0.25
"""The longest wait for an event, so how late a deadline is noticed."""
CLOSED: Final = "closed by the peer"

log = structlog.stdlib.get_logger(__name__)


@dataclass(kw_only=True, eq=False)
class _Visitor:
    connection: socket.socket
    address: str
    deadline: float
    received: bytearray = field(default_factory=bytearray)
    expected: int = HEADER_LENGTH


class Lobby:
    """Accepts connections, and hands those on that brought a whole association request.

    `is_permitted` says whether an address may speak at all; `hand_on` gets the connection and the request
    without its header, and owns the connection from then on.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        is_permitted: Callable[[str], bool],
        hand_on: Callable[[socket.socket, bytearray], None],
    ) -> None:
        self._listener = listener
        self._is_permitted = is_permitted
        self._hand_on = hand_on
        self._visitors: dict[_Visitor, None] = {}
        self._selector = selectors.DefaultSelector()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lobby", daemon=True)

    def open(self) -> None:
        """Begin to accept."""
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether somebody accepts."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Accept no more, and send those away who wait."""
        self._stopping.set()
        self._thread.join()
        self._selector.close()
        self._listener.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select(ROUND_SECONDS):
                if key.data is None:
                    self._accept()
                else:
                    self._hear(key.data)
            self._send_away_late(time.monotonic())
        for visitor in list(self._visitors):
            self._send_away(visitor, "the gateway stops")

    def _accept(self) -> None:
        try:
            connection, address = self._listener.accept()
        except OSError as error:
            # It went away again, or the process has no descriptor left: then waiting is all that helps.
            log.warning("a connection could not be accepted", errno=error.errno)
            self._stopping.wait(0.05)
            return
        if not self._is_permitted(address[0]):
            connection.close()
            log.warning("connection closed", address=address[0], reason="not from a permitted network")
            return
        if len(self._visitors) >= WAITING_CONNECTIONS:
            self._send_away(next(iter(self._visitors)), "others wait")
        connection.setblocking(False)
        visitor = _Visitor(
            connection=connection,
            address=address[0],
            deadline=time.monotonic() + ASSOCIATION_REQUEST_SECONDS,
        )
        self._visitors[visitor] = None
        self._selector.register(connection, selectors.EVENT_READ, visitor)

    def _hear(self, visitor: _Visitor) -> None:
        """Read what is here, and act when it is whole."""
        try:
            acknowledge_at_once(visitor.connection)
            received = visitor.connection.recv(visitor.expected - len(visitor.received))
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._send_away(visitor, CLOSED)
            return
        visitor.received += received
        if len(visitor.received) < visitor.expected:
            return
        try:
            self._take(visitor)
        except ProtocolViolation as violation:
            self._send_away(visitor, str(violation), abort_pdu(AbortReason.UNEXPECTED_PDU))

    def _take(self, visitor: _Visitor) -> None:
        """Read the header of the first PDU, then its rest: an association request, or it is not heard."""
        if visitor.expected == HEADER_LENGTH:
            kind, length = read_pdu_header(visitor.received)
            if kind is not PduType.ASSOCIATE_RQ or not length:
                raise ProtocolViolation("it did not begin with an association request")
            visitor.expected += length
            return
        association_request = visitor.received[HEADER_LENGTH:]
        refusal = ae_title_refusal(association_request)
        if refusal is not None:
            self._send_away(visitor, f"rejected: {refusal.reason}", rejection_pdu(refusal))
            return
        self._forget(visitor)
        prepare(visitor.connection)
        self._hand_on(visitor.connection, association_request)

    def _send_away_late(self, now: float) -> None:
        for visitor in list(self._visitors):
            if visitor.deadline > now:
                return  # those behind came later
            self._send_away(visitor, "no association request in time")

    def _send_away(self, visitor: _Visitor, reason: str, last_words: bytes = b"") -> None:
        self._forget(visitor)
        try:
            visitor.connection.send(last_words)
        except OSError:
            reason += "; nobody listened any more"
        visitor.connection.close()
        # A health check connects and leaves, every few seconds.
        tell = log.info if visitor.received or reason != CLOSED else log.debug
        tell("connection closed", address=visitor.address, reason=reason)

    def _forget(self, visitor: _Visitor) -> None:
        self._selector.unregister(visitor.connection)
        del self._visitors[visitor]
