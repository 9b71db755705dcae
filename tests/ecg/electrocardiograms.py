"""Waveform objects made for a test: a group of channels with what is asked for, and nothing hidden."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pydicom.dataset import Dataset


def channel(code: str | None = "5.6.3-9-1", **values: Any) -> Dataset:
    """Return a channel definition of 1 uV a bit; a value of None leaves its attribute out."""
    definition = Dataset()
    source = Dataset()
    if code is not None:
        source.CodeValue = code
        source.CodingSchemeDesignator = "SCPECG"
    source.CodeMeaning = values.pop("CodeMeaning", "")
    definition.ChannelSourceSequence = [source]
    units = values.pop("units", "uV")
    if units is not None:
        unit = Dataset()
        unit.CodeValue = units
        definition.ChannelSensitivityUnitsSequence = [unit]
    values = {"ChannelSensitivity": 1, "ChannelBaseline": 0, "WaveformBitsStored": 16} | values
    for keyword, value in values.items():
        if value is not None:
            setattr(definition, keyword, value)
    return definition


def group(samples: ArrayLike, channels: Sequence[Dataset], *, dtype: str = "<i2", **values: Any) -> Dataset:
    """Return a multiplex group of samples x channels; `values` replace its attributes or leave them out."""
    array = np.asarray(samples, dtype=dtype)
    item = Dataset()
    interpretation = {"i1": "SB", "u1": "UB", "i2": "SS", "u2": "US", "i4": "SL", "u4": "UL"}[dtype[-2:]]
    values = {
        "NumberOfWaveformSamples": len(array),
        "NumberOfWaveformChannels": len(channels),
        "SamplingFrequency": 500,
        "WaveformBitsAllocated": array.dtype.itemsize * 8,
        "WaveformSampleInterpretation": interpretation,
        "MultiplexGroupLabel": "RHYTHM",
        "ChannelDefinitionSequence": list(channels),
        "WaveformData": array.tobytes(),
    } | values
    for keyword, value in values.items():
        if value is not None:
            setattr(item, keyword, value)
    return item


def ecg(*groups: Dataset) -> Dataset:
    """Return an object of these groups."""
    dataset = Dataset()
    dataset.WaveformSequence = list(groups)
    return dataset
