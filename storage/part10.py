"""Preamble and File Meta Information of a file (PS3.10 chapter 7): read with patience, written by hand."""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from core.errors import InvalidInstance
from core.limits import ELEMENT_COUNT, HEADER_VALUE_LIMIT
from core.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from storage.element_header import (
    BIG_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    LOOK_AHEAD,
    ElementHeader,
    Encoding,
    parse_element,
    sniffed_encoding,
)

_PREAMBLE: Final = 128
_PREFIX: Final = b"DICM"
_FILE_META_GROUP: Final = 0x0002
_MEDIA_STORAGE_SOP_CLASS_UID: Final = 0x00020002
_MEDIA_STORAGE_SOP_INSTANCE_UID: Final = 0x00020003
_TRANSFER_SYNTAX_UID: Final = 0x00020010
_IMPLEMENTATION_CLASS_UID: Final = 0x00020012
_IMPLEMENTATION_VERSION_NAME: Final = 0x00020013
_LAST_FIRST_GROUP: Final = 0x0028
"""Without a preamble a data set is believed only if it begins in a group that data sets begin in."""
_LONGEST_SHORT_FORM: Final = 0xFFFE
"""The longest even value that a length of 16 bits can announce."""


@dataclass(frozen=True, kw_only=True)
class Part10Header:
    """Where the data set of a file begins, and what the File Meta announces about it (None: nothing)."""

    data_set_offset: int
    transfer_syntax_uid: str
    media_storage_sop_class_uid: str | None
    media_storage_sop_instance_uid: str | None


def read_part10_preamble(stream: BinaryIO) -> Part10Header:
    """Read preamble and File Meta, as far as there are any; the stream must be able to seek.

    The group length is not believed, real files have none or a wrong one: File Meta is what is of group 0002.
    Where no transfer syntax is given, the first element of the data set tells it.

    Raises:
        InvalidInstance: this is not DICOM, or ends inside its File Meta.
    """
    size = stream.seek(0, 2)
    start = _file_meta_start(stream, size)
    values, offset = _file_meta(stream, start, size)
    transfer_syntax_uid = _uid(values, _TRANSFER_SYNTAX_UID)
    if transfer_syntax_uid is None:
        transfer_syntax_uid = _sniffed_transfer_syntax(_read_at(stream, offset), size - offset)
    return Part10Header(
        data_set_offset=offset,
        transfer_syntax_uid=transfer_syntax_uid,
        media_storage_sop_class_uid=_uid(values, _MEDIA_STORAGE_SOP_CLASS_UID),
        media_storage_sop_instance_uid=_uid(values, _MEDIA_STORAGE_SOP_INSTANCE_UID),
    )


def part10_header(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return preamble, prefix and File Meta for a data set that arrived without (PS3.10 7.1).

    Whatever a sender called a UID is written, so that quarantine can keep it; what is not ASCII becomes "?".
    """
    body = b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01"
    body += _short_element(_MEDIA_STORAGE_SOP_CLASS_UID, b"UI", sop_class_uid)
    body += _short_element(_MEDIA_STORAGE_SOP_INSTANCE_UID, b"UI", sop_instance_uid)
    body += _short_element(_TRANSFER_SYNTAX_UID, b"UI", transfer_syntax_uid)
    body += _short_element(_IMPLEMENTATION_CLASS_UID, b"UI", IMPLEMENTATION_CLASS_UID)
    body += _short_element(_IMPLEMENTATION_VERSION_NAME, b"SH", IMPLEMENTATION_VERSION_NAME)
    group_length = struct.pack("<HH2sHL", _FILE_META_GROUP, 0, b"UL", 4, len(body))
    return bytes(_PREAMBLE) + _PREFIX + group_length + body


def _short_element(tag: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii", "replace")[:_LONGEST_SHORT_FORM]
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def _file_meta(stream: BinaryIO, start: int, size: int) -> tuple[dict[int, bytes], int]:
    """Return the short values of group 0002 by tag, and the offset of the first element behind it."""
    values: dict[int, bytes] = {}
    offset = start
    for _ in range(ELEMENT_COUNT):
        header = _file_meta_element(_read_at(stream, offset), size - offset)
        if header is None:
            return values, offset
        if header.length > size - offset - header.size:
            raise InvalidInstance("The file ends inside its File Meta Information.")
        offset += header.size
        if header.length <= HEADER_VALUE_LIMIT:
            stream.seek(offset)
            values[header.tag] = stream.read(header.length)
        offset += header.length
    raise InvalidInstance("The File Meta Information does not end.")


def _file_meta_element(head: bytes, room: int) -> ElementHeader | None:
    """Read the header of an element of group 0002 in whichever encoding it was written; None behind them."""
    encoding = sniffed_encoding(head, room)
    if encoding is None or int.from_bytes(head[:2], _byte_order(encoding)) != _FILE_META_GROUP:
        return None
    return parse_element(head, 0, encoding, room)


def _file_meta_start(stream: BinaryIO, size: int) -> int:
    """Return where File Meta begins, or a data set without it.

    Four bytes that spell the prefix may also lie inside a file without preamble, so the elements decide.
    """
    behind_prefix = _PREAMBLE + len(_PREFIX)
    has_prefix = _read_at(stream, _PREAMBLE)[: len(_PREFIX)] == _PREFIX
    if has_prefix and _file_meta_element(_read_at(stream, behind_prefix), size - behind_prefix) is not None:
        return behind_prefix
    if _begins_like_a_data_set(_read_at(stream, 0), size):
        return 0
    if has_prefix:
        return behind_prefix
    raise InvalidInstance("The file is not DICOM: it has no DICM prefix and begins with no data element.")


def _begins_like_a_data_set(head: bytes, size: int) -> bool:
    """Whether a file without a preamble begins in a group that data sets begin in."""
    encoding = sniffed_encoding(head, size)
    if encoding is None:
        return False
    group = int.from_bytes(head[:2], _byte_order(encoding))
    return group % 2 == 0 and _FILE_META_GROUP <= group <= _LAST_FIRST_GROUP


def _sniffed_transfer_syntax(head: bytes, room: int) -> str:
    encoding = sniffed_encoding(head, room)
    if encoding is None or encoding.implicit:
        return IMPLICIT_VR_LITTLE_ENDIAN
    return EXPLICIT_VR_BIG_ENDIAN if encoding == BIG_ENDIAN else EXPLICIT_VR_LITTLE_ENDIAN


def _byte_order(encoding: Encoding) -> Literal["big", "little"]:
    return "big" if encoding.big_endian else "little"


def _read_at(stream: BinaryIO, offset: int) -> bytes:
    """Return enough bytes from `offset` to decide what element begins there."""
    stream.seek(offset)
    return stream.read(LOOK_AHEAD)


def _uid(values: dict[int, bytes], tag: int) -> str | None:
    """Return a UID without its padding; None where it is missing or empty."""
    text = values.get(tag, b"").decode("ascii", "replace").strip("\0 ")
    return text or None
