"""A part of a long waveform: of its samples no more is read than lies between two seconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydicom import Dataset

from core.errors import InvalidInstance, NotFound, TooLarge
from core.limits import MIB
from storage.archive import Archive
from storage.element_data_set import data_set_of
from storage.element_tree import Element
from storage.element_values import little_endian
from storage.instance import Instance
from storage.instance_content import Content, opened
from storage.waveform_data_set import GROUPS

PART_LIMIT: Final = 16 * MIB
"""What is read of the samples at once."""
_SHORT: Final = 64 * 1024
_WAVEFORM_DATA: Final = "54000100/{number}/54001010"


@dataclass(frozen=True, kw_only=True)
class WaveformPart:
    """A data set whose multiplex groups hold the samples from `begins_at_seconds` on."""

    dataset: Dataset
    begins_at_seconds: float
    whole_seconds: float
    """How long the longest group of the whole waveform lasts."""


def waveform_part(archive: Archive, instance: Instance, start_seconds: float, seconds: float) -> WaveformPart:
    """Return the samples of some seconds, or what there is of them.

    Raises:
        TooLarge: they are more than PART_LIMIT.
        InvalidInstance: nothing says how the samples lie, or there are none in the whole waveform.
        StorageUnavailable.
    """
    with opened(archive, instance) as content:
        sets_of = archive.character_sets.reader_of(instance)
        dataset = data_set_of(content, groups=GROUPS, longest_value=_SHORT, sets_of=sets_of)
        begin, whole = start_seconds, 0.0
        for group, data in _groups(content, dataset):
            frame, rate = _frame_bytes(group), _rate(group)
            frames = data.length // frame
            first = min(int(start_seconds * rate), frames)
            last = min(int((start_seconds + seconds) * rate) + 1, frames)
            if (last - first) * frame > PART_LIMIT:
                raise TooLarge(f"At most {PART_LIMIT} bytes of samples are read at once: ask for less.")
            value = content.bytes_at(data.offset + first * frame, (last - first) * frame)
            group.WaveformData = little_endian(value, data.vr) if data.encoding.big_endian else value
            group.NumberOfWaveformSamples = last - first
            begin, whole = first / rate, max(whole, frames / rate)
    if whole == 0:
        raise InvalidInstance("The waveform holds no samples.")
    return WaveformPart(dataset=dataset, begins_at_seconds=begin, whole_seconds=whole)


def _groups(content: Content, dataset: Dataset) -> Iterator[tuple[Dataset, Element]]:
    for number, group in enumerate(dataset.get("WaveformSequence") or [], start=1):
        try:
            yield group, content.element(_WAVEFORM_DATA.format(number=number))
        except NotFound:
            continue


def _frame_bytes(group: Dataset) -> int:
    """Return how many bytes all channels of one moment take."""
    bits, channels = group.get("WaveformBitsAllocated"), group.get("NumberOfWaveformChannels")
    if bits not in {8, 16, 32, 64} or not isinstance(channels, int) or not channels > 0:
        raise InvalidInstance("Nothing says how the samples of the waveform lie.")
    return int(bits) // 8 * channels


def _rate(group: Dataset) -> float:
    try:
        rate = float(group.get("SamplingFrequency"))
    except (TypeError, ValueError):
        rate = 0.0
    if not 0 < rate <= 1_000_000:
        raise InvalidInstance("The sampling frequency is missing or impossible.")
    return rate
