"""Values as the catalogue gets them: typed, clean, bounded; ill-formed ones are None or empty, and named."""

import struct
from datetime import date

import pytest

from core.limits import HEADER_TEXT_LIMIT
from storage.instance_header import InstanceHeader, RawElement

TAGS = {
    "CS": 0x00080060,
    "LO": 0x00100020,
    "PN": 0x00100010,
    "UI": 0x0020000D,
    "DA": 0x00080020,
    "TM": 0x00080030,
    "IS": 0x00200013,
    "LT": 0x00104000,
}


def header(pixel_data_length: int | None = None, **elements: tuple[int, bytes]) -> InstanceHeader:
    """Return a header of elements given as VR=(tag, value)."""
    return InstanceHeader(
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        elements={tag: RawElement(vr, value) for vr, (tag, value) in elements.items()},
        pixel_data_length=pixel_data_length,
    )


TEXTS = [
    ("LO", b"0001 ", "0001"),
    ("LO", b"  0001", "0001"),
    ("LO", b"0001\0", "0001"),
    ("LO", b"00\0" + b"01", "0001"),
    ("LO", b"", ""),
    ("LO", b"   ", ""),
    ("LO", b"A\\B", "A\\B"),
    ("LO", b"<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("LO", b"a\x07b\x1bc", "a\ufffdb\ufffdc"),
    ("LO", b"x" * 5000, "x" * (HEADER_TEXT_LIMIT - 1) + "…"),
    ("LO", b"x" * HEADER_TEXT_LIMIT, "x" * HEADER_TEXT_LIMIT),
    ("LT", b" indented\r\n\ttext ", " indented\r\n\ttext"),
    ("PN", b"Zhang^San==  ", "Zhang^San"),
    ("PN", b"Smith^John^^Dr.^", "Smith^John^^Dr.^"),
    ("UI", b"1.2.3\0", "1.2.3"),
    ("UI", b"1.2.3 ", "1.2.3"),
    ("UI", b"1.2\0.3", "1.2\ufffd.3"),
    ("UI", b" 1.2", " 1.2"),
    ("UI", b"1.2\\1.3", "1.2\\1.3"),
    ("UI", "1.２".encode(), "1.ï¼\x92"),
    ("CS", b"US\\DX", "US\\DX"),
]


@pytest.mark.parametrize(("vr", "value", "text"), TEXTS)
def test_text_is_clean_and_bounded(vr: str, value: bytes, text: str) -> None:
    assert header(**{vr: (TAGS[vr], value)}).text(TAGS[vr]) == text


VALUES = [
    ("CS", b"ORIGINAL\\PRIMARY ", ("ORIGINAL", "PRIMARY")),
    ("CS", b"\\", ()),
    ("CS", b"A\\\\C", ("A", "", "C")),
    ("CS", b"", ()),
    ("LT", b"one\\value", ("one\\value",)),
    ("UI", b"1.2\\1.3\0", ("1.2", "1.3")),
]


@pytest.mark.parametrize(("vr", "value", "texts"), VALUES)
def test_several_values_are_split_at_backslashes(vr: str, value: bytes, texts: tuple[str, ...]) -> None:
    assert header(**{vr: (TAGS[vr], value)}).texts(TAGS[vr]) == texts


def test_a_character_with_a_backslash_in_it_does_not_split_a_name() -> None:
    name = "李運^許"
    raw = name.encode("gbk")
    assert b"\\" in raw
    read = header(CS=(0x00080005, b"GBK "), PN=(0x00100010, raw))
    assert read.patient_name == name
    assert read.texts(0x00100010) == (name,)


DATES = [
    (b"20261120", date(2026, 11, 20)),
    (b"2026.11.20", date(2026, 11, 20)),
    (b"20261120 ", date(2026, 11, 20)),
    (b"20240229", date(2024, 2, 29)),
    (b"99991231", date(9999, 12, 31)),
    (b"20250229", None),
    (b"20261320", None),
    (b"00000000", None),
    (b"00010101", date(1, 1, 1)),
    (b"2026", None),
    (b"2026.1120", None),
    (b"2026-11-20", None),
    (b"19700102-19700103", None),
    (b"20261120\\20261121", date(2026, 11, 20)),
    ("２０２６１１２０".encode(), None),
    (b"", None),
    (b"yesterday", None),
]


@pytest.mark.parametrize(("value", "day"), DATES)
def test_a_date_is_a_day_or_none(value: bytes, day: date | None) -> None:
    read = header(DA=(TAGS["DA"], value))
    assert read.study_date == day
    assert ("ill-formed-date:StudyDate" in read.anomalies) == (day is None and value != b"")


TIMES = [
    (b"083000", "083000"),
    (b"083000.123456", "083000.123456"),
    (b"0830", "0830"),
    (b"08", "08"),
    (b"08:30:00", "083000"),
    (b"235960", "235960"),
    (b"083000.1 ", "083000.1"),
    (b"240000", ""),
    (b"0860", ""),
    (b"08:3000", ""),
    (b"083000.", ""),
    (b"noon", ""),
    (b"", ""),
]


@pytest.mark.parametrize(("value", "time"), TIMES)
def test_a_time_is_a_time_of_day_or_empty(value: bytes, time: str) -> None:
    assert header(TM=(TAGS["TM"], value)).study_time == time


INTEGERS = [
    (b"12", 12),
    (b" 12 ", 12),
    (b"-3", -3),
    (b"+7", 7),
    (b"0012", 12),
    (b"12.0", 12),
    (b"12\\13", 12),
    (b"2147483647", 2**31 - 1),
    (b"2147483648", None),
    (b"-2147483648", -(2**31)),
    (b"-2147483649", None),
    (b"9" * 5000, None),
    (b"1.5", None),
    (b"1A", None),
    (b"1e3", None),
    ("１２".encode(), None),
    (b"", None),
]


@pytest.mark.parametrize(("value", "number"), INTEGERS)
def test_an_integer_is_whole_and_of_32_bits_or_none(value: bytes, number: int | None) -> None:
    assert header(IS=(TAGS["IS"], value)).instance_number == number


BINARY = [
    ("US", "H", 65535, 65535),
    ("SS", "h", -5, -5),
    ("UL", "L", 2**31 - 1, 2**31 - 1),
    ("UL", "L", 2**31, None),
    ("SL", "l", -7, -7),
    ("UV", "Q", 2**40, None),
    ("SV", "q", -9, -9),
]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("vr", "code", "sent", "number"), BINARY)
def test_a_binary_number_is_read_in_its_byte_order(
    vr: str, code: str, sent: int, number: int | None, order: str
) -> None:
    element = RawElement(vr, struct.pack(order + code, sent), big_endian=order == ">")
    read = InstanceHeader(transfer_syntax_uid="1.2", elements={0x00280010: element})
    assert read.rows == number


