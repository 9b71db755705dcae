"""What may be asked of the archive: attribute matching of PS3.4 C.2.2.2, parsed and pure."""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from core.errors import InvalidQuery
from core.limits import SEARCH_LIMIT
from core.uids import is_indexable
from storage.element_values import time_of

MAXIMUM_VALUE_LENGTH = 1024
MAXIMUM_UIDS = 1000
MAXIMUM_VALUES = 16
"""Of one key in multiple value matching."""
EMPTY_VALUE: Final = '""'
"""C.2.2.2.7: what asks for an attribute without a value."""
_PARTED: Final = re.compile(r"[,\\]")
"""DICOM parts values by a backslash, PS3.18 8.3.4.1 UIDs by commas; neither is in a UID or a code."""
_WILDCARD: Final = re.compile(r"[*?]")
_LAST_OF_A_DAY = "239999.999999"
"""What fills up a time whose end was left out; later than any with the same beginning."""


@dataclass(frozen=True)
class SingleValue:
    """C.2.2.2.1: equal, case-sensitive except for person names."""

    value: str


@dataclass(frozen=True)
class UIDList:
    """C.2.2.2.2: any of these."""

    uids: tuple[str, ...]


@dataclass(frozen=True)
class Wildcard:
    """C.2.2.2.4: `*` stands for any run of characters, `?` for one."""

    pattern: str


@dataclass(frozen=True)
class DateRange:
    """C.2.2.2.5: from `first` to `last`, both included; None leaves an end open."""

    first: date | None
    last: date | None


@dataclass(frozen=True)
class TimeRange:
    """C.2.2.2.5.2: within a day, from `first` to `last`, both included; an empty end is open.

    The ends compare as text with HHMMSS.FFFFFF as far as it goes: `first` without zeros at its end, `last`
    filled up. A `single` time was no range as it was asked for.
    """

    first: str
    last: str
    single: bool = field(default=False, compare=False)

    def continues(self, days: DateRange) -> bool:
        """Whether both are ranges of one form, which combined matching takes as one of moments."""
        same_ends = (bool(self.first), bool(self.last)) == (days.first is not None, days.last is not None)
        return same_ends and not self.single


@dataclass(frozen=True)
class EmptyValue:
    """C.2.2.2.7: no value at all."""


@dataclass(frozen=True)
class AnyOf:
    """Any of these; the standard leaves open what several values are that nobody asked to be all there."""

    values: tuple[SingleValue | Wildcard, ...]


@dataclass(frozen=True)
class AllOf:
    """C.2.2.2.8: each of these is a value of the attribute, in any order, beside others or not."""

    values: tuple[SingleValue, ...]


Match = SingleValue | UIDList | Wildcard | DateRange | TimeRange | EmptyValue | AllOf | AnyOf

UID_KEYWORDS = frozenset({"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"})
DATE_KEYWORDS = frozenset({"StudyDate", "PatientBirthDate", "PerformedProcedureStepStartDate"})
TIME_KEYWORDS = frozenset({"StudyTime", "PerformedProcedureStepStartTime"})
DATE_AND_TIME: Final = {
    "StudyDate": "StudyTime",
    "PerformedProcedureStepStartDate": "PerformedProcedureStepStartTime",
}
"""What is one moment in two attributes."""
NUMBER_KEYWORDS = frozenset(
    {"SeriesNumber", "InstanceNumber", "Rows", "Columns", "NumberOfFrames", "BitsAllocated"}
)
REQUESTS: Final = "RequestAttributesSequence"
REQUEST_KEYWORDS = frozenset({f"{REQUESTS}.RequestedProcedureID", f"{REQUESTS}.ScheduledProcedureStepID"})
"""C.2.2.2.6: matched in one and the same item."""
SEVERAL_VALUES: Final = frozenset({"ModalitiesInStudy"})
"""Whose VM is greater than 1, of a VR that C.2.2.2.8 names."""
TEXT_KEYWORDS = frozenset(
    {
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "PatientSex",
        "AccessionNumber",
        "StudyID",
        "StudyDescription",
        "ReferringPhysicianName",
        "ModalitiesInStudy",
        "Modality",
        "SeriesDescription",
        "BodyPartExamined",
    }
    | REQUEST_KEYWORDS
)
STUDY_KEYWORDS = frozenset(
    {
        "StudyInstanceUID",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ModalitiesInStudy",
        "ReferringPhysicianName",
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyID",
        "StudyDescription",
    }
)
SERIES_KEYWORDS = frozenset(
    {
        "SeriesInstanceUID",
        "Modality",
        "SeriesNumber",
        "SeriesDescription",
        "BodyPartExamined",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
    }
    | REQUEST_KEYWORDS
)
INSTANCE_KEYWORDS = frozenset(
    {"SOPInstanceUID", "SOPClassUID", "InstanceNumber", "Rows", "Columns", "NumberOfFrames", "BitsAllocated"}
)


class Level(StrEnum):
    """What is searched for (C.6.2.1)."""

    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"


