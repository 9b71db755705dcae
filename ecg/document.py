"""An ECG file as it was read, whatever cart wrote it: whole numbers, how large they are, and what it tells.

The whole numbers are kept, because what becomes of the file has to give back exactly the device's samples.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecg.recording import Lead, Microvolts, Recording


class EcgFormat(StrEnum):
    """What a file is, by its content."""

    SCP_ECG = "SCP-ECG"
    AECG = "HL7 aECG"
    MUSE = "GE MUSE XML"
    SIERRA = "Philips Sierra XML"
    MFER = "MFER"
    EDF = "EDF"
    ISHNE = "ISHNE Holter"
    WFDB = "WFDB"
    PDF = "PDF"
    DICOM = "DICOM"


@dataclass(frozen=True, kw_only=True)
class DigitalLead:
    """One lead as the device sampled it: microvolts = (sample - zero_at) x microvolts_per_unit."""

    name: str
    """As the field writes it (`ecg.leads`), or the device's own words for a lead of no standard."""
    samples: NDArray[Any]
    """Whole numbers, signed, of 8 to 32 bits; may be a memory map of a long recording."""
    microvolts_per_unit: float
    zero_at: float = 0.0
    missing: int | None = None
    """The sample that stands for nothing recorded."""
    filters: tuple[str, ...] = ()
    """What the device had filtered: `0.05 Hz high-pass`, `50 Hz notch`."""

    def microvolts(self, first: int = 0, last: int | None = None) -> Microvolts:
        """Return the samples from `first` to before `last`, NaN where nothing was recorded."""
        part = np.asarray(self.samples[first:last])
        values = (part.astype(np.float64) - self.zero_at) * self.microvolts_per_unit
        if self.missing is not None:
            values[part == self.missing] = np.nan
        return values


@dataclass(frozen=True, kw_only=True)
class DigitalRecording:
    """Leads that were recorded together; every lead has as many samples as the others."""

    label: str
    """RHYTHM, MEDIAN BEAT, or what the file calls it; empty where it says nothing."""
    sampling_frequency_hz: float
    leads: tuple[DigitalLead, ...]
    starts_at_seconds: float = 0.0
    """After the first sample of the file, where its recordings began one after another."""
    oddities: tuple[str, ...] = ()
    """What was not as it should be, in words for a person; no patient data."""

    @property
    def sample_count(self) -> int:
        """Samples of each lead."""
        return len(self.leads[0].samples)

    def drawable(self, first: int = 0, last: int | None = None) -> Recording:
        """Return a part in microvolts, from sample `first` to before `last`."""
        return Recording(
            label=self.label,
            sampling_frequency_hz=self.sampling_frequency_hz,
            leads=tuple(
                Lead(name=lead.name, microvolts=lead.microvolts(first, last), filters=lead.filters)
                for lead in self.leads
            ),
            oddities=self.oddities,
        )


@dataclass(frozen=True, kw_only=True)
class EcgPatient:
    """Who the file says it is of; empty or None where it says nothing. Names are written as DICOM's PN."""

    patient_id: str = ""
    name: str = ""
    birth_date: date | None = None
    sex: str = ""
    """M, F, O, or empty."""
    age_years: float | None = None


@dataclass(frozen=True, kw_only=True)
class EcgDevice:
    """What recorded it."""

    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    software: str = ""
    institution: str = ""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What the device measured, not us: `PR interval`, 162, `ms`."""

    code: str
    """Of MDC (`MDC_ECG_TIME_PD_PR`), empty where the file's own words are all there is."""
    meaning: str
    value: float
    unit: str
    """Of UCUM: ms, uV, /min, deg."""
    lead: str = ""
    """Empty for a measurement of all leads together."""


@dataclass(frozen=True, kw_only=True)
class EcgDocument:
    """All that was read of a file."""

    format: EcgFormat
    recordings: tuple[DigitalRecording, ...]
    """Empty for a PDF."""
    patient: EcgPatient = EcgPatient()
    device: EcgDevice = EcgDevice()
    recorded_at: datetime | None = None
    """As the device's clock had it; aware only where the file names an offset."""
    measurements: tuple[Measurement, ...] = ()
    statements: tuple[str, ...] = ()
    """The device's own interpretation, a sentence each."""
    confirmed_by: str = ""
    """The physician who confirmed the statements, empty for an unconfirmed interpretation."""
    accession_number: str = ""
    oddities: tuple[str, ...] = ()
