"""Matching of PS3.4 C.2.2.2 as conditions on the catalogue's rows."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, exists, false, func, literal, not_, or_, true

from core.errors import InvalidQuery
from storage.query import (
    DATE_AND_TIME,
    KEYWORDS,
    REQUESTS,
    AllOf,
    AnyOf,
    DateRange,
    EmptyValue,
    Level,
    Match,
    Query,
    TimeRange,
    UIDList,
    Wildcard,
    like_pattern,
)
from storage.study_names import is_found_by, is_named
from storage.tables import instances, series, series_requests, studies

# PS3.4 C.2.2.2.1 and C.2.2.2.4: everything is case-sensitive but person names.
PERSON_NAMES: Final = frozenset({"PatientName", "ReferringPhysicianName"})

COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    "StudyInstanceUID": studies.c.study_instance_uid,
    "StudyDate": studies.c.study_date,
    "StudyTime": studies.c.study_time,
    "AccessionNumber": studies.c.accession_number,
    "ReferringPhysicianName": studies.c.referring_physician_name,
    "PatientName": studies.c.patient_name,
    "PatientID": studies.c.patient_id,
    "IssuerOfPatientID": studies.c.issuer_of_patient_id,
    "PatientBirthDate": studies.c.patient_birth_date,
    "PatientSex": studies.c.patient_sex,
    "StudyID": studies.c.study_id,
    "StudyDescription": studies.c.study_description,
    "SeriesInstanceUID": series.c.series_instance_uid,
    "Modality": series.c.modality,
    "SeriesNumber": series.c.series_number,
    "SeriesDescription": series.c.series_description,
    "BodyPartExamined": series.c.body_part_examined,
    "PerformedProcedureStepStartDate": series.c.performed_procedure_step_start_date,
    "PerformedProcedureStepStartTime": series.c.performed_procedure_step_start_time,
    f"{REQUESTS}.RequestedProcedureID": series_requests.c.requested_procedure_id,
    f"{REQUESTS}.ScheduledProcedureStepID": series_requests.c.scheduled_procedure_step_id,
    "SOPInstanceUID": instances.c.sop_instance_uid,
    "SOPClassUID": instances.c.sop_class_uid,
    "InstanceNumber": instances.c.instance_number,
    "Rows": instances.c.rows,
    "Columns": instances.c.columns,
    "BitsAllocated": instances.c.bits_allocated,
    "NumberOfFrames": instances.c.number_of_frames,
}

SAME_STUDY: Final = and_(
    series.c.site_id == studies.c.site_id, series.c.study_instance_uid == studies.c.study_instance_uid
)
SAME_SERIES: Final = and_(
    instances.c.site_id == series.c.site_id,
    instances.c.study_instance_uid == series.c.study_instance_uid,
    instances.c.series_instance_uid == series.c.series_instance_uid,
)
_SAME_REQUESTS: Final = and_(
    series_requests.c.site_id == series.c.site_id,
    series_requests.c.study_instance_uid == series.c.study_instance_uid,
    series_requests.c.series_instance_uid == series.c.series_instance_uid,
)


def matches(query: Query, level: Level) -> ColumnElement[bool]:
    """Return the condition that a row of this level meets a query. Raises InvalidQuery."""
    left = dict(query.conditions)
    for keyword in left.keys() - KEYWORDS[level]:
        raise InvalidQuery(f"{keyword} cannot be matched at this level.")
    conditions: list[ColumnElement[bool]] = [true()]
    if query.combines_date_and_time:
        conditions += _moments(left)
    conditions += _of_one_request(left)
    for keyword, match in left.items():
        if keyword == "PatientName" and query.is_fuzzy and not isinstance(match, EmptyValue):
            typed = match.pattern if isinstance(match, Wildcard) else str(getattr(match, "value", ""))
            conditions.append(is_found_by(studies.c.site_id, studies.c.study_instance_uid, typed))
        elif keyword == "ModalitiesInStudy":
            conditions.append(_modalities_in_study(match))
        else:
            conditions.append(_condition(keyword, match))
    return and_(*conditions)


def among(columns: Sequence[ColumnElement[Any]], keys: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    """Return the condition that each column has a value of some key: the rows of all keys, and maybe more.

    SQLite looks up none of its indexes for pairs, and each of them for lists of values.
    """
    return and_(*(column.in_(sorted({key[n] for key in keys})) for n, column in enumerate(columns)))


def _moments(left: dict[str, Match]) -> list[ColumnElement[bool]]:
    """Take out the pairs of a date and a time that are one range of moments (C.2.2.2.5)."""
    found: list[ColumnElement[bool]] = []
    for date_keyword, time_keyword in DATE_AND_TIME.items():
        days, times = left.get(date_keyword), left.get(time_keyword)
        if isinstance(days, DateRange) and isinstance(times, TimeRange) and times.continues(days):
            found.append(_is_moment_within(COLUMNS[date_keyword], COLUMNS[time_keyword], days, times))
            del left[date_keyword], left[time_keyword]
    return found


def _is_moment_within(
    day: ColumnElement[Any], time: ColumnElement[Any], days: DateRange, times: TimeRange
) -> ColumnElement[bool]:
    """On the first and the last day the time decides: what has none lies in neither."""
    bounds: list[ColumnElement[bool]] = [day.is_not(None)]
    if days.first is not None:
        bounds.append(or_(day > days.first, and_(day == days.first, time != "", time >= times.first)))
    if days.last is not None:
        bounds.append(or_(day < days.last, and_(day == days.last, time != "", time <= times.last)))
    return and_(*bounds)


def _of_one_request(left: dict[str, Match]) -> list[ColumnElement[bool]]:
    """Take out the keys of a sequence: one item of it has to meet them all (C.2.2.2.6)."""
    nested = {keyword: left.pop(keyword) for keyword in list(left) if keyword.startswith(f"{REQUESTS}.")}
    found: list[ColumnElement[bool]] = [
        not_(exists().where(_SAME_REQUESTS, COLUMNS[keyword] != "").correlate(series))
        for keyword, match in nested.items()
        if isinstance(match, EmptyValue)
    ]
    stated = [
        _condition(keyword, match) for keyword, match in nested.items() if not isinstance(match, EmptyValue)
    ]
    if stated:
        found.append(exists().where(_SAME_REQUESTS, *stated).correlate(series))
    return found


def _modalities_in_study(match: Match) -> ColumnElement[bool]:
    """One of the study's modalities has to match, of several values one each; of none there is no value."""
    if isinstance(match, AllOf):
        return and_(*map(_modalities_in_study, match.values))
    if isinstance(match, EmptyValue):
        return not_(exists().where(SAME_STUDY, series.c.modality != "").correlate(studies))
    return exists().where(SAME_STUDY, _condition("Modality", match)).correlate(studies)