KEYWORDS: Final = {
    Level.STUDY: STUDY_KEYWORDS,
    Level.SERIES: STUDY_KEYWORDS | SERIES_KEYWORDS,
    Level.INSTANCE: STUDY_KEYWORDS | SERIES_KEYWORDS | INSTANCE_KEYWORDS,
}
"""What can be matched at each level: its own attributes, and those of the levels above."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """Conditions by DICOM keyword, all to be met; a page of at most SEARCH_LIMIT results.

    Of a fuzzy one the patient's name is met by the beginnings of its parts, typed in any order, in characters
    or in pinyin (PS3.4 C.2.2.2.1.1). With `combines_date_and_time` a range of dates and one of times
    of the same form are one range of moments (C.2.2.2.5).
    """

    conditions: dict[str, Match] = field(default_factory=dict)
    is_fuzzy: bool = False
    combines_date_and_time: bool = False
    limit: int = SEARCH_LIMIT
    offset: int = 0


def parse_match(
    keyword: str, text: str, *, empty_values: bool = False, multiple_values: bool = False
) -> Match | None:
    """Read one key's value; None means universal matching (C.2.2.2.3).

    With `empty_values`, two quotation marks ask for what has no value (C.2.2.2.7); with `multiple_values`
    several values of an attribute that can have them ask for what has them all (C.2.2.2.8), otherwise for
    what has any of them, as viewers mean it.

    Raises:
        InvalidQuery: the value is not one this attribute can have.
    """
    value = text.strip(" \0")
    if len(value) > MAXIMUM_VALUE_LENGTH * (MAXIMUM_UIDS if keyword in UID_KEYWORDS else 1):
        raise InvalidQuery(f"The value of {keyword} is too long.")
    if value in {"", "*"}:
        return None
    if empty_values and value == EMPTY_VALUE:
        return EmptyValue()
    if keyword in UID_KEYWORDS:
        return _parse_uids(keyword, value)
    if keyword in DATE_KEYWORDS:
        return _parse_dates(keyword, value)
    if keyword in TIME_KEYWORDS:
        return _parse_times(keyword, value)
    if keyword in NUMBER_KEYWORDS:
        return _parse_number(keyword, value)
    if keyword in SEVERAL_VALUES and _PARTED.search(value):
        return _parse_values(keyword, value, all_of_them=multiple_values)
    return _parse_text(value)


def _parse_text(value: str) -> SingleValue | Wildcard:
    return Wildcard(value) if _WILDCARD.search(value) else SingleValue(value)


def _parse_number(keyword: str, value: str) -> SingleValue:
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", value, re.ASCII):
        raise InvalidQuery(f"{keyword} is matched by a whole number.")
    return SingleValue(value)


def _parse_values(keyword: str, value: str, *, all_of_them: bool) -> AllOf | AnyOf:
    values = tuple(dict.fromkeys(part.strip() for part in _PARTED.split(value) if part.strip()))
    if not 0 < len(values) <= MAXIMUM_VALUES:
        raise InvalidQuery(f"{keyword} is matched by 1 to {MAXIMUM_VALUES} values.")
    if not all_of_them:
        return AnyOf(tuple(map(_parse_text, values)))
    if _WILDCARD.search(value):
        raise InvalidQuery(f"{keyword} is matched by several values without wildcards.")
    return AllOf(tuple(map(SingleValue, values)))


def _parse_uids(keyword: str, value: str) -> UIDList:
    uids = tuple(part.strip() for part in _PARTED.split(value))
    if len(uids) > MAXIMUM_UIDS or not all(is_indexable(uid) for uid in uids):
        raise InvalidQuery(f"{keyword} is matched by one UID or a list of them, without wildcards.")
    return UIDList(uids)


def _parse_dates(keyword: str, value: str) -> DateRange:
    first, last = _ends(keyword, value)
    return DateRange(_parse_date(keyword, first), _parse_date(keyword, last))


def _parse_times(keyword: str, value: str) -> TimeRange:
    first, last = (_parse_time(keyword, end) for end in _ends(keyword, value))
    single = "-" not in value
    first = first.rstrip("0").rstrip(".") if "." in first else first
    while len(first) > 2 and first.endswith("00"):
        first = first[:-2]
    return TimeRange(first, last + _LAST_OF_A_DAY[len(last) :] if last else "", single)


def _ends(keyword: str, value: str) -> tuple[str, str]:
    first, separator, last = (part.strip() for part in value.partition("-"))
    if not first and not last:
        raise InvalidQuery(f"{keyword} needs at least one end of the range.")
    return first, last if separator else first


def _parse_time(keyword: str, text: str) -> str:
    time = time_of(text)
    if text and not time:
        raise InvalidQuery(
            f"{keyword} is matched by HHMMSS.FFFFFF, the end of which may be left out, or a range."
        )
    return time


def _parse_date(keyword: str, text: str) -> date | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{8}", text, re.ASCII):
        raise InvalidQuery(f"{keyword} is matched by YYYYMMDD or a range of two.")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise InvalidQuery(f"{keyword} names a day that no calendar has.") from None


def like_pattern(pattern: str) -> str:
    """Turn DICOM wildcards into SQL's, with `!` to escape what SQL would take for its own."""
    escaped = re.sub(r"([!%_])", r"!\1", pattern)
    return escaped.replace("*", "%").replace("?", "_")
