"""Lookup tables as data sets carry them (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5). Pure."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

_WORD: Final = 2**16
_MOST_ENTRIES: Final = 2**16


@dataclass(frozen=True, kw_only=True)
class LookupTable:
    """Entries of `bits` bits; the first one belongs to the input `first`."""

    first: int
    entries: NDArray[np.uint16]
    bits: int

    def looked_up(self, values: NDArray[Any]) -> NDArray[np.uint16]:
        """Return the entry of each value; what lies before or behind the table has its end's entry."""
        last = len(self.entries) - 1
        # Half up, as everywhere here: a rescaled value can lie between two entries.
        places = np.clip(np.floor(values.astype(np.float64) + 0.5) - self.first, 0, last)
        entries: NDArray[np.uint16] = self.entries[places.astype(np.int64)]
        return entries


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """The three values of a LUT Descriptor."""

    entry_count: int
    first: int
    bits: int


def descriptor_of(value: Any, *, signed: bool) -> Descriptor:
    """Read a LUT Descriptor; `signed` says whether the table's input can be below zero.

    The library reads the second value as the VR says, and many writers choose US for a negative one.

    Raises:
        ValueError: there are not three values, or the entries are of no size that the standard knows.
    """
    count, first, bits = (int(each) for each in value)
    if not 1 <= bits <= 16:
        raise ValueError("entries of 1 to 16 bits")
    first %= _WORD
    if signed and first >= _WORD // 2:
        first -= _WORD
    return Descriptor(entry_count=count % _WORD or _MOST_ENTRIES, first=first, bits=bits)


def lookup_table(item: Dataset, *, signed: bool) -> LookupTable:
    """Return the table of an item of a Modality LUT Sequence or a VOI LUT Sequence.

    Raises:
        ValueError: it is shorter than it says, or says nothing that can be read.
    """
    descriptor = descriptor_of(item.LUTDescriptor, signed=signed)
    entries = entries_of(item.LUTData, descriptor.entry_count)
    return LookupTable(first=descriptor.first, entries=entries, bits=descriptor.bits)


def entries_of(data: Any, count: int) -> NDArray[np.uint16]:
    """Return so many entries: words in little endian, bytes where there are no more than that, or numbers.

    Raises:
        ValueError: there are fewer.
    """
    if isinstance(data, bytes | bytearray | memoryview):
        raw = bytes(data)
        entries = np.frombuffer(raw, "<u2" if len(raw) >= 2 * count else np.uint8, count)
    else:
        numbers = [data] if isinstance(data, int) else list(data)
        if len(numbers) < count:
            raise ValueError("a table shorter than its descriptor says")
        entries = np.array(numbers[:count], dtype=np.int64) % _WORD
    return entries.astype(np.uint16)
