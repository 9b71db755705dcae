"""The filters of the sheet: what they take, what they leave, and that nothing moves in time."""

import numpy as np
import pytest

from ecg.filters import SheetFilter, filtered
from ecg.recording import Lead, Microvolts, Recording

RATE = 500.0
TIMES = np.arange(5000) / RATE


def recording(microvolts: Microvolts) -> Recording:
    return Recording(
        label="RHYTHM", sampling_frequency_hz=RATE, leads=(Lead(name="II", microvolts=microvolts),)
    )


def wave(hertz: float) -> Microvolts:
    return 1000 * np.sin(2 * np.pi * hertz * TIMES)


def remaining(hertz: float, *filters: SheetFilter) -> float:
    """Return which part of a wave is left in the middle of the recording."""
    result = filtered(recording(wave(hertz)), filters).leads[0].microvolts[1000:4000]
    return float(np.std(result) / np.std(wave(hertz)[1000:4000]))


@pytest.mark.parametrize(
    ("each", "passed", "taken"),
    [
        (SheetFilter.DIAGNOSTIC, [1, 10, 40], []),
        (SheetFilter.MUSCLE, [1, 5, 10], [100, 150, 200]),
        (SheetFilter.MAINS_50, [1, 10, 40, 60], [50]),
        (SheetFilter.MAINS_60, [1, 10, 50, 75], [60]),
    ],
)
def test_a_filter_takes_what_it_is_for_and_leaves_the_rest(
    each: SheetFilter, passed: list[float], taken: list[float]
) -> None:
    for hertz in passed:
        assert remaining(hertz, each) > 0.97, hertz
    for hertz in taken:
        assert remaining(hertz, each) < 0.17, hertz


def test_a_corner_is_where_half_the_power_is_left() -> None:
    assert remaining(40, SheetFilter.MUSCLE) == pytest.approx(0.5**0.5, abs=0.01)
    assert remaining(150, SheetFilter.DIAGNOSTIC) == pytest.approx(0.5**0.5, abs=0.01)


def test_a_slow_drift_goes_with_the_diagnostic_filter() -> None:
    slow = 5000 * np.sin(2 * np.pi * 0.01 * np.arange(60_000) / RATE)
    result = filtered(recording(slow), [SheetFilter.DIAGNOSTIC]).leads[0].microvolts
    assert np.abs(result[15_000:45_000]).max() < 0.1 * np.abs(slow).max()


def test_no_wave_moves_in_time() -> None:
    beat = np.exp(-(((TIMES - 5) / 0.02) ** 2)) * 1000
    for each in SheetFilter:
        result = filtered(recording(beat), [each]).leads[0].microvolts
        assert int(np.argmax(result)) == int(np.argmax(beat))


def test_what_was_not_recorded_stays_so_and_the_rest_is_finite() -> None:
    lead = wave(5)
    lead[100:200] = np.nan
    result = filtered(recording(lead), list(SheetFilter)).leads[0].microvolts
    assert np.isnan(result[100:200]).all()
    assert np.isfinite(np.delete(result, np.arange(100, 200))).all()


def test_without_a_filter_nothing_is_touched() -> None:
    untouched = recording(wave(5))
    assert filtered(untouched, []) is untouched


def test_a_lead_without_samples_worth_filtering_is_left_alone() -> None:
    nothing = np.full(10, np.nan)
    assert np.isnan(filtered(recording(nothing), [SheetFilter.MUSCLE]).leads[0].microvolts).all()
