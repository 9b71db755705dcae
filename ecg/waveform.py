"""DICOM waveforms as calibrated leads (PS3.3 C.10.9).

Microvolts = (sample x sensitivity x correction factor + baseline) in the units that the channel names.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.errors import InvalidInstance
from core.limits import ECG_CHANNELS, ECG_SAMPLES
from ecg.dataset_values import bytes_of, items_of, number_of, text_of
from ecg.leads import lead_of_code, lead_of_words
from ecg.recording import Lead, Recording

_MICROVOLTS: Final = {"uV": 1.0, "µV": 1.0, "μV": 1.0, "mV": 1e3, "V": 1e6, "nV": 1e-3}
_KINDS: Final = {"SB": "i", "SS": "i", "SL": "i", "SV": "i", "UB": "u", "US": "u", "UL": "u", "UV": "u"}
"""Waveform Sample Interpretation (5400,1006), but for the companded MB and AB, which no ECG is sent in."""
_NO_UNITS: Final = "a channel without a voltage was left out"
_NO_CALIBRATION: Final = "a channel without Channel Sensitivity was left out: nothing says how large it is"
Samples = NDArray[np.float64]


def recordings(dataset: Dataset) -> tuple[Recording, ...]:
    """Return each multiplex group that holds voltages, in the order of the data set.

    Raises:
        InvalidInstance: there is no waveform, or none that can be calibrated; the words say why.
    """
    groups = items_of(dataset, "WaveformSequence")
    if not groups:
        raise InvalidInstance("The object holds no waveform.")
    _, is_little_endian = dataset.original_encoding
    little_endian = is_little_endian is not False  # None for a data set that was never encoded
    found = [_recording(group, little_endian=little_endian) for group in groups]
    readable = tuple(each for each in found if isinstance(each, Recording))
    if not readable:
        raise InvalidInstance("; ".join(dict.fromkeys(map(str, found))))
    return readable


def _recording(group: Dataset, *, little_endian: bool) -> Recording | str:
    """Return a group's leads, or why there are none."""
    frequency = number_of(group, "SamplingFrequency")
    if frequency is None or not 0 < frequency <= 1_000_000:
        return "The sampling frequency is missing or impossible."
    definitions = items_of(group, "ChannelDefinitionSequence")
    if not definitions or len(definitions) > ECG_CHANNELS:
        return f"A waveform has 1 to {ECG_CHANNELS} channels; this one defines {len(definitions)}."
    samples = _samples(group, len(definitions), little_endian=little_endian)
    if isinstance(samples, str):
        return samples
    oddities: list[str] = []
    if len(samples) != number_of(group, "NumberOfWaveformSamples"):
        oddities.append("the number of samples is not what the object says")
    missing = _missing(group, samples, little_endian=little_endian)
    leads = []
    for index, definition in enumerate(definitions):
        microvolts = _microvolts(definition, samples[:, index], oddities)
        if microvolts is None:
            continue
        microvolts[missing[:, index]] = np.nan
        leads.append(
            Lead(
                name=channel_name(definition, index),
                microvolts=microvolts,
                filters=tuple(_filters(definition)),
            )
        )
    if not leads:
        return "; ".join(dict.fromkeys(oddities))
    return Recording(
        label=text_of(group, "MultiplexGroupLabel"),
        sampling_frequency_hz=frequency,
        leads=_with_own_names(leads, oddities),
        oddities=tuple(dict.fromkeys(oddities)),
    )


def _samples(group: Dataset, channel_count: int, *, little_endian: bool) -> NDArray[Any] | str:
    """Return the raw samples, samples x channels; whatever is announced, no more than the bytes there are."""
    kind = _KINDS.get(text_of(group, "WaveformSampleInterpretation"))
    bits = number_of(group, "WaveformBitsAllocated")
    if kind is None or bits not in {8, 16, 32, 64}:
        return "The samples are coded in a way that is not known here."
    data = bytes_of(group, "WaveformData")
    width = int(bits) // 8
    count = len(data) // (width * channel_count)
    if count == 0:
        return "The waveform holds no samples."
    announced = number_of(group, "NumberOfWaveformSamples")
    if announced is not None and 0 < announced < count:
        count = int(announced)
    if count * channel_count > ECG_SAMPLES:
        return f"A waveform of more than {ECG_SAMPLES} samples is not drawn in one piece."
    order = "<" if little_endian else ">"
    flat = np.frombuffer(data, dtype=f"{order}{kind}{width}", count=count * channel_count)
    return _significant(group, flat.reshape(count, channel_count), bits=int(bits), signed=kind == "i")


