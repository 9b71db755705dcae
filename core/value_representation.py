"""Text as people write it, made into values that DICOM's value representations allow (PS3.5 6.2).

Nothing here fails: what a value representation forbids is removed, replaced or cut, so that no character in a
name can stop a signed report from reaching the clinic. Everything is for Specific Character Set ISO_IR 192.
"""

import re
import unicodedata
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

SHORT_STRING_LIMIT: Final = 16
LONG_STRING_LIMIT: Final = 64
COMPONENT_GROUP_LIMIT: Final = 64
_COMPONENT_GROUPS: Final = 3
_COMPONENTS: Final = 5
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_FIRST_IDEOGRAPHIC: Final = 0x2E80
"""From CJK Radicals Supplement on, a character belongs in the ideographic component group of a name."""

_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?", re.ASCII)


def _encodable(text: str) -> str:
    """Replace lone surrogates, which no encoding can carry."""
    return "".join(_REPLACEMENT if "\ud800" <= character <= "\udfff" else character for character in text)


def _single_line(text: str) -> str:
    """Return `text` on one line, without control characters or the delimiter of values (PS3.5 6.2)."""
    spaced = " ".join(_encodable(text).replace("\t", " ").splitlines())
    visible = "".join(character for character in spaced if unicodedata.category(character) != "Cc")
    # A backslash would split the value in two; the full-width one is read the same and splits nothing.
    return visible.replace("\\", "\N{FULLWIDTH REVERSE SOLIDUS}").strip()


def described(text: str, limit: int = LONG_STRING_LIMIT) -> str:
    """Return a description as LO, SH or ST of at most `limit` characters; a cut one ends in an ellipsis."""
    line = _single_line(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def identifier(text: str, limit: int) -> str:
    """Return an identifier as LO or SH, or nothing where it does not fit: cut, it might be another's."""
    line = _single_line(text)
    return line if len(line) <= limit else ""


def person_name(text: str) -> str:
    """Return a PN (PS3.5 6.2.1): at most 3 component groups of 64 characters and 5 components each."""
    groups = _single_line(text).split("=", _COMPONENT_GROUPS - 1)
    return "=".join(_component_group(group) for group in groups).rstrip("=")


def _component_group(group: str) -> str:
    components = group.replace("=", " ").split("^", _COMPONENTS - 1)
    components[-1] = components[-1].replace("^", " ")
    return "^".join(components)[:COMPONENT_GROUP_LIMIT].strip()


def displayed_name(text: str) -> str:
    """Return a name that was typed as one string, such as an account's, as PN.

    PS3.5 6.2.1.1 keeps the first component group for alphabetic writing, so a Chinese name without delimiters
    goes into the second.
    """
    name = person_name(text)
    if "=" in name or not any(ord(character) >= _FIRST_IDEOGRAPHIC for character in name):
        return name
    return f"={name}"


def text_value(text: str) -> str:
    """Return `text` as the UT of a TEXT content item.

    PS3.3 C.18.3: lines are separated by CR LF, and no other format control (tab, form feed) may be present,
    even though UT permits it.
    """
    lines = (_text_line(line) for line in _encodable(text).splitlines())
    return "\r\n".join(lines).strip("\r\n").rstrip()


def _text_line(line: str) -> str:
    spaced = line.replace("\t", "    ")
    return "".join(character for character in spaced if unicodedata.category(character) != "Cc").rstrip()


def study_date(day: date | None) -> str:
    """Return a DA; empty where no date is known."""
    return day.isoformat().replace("-", "") if day is not None else ""


def study_time(text: str) -> str:
    """Return a TM as the device gave it, or nothing where it is none (PS3.5 6.2)."""
    stripped = text.strip()
    return stripped if _TIME.fullmatch(stripped) else ""


def patient_sex(text: str) -> str:
    """Return one of the enumerated values M, F and O (PS3.3 C.7.1.1), or nothing."""
    sex = text.strip().upper()
    return sex if sex in {"M", "F", "O"} else ""


def offset_from_utc(moment: datetime, time_zone: str) -> str:
    """Return Timezone Offset From UTC (PS3.3 C.12.1.1) as &ZZXX: what `time_zone` kept at `moment`."""
    return moment.astimezone(ZoneInfo(time_zone)).strftime("%z")[:5]


def date_time(moment: datetime, time_zone: str) -> str:
    """Return a DT of site time with its offset, so that it means the same moment everywhere."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return local.strftime("%Y%m%d%H%M%S.%f") + offset_from_utc(moment, time_zone)


def date_and_time(moment: datetime, time_zone: str) -> tuple[str, str]:
    """Return DA and TM of site time; the data set's Timezone Offset From UTC belongs to them."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return local.strftime("%Y%m%d"), local.strftime("%H%M%S.%f")
