"""Preamble and File Meta: what real files have in front of their data set, and what the hub writes there."""

import io
import struct
import subprocess
from pathlib import Path
from random import Random

import pydicom
import pytest

from core.errors import InvalidInstance
from core.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from storage.part10 import Part10Header, part10_header, read_part10_preamble
from tests.fixtures.encoded_elements import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    FIRST,
    IMPLICIT,
    JPEG,
    deflated,
    explicit,
    implicit,
)

ULTRASOUND_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
PREAMBLE = bytes(128) + b"DICM"
SOP_CLASS_UID = ULTRASOUND_IMAGE.encode() + b"\0"
JPEG_VALUE = JPEG.encode()


def preamble_of(content: bytes) -> Part10Header:
    return read_part10_preamble(io.BytesIO(content))


def file_meta(
    *, group_length: int | None, transfer_syntax_uid: bytes = JPEG_VALUE, order: str = "<"
) -> bytes:
    body = explicit(0x00020001, "OB", b"\0\1", order=order)
    body += explicit(0x00020002, "UI", SOP_CLASS_UID, order=order)
    body += explicit(0x00020003, "UI", b"1.2.3.4\0", order=order)
    body += explicit(0x00020010, "UI", transfer_syntax_uid, order=order)
    if group_length is None:
        return body
    value = struct.pack(f"{order}L", group_length % 2**32)
    return explicit(0x00020000, "UL", value, order=order) + body


RIGHT_LENGTH = len(file_meta(group_length=None))
IMPLICIT_META = (
    implicit(0x00020000, struct.pack("<L", 100))
    + implicit(0x00020002, SOP_CLASS_UID)
    + implicit(0x00020003, b"1.2.3.4\0")
    + implicit(0x00020010, JPEG_VALUE)
)

STARTS = {
    "as the standard has it": PREAMBLE + file_meta(group_length=RIGHT_LENGTH),
    "no group length": PREAMBLE + file_meta(group_length=None),
    "group length too short": PREAMBLE + file_meta(group_length=14),
    "group length too long": PREAMBLE + file_meta(group_length=RIGHT_LENGTH + 500),
    "group length zero": PREAMBLE + file_meta(group_length=0),
    "negative group length": PREAMBLE + file_meta(group_length=-1),
    "implicit by mistake": PREAMBLE + IMPLICIT_META,
    "big endian by mistake": PREAMBLE + file_meta(group_length=RIGHT_LENGTH, order=">"),
    "no preamble": file_meta(group_length=RIGHT_LENGTH),
    "a preamble of another file type": b"MZ\x90" + bytes(125) + b"DICM" + file_meta(group_length=None),
    "a long private value": PREAMBLE
    + file_meta(group_length=None)
    + explicit(0x00020102, "OB", bytes(200_000)),
}


@pytest.mark.parametrize("name", STARTS)
def test_the_data_set_is_found_behind_any_file_meta(name: str) -> None:
    assert preamble_of(STARTS[name] + FIRST) == Part10Header(
        data_set_offset=len(STARTS[name]),
        transfer_syntax_uid=JPEG,
        media_storage_sop_class_uid=ULTRASOUND_IMAGE,
        media_storage_sop_instance_uid="1.2.3.4",
    )


BIG_FIRST = explicit(0x00080060, "CS", b"US", order=">")
UNDECLARED = {
    "explicit": (FIRST, EXPLICIT),
    "implicit": (implicit(0x00080060, b"US"), IMPLICIT),
    "big endian": (BIG_FIRST, BIG_ENDIAN),
    "explicit from group 0010": (explicit(0x00100010, "PN", b"A^B "), EXPLICIT),
    "implicit group length": (implicit(0x00080000, b"\x10\0\0\0") + implicit(0x00080060, b"US"), IMPLICIT),
}


@pytest.mark.parametrize("name", UNDECLARED)
@pytest.mark.parametrize(
    "start", [b"", PREAMBLE, PREAMBLE + file_meta(group_length=None)[: -8 - len(JPEG_VALUE)]]
)
def test_without_a_transfer_syntax_the_first_element_tells_it(name: str, start: bytes) -> None:
    data_set, transfer_syntax_uid = UNDECLARED[name]
    found = preamble_of(start + data_set)
    assert found.data_set_offset == len(start)
    assert found.transfer_syntax_uid == transfer_syntax_uid


def test_an_empty_transfer_syntax_counts_as_none() -> None:
    start = PREAMBLE + file_meta(group_length=None, transfer_syntax_uid=b"")
    assert preamble_of(start + FIRST).transfer_syntax_uid == EXPLICIT


