"""A DICOM sender written on a bare socket: it sends what proper libraries refuse to send."""

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

ULTRASOUND_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
C_STORE_RQ, C_FIND_RQ, C_ECHO_RQ, C_CANCEL_RQ = 0x0001, 0x0020, 0x0030, 0x0FFF
NO_DATA_SET = 0x0101


@dataclass(frozen=True)
class Response:
    """A response's command set, as bytes by element number."""

    elements: dict[int, bytes]

    def number(self, element: int) -> int:
        return int.from_bytes(self.elements[element], "little")

    @property
    def status(self) -> int:
        return self.number(0x0900)

    @property
    def error_comment(self) -> str:
        return self.elements.get(0x0902, b"").decode("ascii").rstrip(" ")


class RawSCU:
    """One connection to a gateway on loopback."""

    def __init__(self, port: int, *, timeout: float = 20.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.accepted: dict[int, str] = {}
        self.refused: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def associate(
        self,
        *contexts: tuple[str, list[str]],
        calling: str = "US1",
        called: str = "HUB",
        maximum_length: int = 16384,
        more_user_information: bytes = b"",
    ) -> Self:
        """Associate; contexts get the IDs 1, 3, 5, …"""
        proposed = contexts or (
            (ULTRASOUND_IMAGE, [EXPLICIT_VR_LITTLE_ENDIAN]),
            (VERIFICATION, [IMPLICIT_VR_LITTLE_ENDIAN]),
        )
        self.send_pdu(
            ASSOCIATE_RQ,
            association_request(
                proposed,
                calling=calling.encode("ascii"),
                called=called.encode("ascii"),
                maximum_length=maximum_length,
                more_user_information=more_user_information,
            ),
        )
        kind, body = self.receive_pdu()
        assert kind == ASSOCIATE_AC, (kind, body)
        for context_id, result, syntax in _context_results(body):
            if result == 0:
                self.accepted[context_id] = syntax
            else:
                self.refused[context_id] = result
        return self

    def store(
        self,
        data: bytes | Iterable[bytes],
        *,
        sop_class_uid: str | bytes = ULTRASOUND_IMAGE,
        sop_instance_uid: str | bytes,
        context_id: int = 1,
        message_id: int = 1,
    ) -> Response:
        """Send a C-STORE-RQ with a data set and return the response."""
        self.send_command(
            store_command(sop_class_uid, sop_instance_uid, message_id=message_id), context_id=context_id
        )
        self.send_data_set(data, context_id=context_id)
        return self.receive_response()

    def echo(self) -> int:
        """Send a C-ECHO-RQ on the second context and return the status."""
        context_id = max(self.accepted)
        self.send_command(
            command_set({0x0002: uid(VERIFICATION), 0x0100: C_ECHO_RQ, 0x0110: 7, 0x0800: NO_DATA_SET}),
            context_id=context_id,
        )
        return self.receive_response().status

    def send_command(self, encoded: bytes, *, context_id: int = 1) -> None:
        """Send a whole command set in one PDU."""
        self.send_fragment(encoded, context_id=context_id, control=3)

    def send_data_set(
        self, data: bytes | Iterable[bytes], *, context_id: int = 1, length: int = 16000
    ) -> None:
        """Send a data set in fragments, or the fragments given; the last one says so."""
        pieces = _pieces(data, length) if isinstance(data, bytes) else iter(data)
        piece = next(pieces, b"")
        for following in pieces:
            self.send_fragment(piece, context_id=context_id, control=0)
            piece = following
        self.send_fragment(piece, context_id=context_id, control=2)

    def send_fragment(self, fragment: bytes, *, context_id: int, control: int) -> None:
        """Send a P-DATA-TF with one item."""
        self.send_pdu(P_DATA, fragment_item(fragment, context_id=context_id, control=control))

    def send_pdu(self, kind: int, body: bytes) -> None:
        """Send a PDU."""
        self.socket.sendall(struct.pack(">BxL", kind, len(body)) + body)

    def release(self) -> None:
        """Release the association and close."""
        self.send_pdu(RELEASE_RQ, bytes(4))
        assert self.receive_pdu()[0] == RELEASE_RP
        self.socket.close()

    def receive_response(self) -> Response:
        """Return the next message's command set, put together from its fragments."""
        encoded = b""
        while True:
            kind, body = self.receive_pdu()
            assert kind == P_DATA, (kind, body)
            length, _, control = struct.unpack_from(">LBB", body)
            encoded += body[6 : 4 + length]
            if control & 2:
                return Response(_elements(encoded))

    def receive_pdu(self) -> tuple[int, bytes]:
        """Return kind and body of the next PDU; (0, b"") when the connection has ended."""
        header = self._receive(6)
        if len(header) < 6:
            return 0, b""
        kind, length = struct.unpack(">BxL", header)
        return kind, self._receive(length)

    def is_cut(self) -> bool:
        """Wait for the end of the connection: an A-ABORT may come first; anything else is no end."""
        kind, _ = self.receive_pdu()
        return kind in {0, ABORT}

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            try:
                chunk = self.socket.recv(count - len(received))
            except ConnectionError:
                return received
            if not chunk:
                return received
            received += chunk
        return received


def association_request(
    contexts: Iterable[tuple[str, list[str]]],
    *,
    calling: bytes = b"US1",
    called: bytes = b"HUB",
    maximum_length: int = 16384,
    more_user_information: bytes = b"",
    protocol_version: int = 1,
) -> bytes:
    """Return the body of an A-ASSOCIATE-RQ (PS3.8 9.3.2)."""
    items = _item(0x10, APPLICATION_CONTEXT.encode())
    for number, (abstract_syntax, transfer_syntaxes) in enumerate(contexts):
        syntaxes = b"".join(_item(0x40, syntax.encode("latin-1")) for syntax in transfer_syntaxes)
        items += _item(
            0x20, bytes([2 * number + 1, 0, 0, 0]) + _item(0x30, abstract_syntax.encode("latin-1")) + syntaxes
        )
    user_information = _item(0x51, struct.pack(">L", maximum_length)) + _item(0x52, b"1.2.3.4")
    items += _item(0x50, user_information + more_user_information)
    return struct.pack(">Hxx16s16s32x", protocol_version, called.ljust(16), calling.ljust(16)) + items


def store_command(
    sop_class_uid: str | bytes | None,
    sop_instance_uid: str | bytes | None,
    *,
    message_id: int = 1,
    data_set_type: int = 1,
) -> bytes:
    """Return the command set of a C-STORE-RQ; None leaves a UID out."""
    elements: dict[int, bytes | int] = {
        0x0100: C_STORE_RQ,
        0x0110: message_id,
        0x0700: 0,
        0x0800: data_set_type,
    }
    if sop_class_uid is not None:
        elements[0x0002] = uid(sop_class_uid)
    if sop_instance_uid is not None:
        elements[0x1000] = uid(sop_instance_uid)
    return command_set(elements)


def command_set(elements: dict[int, bytes | int]) -> bytes:
    """Encode a command set (PS3.7 6.3.1); numbers become US."""
    body = b""
    for element, value in sorted(elements.items()):
        raw = struct.pack("<H", value) if isinstance(value, int) else value
        body += struct.pack("<HHL", 0, element, len(raw)) + raw
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def uid(value: str | bytes) -> bytes:
    """Return a UID padded to an even length; bytes stay as they are."""
    if isinstance(value, bytes):
        return value
    return value.encode() + b"\0" * (len(value) % 2)


def fragment_item(fragment: bytes, *, context_id: int, control: int) -> bytes:
    """Return one presentation data value item."""
    return struct.pack(">LBB", len(fragment) + 2, context_id, control) + fragment


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def _pieces(data: bytes, length: int) -> Iterator[bytes]:
    for start in range(0, len(data), length):
        yield data[start : start + length]


def _elements(encoded: bytes) -> dict[int, bytes]:
    elements = {}
    offset = 0
    while offset < len(encoded):
        group, element, length = struct.unpack_from("<HHL", encoded, offset)
        assert group == 0
        elements[element] = encoded[offset + 8 : offset + 8 + length]
        offset += 8 + length
    assert struct.unpack("<L", elements[0])[0] == len(encoded) - 12, "the group length is wrong"
    return elements


def _context_results(body: bytes) -> Iterator[tuple[int, int, str]]:
    offset = 68
    while offset < len(body):
        kind, length = struct.unpack_from(">BxH", body, offset)
        item = body[offset + 4 : offset + 4 + length]
        if kind == 0x21:
            yield item[0], item[2], item[8:].decode()
        offset += 4 + length
