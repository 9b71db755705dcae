"""SCP-ECG files, written by the standard and against it, for tests."""

import struct
from binascii import crc_hqx

import numpy as np
from numpy.typing import NDArray

from ecg.formats.scp_huffman import DEFAULT_CODES, Code

Values = NDArray[np.int64]
SHORT_CODES = (
    Code(prefix="0", extra_bits=4, value=0),
    Code(prefix="10", extra_bits=0, value=2, to_table=1),
    Code(prefix="11", extra_bits=16, value=0),
)
SWITCHED_CODES = (
    Code(prefix="1", extra_bits=8, value=3),
    Code(prefix="0", extra_bits=0, value=1, to_table=0),
)


def section(number: int, body: bytes, version: int = 20) -> bytes:
    """Return a section with its header and check sum, of an even length."""
    body += bytes(len(body) % 2)
    rest = struct.pack("<HIBB6x", number, 16 + len(body), version, version) + body
    return struct.pack("<H", crc_hqx(rest, 0xFFFF)) + rest


def scp(bodies: dict[int, bytes], version: int = 20) -> bytes:
    """Return a file of sections, with its table and check sums."""
    made = {number: section(number, body, version) for number, body in bodies.items()}
    last = max(11, *made)
    table, index = b"", 7 + 26 + 10 * last
    for number in range(1, last + 1):
        content = made.get(number, b"")
        table += struct.pack("<HII", number, len(content), index if content else 0)
        index += len(content)
    table = struct.pack("<HII", 0, 16 + 10 + len(table), 7) + table
    rest = struct.pack("<HIBB6s", 0, 16 + len(table), version, version, b"SCPECG") + table
    rest = struct.pack("<H", crc_hqx(rest, 0xFFFF)) + rest + b"".join(made[number] for number in sorted(made))
    rest = struct.pack("<I", 6 + len(rest)) + rest
    return struct.pack("<H", crc_hqx(rest, 0xFFFF)) + rest


def tags(**texts: bytes) -> bytes:
    """Return a section 1 of tags by number, as t0=..., with its end."""
    written = b"".join(struct.pack("<BH", int(tag[1:]), len(text)) + text for tag, text in texts.items())
    return written + b"\xff\x00\x00"


def leads(numbers: list[int], count: int, flags: int = 4) -> bytes:
    """Return a section 3."""
    return bytes([len(numbers), flags]) + b"".join(struct.pack("<IIB", 1, count, each) for each in numbers)


def samples(
    streams: list[bytes],
    nanovolts: int = 2500,
    microseconds: int = 2000,
    difference: int = 0,
    bimodal: int = 0,
) -> bytes:
    """Return a section 5 or 6."""
    head = struct.pack("<HHBB", nanovolts, microseconds, difference, bimodal)
    return head + b"".join(struct.pack("<H", len(each)) for each in streams) + b"".join(streams)


def differences(values: Values, order: int) -> Values:
    """Return what is stored of samples."""
    stored = values.copy()
    if order == 1:
        stored[1:] = np.diff(values)
    if order == 2:
        stored[2:] = np.diff(values, 2)
    return stored


def plain_stream(values: Values) -> bytes:
    """Return samples without a code."""
    return values.astype("<i2").tobytes()


def default_stream(values: Values) -> bytes:
    """Return samples in the standard's code."""
    prefixes = {code.value: code.prefix for code in DEFAULT_CODES if not code.extra_bits}
    bits = ""
    for value in map(int, values):
        if value in prefixes:
            bits += prefixes[value]
        elif -128 <= value < 128:
            bits += "1" * 9 + "0" + format(value & 0xFF, "08b")
        else:
            bits += "1" * 10 + format(value & 0xFFFF, "016b")
    return packed(bits)


def switching_stream(values: Values) -> bytes:
    """Return samples in turns of SHORT_CODES and SWITCHED_CODES."""
    bits = ""
    for index, value in enumerate(map(int, values)):
        if index % 2:
            bits += "10" + "1" + format(value - 3 & 0xFF, "08b") + "0"
        else:
            bits += (
                "0" + format(value & 0xF, "04b") if -8 <= value < 8 else "11" + format(value & 0xFFFF, "016b")
            )
    return packed(bits)


def packed(bits: str) -> bytes:
    """Return bits in bytes, of an even number."""
    bits += "0" * (-len(bits) % 16)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def tables(*codes: tuple[Code, ...]) -> bytes:
    """Return a section 2 of own tables, of the standard's where none is given."""
    if not codes:
        return struct.pack("<H", 19999)
    body = struct.pack("<H", len(codes))
    for table in codes:
        body += struct.pack("<H", len(table))
        for code in table:
            bits = len(code.prefix)
            mode = 1 if code.to_table is None else 0
            value = code.value if code.to_table is None else code.to_table + 1
            body += struct.pack(
                "<BBBhI", bits, bits + code.extra_bits, mode, value, int(code.prefix[::-1], 2)
            )
    return body