def test_the_prefix_may_also_be_text_inside_a_data_set_without_preamble() -> None:
    content = explicit(0x00080060, "CS", b"MG") + explicit(0x00081010, "SH", bytes(110) + b"DICMA1")
    assert content[128:132] == b"DICM"
    assert preamble_of(content + FIRST).data_set_offset == 0


NOT_DICOM = {
    "nothing": b"",
    "a few bytes": b"\x08\0\x05",
    "zero bytes": bytes(4000),
    "HTML": b"<!DOCTYPE html><html><body>503 Service Unavailable</body></html>",
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "ZIP": b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(100),
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01",
    "ELF": b"\x7fELF\x02\x01\x01" + bytes(100),
    "text in UTF-16": "not DICOM at all".encode("utf-16"),
    "a text with the letters of a VR in their place": b"THE US IMAGES ARE ON ANOTHER DISK",
    "XML": b'<?xml version="1.0"?><AnnotatedECG/>',
    "a first element longer than the file": implicit(0x00080060, b"US", length=1000),
}


@pytest.mark.parametrize("name", NOT_DICOM)
def test_what_is_not_dicom_is_refused(name: str) -> None:
    with pytest.raises(InvalidInstance):
        preamble_of(NOT_DICOM[name])


def test_a_file_that_ends_inside_its_file_meta_is_refused() -> None:
    whole = PREAMBLE + file_meta(group_length=RIGHT_LENGTH)
    for cut in range(len(PREAMBLE) + 12, len(whole)):
        try:
            assert preamble_of(whole[:cut]).data_set_offset <= cut
        except InvalidInstance:
            continue
    with pytest.raises(InvalidInstance):
        preamble_of(whole[:-1])


def test_damaged_file_meta_gives_a_header_or_a_typed_refusal() -> None:
    chance = Random(20261121)
    whole = PREAMBLE + file_meta(group_length=RIGHT_LENGTH) + FIRST
    for _ in range(5_000):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 8))):
            damaged[chance.randrange(120, len(damaged))] ^= 1 << chance.randrange(8)
        try:
            found = preamble_of(bytes(damaged))
        except InvalidInstance:
            continue
        assert 0 <= found.data_set_offset <= len(whole)
        found.transfer_syntax_uid.encode()


@pytest.mark.parametrize("transfer_syntax_uid", [IMPLICIT, EXPLICIT, DEFLATED, JPEG])
def test_what_the_hub_writes_is_read_by_itself_and_by_pydicom(transfer_syntax_uid: str) -> None:
    header = part10_header(ULTRASOUND_IMAGE, "1.2.3.4", transfer_syntax_uid)
    data_set = implicit(0x00080060, b"US") if transfer_syntax_uid == IMPLICIT else FIRST
    if transfer_syntax_uid == DEFLATED:
        data_set = deflated(data_set)
    found = preamble_of(header + data_set)
    assert found.data_set_offset == len(header)
    assert found.transfer_syntax_uid == transfer_syntax_uid
    dataset = pydicom.dcmread(io.BytesIO(header + data_set))
    assert dataset.Modality == "US"
    assert dataset.preamble == bytes(128)
    meta = dataset.file_meta
    assert meta.FileMetaInformationGroupLength == len(header) - 132 - 12
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert meta.MediaStorageSOPClassUID == ULTRASOUND_IMAGE
    assert meta.MediaStorageSOPInstanceUID == "1.2.3.4"
    assert meta.TransferSyntaxUID == transfer_syntax_uid
    assert meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert meta.ImplementationVersionName == IMPLEMENTATION_VERSION_NAME


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("", None),
        ("1.2..3.", "1.2..3."),
        ("../../etc/passwd", "../../etc/passwd"),
        ("1.2.3\0", "1.2.3"),
        ("编号", "??"),
        ("\ud800", "?"),
        ("1" * 65, "1" * 65),
        ("9" * 100_000, "9" * 0xFFFE),
    ],
)
def test_whatever_a_sender_calls_a_uid_is_written(sent: str, read: str | None) -> None:
    header = part10_header(sent, sent, EXPLICIT)
    assert len(header) % 2 == 0
    found = preamble_of(header + FIRST)
    assert found.data_set_offset == len(header)
    assert found.media_storage_sop_class_uid == read
    assert found.media_storage_sop_instance_uid == read
    assert found.transfer_syntax_uid == EXPLICIT


@pytest.mark.tool("dcmftest")
def test_the_written_header_is_a_file_to_dcmtk(tmp_path: Path) -> None:
    file = tmp_path / "instance.dcm"
    file.write_bytes(part10_header(ULTRASOUND_IMAGE, "1.2.3.4", EXPLICIT) + FIRST)
    done = subprocess.run(["dcmftest", str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("yes")
