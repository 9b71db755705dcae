"""DIMSE command sets (PS3.7 6.3.1): read with patience for what devices write, answered by hand.

A library that decodes values as it reads refuses messages whose UIDs are illegal, and with them an exam. Here
UIDs stay the bytes they were, and go back in the response as they came.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from pacs_gateway.pdu import ProtocolViolation

NO_DATA_SET: Final = 0x0101
RESPONSE: Final = 0x8000
"""Set in the Command Field of every response (PS3.7 E.1)."""
MAXIMUM_COMMENT_LENGTH: Final = 64

_ELEMENT: Final = struct.Struct("<HHL")
_GROUP_LENGTH: Final = 0x0000
_AFFECTED_SOP_CLASS_UID: Final = 0x0002
_REQUESTED_SOP_CLASS_UID: Final = 0x0003
_COMMAND_FIELD: Final = 0x0100
_MESSAGE_ID: Final = 0x0110
_MESSAGE_ID_BEING_RESPONDED_TO: Final = 0x0120
_COMMAND_DATA_SET_TYPE: Final = 0x0800
_STATUS: Final = 0x0900
_ERROR_COMMENT: Final = 0x0902
_AFFECTED_SOP_INSTANCE_UID: Final = 0x1000
_REQUESTED_SOP_INSTANCE_UID: Final = 0x1001


class Command(IntEnum):
    """The requests that the hub tells apart: values of Command Field (0000,0100)."""

    C_STORE = 0x0001
    C_ECHO = 0x0030
    C_CANCEL = 0x0FFF


@dataclass(frozen=True, kw_only=True)
class CommandSet:
    """What a request says: UIDs as the bytes that came, with their padding; empty where there were none."""

    command_field: int
    message_id: int
    has_data_set: bool
    sop_class_uid: bytes = b""
    sop_instance_uid: bytes = b""

    @property
    def is_request(self) -> bool:
        """Whether it asks for something that is to be answered."""
        return not self.command_field & RESPONSE and self.command_field != Command.C_CANCEL


def decode_command_set(encoded: bytes) -> CommandSet:
    """Read a command set: always Implicit VR Little Endian, group 0000.

    Raises:
        ProtocolViolation: it is cut, or lacks what tells a request and its answer apart.
    """
    values: dict[int, bytes] = {}
    offset = 0
    while offset < len(encoded):
        if len(encoded) - offset < _ELEMENT.size:
            raise ProtocolViolation("a command set ends inside an element")
        group, element, length = _ELEMENT.unpack_from(encoded, offset)
        offset += _ELEMENT.size
        if group != 0 or length > len(encoded) - offset:
            raise ProtocolViolation("a command set holds something else than command elements")
        values[element] = encoded[offset : offset + length]
        offset += length
    command_field = _number(values, _COMMAND_FIELD)
    is_answerable = not command_field & RESPONSE and command_field != Command.C_CANCEL
    return CommandSet(
        command_field=command_field,
        message_id=_number(values, _MESSAGE_ID) if is_answerable else 0,
        has_data_set=_number(values, _COMMAND_DATA_SET_TYPE) != NO_DATA_SET,
        sop_class_uid=values.get(_AFFECTED_SOP_CLASS_UID) or values.get(_REQUESTED_SOP_CLASS_UID, b""),
        sop_instance_uid=values.get(_AFFECTED_SOP_INSTANCE_UID)
        or values.get(_REQUESTED_SOP_INSTANCE_UID, b""),
    )


def encode_response(request: CommandSet, status: int, error_comment: str = "") -> bytes:
    """Return the response to a request, without a data set; a comment becomes an LO of plain ASCII."""
    elements = [
        (_COMMAND_FIELD, struct.pack("<H", request.command_field | RESPONSE)),
        (_MESSAGE_ID_BEING_RESPONDED_TO, struct.pack("<H", request.message_id)),
        (_COMMAND_DATA_SET_TYPE, struct.pack("<H", NO_DATA_SET)),
        (_STATUS, struct.pack("<H", status)),
    ]
    if request.sop_class_uid:
        elements.insert(0, (_AFFECTED_SOP_CLASS_UID, _even(request.sop_class_uid, b"\0")))
    if error_comment:
        elements.append((_ERROR_COMMENT, _even(_as_long_string(error_comment), b" ")))
    if request.sop_instance_uid:
        elements.append((_AFFECTED_SOP_INSTANCE_UID, _even(request.sop_instance_uid, b"\0")))
    body = b"".join(_ELEMENT.pack(0, element, len(value)) + value for element, value in elements)
    return _ELEMENT.pack(0, _GROUP_LENGTH, 4) + struct.pack("<L", len(body)) + body


def _number(values: dict[int, bytes], element: int) -> int:
    value = values.get(element, b"")
    if len(value) != 2:
        raise ProtocolViolation(f"a command set lacks (0000,{element:04X})")
    return int.from_bytes(value, "little")


def _as_long_string(text: str) -> bytes:
    """Return a value of VR LO (PS3.5 6.2) cut to its length: no backslash, no control characters."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown.replace("\\", "/").encode("ascii", "replace")[:MAXIMUM_COMMENT_LENGTH].rstrip()


def _even(value: bytes, padding: bytes) -> bytes:
    return value + padding if len(value) % 2 else value
