"""What devices do against the standard is read and named; what is no data set is refused."""

import io
import struct
import tracemalloc

import pytest

from core.errors import InvalidInstance, TooLarge
from core.limits import HEADER_VALUE_LIMIT
from storage.header_reader import read_header
from tests.fixtures.encoded_elements import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    FIRST,
    IMPLICIT,
    IMPLICIT_NESTED,
    ITEM_END,
    JPEG,
    LAST,
    MODALITY,
    NESTED,
    PATIENT_ID,
    PIXEL_DATA,
    PRIVATE,
    SEQUENCE,
    SEQUENCE_END,
    STATION_NAME,
    UNDEFINED,
    deflated,
    explicit,
    implicit,
    item,
    open_item,
    open_sequence,
    read,
    sequence,
    structure,
)

TOO_LONG_ITEM = sequence(SEQUENCE, [item(NESTED, length=len(NESTED) + 4)])
BLOB = item(explicit(0x00081150, "UI", b"1.2.3.4"))[:-5]
ODDITIES = {
    "odd length": (explicit(STATION_NAME, "LO", b"abc"), ("odd-length",)),
    "odd length of a sequence's value": (
        sequence(SEQUENCE, [item(explicit(0x00081190, "LO", b"abc"))]),
        ("odd-length", "odd-length"),
    ),
    "VR of the future": (
        struct.pack("<HH2sHL", 8, 0x1010, b"ZZ", 0, 4) + b"abcd",
        ("unknown-vr",),
    ),
    "unknown VR with a length of 16 bits": (
        struct.pack("<HH2sH", 8, 0x1010, b"ZZ", 4) + b"abcd",
        ("unknown-vr",),
    ),
    "unknown VR without a value": (struct.pack("<HH2sH", 8, 0x1010, b"ZZ", 0), ("unknown-vr",)),
    "two spaces for a VR": (struct.pack("<HH2sH", 8, 0x1010, b"  ", 4) + b"abcd", ("unknown-vr",)),
    "two question marks for a VR": (struct.pack("<HH2sH", 8, 0x1010, b"??", 4) + b"abcd", ("unknown-vr",)),
    "two zero bytes for a VR": (struct.pack("<HH2sH", 8, 0x1010, b"\0\0", 4) + b"abcd", ("unknown-vr",)),
    "an implicit element": (implicit(STATION_NAME, b"abcd"), ("implicit-element",)),
    "implicit items": (sequence(SEQUENCE, [item(IMPLICIT_NESTED)]), ()),
    "explicit items in UN": (open_sequence(PRIVATE, [item(NESTED)], "UN"), ()),
    "sequence end in a sequence of defined length": (
        sequence(SEQUENCE, [item(NESTED), SEQUENCE_END]),
        ("stray-delimiter",),
    ),
    "item end behind an item of defined length": (
        sequence(SEQUENCE, [item(NESTED), ITEM_END, item(NESTED)]),
        ("stray-delimiter",),
    ),
    "item of undefined length ended by the next": (
        open_sequence(SEQUENCE, [item(NESTED, length=UNDEFINED), open_item(NESTED)]),
        ("stray-delimiter",),
    ),
    "item of undefined length ended by the sequence": (
        open_sequence(SEQUENCE, [item(NESTED, length=UNDEFINED)]),
        ("stray-delimiter",),
    ),
    "item without end in a sequence of defined length": (
        sequence(SEQUENCE, [item(NESTED, length=UNDEFINED)]),
        ("length-mismatch",),
    ),
    "item longer than its sequence": (TOO_LONG_ITEM, ("length-mismatch",)),
    "element longer than its item": (
        sequence(SEQUENCE, [item(explicit(0x00081150, "UI", b"1.2.", length=6))]),
        ("length-mismatch",),
    ),
    "rest in a sequence": (sequence(SEQUENCE, [item(NESTED), b"\0\0"]), ("length-mismatch",)),
    "no item in a sequence": (
        sequence(SEQUENCE, [item(NESTED), explicit(0x00081150, "UI", b"1.2.")]),
        ("length-mismatch",),
    ),
    "no sequence in a sequence": (explicit(0x0040A170, "SQ", b"ABCDEFGH"), ("unreadable-sequence",)),
    "no sequence in UN": (explicit(PRIVATE, "UN", b"\xfe\xff\x01\xe0ABCDEFGH"), ()),
    "UN that only begins like a sequence": (
        explicit(PRIVATE, "UN", item(b"", length=UNDEFINED) + b"ABCDEFGHIJKL"),
        ("length-mismatch",),
    ),
    "UN that holds a broken sequence": (
        explicit(PRIVATE, "UN", item(implicit(SEQUENCE, b"ABCDEFGH", length=UNDEFINED))),
        ("unreadable-sequence",),
    ),
    "delimiters outside everything": (ITEM_END + SEQUENCE_END, ("stray-delimiter",)),
    "two elements of one tag": (explicit(PATIENT_ID, "LO", b"0002"), ("duplicate-element",)),
}


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_is_read_and_named(name: str) -> None:
    odd, anomalies = ODDITIES[name]
    assert structure(FIRST + odd + LAST) == tuple(dict.fromkeys(anomalies))