@pytest.mark.parametrize("vr", ["US", "UL", "SV", "FD", "OB", "AT", "SQ", "UN"])
def test_a_binary_value_that_is_too_short_or_no_number_is_none(vr: str) -> None:
    read = header(**{vr: (0x00280010, b"\1")})
    assert read.rows is None
    assert read.text(0x00280010) == ""
    assert read.texts(0x00280010) == ()


def test_what_is_absent_is_empty_or_none() -> None:
    read = header()
    assert (read.patient_name, read.study_date, read.study_time, read.rows) == ("", None, "", None)
    assert (read.text(0x00100020), read.texts(0x00100020), read.integer(0x00100020)) == ("", (), None)


def test_uids_are_named_when_missing_or_ill_formed() -> None:
    anomalies = header(UI=(0x0020000D, b"1.2..3")).anomalies
    assert anomalies == (
        "missing-uid:SOPClassUID",
        "missing-uid:SOPInstanceUID",
        "ill-formed-uid:StudyInstanceUID",
        "missing-uid:SeriesInstanceUID",
    )


CHARACTER_SETS = [
    (b"ISO_IR 192", "张三".encode(), None),
    (b"", "张三".encode(), "undeclared-character-set"),
    (b"KLINGON", b"ascii", "unknown-character-set"),
    (b"GB2312", "张三".encode("gbk"), "mislabelled-character-set"),
    (b"ISO_IR 192", "张三".encode("gbk"), "undecodable-text"),
    (b"ISO_IR 192", ("张" * 3000).encode(), None),
    (b"ISO_IR 192", b"a" + ("张" * 3000).encode(), None),
]


@pytest.mark.parametrize(("declared", "value", "anomaly"), CHARACTER_SETS)
def test_text_that_cannot_be_trusted_is_named(declared: bytes, value: bytes, anomaly: str | None) -> None:
    read = header(CS=(0x00080005, declared), LT=(0x00104000, value))
    found = [word for word in read.anomalies if not word.startswith("missing-uid")]
    assert found == ([anomaly] if anomaly else [])


IMAGES = [
    # rows, columns, samples, bits, frames, photometric interpretation -> bytes
    (8, 8, 1, 8, None, "MONOCHROME2", 64),
    (8, 8, 1, 16, None, "MONOCHROME2", 128),
    (8, 8, 3, 8, 5, "RGB", 960),
    (8, 8, 3, 8, None, "YBR_FULL_422", 128),
    (3, 3, 1, 8, None, "MONOCHROME2", 10),
    (3, 3, 1, 1, 3, "MONOCHROME2", 4),
]


@pytest.mark.parametrize(("rows", "columns", "samples", "bits", "frames", "kind", "length"), IMAGES)
def test_pixel_data_of_another_length_than_the_image_is_named(
    rows: int, columns: int, samples: int, bits: int, frames: int | None, kind: str, length: int
) -> None:
    numbers = {0x00280010: rows, 0x00280011: columns, 0x00280002: samples, 0x00280100: bits}
    elements = {tag: RawElement("US", struct.pack("<H", number)) for tag, number in numbers.items()}
    elements[0x00280004] = RawElement("CS", kind.encode())
    if frames is not None:
        elements[0x00280008] = RawElement("IS", str(frames).encode())
    for pixel_data_length, whole in ((length - 2, False), (length, True), (length + 2, False), (None, True)):
        read = InstanceHeader(
            transfer_syntax_uid="1.2", elements=elements, pixel_data_length=pixel_data_length
        )
        assert ("pixel-data-length" not in read.anomalies) == whole


def test_pixel_data_without_an_image_is_named() -> None:
    assert "pixel-data-length" in header(pixel_data_length=0).anomalies


def test_anomalies_name_nothing_of_the_patient() -> None:
    canary = "Canary"
    raw = canary.encode() + b"\xff"
    tags = {"PN": 0x00100010, "LO": 0x00100020, "DA": 0x00100030, "UI": 0x00080018, "CS": 0x00080005}
    anomalies = header(**{vr: (tag, raw) for vr, tag in tags.items()}).anomalies
    assert len(anomalies) >= 5
    assert canary not in " ".join(anomalies)
