"""Beats and their rate: on made beats with what disturbs them, and on what real devices recorded."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from ecg.beats import beats, lead_for_beats, rates_per_minute
from ecg.recording import Lead, Microvolts, Recording, rhythm
from ecg.waveform import recordings

RATE = 250.0
WAVES = ((-0.16, 120, 0.03), (0, 1100, 0.012), (0.03, -250, 0.012), (0.3, 300, 0.06))
"""P, R, S, T: seconds from the beat, microvolts, width in seconds."""


def heart(moments: np.ndarray, seconds: float, *, rate: float = RATE, seed: int = 1) -> Microvolts:
    """Return P, QRS and T at each moment, with breathing, mains hum and the noise of muscles."""
    times = np.arange(round(seconds * rate)) / rate
    signal = 300 * np.sin(2 * np.pi * 0.25 * times) + 30 * np.sin(2 * np.pi * 50 * times)
    signal += np.random.default_rng(seed).normal(0, 25, len(times))
    for moment in moments:
        for offset, height, width in WAVES:
            near = np.abs(times - moment - offset) < 5 * width
            signal[near] += height * np.exp(-(((times[near] - moment - offset) / width) ** 2))
    return signal


@pytest.mark.parametrize("per_minute", [35, 60, 75, 120, 190])
def test_every_beat_is_found_and_nothing_else(per_minute: float) -> None:
    moments = np.arange(0.7, 59.5, 60 / per_minute)
    found = beats(heart(moments, 60), RATE)
    assert len(found) == len(moments)
    assert np.abs(found - moments).max() < 0.05
    assert np.median(rates_per_minute(found)) == pytest.approx(per_minute, rel=0.02)


def test_beats_around_an_artefact_are_still_found() -> None:
    moments = np.arange(0.5, 59.5, 0.8)
    signal = heart(moments, 60)
    signal[7000:7100] += 20_000 * np.sin(np.arange(100))
    found = beats(signal, RATE)
    away = moments[np.abs(moments - 28.2) > 1]
    assert all(np.abs(found - moment).min() < 0.05 for moment in away)


def test_the_ends_of_a_lead_that_drifts_are_no_beats() -> None:
    moments = np.arange(1.5, 58, 0.8)
    drift = np.linspace(0, 8000, round(60 * RATE))
    found = beats(heart(moments, 60) + drift, RATE)
    assert len(found) == len(moments)
    assert np.abs(found - moments).max() < 0.05


def test_a_lead_that_hangs_loose_has_no_beats() -> None:
    times = np.arange(2500) / RATE
    assert len(beats(np.zeros(2500), RATE)) == 0
    assert len(beats(200 * np.sin(2 * np.pi * 0.2 * times), RATE)) == 0
    assert len(beats(np.full(2500, np.nan), RATE)) == 0


def test_what_was_not_recorded_is_a_gap_and_not_a_rate() -> None:
    moments = np.arange(0.5, 59.5, 0.8)
    signal = heart(moments, 60)
    signal[5000:8000] = np.nan
    found = beats(signal, RATE)
    assert not ((found > 20.3) & (found < 31.7)).any()
    assert rates_per_minute(found).min() > 60


def test_a_real_recording_has_the_rate_that_its_device_measured() -> None:
    recording = rhythm(recordings(pydicom.dcmread(str(get_testdata_file("waveform_ecg.dcm")))))
    assert lead_for_beats(recording) == "II"
    lead = recording.lead("II")
    assert lead is not None
    found = beats(lead.microvolts, recording.sampling_frequency_hz)
    assert 60_000 / np.median(rates_per_minute(found)) == pytest.approx(982, rel=0.01)


def test_any_lead_serves_where_none_is_preferred() -> None:
    lead = Lead(name="channel 1", microvolts=np.zeros(10))
    assert lead_for_beats(Recording(label="", sampling_frequency_hz=1, leads=(lead,))) == "channel 1"
