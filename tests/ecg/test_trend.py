"""The rate over hours, and its drawing measured with a ruler."""

import re
from datetime import datetime

import numpy as np
import pytest

from ecg.trend import Minute, minutes, trend_svg


def test_each_minute_has_the_rates_of_its_own_intervals() -> None:
    slow, fast = np.arange(0.5, 60, 1.0), np.arange(60.25, 120, 0.5)
    first, second = minutes(np.concatenate([slow, fast]))
    assert (first.number, first.beats, first.median) == (0, 60, 60.0)
    assert (second.number, second.beats, second.lowest, second.highest) == (1, 120, 120.0, 120.0)


def test_a_minute_without_beats_is_missing() -> None:
    found = minutes(np.concatenate([np.arange(0.5, 60, 1.0), np.arange(120.5, 180, 1.0)]))
    assert [each.number for each in found] == [0, 2]
    assert minutes(np.empty(0)) == []


def test_the_drawing_puts_each_minute_where_it_belongs() -> None:
    trend = [Minute(number=number, beats=60, lowest=50, median=120, highest=200) for number in (0, 719)]
    drawing = trend_svg(trend, 1440 * 60, None)
    [line] = re.findall(r'stroke-width=".5" d="([^"]*)"', drawing)
    (first, height), (second, _) = (map(float, each) for each in re.findall(r"M([\d.]+) ([\d.]+)h", line))
    assert second - first == pytest.approx(719 / 1440 * 260, abs=0.02)
    # 120 lies in the middle between 20 and 220.
    top, bottom = (float(re.findall(rf'y="([\d.]+)">{rate}<', drawing)[0]) for rate in (220, 20))
    assert height + 1 == pytest.approx((top + bottom) / 2, abs=0.02)


def test_time_is_the_devices_where_it_is_known_and_counted_where_not() -> None:
    assert ">08:00<" in trend_svg([], 86_400, datetime(2026, 1, 1, 7, 30))  # noqa: DTZ001 - a device's
    assert ">2:00:00<" in trend_svg([], 86_400, None)
