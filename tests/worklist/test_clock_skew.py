"""A study that began after it came has a clock that is ahead; one that came late says nothing about it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.fixtures.consultation import Consultation
from worklist.clock_skew import clock_skew

DAY = date(2026, 11, 20)
RECEIVED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
"""16:30 in Shanghai."""


@pytest.mark.parametrize(
    ("study_date", "study_time", "seconds"),
    [
        (DAY, "163000", 0),
        (DAY, "160000", 0),
        (DAY, "163001", 1),
        (DAY, "1640", 600),
        (DAY, "16:40:00", 600),
        (DAY, "164000.999999", 600),
        (DAY, "163060", 59),
        (date(2027, 11, 20), "163000", 365 * 86_400),
        (DAY, "043000", 0),
        (DAY, "042959", None),
        (date(2000, 1, 1), "163000", None),
        (None, "163000", None),
        (DAY, "", None),
        (DAY, "16", None),
        (DAY, "256161", None),
        (DAY, "16300", None),
        (DAY, "十六三〇", None),
        (date(1, 1, 1), "000000", None),
    ],
)
def test_a_clock_is_ahead_by_what_a_study_began_after_it_came(
    study_date: date | None, study_time: str, seconds: int | None
) -> None:
    found = clock_skew(
        study_date,
        study_time,
        received_at=RECEIVED,
        timezone_offset_from_utc="",
        time_zone="Asia/Shanghai",
    )
    assert found == (None if seconds is None else timedelta(seconds=seconds))


SITE = timedelta(minutes=10)
"""What 16:40 is ahead in the site's own zone, +0800."""


@pytest.mark.parametrize(
    ("offset", "skew"),
    [
        ("", SITE),
        ("+0800", SITE),
        ("+0600", timedelta(hours=2, minutes=10)),
        ("+0545", timedelta(hours=2, minutes=25)),
        ("-0330", timedelta(hours=11, minutes=40)),
        ("-1200", timedelta(hours=20, minutes=10)),
        ("+1400 ", timedelta()),
        ("+1401", SITE),
        ("-1201", SITE),
        ("+0860", SITE),
        ("0800", SITE),
        ("+08:00", SITE),
        ("+٠٨٠٠", SITE),
        ("Asia/Shanghai", SITE),
    ],
)
def test_the_time_is_at_the_devices_own_offset_else_that_of_the_site(offset: str, skew: timedelta) -> None:
    found = clock_skew(
        DAY, "164000", received_at=RECEIVED, timezone_offset_from_utc=offset, time_zone="Asia/Shanghai"
    )
    assert found == skew
    in_urumqi = clock_skew(
        DAY, "164000", received_at=RECEIVED, timezone_offset_from_utc=offset, time_zone="Asia/Urumqi"
    )
    assert in_urumqi == (skew if skew != SITE or offset == "+0800" else timedelta(hours=2, minutes=10))


def test_what_a_device_says_of_its_zone_comes_with_its_study(consultation: Consultation) -> None:
    received = consultation.clock.now()
    assert received == RECEIVED
    for offset, skew in (("+0800", timedelta()), ("+0600", timedelta(hours=2))):
        case = consultation.arrive(StudyTime="163000", TimezoneOffsetFromUTC=offset)
        assert case.clock_skew == skew
