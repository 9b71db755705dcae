"""Protocol data units of the upper layer (PS3.8 9.3) as far as they are judged or written before pynetdicom.

Lengths are held against their limits before anything is read, and the fragments of a P-DATA are looked at
where they lie: a large image is not copied from object to object on its way to the disk.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from core.limits import ASSOCIATION_REQUEST_LIMIT, PDU_LENGTH_LIMIT

HEADER_LENGTH: Final = 6
_HEADER: Final = struct.Struct(">BxL")
_FRAGMENT: Final = struct.Struct(">LB")
_SHORTEST_ASSOCIATION_REQUEST: Final = 68
_CALLED_AE_TITLE: Final = slice(4, 20)
_CALLING_AE_TITLE: Final = slice(20, 36)


class ProtocolViolation(Exception):
    """The peer broke the rules of the connection, so that it cannot go on; others are not concerned."""


class PduType(IntEnum):
    """The seven kinds (PS3.8 9.3.1)."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    P_DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


class AbortReason(IntEnum):
    """Why the provider of the upper layer aborts (PS3.8 table 9-26)."""

    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    INVALID_PARAMETER_VALUE = 6


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """An association is turned away: Result, Source and Reason of PS3.8 table 9-21, and why in words."""

    result: int
    source: int
    diagnostic: int
    reason: str


CALLING_AE_TITLE_NOT_RECOGNIZED: Final = Rejection(
    result=1, source=1, diagnostic=3, reason="calling AE title not recognized"
)
CALLED_AE_TITLE_NOT_RECOGNIZED: Final = Rejection(
    result=1, source=1, diagnostic=7, reason="called AE title not recognized"
)
CERTIFICATE_NOT_SHOWN: Final = Rejection(
    # PS3.8 has no reason of its own for this, and a stranger need not learn which titles are worth trying.
    result=1,
    source=1,
    diagnostic=3,
    reason="the device of this AE title needs its certificate",
)
TEMPORARY_CONGESTION: Final = Rejection(
    result=2, source=3, diagnostic=1, reason="the register of devices cannot be reached"
)
LOCAL_LIMIT_EXCEEDED: Final = Rejection(
    result=2, source=3, diagnostic=2, reason="too many associations at once"
)


def read_pdu_header(header: bytes | bytearray) -> tuple[PduType, int]:
    """Return kind and length of what follows.

    Raises:
        ProtocolViolation: there is no such kind, or it claims to be longer than allowed.
    """
    number, length = _HEADER.unpack(header)
    try:
        kind = PduType(number)
    except ValueError:
        raise ProtocolViolation("not a DICOM connection") from None
    limit = PDU_LENGTH_LIMIT if kind is PduType.P_DATA else ASSOCIATION_REQUEST_LIMIT
    if length > limit:
        raise ProtocolViolation(f"a PDU claims {length} bytes")
    return kind, length


def ae_title_refusal(association_request: bytes | bytearray) -> Rejection | None:
    """Return why an A-ASSOCIATE-RQ (without its header) is turned away before anyone decodes its titles.

    Raises:
        ProtocolViolation: it is shorter than its fixed part.
    """
    if len(association_request) < _SHORTEST_ASSOCIATION_REQUEST:
        raise ProtocolViolation("an association request is cut short")
    if not _is_ae_title(bytes(association_request[_CALLING_AE_TITLE])):
        return CALLING_AE_TITLE_NOT_RECOGNIZED
    if not _is_ae_title(bytes(association_request[_CALLED_AE_TITLE])):
        return CALLED_AE_TITLE_NOT_RECOGNIZED
    return None


def ae_titles(association_request: bytes | bytearray) -> tuple[str, str]:
    """Return calling and called AE title of an A-ASSOCIATE-RQ, each byte a character, whatever it holds."""
    calling = bytes(association_request[_CALLING_AE_TITLE]).decode("latin-1")
    called = bytes(association_request[_CALLED_AE_TITLE]).decode("latin-1")
    return calling.strip(" "), called.strip(" ")


def abort_pdu(reason: AbortReason) -> bytes:
    """Return an A-ABORT of the provider."""
    return struct.pack(">BxLxxBB", PduType.ABORT, 4, 2, reason)


def rejection_pdu(rejection: Rejection) -> bytes:
    """Return an A-ASSOCIATE-RJ."""
    return struct.pack(
        ">BxLxBBB", PduType.ASSOCIATE_RJ, 4, rejection.result, rejection.source, rejection.diagnostic
    )


def fragments(presentation_data: bytearray) -> Iterator[tuple[int, memoryview]]:
    """Yield context ID and value, control header first, of each item of a P-DATA-TF (PS3.8 9.3.5.1, E.2).

    Raises:
        ProtocolViolation: an item has no control header, or ends outside the PDU.
    """
    view = memoryview(presentation_data)
    offset = 0
    while offset < len(view):
        if len(view) - offset < _FRAGMENT.size:
            raise ProtocolViolation("a P-DATA ends inside an item")
        length, context_id = _FRAGMENT.unpack_from(view, offset)
        end = offset + 4 + length
        if length < 2 or end > len(view):
            raise ProtocolViolation("an item of a P-DATA has a wrong length")
        yield context_id, view[offset + _FRAGMENT.size : end]
        offset = end


def _is_ae_title(value: bytes) -> bool:
    """Whether a title is not blank, and of the default repertoire without backslash (PS3.5 6.2, VR AE)."""
    if not value.isascii() or b"\\" in value:
        return False
    return value.strip(b" ") != b"" and value.decode("ascii").isprintable()
