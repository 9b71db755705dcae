"""A recording as an item of Waveform Sequence (PS3.3 C.10.9.1): the device's whole numbers, calibrated."""

import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds

from core.errors import InvalidInstance
from core.value_representation import LONG_STRING_LIMIT, SHORT_STRING_LIMIT, described
from ecg.annotation_codes import OWN_SCHEME
from ecg.document import DigitalLead, DigitalRecording
from ecg.leads import code_of_lead
from ecg.new_elements import coded, data_set

_FILTERS: Final = {
    "high-pass": "FilterLowFrequency",
    "low-pass": "FilterHighFrequency",
    "notch": "NotchFilterFrequency",
}
_FILTER: Final = re.compile(r"([0-9.]{1,12}) Hz (high-pass|low-pass|notch)", re.ASCII)


def bits_of(recording: DigitalRecording) -> int:
    """Return 16 or 32: what the samples need, with one number left for nothing where some are missing.

    Raises:
        InvalidInstance: the samples are no whole numbers of 32 bits.
    """
    has_gaps = any(lead.missing is not None for lead in recording.leads)
    bits = 16
    for lead in recording.leads:
        samples = np.asarray(lead.samples)
        if samples.dtype.kind not in "iu":
            raise InvalidInstance("The samples are no whole numbers.")
        if lead.missing is not None:
            samples = samples[samples != lead.missing]
        if not len(samples):
            continue
        low, high = int(samples.min()) - has_gaps, int(samples.max())
        if not -(2**31) <= low <= high < 2**31:
            raise InvalidInstance("The samples have more than 32 bits.")
        if not -(2**15) <= low <= high < 2**15:
            bits = 32
    return bits


def multiplex_group(recording: DigitalRecording, *, bits: int, place: int) -> Dataset:
    """Return the item; `place` counts the groups of its instance from 1."""
    is_derived = "MEDIAN" in recording.label.upper()
    item = data_set(
        WaveformOriginality="DERIVED" if is_derived else "ORIGINAL",
        NumberOfWaveformChannels=len(recording.leads),
        NumberOfWaveformSamples=recording.sample_count,
        SamplingFrequency=format_number_as_ds(float(recording.sampling_frequency_hz)),
        MultiplexGroupLabel=described(recording.label or f"GROUP {place}", SHORT_STRING_LIMIT),
        ChannelDefinitionSequence=[_channel(lead, bits) for lead in recording.leads],
        WaveformBitsAllocated=bits,
        WaveformSampleInterpretation="SS" if bits == 16 else "SL",
        WaveformData=_interleaved(recording, bits).tobytes(),
    )
    if recording.starts_at_seconds:
        offset = format_number_as_ds(1000 * float(recording.starts_at_seconds))
        item.update(data_set(MultiplexGroupTimeOffset=offset))
    if any(lead.missing is not None for lead in recording.leads):
        item.update(data_set(WaveformPaddingValue=_nothing(bits).to_bytes(bits // 8, "little", signed=True)))
    return item


def _channel(lead: DigitalLead, bits: int) -> Dataset:
    sensitivity = format_number_as_ds(float(lead.microvolts_per_unit))
    correction = lead.microvolts_per_unit / float(sensitivity) if float(sensitivity) else 1.0
    item = data_set(
        ChannelSourceSequence=[_source(lead.name)],
        ChannelSensitivity=sensitivity,
        ChannelSensitivityUnitsSequence=[coded("UCUM", "uV", "microvolt")],
        ChannelSensitivityCorrectionFactor=format_number_as_ds(correction),
        ChannelBaseline=format_number_as_ds(-lead.zero_at * lead.microvolts_per_unit + 0.0),
        ChannelSampleSkew="0",
        WaveformBitsStored=bits,
    )
    for words in lead.filters:
        if found := _FILTER.fullmatch(words):
            item.update(data_set(**{_FILTERS[found[2]]: found[1]}))
    return item


def _source(name: str) -> Dataset:
    code = code_of_lead(name)
    if code is not None:
        return coded("MDC", code, f"Lead {name}")
    label = described(name or "?", LONG_STRING_LIMIT)
    return coded(OWN_SCHEME, described(label, SHORT_STRING_LIMIT), label)


def _interleaved(recording: DigitalRecording, bits: int) -> NDArray[Any]:
    """Return samples x channels, with the lowest number where nothing was recorded."""
    made = np.empty((recording.sample_count, len(recording.leads)), dtype=f"<i{bits // 8}")
    for index, lead in enumerate(recording.leads):
        samples = np.asarray(lead.samples)
        if lead.missing is None:
            made[:, index] = samples
        else:
            made[:, index] = np.where(samples == lead.missing, _nothing(bits), samples)
    return made


def _nothing(bits: int) -> int:
    return -(1 << (bits - 1))