def _condition(keyword: str, match: Match) -> ColumnElement[bool]:
    column = COLUMNS[keyword]
    if isinstance(match, EmptyValue):
        return column == "" if isinstance(column.type, String) else column.is_(None)
    if isinstance(match, AllOf | AnyOf):
        conditions = [_condition(keyword, each) for each in match.values]
        return and_(*conditions) if isinstance(match, AllOf) else or_(*conditions)
    if isinstance(match, UIDList):
        return column.in_(match.uids)
    if isinstance(match, DateRange):
        return _within(column, column.is_not(None), match.first, match.last)
    if isinstance(match, TimeRange):
        return _within(column, column != "", match.first, match.last)
    if keyword == "PatientName":
        return is_named(studies.c.site_id, studies.c.study_instance_uid, match)
    if keyword in PERSON_NAMES:
        return _is_named(column, match.pattern if isinstance(match, Wildcard) else match.value)
    if isinstance(match, Wildcard):
        return column.like(like_pattern(match.pattern), escape="!")
    if isinstance(column.type, String):
        return column == match.value
    number = int(match.value)
    return column == number if abs(number) < 2**31 else false()


def _within(
    column: ColumnElement[Any], known: ColumnElement[bool], first: date | str | None, last: date | str | None
) -> ColumnElement[bool]:
    """What has no date or time lies in no range, not even in one that is open at an end."""
    bounds = [known]
    bounds += [column >= first] if first else []
    bounds += [column <= last] if last else []
    return and_(*bounds)


def _is_named(column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """Match the whole name or one of its component groups, as Latin or Chinese (PS3.5 6.2.1.2).

    Both sides are lowered by the catalogue: what its `lower` leaves alone, as SQLite's does Ü, still matches
    itself.
    """
    groups = func.lower(literal("=").concat(column).concat("="))
    return groups.like(func.lower(f"%={like_pattern(pattern)}=%"), escape="!")
