"""Every form of an element, a sequence and pixel data, and what of it the header keeps."""

import io

import pytest

from storage.header_reader import read_header
from tests.fixtures.encoded_elements import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    FIRST,
    IMPLICIT,
    IMPLICIT_NESTED,
    JPEG,
    LAST,
    LONG_FORM,
    MODALITY,
    NESTED,
    PATIENT_ID,
    PIXEL_DATA,
    PRIVATE,
    SEQUENCE,
    SEQUENCE_END,
    SHORT_FORM,
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


@pytest.mark.parametrize("vr", [vr for vr in (*SHORT_FORM, *LONG_FORM) if vr != "SQ"])
@pytest.mark.parametrize("transfer_syntax_uid", [EXPLICIT, BIG_ENDIAN, JPEG, DEFLATED, "1.2.3.4.private"])
def test_each_vr_is_read_in_its_own_form(vr: str, transfer_syntax_uid: str) -> None:
    order = ">" if transfer_syntax_uid == BIG_ENDIAN else "<"
    value = bytes(range(1, 17))
    data_set = explicit(MODALITY, "CS", b"US", order=order) + explicit(STATION_NAME, vr, value, order=order)
    data_set += explicit(0x00081030, vr, b"", order=order) + explicit(PATIENT_ID, "LO", b"0001", order=order)
    if transfer_syntax_uid == DEFLATED:
        data_set = deflated(data_set)
    header = read(data_set, transfer_syntax_uid)
    assert header.elements[STATION_NAME].value == value
    assert header.elements[STATION_NAME].vr == ("SH" if vr == "UN" else vr)
    assert header.elements[0x00081030].value == b""
    assert header.patient_id == "0001"
    assert header.structure_anomalies == ()


def test_implicit_elements_take_their_vr_from_the_dictionary() -> None:
    data_set = implicit(MODALITY, b"US") + implicit(PRIVATE, b"12") + implicit(0x00280010, b"\x10\x01")
    header = read(data_set, IMPLICIT)
    assert (header.modality, header.rows) == ("US", 272)
    assert PRIVATE not in header.elements
    assert header.structure_anomalies == ()


def test_the_data_set_may_begin_anywhere_in_the_file() -> None:
    stream = io.BytesIO(b"\xff" * 333 + FIRST + LAST)
    header = read_header(
        stream, transfer_syntax_uid=EXPLICIT, data_set_offset=333, size=333 + len(FIRST + LAST)
    )
    assert (header.modality, header.patient_id) == ("US", "0001")


def test_an_empty_data_set_has_an_empty_header() -> None:
    assert read(b"").elements == {}


BIG_NESTED = explicit(PATIENT_ID, "LO", b"9999", order=">")

LAWFUL_SEQUENCES = {
    "defined": sequence(SEQUENCE, [item(NESTED), item(NESTED)]),
    "undefined": open_sequence(SEQUENCE, [open_item(NESTED), open_item(NESTED)]),
    "undefined of defined items": open_sequence(SEQUENCE, [item(NESTED)]),
    "defined of undefined items": sequence(SEQUENCE, [open_item(NESTED)]),
    "empty": sequence(SEQUENCE, []),
    "undefined empty": open_sequence(SEQUENCE, []),
    "empty items": open_sequence(SEQUENCE, [item(b""), open_item(b"")]),
    "nested": sequence(SEQUENCE, [item(open_sequence(SEQUENCE, [item(NESTED)]))]),
    "private UN of undefined length is implicit": open_sequence(PRIVATE, [open_item(IMPLICIT_NESTED)], "UN"),
    "standard UN of defined length is implicit": sequence(SEQUENCE, [item(IMPLICIT_NESTED)], "UN"),
    "in a private UN of defined length": sequence(PRIVATE, [item(IMPLICIT_NESTED)], "UN"),
    "an item as long as the letters of a VR": sequence(
        SEQUENCE, [item(explicit(0x00081190, "UT", bytes(0x544C - 12)))]
    ),
}


@pytest.mark.parametrize("name", LAWFUL_SEQUENCES)
def test_a_sequence_is_walked_and_what_it_holds_is_not_taken_for_the_instance(name: str) -> None:
    header = read(FIRST + LAWFUL_SEQUENCES[name] + LAST)
    assert (header.modality, header.patient_id) == ("US", "0001")
    assert header.structure_anomalies == ()


def test_a_sequence_in_the_other_encodings() -> None:
    implicit_sequence = implicit(SEQUENCE, item(IMPLICIT_NESTED) + open_item(IMPLICIT_NESTED))
    assert structure(implicit_sequence + implicit(PATIENT_ID, b"0001"), IMPLICIT) == ()
    open_implicit = implicit(SEQUENCE, open_item(IMPLICIT_NESTED), length=UNDEFINED) + SEQUENCE_END
    assert structure(open_implicit + implicit(PATIENT_ID, b"0001"), IMPLICIT) == ()
    last = explicit(PATIENT_ID, "LO", b"0001", order=">")
    big = sequence(SEQUENCE, [item(BIG_NESTED, order=">")], order=">")
    assert structure(big + last, BIG_ENDIAN) == ()
    # PS3.5 6.2.2 note 2: within UN all is implicit little endian, also in a big endian data set
    unknown = explicit(PRIVATE, "UN", item(IMPLICIT_NESTED) + SEQUENCE_END, length=UNDEFINED, order=">")
    assert structure(explicit(MODALITY, "CS", b"US", order=">") + unknown + last, BIG_ENDIAN) == ()


def test_a_un_value_is_little_endian_in_a_big_endian_data_set() -> None:
    data_set = explicit(MODALITY, "CS", b"US", order=">") + explicit(0x00280010, "UN", b"\x10\x01", order=">")
    data_set += explicit(0x00280011, "US", b"\x01\x10", order=">")
    header = read(data_set, BIG_ENDIAN)
    assert (header.rows, header.columns) == (272, 272)


def test_native_pixel_data_is_stepped_over_and_measured() -> None:
    header = read(FIRST + LAST + explicit(PIXEL_DATA, "OW", bytes(200_000)))
    assert header.pixel_data_length == 200_000
    assert header.skipped_tags == {PIXEL_DATA}
    assert PIXEL_DATA not in header.elements


def test_fragments_are_counted_and_stepped_over() -> None:
    fragments = [item(b""), item(bytes(100_000)), item(SEQUENCE_END)]
    data_set = FIRST + open_sequence(PIXEL_DATA, fragments, "OB") + explicit(0xFFFCFFFC, "OB", bytes(10))
    header = read(data_set, JPEG)
    assert (header.fragment_count, header.pixel_data_length) == (3, None)
    assert header.structure_anomalies == ()


@pytest.mark.parametrize("vr", ["UN", "OB", None])
def test_pixel_data_of_undefined_length_is_fragments_under_any_vr(vr: str | None) -> None:
    value = item(b"") + item(bytes(100)) + SEQUENCE_END
    if vr is None:
        header = read(implicit(MODALITY, b"US") + implicit(PIXEL_DATA, value, length=UNDEFINED), IMPLICIT)
    else:
        header = read(FIRST + explicit(PIXEL_DATA, vr, value, length=UNDEFINED))
    assert (header.modality, header.fragment_count) == ("US", 2)


def test_waveforms_are_not_read() -> None:
    waveform = item(explicit(0x54001010, "OW", bytes(100_000)))
    header = read(FIRST + LAST + sequence(0x54000100, [waveform]))
    assert header.skipped_tags == {0x54001010}
