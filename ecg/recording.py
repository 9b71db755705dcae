"""What an ECG is here, whatever it came from: leads in microvolts on one clock."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Microvolts = NDArray[np.float64]
"""One value a sample; NaN where the device recorded nothing."""


@dataclass(frozen=True, kw_only=True)
class Lead:
    """One lead: `name` as the field writes it, or the device's own words for a lead of no standard."""

    name: str
    microvolts: Microvolts
    filters: tuple[str, ...] = ()
    """What the device had filtered before it sent the lead: `0.05 Hz high-pass`, `50 Hz notch`."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Leads that were recorded together. Every lead has as many samples as the others."""

    label: str
    """RHYTHM, MEDIAN BEAT, or what the device calls it; empty where it says nothing."""
    sampling_frequency_hz: float
    leads: tuple[Lead, ...]
    oddities: tuple[str, ...] = field(default=())
    """What was not as it should be, in words for a person; no patient data."""
    begins_at_seconds: float = 0.0
    """Where in the whole recording it begins, if it is a part of a long one."""

    @property
    def sample_count(self) -> int:
        """Samples of each lead."""
        return len(self.leads[0].microvolts)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.sample_count / self.sampling_frequency_hz

    def lead(self, name: str) -> Lead | None:
        """Return the lead of this name, None where there is none."""
        return next((lead for lead in self.leads if lead.name == name), None)


def rhythm(recordings: tuple[Recording, ...]) -> Recording:
    """Return the recording to read: the one labelled RHYTHM, else the longest that is no median beat."""
    labelled = [each for each in recordings if each.label.strip().upper() == "RHYTHM"]
    others = [each for each in recordings if "MEDIAN" not in each.label.upper()]
    return max(labelled or others or recordings, key=lambda each: each.seconds)
