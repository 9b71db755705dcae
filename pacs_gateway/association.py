"""One association of a device, from its request to its log line; two threads of pynetdicom run it."""

import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final, cast

from pynetdicom import _config
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation

from core.errors import HubError
from core.limits import OPEN_REQUESTS
from pacs_gateway.admission import Admission
from pacs_gateway.association_record import AssociationRecord
from pacs_gateway.bugs import guarded
from pacs_gateway.c_store import StoreIntake, StoreSCP
from pacs_gateway.command_set import Command, CommandSet, encode_response
from pacs_gateway.negotiation import Negotiation
from pacs_gateway.pdu import ProtocolViolation, fragments
from pacs_gateway.presentation import UID_PADDING
from pacs_gateway.reception import Intake, Reception, Request
from pacs_gateway.settings import GatewaySettings
from pacs_gateway.socket_options import cut
from pacs_gateway.status import DONE, UNRECOGNIZED_OPERATION, Answer, answer_to
from pacs_gateway.upper_layer import GuardedSocket, ReceivedData, UpperLayer
from pacs_gateway.wake_up import IDLE_SECONDS, TellingQueue, WakeUp
from registry.certificate import Certificate
from registry.device import Device

# pynetdicom's own handlers print every PDU and message at DEBUG, and cost time even where nobody listens.
_config.LOG_HANDLER_LEVEL = "none"

UPPER_LAYER_SECONDS: Final = 35.0
"""The longest that the reading thread can take to notice an end: one wait for bytes, and a little."""
SHORTEST_FRAGMENT: Final = 128
"""A peer that takes no response of this length takes none."""


