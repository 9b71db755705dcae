"""Calibrated leads out of DICOM waveforms."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.waveforms import multiplex_array

from core.errors import InvalidInstance
from core.limits import ECG_CHANNELS
from ecg.leads import STANDARD
from ecg.recording import rhythm
from ecg.waveform import recordings
from tests.ecg.electrocardiograms import channel, ecg, group

SAMPLE = Path(str(get_testdata_file("waveform_ecg.dcm")))


def values(dataset: pydicom.Dataset, lead: str = "I") -> list[float]:
    found = rhythm(recordings(dataset)).lead(lead)
    assert found is not None
    return [float(value) for value in found.microvolts]


@pytest.mark.parametrize(
    ("attributes", "raw", "microvolts"),
    [
        ({}, 100, 100),
        ({"ChannelSensitivity": 2.5}, 100, 250),
        ({"ChannelSensitivity": 2.5, "ChannelSensitivityCorrectionFactor": 2}, 100, 500),
        ({"ChannelSensitivity": 0.00122, "units": "mV"}, 100, 122),
        ({"units": "nV"}, 100, 0.1),
        ({"units": "V"}, 1, 1e6),
        ({"ChannelBaseline": 7}, 100, 107),
        ({"ChannelSensitivity": 0.5, "ChannelBaseline": -1, "units": "mV"}, 4, 1000),
        ({"ChannelBaseline": None}, 100, 100),
        ({"ChannelSensitivityCorrectionFactor": ""}, 100, 100),
    ],
)
def test_samples_become_microvolts(attributes: dict[str, Any], raw: int, microvolts: float) -> None:
    assert values(ecg(group([[raw]], [channel(**attributes)]))) == [pytest.approx(microvolts)]


@pytest.mark.parametrize("dtype", ["<i1", "<u1", "<i2", "<u2", "<i4", "<u4"])
def test_every_width_and_sign_is_read(dtype: str) -> None:
    limits = np.iinfo(dtype)
    ends = [[limits.min], [limits.max], [1]]
    bits = np.dtype(dtype).itemsize * 8
    found = values(ecg(group(ends, [channel(WaveformBitsStored=bits)], dtype=dtype)))
    assert found == [float(limits.min), float(limits.max), 1.0]


@pytest.mark.parametrize(
    ("dtype", "raw", "meant"),
    [
        ("<i2", 0x0FFF, -1),  # not extended by the device
        ("<i2", -1, -1),  # extended by it
        ("<i2", 0x07FF, 2047),
        ("<u2", 0xF001, 1),  # something else in the upper bits
    ],
)
def test_twelve_bits_in_sixteen_are_what_they_mean(dtype: str, raw: int, meant: int) -> None:
    dataset = ecg(group([[raw]], [channel(WaveformBitsStored=12)], dtype=dtype))
    assert values(dataset) == [meant]


def test_a_lead_is_found_by_its_code_and_not_by_its_place() -> None:
    dataset = ecg(group([[1, 2]], [channel("2:64"), channel("MDC_ECG_LEAD_I")]))
    assert (values(dataset, "I"), values(dataset, "aVF")) == ([2], [1])


def test_words_name_a_lead_without_a_code_and_stay_where_they_name_none() -> None:
    channels = [
        channel(None, CodeMeaning="Lead V2"),
        channel(None, CodeMeaning="食道导联"),
        channel(None),
        channel("2:999", ChannelLabel="V3"),
    ]
    [found] = recordings(ecg(group([[1, 2, 3, 4]], channels)))
    assert [lead.name for lead in found.leads] == ["V2", "食道导联", "channel 3", "V3"]


def test_no_lead_hides_another_of_its_name() -> None:
    [found] = recordings(ecg(group([[1, 2]], [channel(), channel()])))
    assert [lead.name for lead in found.leads] == ["I", "I (2)"]
    assert found.oddities == ("lead I comes more than once",)


@pytest.mark.parametrize(
    ("padding", "samples", "missing"),
    [
        (-32768, [[-32768, 5], [7, -32768]], [[True, False], [False, True]]),
        (0, [[0, 5], [0, 0], [1, 1], [0, 0]], [[False, False], [False, False], [False, False], [True, True]]),
        (0, [[0, 0], [3, 0], [4, 5]], [[True, True], [False, False], [False, False]]),
        (-5, [[-5, 1]], [[False, False]]),
    ],
)
def test_padding_is_where_nothing_was_recorded(
    padding: int, samples: list[list[int]], missing: list[list[bool]]
) -> None:
    channels = [channel(), channel("2:2")]
    bytes_ = padding.to_bytes(2, "little", signed=True)
    [found] = recordings(ecg(group(samples, channels, WaveformPaddingValue=bytes_)))
    for index, lead in enumerate(found.leads):
        assert [math.isnan(value) for value in lead.microvolts] == [row[index] for row in missing]


def test_a_channel_that_cannot_be_calibrated_is_left_out_and_said() -> None:
    channels = [channel(), channel("2:2", ChannelSensitivity=None), channel("2:3", units="mm[Hg]")]
    [found] = recordings(ecg(group([[1, 2, 3]], channels)))
    assert [lead.name for lead in found.leads] == ["I"]
    assert len(found.oddities) == 2


@pytest.mark.parametrize(
    "dataset",
    [
        pydicom.Dataset(),
        ecg(),
        ecg(group([[1]], [channel()], SamplingFrequency=0)),
        ecg(group([[1]], [channel()], SamplingFrequency=None)),
        ecg(group([[1]], [channel()], SamplingFrequency="-500")),
        ecg(group([[1]], [channel()], WaveformData=b"")),
        ecg(group([[1]], [channel()], WaveformData=None)),
        ecg(group([[1]], [channel()], WaveformSampleInterpretation="MB")),
        ecg(group([[1]], [channel()], WaveformBitsAllocated=12)),
        ecg(group([[1]], [])),
        ecg(group([[1]], [channel()] * (ECG_CHANNELS + 1))),
        ecg(group([[1]], [channel(units="mm[Hg]")])),
        ecg(group([[1]], [channel(ChannelSensitivity=None)])),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_reason(dataset: pydicom.Dataset) -> None:
    with pytest.raises(InvalidInstance) as refused:
        recordings(dataset)
    assert str(refused.value)


@pytest.mark.parametrize("announced", [0, 1, 3, 4_000_000_000, None])
def test_no_more_samples_are_believed_than_there_are(announced: int | None) -> None:
    dataset = ecg(group([[1], [2]], [channel()], NumberOfWaveformSamples=announced))
    [found] = recordings(dataset)
    assert found.sample_count == (1 if announced == 1 else 2)
    assert bool(found.oddities) == (announced != 1)


def test_the_rhythm_is_read_and_not_the_median_beat() -> None:
    beat = group([[1]] * 9, [channel()], MultiplexGroupLabel="MEDIAN BEAT")
    strip = group([[2]] * 3, [channel()])
    unnamed = group([[3]] * 5, [channel()], MultiplexGroupLabel=None)
    assert values(ecg(beat, strip, unnamed)) == [2] * 3
    assert values(ecg(beat, unnamed)) == [3] * 5
    assert values(ecg(beat)) == [1] * 9


def test_a_public_12_lead_ecg_is_what_another_reader_makes_of_it() -> None:
    dataset = pydicom.dcmread(SAMPLE)
    found = rhythm(recordings(dataset))
    assert tuple(lead.name for lead in found.leads) == STANDARD
    assert (found.sampling_frequency_hz, found.seconds, found.oddities) == (1000, 10, ())
    theirs = multiplex_array(dataset, 0, as_raw=False)
    for index, lead in enumerate(found.leads):
        assert np.array_equal(lead.microvolts, theirs[:, index])
        assert lead.filters == ("0.05 Hz high-pass", "300 Hz low-pass")


def test_a_converters_ecg_keeps_its_zeros(sample_data: Path) -> None:
    dataset = pydicom.dcmread(sample_data / "ecgtoolkit-cs" / "Example.dcm")
    found = rhythm(recordings(dataset))
    theirs = multiplex_array(dataset, 0, as_raw=False)
    ours = np.stack([lead.microvolts for lead in found.leads], axis=1)
    assert np.array_equal(ours, theirs)


_KEYWORDS = {
    "SamplingFrequency": "DS",
    "WaveformBitsAllocated": "US",
    "WaveformSampleInterpretation": "CS",
    "NumberOfWaveformSamples": "UL",
    "WaveformPaddingValue": "OW",
}


@settings(max_examples=200)
@given(keyword=st.sampled_from(sorted(_KEYWORDS)), value=st.binary(max_size=12), data=st.binary(max_size=64))
def test_nothing_in_a_waveform_gives_more_than_a_refusal(keyword: str, value: bytes, data: bytes) -> None:
    item = group([[1]], [channel()], WaveformData=data)
    tag = Tag(keyword)
    elements = dict(item.items()) | {
        tag: RawDataElement(tag, _KEYWORDS[keyword], len(value), value, 0, False, True)
    }
    try:
        found = recordings(ecg(pydicom.Dataset(elements)))
    except InvalidInstance:
        return
    assert all(len(lead.microvolts) == each.sample_count for each in found for lead in each.leads)