@pytest.mark.parametrize("vr", [b"ZZ", b"  ", b"??", b"--"])
@pytest.mark.parametrize("value", [b"", b"abcd"])
def test_an_unknown_vr_is_told_from_an_implicit_element_also_where_a_long_value_would_fit(
    vr: bytes, value: bytes
) -> None:
    odd = struct.pack("<HH2sH", 8, 0x1010, vr, len(value)) + value
    pixel_data = explicit(PIXEL_DATA, "OW", bytes(5_000_000))
    assert structure(FIRST + odd + LAST + pixel_data) == ("unknown-vr",)


def test_the_value_of_an_unknown_vr_is_read_as_the_dictionary_has_it() -> None:
    assert read(struct.pack("<HH2sH", 8, 0x60, b"??", 2) + b"US" + LAST).modality == "US"
    assert read(FIRST + struct.pack("<HH2sHL", 0x10, 0x20, b"ZZ", 0, 4) + b"0001").patient_id == "0001"


def test_the_later_of_two_elements_is_read_as_pydicom_does() -> None:
    assert read(FIRST + explicit(PATIENT_ID, "LO", b"0002") + LAST).patient_id == "0001"


WRONG_SYNTAXES = {
    (EXPLICIT, implicit(MODALITY, b"US") + implicit(PATIENT_ID, b"0001")): "implicit-under-explicit",
    (JPEG, implicit(MODALITY, b"US") + implicit(PATIENT_ID, b"0001")): "implicit-under-explicit",
    (IMPLICIT, FIRST + LAST): "explicit-under-implicit",
    (BIG_ENDIAN, FIRST + LAST): "explicit-under-big-endian",
    (BIG_ENDIAN, implicit(MODALITY, b"US") + implicit(PATIENT_ID, b"0001")): "implicit-under-big-endian",
    (
        EXPLICIT,
        explicit(MODALITY, "CS", b"US", order=">") + explicit(PATIENT_ID, "LO", b"0001", order=">"),
    ): "big-endian-under-explicit",
    (DEFLATED, FIRST + LAST): "not-deflated",
}


@pytest.mark.parametrize(("announced", "data_set"), WRONG_SYNTAXES)
def test_a_data_set_in_another_syntax_than_announced_is_read_and_named(
    announced: str, data_set: bytes
) -> None:
    assert structure(data_set, announced) == (WRONG_SYNTAXES[announced, data_set],)


@pytest.mark.parametrize("count", [1, 7, 8, 512, HEADER_VALUE_LIMIT])
def test_zero_bytes_behind_the_data_set_are_padding(count: int) -> None:
    assert structure(FIRST + LAST + bytes(count)) == ("trailing-bytes",)
    assert structure(deflated(FIRST + LAST + bytes(count)), DEFLATED) == ("trailing-bytes",)


