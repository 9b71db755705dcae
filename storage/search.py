"""The archive's reading SQL: searches by matching (PS3.4 C.2.2.2) and lookups, always within a scope."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    String,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from core.access import Scope
from core.errors import InvalidQuery
from core.limits import SEARCH_LIMIT
from storage.instance import Instance, Series, Study
from storage.query import (
    INSTANCE_KEYWORDS,
    SERIES_KEYWORDS,
    STUDY_KEYWORDS,
    DateRange,
    Match,
    Query,
    TimeRange,
    UIDList,
    Wildcard,
    like_pattern,
)
from storage.study_names import is_found_by, is_named
from storage.tables import instances, representations, series, studies

# PS3.4 C.2.2.2.1 and C.2.2.2.4: everything is case-sensitive but person names.
PERSON_NAMES = frozenset({"PatientName", "ReferringPhysicianName"})

COLUMNS: dict[str, ColumnElement[Any]] = {
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
    "SOPInstanceUID": instances.c.sop_instance_uid,
    "SOPClassUID": instances.c.sop_class_uid,
    "InstanceNumber": instances.c.instance_number,
    "Rows": instances.c.rows,
    "Columns": instances.c.columns,
    "NumberOfFrames": instances.c.number_of_frames,
}

_SAME_STUDY = and_(
    series.c.site_id == studies.c.site_id, series.c.study_instance_uid == studies.c.study_instance_uid
)
_SAME_SERIES = and_(
    instances.c.site_id == series.c.site_id,
    instances.c.study_instance_uid == series.c.study_instance_uid,
    instances.c.series_instance_uid == series.c.series_instance_uid,
)


def search_studies(
    connection: Connection, query: Query, scope: Scope, *, flagged: bool = False
) -> list[Study]:
    """Return the studies that match, newest arrival first; `flagged`: only where the patient is in doubt."""
    statement = (
        select(studies)
        .where(_matches(query, STUDY_KEYWORDS), _visible(scope))
        .order_by(studies.c.first_received_at.desc(), studies.c.study_instance_uid, studies.c.site_id)
    )
    if flagged:
        statement = statement.where(studies.c.patient_differences != "")
    found = connection.execute(_page(statement, query)).mappings().all()
    return [
        Study(**row, **_study_sums(connection, row["site_id"], row["study_instance_uid"])) for row in found
    ]


def studies_of_patients(connection: Connection, patient_keys: Sequence[str], scope: Scope) -> list[Study]:
    """Return the newest studies of these patients that are in scope."""
    rows = connection.execute(
        select(studies)
        .where(studies.c.patient_key.in_(patient_keys), _visible(scope))
        .order_by(studies.c.first_received_at.desc(), studies.c.study_instance_uid, studies.c.site_id)
        .limit(SEARCH_LIMIT)
    ).mappings()
    return [
        Study(**row, **_study_sums(connection, row["site_id"], row["study_instance_uid"]))
        for row in rows.all()
    ]


def search_series(connection: Connection, query: Query, scope: Scope) -> list[Series]:
    """Return the series that match, in order of study and series number."""
    count = (
        select(func.count()).select_from(instances).where(_SAME_SERIES).correlate(series).scalar_subquery()
    )
    statement = (
        select(
            series.c.site_id,
            series.c.study_instance_uid,
            series.c.series_instance_uid,
            series.c.modality,
            series.c.series_number,
            series.c.series_description,
            series.c.body_part_examined,
            count.label("number_of_series_related_instances"),
        )
        .join_from(series, studies, _SAME_STUDY)
        .where(_matches(query, STUDY_KEYWORDS | SERIES_KEYWORDS), _visible(scope))
        .order_by(
            series.c.study_instance_uid,
            series.c.site_id,
            series.c.series_number.nulls_first(),
            series.c.series_instance_uid,
        )
    )
    return [Series(**row) for row in connection.execute(_page(statement, query)).mappings()]


def search_instances(connection: Connection, query: Query, scope: Scope) -> list[Instance]:
    """Return the instances that match, in order of study, series and instance number."""
    statement = (
        select(instances)
        .join_from(instances, series, _SAME_SERIES)
        .join(studies, _SAME_STUDY)
        .where(_matches(query, STUDY_KEYWORDS | SERIES_KEYWORDS | INSTANCE_KEYWORDS), _visible(scope))
        .order_by(
            instances.c.study_instance_uid,
            instances.c.site_id,
            series.c.series_number.nulls_first(),
            instances.c.series_instance_uid,
            instances.c.instance_number.nulls_first(),
            instances.c.instance_key,
        )
    )
    return [instance_of(row) for row in connection.execute(_page(statement, query)).mappings()]


def representations_of(connection: Connection, held: Sequence[Instance]) -> dict[int, list[Instance]]:
    """Return the other encodings of these instances, in the order in which they came."""
    by_key = {instance.instance_key: instance for instance in held}
    studies_of = sorted({(instance.site_id, instance.study_instance_uid) for instance in held})
    found: dict[int, list[Instance]] = {}
    for site_id, study_instance_uid in studies_of:
        rows = connection.execute(
            select(representations)
            .filter_by(site_id=site_id, study_instance_uid=study_instance_uid)
            .order_by(representations.c.representation_key)
        ).mappings()
        for row in rows:
            instance = by_key.get(row["instance_key"])
            if instance is not None:
                found.setdefault(instance.instance_key, []).append(_represented(instance, row))
    return found


def _represented(instance: Instance, row: RowMapping) -> Instance:
    return replace(
        instance,
        transfer_syntax_uid=row["transfer_syntax_uid"],
        blob_key=row["blob_key"],
        size=row["size"],
        data_set_offset=row["data_set_offset"],
        digest=row["digest"],
        header_digest=row["header_digest"],
        anomalies=tuple(row["anomalies"]),
        origin_kind=row["origin_kind"],
        source=row["source"],
        received_at=row["received_at"],
    )


def _page(statement: Select[Any], query: Query) -> Select[Any]:
    return statement.limit(query.limit).offset(query.offset)


def instance_of(row: RowMapping) -> Instance:
    """Return the instance that a row of `instances` holds."""
    values = {key: value for key, value in row.items() if key != "specific_character_set"}
    return Instance(**values | {"anomalies": tuple(row["anomalies"])})


def _study_sums(connection: Connection, site_id: str, study_instance_uid: str) -> dict[str, Any]:
    modalities = connection.scalars(
        select(series.c.modality).filter_by(site_id=site_id, study_instance_uid=study_instance_uid)
    ).all()
    count = connection.scalar(
        select(func.count())
        .select_from(instances)
        .filter_by(site_id=site_id, study_instance_uid=study_instance_uid)
    )
    return {
        "modalities_in_study": tuple(sorted(set(modalities))),
        "number_of_study_related_series": len(modalities),
        "number_of_study_related_instances": count or 0,
    }


def _visible(scope: Scope) -> ColumnElement[bool]:
    """A study is in scope with its site, or when it holds a series of a modality routed to the actor."""
    if scope.everything:
        return true()
    ways: list[ColumnElement[bool]] = [false()]
    if scope.site_ids:
        ways.append(studies.c.site_id.in_(scope.site_ids))
    routed = series.alias("routed")
    # One condition a modality, not one a route: hundreds of sites would exceed what SQL may nest.
    for modality in sorted({modality for _, modality in scope.site_modalities}):
        site_ids = [site_id for site_id, routed_one in scope.site_modalities if routed_one == modality]
        ways.append(
            and_(
                studies.c.site_id.in_(site_ids),
                exists().where(
                    routed.c.site_id == studies.c.site_id,
                    routed.c.study_instance_uid == studies.c.study_instance_uid,
                    routed.c.modality == modality,
                ),
            )
        )
    return or_(*ways)


def _matches(query: Query, keywords: frozenset[str]) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    for keyword, match in query.conditions.items():
        if keyword not in keywords:
            raise InvalidQuery(f"{keyword} cannot be matched at this level.")
        if keyword == "PatientName" and query.is_fuzzy:
            typed = match.pattern if isinstance(match, Wildcard) else str(getattr(match, "value", ""))
            conditions.append(is_found_by(studies.c.site_id, studies.c.study_instance_uid, typed))
        elif keyword == "ModalitiesInStudy":
            conditions.append(exists().where(_SAME_STUDY, _condition("Modality", match)).correlate(studies))
        else:
            conditions.append(_condition(keyword, match))
    return and_(*conditions)


def _condition(keyword: str, match: Match) -> ColumnElement[bool]:
    column = COLUMNS[keyword]
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
    return column == (match.value if isinstance(column.type, String) else int(match.value))


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
