"""Who and when, out of what carts write: names as DICOM's PN, dates and times in every form they come in."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Final

_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f\\=^]+")
_HL7_TIME: Final = re.compile(
    r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:[.,](\d+))?\s*(Z|[+-]\d{4})?", re.ASCII
)
_ISO_TIME: Final = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,:](\d+))?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_CHINESE_DATE: Final = re.compile(
    r"(\d{4})年(\d{1,2})月(\d{1,2})日?(?:\s*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2}))?)?"
)
_AMERICAN: Final = re.compile(
    r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?", re.ASCII
)
_NAMED_MONTH: Final = re.compile(
    r"(\d{1,2})[- ]([A-Za-z]{3})[A-Za-z]*[- ](\d{4})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?", re.ASCII
)
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SEXES: Final = {
    **dict.fromkeys(("M", "MALE", "男", "1", "MAN"), "M"),
    **dict.fromkeys(("F", "FEMALE", "女", "2", "WOMAN", "W"), "F"),
    **dict.fromkeys(("O", "OTHER", "UN", "UNDIFFERENTIATED", "9"), "O"),
}
_PER_YEAR: Final = {
    **dict.fromkeys(("a", "y", "yr", "year", "years", "岁"), 1.0),
    **dict.fromkeys(("mo", "m", "month", "months", "月"), 12.0),
    **dict.fromkeys(("wk", "w", "week", "weeks", "周"), 52.1775),
    **dict.fromkeys(("d", "day", "days", "天"), 365.25),
    **dict.fromkeys(("h", "hour", "hours"), 8766.0),
}
_OFFSET_AT_MOST: Final = timedelta(hours=16)


def plain(text: str, limit: int = 64) -> str:
    """Return words on one line without what DICOM's text values part by, of at most `limit` characters."""
    return " ".join(_NOT_IN_NAMES.sub(" ", text).split())[:limit].strip()


def person_name(family: str, given: str = "", middle: str = "") -> str:
    """Return a name as DICOM's PN writes it; one field of `Wang, Xiaoming` holds both parts."""
    family, given, middle = plain(family), plain(given), plain(middle)
    if family and not given and family.count(",") == 1:
        family, given = (part.strip() for part in family.split(","))
    return "^".join((family, given, middle)).rstrip("^")


def sex_of(text: str) -> str:
    """Return M, F, O, or nothing for what says none of them."""
    return _SEXES.get(text.strip().upper(), "")


def moment_of(text: str) -> tuple[datetime, bool] | None:
    """Return a written date and time, and whether it had a time of day; None for what is none.

    Aware only where an offset is written. A number below 13 first and a year last is read as month/day,
    unless only day/month makes a date.
    """
    text = text.strip()
    for pattern in (_HL7_TIME, _ISO_TIME, _CHINESE_DATE):
        if found := pattern.fullmatch(text):
            year, month, day, hour, minute, second, *more = (*found.groups(), None, None)[:8]
            moment = _moment((year, month or "1", day or "1"), (hour, minute, second), *more)
            return (moment, hour is not None) if moment else None
    if found := _NAMED_MONTH.fullmatch(text):
        day, name, year, *time = found.groups()
        number = MONTHS.index(name.upper()) + 1 if name.upper() in MONTHS else 0
        moment = _moment((year, str(number), day), tuple(time))
        return (moment, time[0] is not None) if moment else None
    if found := _AMERICAN.fullmatch(text):
        first, second, year, *time = found.groups()
        moment = _moment((year, first, second), tuple(time)) or _moment((year, second, first), tuple(time))
        return (moment, time[0] is not None) if moment else None
    return None


def _moment(
    day: tuple[str | None, ...],
    time: tuple[str | None, ...],
    fraction: str | None = None,
    offset: str | None = None,
) -> datetime | None:
    zone = None
    if offset:
        digits = offset.replace(":", "")
        ahead = timedelta() if offset == "Z" else timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
        if ahead > _OFFSET_AT_MOST:
            return None
        zone = timezone(-ahead if offset[0] == "-" else ahead)
    numbers = [int(part or 0) for part in (*day, *time)]
    if len(numbers) == 6 and numbers[5] == 60:
        numbers[5] = 59  # a leap second
    try:
        return datetime(*numbers, int((fraction or "0")[:6].ljust(6, "0")), tzinfo=zone)  # type: ignore[arg-type,misc]  # six numbers
    except ValueError:
        return None


def at_clock(day: date, clock: Sequence[int], zone: timezone | None = None, microsecond: int = 0) -> datetime:
    """Return a day at hour, minute and second; its midnight where they are missing or no time of day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    try:
        return midnight.replace(hour=hour, minute=minute, second=second, microsecond=microsecond)
    except ValueError:
        return midnight


def date_of(text: str) -> date | None:
    """Return a written date, None for what is none, or lacks its day, or is of no living person."""
    found = moment_of(text)
    digits = sum(character.isdigit() for character in text)
    return found[0].date() if found and digits >= 6 and found[0].year > 1850 else None


def years_of(value: str, unit: str = "a") -> float | None:
    """Return an age in years; None for what is no age of a person."""
    try:
        age = float(value) / _PER_YEAR[unit.strip().lower() or "a"]
    except (ValueError, KeyError):
        return None
    return age if 0 <= age < 150 else None


def text_of(content: bytes) -> str:
    """Return the characters of a header's text: UTF-8 or GBK where it is that, else Latin-1."""
    content = content.split(b"\x00", 1)[0]
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeError:
            continue
    return content.decode("latin-1")
