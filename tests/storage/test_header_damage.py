"""Data sets cut at every byte, with bits flipped, or of any bytes: a header or a typed refusal."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInstance, TooLarge
from storage.instance_header import InstanceHeader
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
    UNDEFINED,
    deflated,
    explicit,
    implicit,
    item,
    read,
)

SYNTAXES = [EXPLICIT, IMPLICIT, BIG_ENDIAN]


def two_kilobytes(transfer_syntax_uid: str) -> list[bytes]:
    """Return a data set of about 2 KB as its top-level elements, holding every kind of container."""
    order = ">" if transfer_syntax_uid == BIG_ENDIAN else "<"

    def element(tag: int, vr: str, *parts: bytes, length: int | None = None) -> bytes:
        value = b"".join(parts)
        if transfer_syntax_uid == IMPLICIT:
            return implicit(tag, value, length=length)
        return explicit(tag, vr, value, length=length, order=order)

    def part(content: bytes, *, length: int | None = None) -> bytes:
        return item(content, length=length, order=order)

    item_end, sequence_end = (implicit(tag, order=order) for tag in (0xFFFEE00D, 0xFFFEE0DD))
    nested = element(MODALITY, "CS", b"SR") + element(PATIENT_ID, "LO", b"9999")
    inner = element(SEQUENCE, "SQ", part(nested), part(nested, length=UNDEFINED), item_end)
    return [
        element(0x00080005, "CS", b"\\ISO 2022 IR 58 "),
        element(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1.6.1\0"),
        element(0x00080018, "UI", b"1.2.3.4."),
        element(0x00080020, "DA", b"20261120"),
        element(0x00080030, "TM", b"083000.5"),
        element(MODALITY, "CS", b"US"),
        element(0x00081030, "LO", b"Abdomen " * 20),
        element(SEQUENCE, "SQ", part(inner, length=UNDEFINED), item_end, sequence_end, length=UNDEFINED),
        element(0x00100010, "PN", b"Zhang^San=\x1b$)A\xd5\xc5^\x1b$)A\xc8\xfd "),
        element(PATIENT_ID, "LO", b"0001"),
        element(PRIVATE, "UN", item(IMPLICIT_NESTED), SEQUENCE_END, length=UNDEFINED),
        element(0x00111002, "UN", item(IMPLICIT_NESTED)),
        element(0x0020000D, "UI", b"1.2.3.4."),
        element(0x00200013, "IS", b"12"),
        element(0x00280010, "US", b"\x10\x10"),
        element(0x00409096, "SQ", *[part(nested) for _ in range(10)]),
        element(0x00420011, "OB", bytes(range(256)) * 3),
        element(PIXEL_DATA, "OB", part(b""), part(bytes(range(200))), sequence_end, length=UNDEFINED),
        element(0xFFFCFFFC, "OB", bytes(64)),
    ]


@pytest.mark.parametrize("transfer_syntax_uid", SYNTAXES)
def test_a_data_set_cut_at_any_byte_is_refused_unless_it_ends_with_an_element(
    transfer_syntax_uid: str,
) -> None:
    elements = two_kilobytes(transfer_syntax_uid)
    data_set = b"".join(elements)
    assert 1900 < len(data_set) < 2300
    assert read(data_set, transfer_syntax_uid).structure_anomalies == ()
    borders = {sum(map(len, elements[:count])): count for count in range(len(elements) + 1)}
    for cut in range(len(data_set) + 1):
        begun = data_set[max(border for border in borders if border <= cut) : cut]
        if not any(begun):  # nothing of the next element, or (big endian) its first zero byte: padding
            kept = [tag for tag in read(data_set[:cut], transfer_syntax_uid).elements if tag < PIXEL_DATA]
            assert len(kept) <= borders[cut - len(begun)]
        else:
            with pytest.raises(InvalidInstance):
                read(data_set[:cut], transfer_syntax_uid)


@pytest.mark.parametrize("transfer_syntax_uid", SYNTAXES)
def test_an_instance_still_arriving_gives_what_has_come(transfer_syntax_uid: str) -> None:
    data_set = b"".join(two_kilobytes(transfer_syntax_uid))
    known = 0
    for cut in range(len(data_set) + 1):
        header = read(data_set[:cut], transfer_syntax_uid, partial=True)
        assert len(header.elements) >= known
        known = len(header.elements)
        assert header.patient_id in {"", "0001"}
    assert header.elements == read(data_set, transfer_syntax_uid).elements


def test_a_deflated_instance_still_arriving_gives_what_can_be_inflated() -> None:
    data_set = b"".join(two_kilobytes(EXPLICIT))
    squeezed = deflated(data_set)
    for cut in range(len(squeezed) + 1):
        header = read(squeezed[:cut], DEFLATED, partial=True)
        assert header.patient_id in {"", "0001"}
    assert header.elements == read(data_set).elements


ATTRIBUTES = [name for name in vars(InstanceHeader) if not name.startswith("_") and name != "anomalies"]


def use(header: InstanceHeader) -> None:
    """Decode all there is to decode; what it gives must fit into any database."""
    assert all(anomaly.isascii() for anomaly in header.anomalies)
    for name in ATTRIBUTES:
        if not callable(value := getattr(header, name)):
            str(value).encode()
    for tag in header.elements:
        header.text(tag).encode()
        "".join(header.texts(tag)).encode()
        header.integer(tag)


SEED = 20261121


@pytest.mark.parametrize("transfer_syntax_uid", [*SYNTAXES, DEFLATED])
def test_flipped_bits_give_a_header_or_a_typed_refusal(transfer_syntax_uid: str) -> None:
    print(f"seed {SEED}")  # noqa: T201 - shown by pytest when it fails
    chance = Random(SEED)
    data_set = b"".join(two_kilobytes(transfer_syntax_uid))
    if transfer_syntax_uid == DEFLATED:
        data_set = deflated(data_set)
    refused = 0
    for _ in range(5_000):
        damaged = bytearray(data_set)
        for _ in range(chance.choice((1, 1, 1, 2, 8))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        try:
            use(read(bytes(damaged), transfer_syntax_uid, partial=chance.random() < 0.2))
        except (InvalidInstance, TooLarge):
            refused += 1
    assert 0 < refused < 5_000


PIECES = st.one_of(
    st.binary(max_size=24),
    st.sampled_from([FIRST, LAST, ITEM_END, SEQUENCE_END, item(b"", length=UNDEFINED)]),
    st.sampled_from([item(NESTED), item(NESTED, length=9), item(IMPLICIT_NESTED), bytes(9)]),
    st.sampled_from([explicit(SEQUENCE, vr, length=UNDEFINED) for vr in ("SQ", "UN", "OB", "UT")]),
    st.sampled_from([explicit(SEQUENCE, vr, length=40) for vr in ("SQ", "UN", "OB", "UT")]),
    st.sampled_from([implicit(SEQUENCE, length=40), implicit(PRIVATE, length=UNDEFINED)]),
)


@given(
    st.lists(PIECES, max_size=12).map(b"".join),
    st.sampled_from([EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED, JPEG]),
    st.booleans(),
)
def test_any_bytes_give_a_header_or_a_typed_refusal(
    data_set: bytes, transfer_syntax_uid: str, partial: bool
) -> None:
    try:
        use(read(data_set, transfer_syntax_uid, partial=partial))
    except (InvalidInstance, TooLarge):
        return
