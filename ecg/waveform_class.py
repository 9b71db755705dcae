"""Which of the ECG waveform objects a recording becomes (PS3.3 A.34.3 to A.34.5, A.34.18). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ecg.document import DigitalRecording

LONG_SECONDS: Final = 300.0
"""From here on a recording is a Holter's rather than a resting ECG."""
_INDEPENDENT: Final = frozenset({"I", "II", "V1", "V2", "V3", "V4", "V5", "V6"})
"""The leads from which a 12-lead ECG is made; the other four are sums of them."""


@dataclass(frozen=True, kw_only=True)
class WaveformClass:
    """What one SOP class takes; frequencies in Hz."""

    sop_class_uid: str
    groups: int
    channels_of_a_group: int
    channels: int
    samples: int
    lowest_frequency: float
    highest_frequency: float
    bits: int

    def takes(self, recordings: Sequence[DigitalRecording], bits: int) -> bool:
        """Whether these recordings fit into one instance of this class as they are."""
        return (
            bits <= self.bits
            and len(recordings) <= self.groups
            and sum(len(each.leads) for each in recordings) <= self.channels
            and all(
                len(each.leads) <= self.channels_of_a_group
                and each.sample_count <= self.samples
                and self.lowest_frequency <= each.sampling_frequency_hz <= self.highest_frequency
                for each in recordings
            )
        )


_UNBOUNDED: Final = 2**32
TWELVE_LEAD: Final = WaveformClass(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.9.1.1",
    groups=5,
    channels_of_a_group=13,
    channels=13,
    samples=16_384,
    lowest_frequency=200,
    highest_frequency=1000,
    bits=16,
)
GENERAL: Final = WaveformClass(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.9.1.2",
    groups=4,
    channels_of_a_group=24,
    channels=96,
    samples=_UNBOUNDED,
    lowest_frequency=200,
    highest_frequency=1000,
    bits=16,
)
AMBULATORY: Final = WaveformClass(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.9.1.3",
    groups=1,
    channels_of_a_group=12,
    channels=12,
    samples=_UNBOUNDED,
    lowest_frequency=50,
    highest_frequency=1000,
    bits=16,
)
GENERAL_32_BIT: Final = WaveformClass(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.9.1.4",
    groups=4,
    channels_of_a_group=24,
    channels=96,
    samples=_UNBOUNDED,
    lowest_frequency=0,
    highest_frequency=_UNBOUNDED,
    bits=32,
)
"""PS3.3 A.34.18.4 says nothing of the sampling frequency, and takes samples of 16 and of 32 bits."""


def class_for(recordings: Sequence[DigitalRecording], bits: int) -> WaveformClass | None:
    """Return the class that takes these recordings together, None where none does."""
    longest = max(each.sample_count / each.sampling_frequency_hz for each in recordings)
    names = {lead.name for each in recordings for lead in each.leads}
    order = [GENERAL, AMBULATORY, GENERAL_32_BIT]
    if longest > LONG_SECONDS:
        order = [AMBULATORY, GENERAL, GENERAL_32_BIT]
    elif names >= _INDEPENDENT:
        order.insert(0, TWELVE_LEAD)
    return next((each for each in order if each.takes(recordings, bits)), None)
