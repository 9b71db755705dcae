"""pynetdicom's upper layer provider with our own way of reading: bounded, woken by events, without copies.

Its state machine, its decoding of the small PDUs and its answers stay as they are (PS3.8 9.2). What it does
with bytes does not: it reads whatever length a PDU claims, polls, and takes exceptions of its own to end a
thread for.
"""

import queue
import socket
import struct
import time
from typing import TYPE_CHECKING, Any, Final, cast

from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import TRANSITION_TABLE, StateMachine
from pynetdicom.pdu import A_ASSOCIATE_RQ, P_DATA_TF
from pynetdicom.transport import AssociationSocket

from pacs_gateway.pace import Pace
from pacs_gateway.pdu import HEADER_LENGTH, PduType, ProtocolViolation, read_pdu_header
from pacs_gateway.socket_options import (
    ConnectionEnded,
    ConnectionStalled,
    acknowledge_at_once,
    receive,
)
from pacs_gateway.tls import say_goodbye
from pacs_gateway.wake_up import IDLE_SECONDS, TellingQueue, WakeUp

if TYPE_CHECKING:
    from pacs_gateway.association import DeviceAssociation

CONNECTION_CLOSED: Final = "Evt17"
INVALID_PDU: Final = "Evt19"
P_DATA_RECEIVED: Final = "Evt10"
NOTHING: Final[Any] = None
LOCAL_PRIMITIVES: Final = frozenset({"Evt7", "Evt8", "Evt9", "Evt11", "Evt14", "Evt15"})
"""Events that come from us, not from the peer (PS3.8 table 9-10)."""

DECODING_ERRORS: Final = (AssertionError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What pynetdicom's decoders raise on malformed PDUs."""


class ReceivedData:
    """A P-DATA-TF on its way through the state machine, its fragments where they were read to."""

    def __init__(self, presentation_data: bytearray) -> None:
        self.presentation_data = presentation_data

    def to_primitive(self) -> "ReceivedData":
        """Return the primitive that the state machine hands to the DIMSE provider."""
        return self


class GuardedSocket(AssociationSocket):
    """A connection whose reader is woken by bytes, and by what is to be sent."""

    def __init__(self, association: "DeviceAssociation", connection: socket.socket, wake_up: WakeUp) -> None:
        super().__init__(association, client_socket=connection)
        self.is_refused = False
        self._wake_up = wake_up

    def close(self) -> None:
        """Close, having said so where the line is encrypted."""
        if self.socket is not None:
            say_goodbye(self.socket)
        super().close()

    @property
    def ready(self) -> bool:
        """Wait a little for bytes; False at once when nothing more is to be read from this peer."""
        if self.socket is None or not self._is_connected or self.is_refused:
            return False
        try:
            acknowledge_at_once(self.socket)
            return self._wake_up.wait_for(self.socket, IDLE_SECONDS)
        except (OSError, ValueError):
            self.event_queue.put(CONNECTION_CLOSED)
            return False


class PatientStateMachine(StateMachine):
    """A state machine that survives what is asked of it too late."""

    def do_action(self, event: str) -> None:
        """Act on an event; a primitive of ours for an association that is gone is dropped, not fatal."""
        if event in LOCAL_PRIMITIVES and (event, self.current_state) not in TRANSITION_TABLE:
            try:
                self.dul.to_provider_queue.get(block=False)
            except queue.Empty:
                return  # it was announced twice
            return
        super().do_action(event)


class UpperLayer(DULServiceProvider):
    """The provider of one association, which begins with an A-ASSOCIATE-RQ that was read already."""

    def __init__(
        self,
        association: "DeviceAssociation",
        association_request: bytearray,
        wake_up: WakeUp,
        *,
        silence_seconds: float,
    ) -> None:
        super().__init__(association)
        self.daemon = True
        self.state_machine = PatientStateMachine(self)
        self.to_provider_queue = TellingQueue(wake_up.wake)
        self._run_loop_delay = 0  # `ready` waits
        self._association = association
        self._association_request: bytearray | None = association_request
        self._silence_seconds = silence_seconds
        self._pace = Pace(silence_seconds)
        self._received = 0

    def run_reactor(self) -> None:
        """Read and send until the connection has ended, then tell who waits that nothing comes any more."""
        try:
            super().run_reactor()
        finally:
            self.to_user_queue.put(NOTHING)

    def refuse(self, reason: str) -> None:
        """Abort the association for what the peer did, and read no more from it."""
        self._association.note_end(f"cut off: {reason}")
        cast(GuardedSocket, self.socket).is_refused = True
        self.event_queue.put(INVALID_PDU)

    def idle_timer_expired(self) -> bool:
        """Whether there has been no message for too long, which is then why the association ends."""
        is_expired = super().idle_timer_expired()
        if is_expired:
            self._association.note_end("idle for too long")
        return is_expired

    def _is_transport_event(self) -> bool:
        if self._association_request is None:
            return self._is_heard()
        if self.state_machine.current_state != "Sta2":
            return False  # that there is a connection has to be taken in first
        request, self._association_request = self._association_request, None
        self._receive_pdu(PduType.ASSOCIATE_RQ, request)
        return True

    def _is_heard(self) -> bool:
        """Wait for the peer, and end it when it is too slow about a message that it began."""
        if not self._association.is_inside_message or cast(GuardedSocket, self.socket).is_refused:
            self._pace.rest()
            return super()._is_transport_event()
        before, began = self._received, time.monotonic()
        is_heard = super()._is_transport_event()
        complaint = self._pace.complaint(waited=time.monotonic() - began, received=self._received - before)
        if complaint is not None:
            self.refuse(complaint)
        return is_heard

    def _read_pdu_data(self) -> None:
        connection = cast(GuardedSocket, self.socket).socket
        if connection is None:
            self.event_queue.put(CONNECTION_CLOSED)
            return
        try:
            deadline = time.monotonic() + self._silence_seconds
            kind, length = read_pdu_header(receive(connection, HEADER_LENGTH, deadline))
            body = receive(connection, length, deadline)
            self._received += HEADER_LENGTH + length
            self._receive_pdu(kind, body)
        except ConnectionEnded:
            if self.state_machine.current_state == "Sta6":
                self._association.note_end("connection closed by the peer")
            self.event_queue.put(CONNECTION_CLOSED)
        except ConnectionStalled:
            self.refuse("stalled inside a PDU")
        except ProtocolViolation as violation:
            self.refuse(str(violation))

    def _receive_pdu(self, kind: PduType, body: bytearray) -> None:
        """Queue a PDU and its event for the state machine."""
        if kind is PduType.P_DATA:
            # The state machine only passes it on, to a provider that knows what it gets.
            self._recv_pdu.put(cast(P_DATA_TF, ReceivedData(body)))
            self.event_queue.put(P_DATA_RECEIVED)
            return
        if kind is PduType.ABORT:
            self._association.note_end("aborted by the peer")
        try:
            pdu, event = self._decode_pdu(bytearray(struct.pack(">BxL", kind, len(body))) + body)
            if isinstance(pdu, A_ASSOCIATE_RQ):
                pdu.to_primitive()  # fails here, where it can be answered, or in the state machine
        except DECODING_ERRORS:
            self.refuse("a PDU cannot be decoded")
            return
        self._recv_pdu.put(pdu)
        self.event_queue.put(event)
