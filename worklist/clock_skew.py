"""How far a device's clock is ahead, as far as a study can tell. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

LONGEST_DELAY: Final = timedelta(hours=12)
"""A study that began earlier than this before its first instance came was sent late or is dated wrongly."""


_OFFSET: Final = re.compile(r"([+-])([0-9]{2})([0-5][0-9])", re.ASCII)
_WESTMOST, _EASTMOST = timedelta(hours=-12), timedelta(hours=14)


def clock_skew(
    study_date: date | None,
    study_time: str,
    *,
    received_at: datetime,
    timezone_offset_from_utc: str,
    time_zone: str,
) -> timedelta | None:
    """Return how far a study began after its first instance came, which is the least its clock is ahead.

    Nothing comes before it was made; zero is no sign of a wrong clock, as it takes unknown time to come.
    `study_time` is (0008,0030) as hours, minutes and seconds (PS3.5 6.2 TM), at the offset (0008,0201) that
    the device gives (PS3.3 C.12.1.1.8), in the zone of the site where it gives none that can be. None where
    date or time is missing or cannot be read, or where the study came more than LONGEST_DELAY after it
    began: neither says anything about the clock.
    """
    zone = _offset(timezone_offset_from_utc) or ZoneInfo(time_zone)
    began_at = _moment(study_date, study_time, zone)
    if began_at is None or received_at - began_at > LONGEST_DELAY:
        return None
    return max(began_at - received_at, timedelta())


def _offset(timezone_offset_from_utc: str) -> tzinfo | None:
    """Return the zone of &ZZXX; None where it is absent, ill-formed or beyond what there is on earth."""
    found = _OFFSET.fullmatch(timezone_offset_from_utc.strip())
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(sign + hours), minutes=int(sign + minutes))
    return timezone(offset) if _WESTMOST <= offset <= _EASTMOST else None


def _moment(study_date: date | None, study_time: str, zone: tzinfo) -> datetime | None:
    digits = study_time.partition(".")[0].replace(":", "").strip()
    # Without its minutes a time says too little.
    if study_date is None or len(digits) not in {4, 6} or not (digits.isascii() and digits.isdecimal()):
        return None
    hour, minute, second = int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)
    try:
        # 60 is a leap second.
        at = time(hour, minute, min(second, 59))
        return datetime.combine(study_date, at, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
