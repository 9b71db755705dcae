"""How far a device's clock is ahead, as far as a study can tell. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LONGEST_DELAY: Final = timedelta(hours=12)
"""A study that began earlier than this before its first instance came was sent late or is dated wrongly."""


def clock_skew(
    study_date: date | None, study_time: str, *, received_at: datetime, time_zone: str
) -> timedelta | None:
    """Return how far a study began after its first instance came, which is the least its clock is ahead.

    Nothing comes before it was made; zero is no sign of a wrong clock, as it takes unknown time to come.
    `study_time` is (0008,0030) as hours, minutes and seconds (PS3.5 6.2 TM), in the zone of the site. None
    where date or time is missing or cannot be read, or where the study came more than LONGEST_DELAY after it
    began: neither says anything about the clock.
    """
    began_at = _moment(study_date, study_time, time_zone)
    if began_at is None or received_at - began_at > LONGEST_DELAY:
        return None
    return max(began_at - received_at, timedelta())


def _moment(study_date: date | None, study_time: str, time_zone: str) -> datetime | None:
    digits = study_time.partition(".")[0].replace(":", "").strip()
    # Without its minutes a time says too little.
    if study_date is None or len(digits) not in {4, 6} or not (digits.isascii() and digits.isdecimal()):
        return None
    hour, minute, second = int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)
    try:
        # 60 is a leap second.
        at = time(hour, minute, min(second, 59))
        return datetime.combine(study_date, at, ZoneInfo(time_zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
