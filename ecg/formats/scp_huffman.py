"""The samples of an SCP-ECG section: Huffman codes by the standard's table or the file's own."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInstance

Samples = NDArray[np.int64]
_DEFAULT: Final = 19999
_TABLES: Final = 64
_CODES: Final = 1024
_LONGEST_PREFIX: Final = 16
_LONGEST_CODE: Final = 32


@dataclass(frozen=True, kw_only=True)
class Code:
    """A prefix of bits, written as 0 and 1, and what it stands for."""

    prefix: str
    extra_bits: int
    """Bits behind the prefix that hold a signed number to add to `value`."""
    value: int
    to_table: int | None = None
    """The table that codes come from after this one, counted from 0."""


@dataclass(frozen=True, slots=True)
class _Entry:
    prefix_bits: int
    extra_bits: int
    value: int
    to_table: int | None


Table = tuple[int, list[_Entry | None]]
"""The bits that are looked at, and what begins with each value of them."""

DEFAULT_CODES: Final = (
    Code(prefix="0", extra_bits=0, value=0),
    *(
        Code(prefix="1" * size + "0" + sign, extra_bits=0, value=-size if sign == "1" else size)
        for size in range(1, 9)
        for sign in "01"
    ),
    Code(prefix="1" * 9 + "0", extra_bits=8, value=0),
    Code(prefix="1" * 10, extra_bits=16, value=0),
)


def table_of(codes: Sequence[Code]) -> Table:
    """Return a table that is looked up by the next bits; raises InvalidInstance for codes that are none."""
    width = max((len(code.prefix) for code in codes), default=0)
    if not 0 < width <= _LONGEST_PREFIX:
        raise InvalidInstance(
            "The Huffman table of this SCP-ECG file has no code, or codes that are too long."
        )
    entries: list[_Entry | None] = [None] * (1 << width)
    for code in codes:
        if not code.prefix or not 0 <= code.extra_bits <= _LONGEST_CODE:
            raise InvalidInstance("The Huffman table of this SCP-ECG file has a code without bits.")
        free = width - len(code.prefix)
        first = int(code.prefix, 2) << free
        entry = _Entry(len(code.prefix), code.extra_bits, code.value, code.to_table)
        entries[first : first + (1 << free)] = [entry] * (1 << free)
    return width, entries


def tables_of(body: bytes | None) -> tuple[Table, ...]:
    """Return the tables of section 2; none where the samples are not coded."""
    if not body or len(body) < 2:
        return ()
    (count,) = struct.unpack_from("<H", body)
    if count == _DEFAULT:
        return (table_of(DEFAULT_CODES),)
    if count > _TABLES:
        raise InvalidInstance("This SCP-ECG file announces more Huffman tables than there can be.")
    tables, position = [], 2
    for _ in range(count):
        if position + 2 > len(body):
            raise InvalidInstance("The Huffman tables of this SCP-ECG file are cut.")
        (codes,) = struct.unpack_from("<H", body, position)
        position += 2
        if codes > _CODES or position + 9 * codes > len(body):
            raise InvalidInstance("The Huffman tables of this SCP-ECG file are cut.")
        tables.append(table_of([_code(body, position + 9 * index) for index in range(codes)]))
        position += 9 * codes
    return tuple(tables)


def _code(body: bytes, position: int) -> Code:
    prefix_bits, bits, mode, value, code = struct.unpack_from("<BBBhI", body, position)
    if not 0 < prefix_bits <= _LONGEST_PREFIX or bits < prefix_bits:
        raise InvalidInstance("The Huffman table of this SCP-ECG file has a code of impossible length.")
    written = format(code & ((1 << prefix_bits) - 1), f"0{prefix_bits}b")[::-1]
    return Code(
        prefix=written,
        extra_bits=bits - prefix_bits,
        value=value,
        to_table=None if mode else max(0, value - 1),
    )


def decoded(data: bytes, tables: tuple[Table, ...], difference: int, at_most: int) -> Samples:
    """Return the samples of one lead, at most so many; fewer where the data ends before."""
    if not tables:
        stored = np.frombuffer(data, "<i2", min(len(data) // 2, at_most)).astype(np.int64)
    else:
        stored = np.array(_symbols(data, tables, at_most), dtype=np.int64)
    return summed(stored, difference)


def summed(stored: Samples, difference: int) -> Samples:
    """Return the samples of which first or second differences were stored; the first ones are as they are."""
    if difference == 1:
        return np.cumsum(stored)
    if difference == 2 and stored.size > 1:
        steps = stored[1:].copy()
        steps[0] -= stored[0]
        return np.concatenate((stored[:1], stored[0] + np.cumsum(np.cumsum(steps))))
    if difference not in (0, 1, 2):
        raise InvalidInstance("The samples of this SCP-ECG file are encoded in a way that no standard has.")
    return stored


def _symbols(data: bytes, tables: tuple[Table, ...], at_most: int) -> list[int]:
    end = 8 * len(data)
    padded = data + bytes(8)
    width, entries = tables[0]
    values: list[int] = []
    position = 0
    while len(values) < at_most and position < end:
        start = position >> 3
        window = int.from_bytes(padded[start : start + 8], "big") << (position & 7) & 0xFFFFFFFFFFFFFFFF
        entry = entries[window >> (64 - width)]
        if entry is None:
            break
        used = entry.prefix_bits + entry.extra_bits
        position += used
        if position > end:
            break
        if entry.to_table is not None:
            if entry.to_table >= len(tables):
                raise InvalidInstance("This SCP-ECG file switches to a Huffman table that it does not have.")
            width, entries = tables[entry.to_table]
            continue
        value = entry.value
        if extra := entry.extra_bits:
            number = (window >> (64 - used)) & ((1 << extra) - 1)
            value += number - (1 << extra) if number >> (extra - 1) else number
        values.append(value)
    return values
