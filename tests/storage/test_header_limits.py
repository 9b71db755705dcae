"""Each limit on what a header may hold, at the limit and on both sides of it; and deflate bombs."""

import io
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from random import Random

import pydicom
import pytest

from core.errors import InvalidInstance, TooLarge
from core.limits import (
    DATA_SET_LIMIT,
    ELEMENT_COUNT,
    HEADER_KEPT_LIMIT,
    HEADER_VALUE_LIMIT,
    INFLATED_LIMIT,
    INFLATED_RATIO,
    NESTING_DEPTH,
)
from storage import byte_source
from storage.part10 import part10_header
from tests.fixtures.encoded_elements import (
    DEFLATED,
    EXPLICIT,
    FIRST,
    ITEM_END,
    LAST,
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
    open_sequence,
    read,
    sequence,
    structure,
)

NOISE = Random(7).randbytes(300_000)
"""Bytes that deflate cannot shrink."""


@pytest.mark.parametrize("length", [HEADER_VALUE_LIMIT - 1, HEADER_VALUE_LIMIT, HEADER_VALUE_LIMIT + 1])
def test_values_are_kept_up_to_the_limit_and_skipped_beyond(length: int) -> None:
    header = read(FIRST + explicit(STATION_NAME, "UT", b"x" * length) + LAST)
    assert (STATION_NAME in header.elements) == (length <= HEADER_VALUE_LIMIT)
    assert (STATION_NAME in header.skipped_tags) == (length > HEADER_VALUE_LIMIT)
    assert header.patient_id == "0001"


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_all_kept_values_together_have_a_limit(excess: int) -> None:
    full = [explicit(0x00090000 + 0x10000 + n, "UT", bytes(HEADER_VALUE_LIMIT)) for n in range(1, 16)]
    tag = 0x000A0100
    header = read(b"".join(full) + explicit(tag, "UT", bytes(HEADER_VALUE_LIMIT + excess)) + LAST)
    assert sum(len(element.value) for element in header.elements.values()) <= HEADER_KEPT_LIMIT
    assert (tag in header.elements) == (excess <= 0)
    assert (tag in header.skipped_tags) == (excess > 0)


def many(count: int) -> bytes:
    return b"".join(struct.pack("<HH2sH", 0x0009, n % 0x10000, b"LO", 0) for n in range(1, count + 1))


@pytest.mark.parametrize(("excess", "refused"), [(-1, False), (0, False), (1, True)])
@pytest.mark.parametrize("where", ["top", "items", "nested", "fragments"])
def test_elements_and_items_are_counted(excess: int, refused: bool, where: str) -> None:
    count = ELEMENT_COUNT + excess
    data_set = {
        "top": lambda: many(count),
        "items": lambda: sequence(SEQUENCE, [item(b"")] * (count - 1)),
        "nested": lambda: sequence(SEQUENCE, [item(many(count - 2))]),
        "fragments": lambda: open_sequence(PIXEL_DATA, [item(b"")] * count, "OB"),
    }[where]()
    if refused:
        with pytest.raises(TooLarge):
            read(data_set)
    else:
        read(data_set)


def test_two_hundred_thousand_elements_are_refused_quickly() -> None:
    data_set = many(200_000)
    started = time.process_time()
    with pytest.raises(TooLarge):
        read(data_set)
    assert time.process_time() - started < 2


def open_nesting(depth: int, vr: str) -> bytes:
    """Return sequences of undefined length, one in the other; inside UN they are implicit."""
    tag = PRIVATE if vr == "UN" else SEQUENCE
    inner = implicit(tag, length=UNDEFINED) if vr == "UN" else explicit(tag, vr, length=UNDEFINED)
    start = item(b"", length=UNDEFINED)
    outer = explicit(tag, vr, length=UNDEFINED)
    return outer + start + (inner + start) * (depth - 1) + (ITEM_END + SEQUENCE_END) * depth


def closed_nesting(depth: int, vr: str) -> bytes:
    """Return sequences of defined length, one in the other; inside UN they are implicit."""
    tag = PRIVATE if vr == "UN" else SEQUENCE
    heads = []
    length = 0
    for level in range(depth):
        heads.append(item(b"", length=length))
        length += 8
        nested_unknown = vr == "UN" and level < depth - 1
        heads.append(implicit(tag, length=length) if nested_unknown else explicit(tag, vr, length=length))
        length += len(heads[-1])
    return b"".join(reversed(heads))


@pytest.mark.parametrize("nesting", [open_nesting, closed_nesting])
@pytest.mark.parametrize("vr", ["SQ", "UN"])
@pytest.mark.parametrize(
    "depth", [1, 50, NESTING_DEPTH - 1, NESTING_DEPTH, NESTING_DEPTH + 1, 100, 200, 20_000]
)
def test_nesting_has_a_limit(nesting: Callable[[int, str], bytes], vr: str, depth: int) -> None:
    data_set = FIRST + nesting(depth, vr) + LAST
    if depth <= NESTING_DEPTH:
        assert structure(data_set) == ()
    else:
        with pytest.raises(TooLarge):
            read(data_set)