GARBLED = {
    "element one byte too long": FIRST + explicit(STATION_NAME, "LO", b"ab", length=3),
    "length that is no length": FIRST + explicit(STATION_NAME, "UT", b"ab", length=0xFFFFFFFE),
    "three gigabytes": FIRST + explicit(PIXEL_DATA, "OW", b"ab", length=3_000_000_000),
    "sequence beyond the end": FIRST + explicit(SEQUENCE, "SQ", item(NESTED), length=1000),
    "item beyond the end": FIRST + open_sequence(SEQUENCE, [item(NESTED, length=1000)]),
    "nested element beyond the end": FIRST + open_sequence(SEQUENCE, [item(explicit(8, "UT", length=10**9))]),
    "sequence without end": FIRST + explicit(SEQUENCE, "SQ", item(NESTED), length=UNDEFINED),
    "item without end": FIRST + explicit(SEQUENCE, "SQ", item(NESTED, length=UNDEFINED), length=UNDEFINED),
    "UN without end": FIRST + explicit(PRIVATE, "UN", item(IMPLICIT_NESTED), length=UNDEFINED),
    "fragments without end": FIRST + explicit(PIXEL_DATA, "OB", item(b"abcd"), length=UNDEFINED),
    "fragment beyond the end": FIRST + open_sequence(PIXEL_DATA, [item(b"ab", length=1000)], "OB"),
    "fragment of undefined length": FIRST + open_sequence(PIXEL_DATA, [open_item(b"")], "OB") + LAST,
    "no fragment in pixel data": FIRST + open_sequence(PIXEL_DATA, [NESTED], "OB") + LAST,
    "no item in an open sequence": FIRST + open_sequence(SEQUENCE, [NESTED]) + LAST,
    "text of undefined length": FIRST + explicit(STATION_NAME, "UT", b"abcdefgh", length=UNDEFINED) + LAST,
    "item outside": FIRST + item(NESTED) + LAST,
    "something behind zero bytes": FIRST + bytes(64) + LAST,
    "more than a block of zero bytes": FIRST + bytes(HEADER_VALUE_LIMIT + 8),
    "rest that is not zero": FIRST + b"abc",
    "text": b"This is not DICOM, whatever the sender may say.",
    "HTML": b"<!DOCTYPE html><html><body>503</body></html>",
}


@pytest.mark.parametrize("name", GARBLED)
@pytest.mark.parametrize("transfer_syntax_uid", [EXPLICIT, DEFLATED])
def test_what_is_no_data_set_is_refused(name: str, transfer_syntax_uid: str) -> None:
    data_set = GARBLED[name]
    refusals: tuple[type[Exception], ...] = (InvalidInstance,)
    if transfer_syntax_uid == DEFLATED:
        data_set, refusals = deflated(data_set), (InvalidInstance, TooLarge)
    with pytest.raises(refusals):
        read(data_set, transfer_syntax_uid)


def test_an_absurd_length_is_refused_before_anything_is_allocated() -> None:
    for length in (10**8, 2**31, 0xFFFFFFFE):
        for vr in ("OW", "UT", "UN", "SQ"):
            data_set = FIRST + explicit(STATION_NAME, vr, bytes(8), length=length)
            tracemalloc.start()
            with pytest.raises(InvalidInstance):
                read(data_set)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 200_000


@pytest.mark.parametrize("last", [LAST, explicit(PIXEL_DATA, "OW", bytes(100_000))])
def test_a_file_shorter_than_said_is_refused(last: bytes) -> None:
    data_set = FIRST + last
    for missing in (1, len(last), len(data_set)):
        with pytest.raises(InvalidInstance):
            read_header(io.BytesIO(data_set[:-missing]), transfer_syntax_uid=EXPLICIT, size=len(data_set))
