"""Recordings whose samples lie in frames of one size, which are read as views of their file.

A frame is a record of EDF, a sample of all leads in ISHNE and WFDB, a sequence of MFER.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInstance
from ecg.document import DigitalLead, DigitalRecording
from ecg.formats.assembly import together

WIDE: Final = "i3"
"""24 bits, little-endian, signed: of no type that numpy has."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Where in each frame the samples of one lead are."""

    offset: int
    """Bytes from the beginning of the frame."""
    count: int = 1
    """Samples in each frame, one behind the other."""
    kind: str = "<i2"
    """As numpy names it, or WIDE."""

    @property
    def width(self) -> int:
        """Bytes of a sample."""
        return 3 if self.kind == WIDE else np.dtype(self.kind).itemsize

    def samples(self, frames: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the samples of frames given as rows of bytes: a view where there is one in each frame."""
        cells = frames[:, self.offset : self.offset + self.count * self.width]
        if self.kind == WIDE:
            parts = cells.reshape(len(frames) * self.count, 3).astype(np.int32)
            return ((parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16) ^ 0x800000) - 0x800000
        if self.count == 1:
            return cells.view(self.kind)[:, 0]
        return np.ascontiguousarray(cells).view(self.kind).ravel()


@dataclass(frozen=True, kw_only=True)
class FramedLead:
    """What is known of a lead before its samples are read."""

    name: str
    channel: Channel
    microvolts_per_unit: float
    zero_at: float = 0.0
    missing: int | None = None
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FramedRecording:
    """A recording whose header was read; its frames follow one another from byte `start`."""

    label: str
    sampling_frequency_hz: float
    start: int
    frame_bytes: int
    frames: int
    leads: tuple[FramedLead, ...]
    oddities: tuple[str, ...] = ()

    def part(self, content: bytes | memoryview) -> DigitalRecording:
        """Return the recording of as many whole frames as these bytes hold."""
        count = len(content) // self.frame_bytes
        rows = np.frombuffer(content, np.uint8, count * self.frame_bytes).reshape(count, self.frame_bytes)
        leads = [
            DigitalLead(
                name=lead.name,
                samples=lead.channel.samples(rows),
                microvolts_per_unit=lead.microvolts_per_unit,
                zero_at=lead.zero_at,
                missing=lead.missing,
                filters=lead.filters,
            )
            for lead in self.leads
        ]
        return together(self.label, self.sampling_frequency_hz, leads, self.oddities)

    def whole(self, content: bytes) -> DigitalRecording:
        """Return the recording out of its whole file. Raises InvalidInstance where the file is cut."""
        end = self.start + self.frames * self.frame_bytes
        if not self.frames or end > len(content):
            raise InvalidInstance(f"This file is cut: it should have {end} bytes, and has {len(content)}.")
        return self.part(memoryview(content)[self.start : end])


def same_clock(leads: Sequence[FramedLead]) -> dict[int, list[FramedLead]]:
    """Return leads by how many samples they have in a frame; those of one number share a recording."""
    groups: dict[int, list[FramedLead]] = {}
    for lead in leads:
        groups.setdefault(lead.channel.count, []).append(lead)
    return groups
