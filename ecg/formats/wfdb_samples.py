"""The ways in which WFDB signal files hold their samples (signal(5) of the WFDB applications guide)."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInstance
from ecg.formats.framed import WIDE, Channel

Samples = NDArray[Any]
MISSING: Final = {
    16: -(2**15),
    24: -(2**23),
    32: -(2**31),
    61: -(2**15),
    80: -(2**7),
    160: -(2**15),
    212: -(2**11),
    310: -(2**9),
    311: -(2**9),
}
"""The sample that stands for nothing recorded."""


def _signed(values: Samples, bits: int) -> Samples:
    half = 1 << (bits - 1)
    return ((values ^ half) - half).astype(np.int16)


def _212(content: bytes) -> Samples:
    parts = np.frombuffer(content + bytes(-len(content) % 3), np.uint8).reshape(-1, 3).astype(np.int32)
    first = parts[:, 0] | (parts[:, 1] & 0x0F) << 8
    second = parts[:, 2] | (parts[:, 1] & 0xF0) << 4
    both = _signed(np.stack((first, second), axis=1).ravel(), 12)
    return both[: len(content) * 2 // 3]


def _310(content: bytes) -> Samples:
    words = np.frombuffer(content, "<u2", len(content) // 4 * 2).reshape(-1, 2).astype(np.int32)
    third = (words[:, 0] & 0xF800) >> 11 | (words[:, 1] & 0xF800) >> 6
    three = (words[:, 0] >> 1 & 0x3FF, words[:, 1] >> 1 & 0x3FF, third)
    return _signed(np.stack(three, axis=1).ravel(), 10)


def _311(content: bytes) -> Samples:
    words = np.frombuffer(content, "<u4", len(content) // 4).astype(np.int64)
    return _signed(np.stack([words >> shift & 0x3FF for shift in (0, 10, 20)], axis=1).ravel(), 10)


_PLAIN: Final = {16: "<i2", 32: "<i4", 61: ">i2"}
_PACKED: Final[dict[int, Callable[[bytes], Samples]]] = {
    8: lambda content: np.frombuffer(content, np.int8),
    24: lambda content: Channel(offset=0, kind=WIDE).samples(
        np.frombuffer(content, np.uint8, len(content) // 3 * 3).reshape(-1, 3)
    ),
    80: lambda content: np.frombuffer(content, np.uint8).astype(np.int16) - 128,
    160: lambda content: (np.frombuffer(content, "<u2", len(content) // 2).astype(np.int32) - 32768).astype(
        np.int16
    ),
    212: _212,
    310: _310,
    311: _311,
}
KNOWN: Final = frozenset(_PLAIN) | frozenset(_PACKED)


def unpacked(content: bytes, format_number: int) -> Samples:
    """Return all samples of a signal file in the order of the file: a view where they are whole words."""
    if kind := _PLAIN.get(format_number):
        return np.frombuffer(content, kind, len(content) // np.dtype(kind).itemsize)
    if format_number not in _PACKED:
        raise InvalidInstance(f"Signals of WFDB's format {format_number} are not read here.")
    return _PACKED[format_number](content)
