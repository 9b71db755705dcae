"""XLI, the compression of Philips' Sierra XML: LZW of 10 bits over differences of differences."""

import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInstance, TooLarge
from core.limits import ECG_CHANNELS, ECG_SAMPLES

_CODE_BITS: Final = 10
_LAST_CODE: Final = (1 << _CODE_BITS) - 2
_HEADER: Final = 8


def leads_of(content: bytes) -> list[NDArray[Any]]:
    """Return the samples of each lead. Raises InvalidInstance where the content is cut or damaged."""
    leads: list[NDArray[Any]] = []
    position = 0
    while position + _HEADER <= len(content) and len(leads) <= ECG_CHANNELS:
        length, first = struct.unpack_from("<ixxh", content, position)
        position += _HEADER
        if not 0 < length <= len(content) - position:
            raise InvalidInstance("The compressed leads of this Philips ECG are cut or damaged.")
        leads.append(_samples(_unpacked(content[position : position + length]), first))
        position += length
    return leads


def _samples(content: bytes, first: int) -> NDArray[Any]:
    """Return samples of which all high bytes come before all low ones.

    The first two are themselves; then each is the line through the two before it, less the difference that
    stands one place ahead, counted from 64.
    """
    content += bytes(len(content) % 2)
    half = len(content) // 2
    codes = np.frombuffer(content, np.uint8).astype(np.int64)
    values = ((codes[:half] << 8 | codes[half:]) ^ 0x8000) - 0x8000
    if half < 2:
        raise InvalidInstance("The compressed leads of this Philips ECG are cut or damaged.")
    bends = np.concatenate(([first], values[2:-1] - 64))[: half - 2]
    steps = np.cumsum(np.concatenate(([values[1] - values[0]], -bends)))
    return np.concatenate((values[:1], values[0] + np.cumsum(steps))).astype(np.int16)


def _unpacked(content: bytes) -> bytes:
    strings = [bytes([value]) for value in range(256)]
    out = bytearray()
    before = b""
    number, bits = 0, 0
    for byte in content:
        number, bits = (number << 8 | byte) & 0xFFFFFF, bits + 8
        if bits < _CODE_BITS:
            continue
        bits -= _CODE_BITS
        code = number >> bits & (1 << _CODE_BITS) - 1
        if code > _LAST_CODE:
            break
        if code < len(strings):
            string = strings[code]
        elif before:
            string = before + before[:1]
        else:
            raise InvalidInstance("The compressed leads of this Philips ECG are damaged.")
        if before and len(strings) <= _LAST_CODE:
            strings.append(before + string[:1])
        before = string
        out += string
        if len(out) > 2 * ECG_SAMPLES:
            raise TooLarge("A lead of this Philips ECG is longer than an ECG may be.")
    return bytes(out)
