"""Palette colour: stored values as red, green and blue (PS3.3 C.7.6.3.1.5, C.7.9). Pure."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.lookup_table import Descriptor, LookupTable, descriptor_of, entries_of

_CHANNELS: Final = ("Red", "Green", "Blue")
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def colours(pixels: NDArray[Any], image: Dataset) -> NDArray[np.uint8]:
    """Return stored values as RGB in eight bits.

    Raises:
        AttributeError, ValueError: the palette is missing, or does not hold what it says.
    """
    tables = [_channel(image, name) for name in _CHANNELS]
    return np.stack([_eight_bits(table)[_places(table, pixels)] for table in tables], axis=-1)


def _channel(image: Dataset, name: str) -> LookupTable:
    value = getattr(image, f"{name}PaletteColorLookupTableDescriptor")
    descriptor = descriptor_of(value, signed=image.get("PixelRepresentation") == 1)
    data = image.get(f"{name}PaletteColorLookupTableData")
    if data is not None:
        entries = entries_of(data, descriptor.entry_count)
    else:
        entries = expanded(getattr(image, f"Segmented{name}PaletteColorLookupTableData"), descriptor)
    return LookupTable(first=descriptor.first, entries=entries, bits=descriptor.bits)


def _places(table: LookupTable, pixels: NDArray[Any]) -> NDArray[np.int64]:
    places = np.clip(pixels.astype(np.int64) - table.first, 0, len(table.entries) - 1)
    return np.asarray(places)


def _eight_bits(table: LookupTable) -> NDArray[np.uint8]:
    """Return the entries in eight bits.

    Devices differ in what they call 8 and 16 bits (C.7.6.3.1.5 note): what the entries hold decides.
    """
    is_wide = int(table.entries.max()) > 255
    if not is_wide:
        return table.entries.astype(np.uint8)
    shades: NDArray[np.uint8] = np.floor(table.entries * (255 / 65535) + 0.5).astype(np.uint8)
    return shades


def expanded(data: bytes, descriptor: Descriptor) -> NDArray[np.uint16]:
    """Return the entries of a segmented table (C.7.9.2).

    Raises:
        ValueError: a segment is of no known kind, begins with nothing before it, or points astray.
    """
    units = (
        np.frombuffer(data[: len(data) // 2 * 2], "<u2") if descriptor.bits > 8 else np.frombuffer(data, "u1")
    )
    segments = _Segments(units, descriptor)
    segments.read(0, segments=None)
    if len(segments.entries) < descriptor.entry_count:
        raise ValueError("a table shorter than its descriptor says")
    return np.array(segments.entries[: descriptor.entry_count], dtype=np.uint16)


class _Segments:
    """A segmented table being expanded, never beyond the entries that its descriptor names."""

    def __init__(self, units: NDArray[Any], descriptor: Descriptor) -> None:
        self.entries: list[int] = []
        self._units = units.astype(np.int64)
        self._most = descriptor.entry_count
        self._unit_bits = 16 if descriptor.bits > 8 else 8

    def read(self, position: int, *, segments: int | None) -> None:
        """Expand from a position: so many segments, or all there are."""
        is_copy = segments is not None
        # A segment takes three units at least; fewer are the padding to an even length.
        while len(self.entries) < self._most and position + 3 <= len(self._units) and segments != 0:
            kind, length = int(self._units[position]), int(self._units[position + 1])
            position += 2
            if kind == _DISCRETE:
                self.entries += self._units[position : position + length].tolist()
                position += length
            elif kind == _LINEAR and self.entries and length:
                self._draw_line(length, int(self._units[position]))
                position += 1
            elif kind == _INDIRECT and not is_copy:
                position = self._copy(position, length)
            else:
                raise ValueError("a segment that cannot be read")
            segments = None if segments is None else segments - 1

    def _draw_line(self, length: int, end: int) -> None:
        """Go from the last entry to `end` in equal steps (C.7.9.2.2)."""
        steps = np.arange(1, length + 1) / length
        line = self.entries[-1] + (end - self.entries[-1]) * steps
        self.entries += np.floor(line + 0.5).astype(np.int64).tolist()

    def _copy(self, position: int, segments: int) -> int:
        """Repeat segments from an offset in bytes (C.7.9.2.3); return where the next segment begins."""
        units = 32 // self._unit_bits
        parts = self._units[position : position + units].tolist()
        offset = sum(part << (self._unit_bits * place) for place, part in enumerate(parts))
        if offset >= position * self._unit_bits // 8:
            raise ValueError("a segment that points ahead")
        self.read(offset * 8 // self._unit_bits, segments=segments)
        return position + units