@pytest.mark.parametrize("nesting", [open_nesting, closed_nesting])
@pytest.mark.parametrize("vr", ["SQ", "UN"])
def test_the_deepest_nesting_accepted_can_be_shown(nesting: Callable[[int, str], bytes], vr: str) -> None:
    content = part10_header("1.2", "1.2.3", EXPLICIT) + FIRST + nesting(NESTING_DEPTH, vr) + LAST
    dataset = pydicom.dcmread(io.BytesIO(content))
    assert "0001" in str(dataset)
    assert "0001" in dataset.to_json()


def test_deflated_data_is_inflated_on_the_way() -> None:
    data_set = FIRST + explicit(STATION_NAME, "UT", NOISE) + LAST
    header = read(deflated(data_set), DEFLATED)
    assert (header.modality, header.patient_id) == ("US", "0001")
    assert header.skipped_tags == {STATION_NAME}


def padded_pixel_data(total: int) -> bytes:
    return FIRST + explicit(PIXEL_DATA, "OW", bytes(total - len(FIRST) - 12))


@pytest.mark.parametrize(("excess", "refused"), [(-1, False), (0, False), (1, True)])
def test_inflating_has_a_limit(excess: int, refused: bool) -> None:
    data_set = deflated(padded_pixel_data(INFLATED_LIMIT + excess))
    if refused:
        with pytest.raises(TooLarge):
            read(data_set, DEFLATED)
    else:
        assert read(data_set, DEFLATED).modality == "US"


@pytest.mark.parametrize(("excess", "refused"), [(-1, False), (0, False), (1, True)])
def test_beyond_the_limit_inflating_has_a_ratio(
    excess: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(byte_source, "INFLATED_LIMIT", 1000)
    data_set = deflated(padded_pixel_data(1000 * INFLATED_RATIO + excess))
    data_set += bytes(1000 - len(data_set))
    if refused:
        with pytest.raises(TooLarge):
            read(data_set, DEFLATED)
    else:
        assert read(data_set, DEFLATED).modality == "US"


BOMBS = {
    "one value": "struct.pack('<HH2sHL', 0x7FE0, 0x10, b'OB', 0, 2**30)",
    "values as long as are read": "b''",
    "pixel data without end": "struct.pack('<HH2sHL', 0x7FE0, 0x10, b'OB', 0, 0xFFFFFFFF)",
}
BOMB_PROGRAM = """
import io, resource, struct, sys, time, zlib
from core.errors import HubError
from storage.header_reader import read_header

squeezed = zlib.compressobj(wbits=-15)
first = struct.pack("<HH2sH", 0x0008, 0x0060, b"CS", 2) + b"US" + {start}
head = squeezed.compress(first) + squeezed.flush(zlib.Z_FULL_FLUSH)
block = struct.pack("<HH2sHL", 0x0009, 0x1001, b"UT", 0, 65524) + bytes(65524)
block = squeezed.compress(block * 16) + squeezed.flush(zlib.Z_FULL_FLUSH)
bomb = head + block * 1024 + squeezed.flush()
assert len(bomb) < 2**21, len(bomb)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
try:
    read_header(io.BytesIO(bomb), transfer_syntax_uid="1.2.840.10008.1.2.1.99", size=len(bomb))
except HubError as refusal:
    print(type(refusal).__name__)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown, round(time.process_time() - started, 2))
"""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_deflate_bomb_is_refused_in_little_memory(bomb: str) -> None:
    program = BOMB_PROGRAM.replace("{start}", BOMBS[bomb])
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    refusal, figures = done.stdout.splitlines()
    grown_kib, seconds = figures.split()
    assert refusal in {"TooLarge", "InvalidInstance"}
    assert int(grown_kib) < 16 * 1024
    assert float(seconds) < 10


def test_a_damaged_or_cut_deflated_data_set_is_refused() -> None:
    whole = deflated(FIRST + explicit(STATION_NAME, "UT", NOISE[:2000]) + LAST)
    for cut in range(1, len(whole)):
        with pytest.raises(InvalidInstance):
            read(whole[:cut], DEFLATED)
    assert read(whole, DEFLATED).patient_id == "0001"
    assert read(whole + b"\0", DEFLATED).patient_id == "0001"
    with pytest.raises(InvalidInstance):
        read(b"\xff" * 40, DEFLATED)


@pytest.mark.parametrize(("excess", "refused"), [(-1, False), (0, False), (1, True)])
def test_an_instance_still_arriving_may_not_announce_more_than_the_data_set_limit(
    excess: int, refused: bool
) -> None:
    head = explicit(PIXEL_DATA, "OW", length=DATA_SET_LIMIT - len(LAST) - 12 + excess)
    if refused:
        with pytest.raises(InvalidInstance):
            read(LAST + head + bytes(100), partial=True)
    else:
        assert read(LAST + head + bytes(100), partial=True).patient_id == "0001"