class Messages(DIMSEServiceProvider):
    """The DIMSE provider of one association: our own reception instead of pynetdicom's."""

    def __init__(self, association: "DeviceAssociation") -> None:
        super().__init__(association)
        self.reception: Reception | None = None
        self._association = association
        self._free = threading.Semaphore(OPEN_REQUESTS)
        self._open = 0
        self._last_message = time.monotonic()
        self._counting = threading.Lock()

    @property
    def is_inside_message(self) -> bool:
        """Whether a message has begun and not ended."""
        return self.reception is not None and self.reception.is_inside_message

    @property
    def idle_since(self) -> float | None:
        """The moment of the last message; None while one comes in, or waits for its answer."""
        return None if self._open or self.is_inside_message else self._last_message

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take in a P-DATA; runs in the thread that reads the socket."""
        received = cast(ReceivedData, primitive)
        try:
            for context_id, value in fragments(received.presentation_data):
                request = self._expecting().receive(context_id, value)
                if request is not None:
                    self._put(request)
        except ProtocolViolation as violation:
            cast(UpperLayer, self.dul).refuse(str(violation))

    def get_msg(self, block: bool = False) -> Any:
        """Return the next request, waiting a little for it; (None, None) when there is none."""
        del block  # pynetdicom polls, we wait
        try:
            return self.msg_queue.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return None, None

    def request_is_answered(self) -> None:
        """Let the next request come in."""
        with self._counting:
            self._open -= 1
            self._last_message = time.monotonic()
        self._free.release()

    def abandon(self) -> None:
        """Forget the message that is half here and those that nobody will answer; nothing comes any more."""
        if self.reception is not None:
            self.reception.abandon()
        while not self.msg_queue.empty():
            request = self.msg_queue.get()[1]
            if isinstance(request, Request):
                request.intake.discard()

    def _expecting(self) -> Reception:
        if self.reception is None:
            raise ProtocolViolation("a message before the association stands")
        return self.reception

    def _put(self, request: Request) -> None:
        """Queue a request; one that sends on without waiting for responses is held up here."""
        while not self._free.acquire(timeout=IDLE_SECONDS):
            if self._association.is_ending:
                request.intake.discard()
                return
        with self._counting:
            self._open += 1
        self.msg_queue.put((request.context_id, cast(Any, request)))


class DeviceAssociation(Association):
    """An association that a device asked for."""

    def __init__(
        self,
        ae: ApplicationEntity,
        connection: socket.socket,
        association_request: bytearray,
        *,
        admission: Admission,
        scp: StoreSCP,
        settings: GatewaySettings,
        certificate: Certificate | None,
        record: AssociationRecord,
        at_end: Callable[["DeviceAssociation"], None],
    ) -> None:
        super().__init__(ae, MODE_ACCEPTOR)
        self.name = "association"
        self.requestor.address_info = AddressInformation.from_tuple(connection.getpeername())
        self.acceptor.address_info = AddressInformation.from_tuple(connection.getsockname())
        self.record = record
        self.certificate = certificate
        self._connection = connection
        self._admission = admission
        self._scp = scp
        self._at_end = at_end
        self._device: Device | None = None
        self._wake_up = WakeUp()
        self.acse = Negotiation(self, admission, accept_any_storage_class=settings.accept_any_storage_class)
        self.dimse = self._messages = Messages(self)
        self.dul = UpperLayer(
            self, association_request, self._wake_up, silence_seconds=settings.silence_seconds
        )
        self.dul.to_user_queue = TellingQueue(lambda: self.dimse.msg_queue.put((None, None)))
        # The limits of time belong to the provider that was just replaced.
        self.acse_timeout = ae.acse_timeout
        self.network_timeout = ae.network_timeout
        self.set_socket(GuardedSocket(self, connection, self._wake_up))
        self.acceptor.ae_title = ae.ae_title
        self.acceptor.maximum_length = ae.maximum_pdu_size
        self.acceptor.implementation_class_uid = ae.implementation_class_uid
        self.acceptor.implementation_version_name = ae.implementation_version_name

    @property
    def is_ending(self) -> bool:
        """Whether nobody will serve any more what still arrives."""
        return self._kill

    @property
    def is_inside_message(self) -> bool:
        """Whether the peer has begun to send something, and not ended."""
        return self._messages.is_inside_message

    @property
    def idle_since(self) -> float | None:
        """The moment (time.monotonic) of its last message; None while it is at work, begins or ends."""
        return self._messages.idle_since if self.is_established else None

    def evict(self) -> None:
        """Abort because others need the place: politely, and without waiting."""
        self.note_end("evicted: it was idle, and another asked")
        self.abort(block=False)

    def belongs_to(self, device: Device) -> None:
        """Take the place that admission gave to this device."""
        self._device = device
        self.record.device_id, self.record.site_id = device.device_id, device.site_id

    def accept(self, contexts: dict[int, PresentationContext]) -> None:
        """Expect messages on these contexts."""
        self._accepted_cx = contexts
        self.record.contexts = len(contexts)
        self._messages.reception = Reception(
            {
                context_id: str(context.transfer_syntax[0]).strip(UID_PADDING)
                for context_id, context in contexts.items()
            },
            self._take_in,
        )

    def turn_down(self, contexts: list[PresentationContext]) -> None:
        """Keep what is said of the other contexts."""
        self._rejected_cx = contexts

    def note_end(self, reason: str) -> None:
        """Say how the association ends; the first to know is right."""
        self.record.ended = self.record.ended or reason

    def run_reactor(self) -> None:
        """Run until the association ends, and leave nothing behind."""
        try:
            super().run_reactor()
        finally:
            self._clear_away()

    def end(self) -> None:
        """Abort from outside: politely, and without waiting."""
        self.note_end("the gateway stops")
        self.abort(block=False)

    def cut(self) -> None:
        """End the connection under it."""
        cut(self._connection)

    def _clear_away(self) -> None:
        if self.is_released:
            self.note_end("released")
        self.note_end("aborted by the hub")
        with ExitStack() as clearing:  # from the last to the first, whatever one of them meets with
            clearing.callback(self._at_end, self)
            clearing.callback(self.record.write)
            if self._device is not None:
                clearing.callback(self._admission.leave, self)
            clearing.callback(self._messages.abandon)
            clearing.callback(self._wake_up.close)
            clearing.callback(self._connection.close)
            cut(self._connection)
            self._kill = True
            self.dul.kill_dul()
            self._wake_up.wake()
            if self.dul.is_alive():
                self.dul.join(UPPER_LAYER_SECONDS)

    def _take_in(self, command: CommandSet, transfer_syntax_uid: str) -> Intake:
        if self._device is None:
            raise ProtocolViolation("a message before the association stands")
        return StoreIntake(command, transfer_syntax_uid, self._scp, self._device)

    def _serve_request(self, msg: Any, context_id: int) -> None:
        request = cast(Request, msg)
        try:
            answer = guarded(self._answer, request)
        except HubError as error:
            answer = answer_to(error)
            self.record.count(f"{answer.status:04X}")
        finally:
            request.intake.discard()
            self._messages.request_is_answered()
        self._respond(context_id, encode_response(request.command, answer.status, answer.error_comment))

    def _answer(self, request: Request) -> Answer:
        if isinstance(request.intake, StoreIntake) and self._device is not None:
            answer, outcome = self._scp.serve(request.intake, self._device)
            self.record.count(outcome, request.intake.size)
            return answer
        if request.command.command_field == Command.C_ECHO:
            self.record.count("echo")
            return DONE
        self.record.count(f"{UNRECOGNIZED_OPERATION:04X}")
        return Answer(status=UNRECOGNIZED_OPERATION)

    def _respond(self, context_id: int, response: bytes) -> None:
        """Send a response in fragments that the peer takes (PS3.8 D.1: 0 is any length)."""
        longest = len(response)
        if self.dimse.maximum_pdu_size:
            longest = max(SHORTEST_FRAGMENT, self.dimse.maximum_pdu_size - 6)
        for start in range(0, len(response), longest):
            fragment = response[start : start + longest]
            is_last = start + longest >= len(response)
            primitive = P_DATA()
            primitive.presentation_data_value_list.append((context_id, bytes([1 | is_last << 1]) + fragment))
            self.dul.send_pdu(primitive)