def _significant(group: Dataset, samples: NDArray[Any], *, bits: int, signed: bool) -> NDArray[Any]:
    """Keep the bits that are stored: 12 in 16 may come with anything above them (PS3.3 C.10.9.1.5)."""
    result = samples.astype(samples.dtype.newbyteorder("="))
    for index, definition in enumerate(items_of(group, "ChannelDefinitionSequence")):
        stored = number_of(definition, "WaveformBitsStored")
        if stored is None or not 0 < stored < bits:
            continue
        shift = bits - int(stored)
        unsigned = result[:, index].astype(f"u{bits // 8}") << shift
        result[:, index] = unsigned.view(f"{'i' if signed else 'u'}{bits // 8}") >> shift
    return result


def _missing(group: Dataset, samples: NDArray[Any], *, little_endian: bool) -> NDArray[np.bool_]:
    """Return where nothing was recorded.

    A padding value at an end of the range means it wherever it stands. Converters also name 0, which is the
    line between two beats as well: such a value is padding only where every channel has it, at an end.
    """
    nothing = np.zeros(samples.shape, dtype=bool)
    padding = bytes_of(group, "WaveformPaddingValue")
    width = samples.dtype.itemsize
    if len(padding) < width:
        return nothing
    value = int.from_bytes(
        padding[:width], "little" if little_endian else "big", signed=samples.dtype.kind == "i"
    )
    equal: NDArray[np.bool_] = samples == value
    limits = np.iinfo(samples.dtype)
    if value in {int(limits.min), int(limits.max)}:
        return equal
    full = np.asarray(equal.all(axis=1))
    edge = np.logical_and.accumulate(full) | np.logical_and.accumulate(full[::-1])[::-1]
    nothing[edge] = True
    return nothing


def _microvolts(definition: Dataset, samples: NDArray[Any], oddities: list[str]) -> Samples | None:
    sensitivity = number_of(definition, "ChannelSensitivity")
    if sensitivity is None or sensitivity == 0:
        oddities.append(_NO_CALIBRATION)
        return None
    units = [text_of(item, "CodeValue") for item in items_of(definition, "ChannelSensitivityUnitsSequence")]
    factor = _MICROVOLTS.get(units[0]) if units else None
    if factor is None:
        oddities.append(_NO_UNITS)
        return None
    correction = number_of(definition, "ChannelSensitivityCorrectionFactor")
    baseline = number_of(definition, "ChannelBaseline")
    scale = sensitivity * (1.0 if correction is None else correction)
    return (samples.astype(np.float64) * scale + (baseline or 0.0)) * factor


def channel_name(definition: Dataset, index: int) -> str:
    """Return which lead a channel is, or what the device calls it; `index` counts from 0."""
    sources = items_of(definition, "ChannelSourceSequence")
    for source in sources:
        if lead := lead_of_code(text_of(source, "CodeValue")):
            return lead
    words = [text_of(source, "CodeMeaning") for source in sources] + [text_of(definition, "ChannelLabel")]
    for text in words:
        if lead := lead_of_words(text):
            return lead
    return next((text for text in words if text), f"channel {index + 1}")


def _with_own_names(leads: Iterable[Lead], oddities: list[str]) -> tuple[Lead, ...]:
    """Number leads that come under one name: none may hide another."""
    named: dict[str, Lead] = {}
    for lead in leads:
        name, number = lead.name, 2
        while name in named:
            name = f"{lead.name} ({number})"
            number += 1
        if name != lead.name:
            oddities.append(f"lead {lead.name} comes more than once")
        named[name] = Lead(name=name, microvolts=lead.microvolts, filters=lead.filters)
    return tuple(named.values())


def _filters(definition: Dataset) -> Iterable[str]:
    for keyword, words in (
        ("FilterLowFrequency", "{:g} Hz high-pass"),
        ("FilterHighFrequency", "{:g} Hz low-pass"),
        ("NotchFilterFrequency", "{:g} Hz notch"),
    ):
        frequency = number_of(definition, keyword)
        if frequency:
            yield words.format(frequency)
