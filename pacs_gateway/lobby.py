"""Where connections wait until they have said what they want: one thread, whoever they are and however slow.

A connection becomes an association, with threads of its own, only when its whole request is here. Silence,
one byte a second and a TLS handshake that does not go on cost a file descriptor for a few seconds, and no
device its place. Where it becomes full, the address from which most are waiting gives way first.
"""

import selectors
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from core.limits import ASSOCIATION_REQUEST_SECONDS, TLS_HANDSHAKE_SECONDS, WAITING_CONNECTIONS
from pacs_gateway.admission import Caller
from pacs_gateway.pdu import (
    HEADER_LENGTH,
    AbortReason,
    PduType,
    ProtocolViolation,
    Rejection,
    abort_pdu,
    ae_title_refusal,
    ae_titles,
    read_pdu_header,
    rejection_pdu,
)
from pacs_gateway.socket_options import acknowledge_at_once
from pacs_gateway.tls import has_pending, peer_certificate

ROUND_SECONDS: Final = 0.25
"""The longest wait for an event, so how late a deadline is noticed."""
CLOSED: Final = "closed by the peer"
NOT_YET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

log = structlog.stdlib.get_logger(__name__)


@dataclass(kw_only=True, eq=False)
class _Visitor:
    connection: socket.socket
    address: str
    deadline: float
    is_shaking_hands: bool = False
    received: bytearray = field(default_factory=bytearray)
    expected: int = HEADER_LENGTH


class Lobby:
    """Accepts connections, and hands those on that brought a whole association request.

    `is_permitted` says whether an address may speak at all; `turn_away` is told of a request whose titles are
    none; `hand_on` gets the connection and the request without its header, and owns the connection from then
    on. With `tls`, a connection is encrypted before it is heard.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        tls: ssl.SSLContext | None = None,
        seconds: float = ASSOCIATION_REQUEST_SECONDS,
        is_permitted: Callable[[str], bool],
        turn_away: Callable[[Caller, Rejection], None],
        hand_on: Callable[[socket.socket, bytearray], None],
    ) -> None:
        self._listener = listener
        self._tls = tls
        self._seconds = seconds
        self._is_permitted = is_permitted
        self._turn_away = turn_away
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

    @property
    def waiting(self) -> int:
        """Return how many have not asked for anything yet."""
        return len(self._visitors)

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
                elif key.data in self._visitors:  # it may have given way a moment ago
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
            self._send_away(self._who_gives_way(), "others wait")
        connection.setblocking(False)
        try:
            connection = self._encrypted(connection)
        except (OSError, ValueError):
            connection.close()
            log.debug("connection closed", address=address[0], reason=CLOSED)
            return
        visitor = _Visitor(
            connection=connection,
            address=address[0],
            deadline=time.monotonic() + (self._seconds if self._tls is None else TLS_HANDSHAKE_SECONDS),
            is_shaking_hands=self._tls is not None,
        )
        self._visitors[visitor] = None
        self._selector.register(connection, selectors.EVENT_READ, visitor)

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        return self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)

    def _who_gives_way(self) -> _Visitor:
        """Return the oldest visitor of the address from which most are waiting."""
        ((address, _),) = Counter(visitor.address for visitor in self._visitors).most_common(1)
        return next(visitor for visitor in self._visitors if visitor.address == address)

    def _shake_hands(self, visitor: _Visitor) -> bool:
        """Go on with a handshake; True when it is done. Raises OSError when it failed."""
        connection = visitor.connection
        if not isinstance(connection, ssl.SSLSocket):
            return True
        try:
            connection.do_handshake()
        except ssl.SSLWantReadError:
            self._selector.modify(connection, selectors.EVENT_READ, visitor)
            return False
        except ssl.SSLWantWriteError:
            self._selector.modify(connection, selectors.EVENT_WRITE, visitor)
            return False
        self._selector.modify(connection, selectors.EVENT_READ, visitor)
        visitor.is_shaking_hands = False
        # To the end of the queue, which is in the order of deadlines.
        del self._visitors[visitor]
        visitor.deadline = time.monotonic() + self._seconds
        self._visitors[visitor] = None
        return True

    def _hear(self, visitor: _Visitor) -> None:
        """Read what is here, and act when it is whole."""
        try:
            if visitor.is_shaking_hands and not self._shake_hands(visitor):
                return
            self._read(visitor)
            while visitor in self._visitors and has_pending(visitor.connection):
                self._read(visitor)
        except NOT_YET:
            return
        except ssl.SSLError as error:
            self._send_away(visitor, f"TLS failed: {(error.reason or 'no reason').replace('_', ' ').lower()}")
        except OSError:
            self._send_away(visitor, CLOSED)
        except ProtocolViolation as violation:
            self._send_away(visitor, str(violation), abort_pdu(AbortReason.UNEXPECTED_PDU))

    def _read(self, visitor: _Visitor) -> None:
        acknowledge_at_once(visitor.connection)
        received = visitor.connection.recv(visitor.expected - len(visitor.received))
        if not received:
            self._send_away(visitor, CLOSED)
            return
        visitor.received += received
        if len(visitor.received) == visitor.expected:
            self._take(visitor)

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
            self._refuse(visitor, association_request, refusal)
            return
        self._forget(visitor)
        self._hand_on(visitor.connection, association_request)

    def _refuse(self, visitor: _Visitor, association_request: bytearray, refusal: Rejection) -> None:
        calling_ae_title, called_ae_title = ae_titles(association_request)
        caller = Caller(
            calling_ae_title=calling_ae_title,
            called_ae_title=called_ae_title,
            address=visitor.address,
            certificate=peer_certificate(visitor.connection),
        )
        self._turn_away(caller, refusal)
        self._send_away(visitor, f"rejected: {refusal.reason}", rejection_pdu(refusal))

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
