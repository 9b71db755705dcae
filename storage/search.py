"""The archive's reading SQL: searches and lookups, always within a scope."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Select,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    true,
)

from core.access import Scope
from core.limits import SEARCH_LIMIT
from storage.instance import Instance, Series, Study
from storage.matching import SAME_SERIES, SAME_STUDY, among, matches
from storage.query import Level, Query
from storage.series_records import requests_of, series_of
from storage.tables import instances, representations, series, studies

StudyKey = tuple[str, str]
"""Site, Study Instance UID."""
_AT_ONCE: Final = 500
_STUDY_COLUMNS: Final = tuple(column.name for column in studies.c)
_COUNTED: Final = (
    select(func.count()).select_from(instances).where(SAME_SERIES).correlate(series).scalar_subquery()
)
_ADDED_UP: Final = select(series.c.site_id, series.c.study_instance_uid, series.c.modality, _COUNTED)
"""Of each series of some studies, what a study says of it."""
_ROWS: Final[dict[Level, Select[Any]]] = {
    Level.STUDY: select(studies),
    Level.SERIES: select(series).join_from(series, studies, SAME_STUDY),
    Level.INSTANCE: select(instances).join_from(instances, series, SAME_SERIES).join(studies, SAME_STUDY),
}
_KEY: Final = {
    Level.STUDY: (instances.c.site_id, instances.c.study_instance_uid),
    Level.SERIES: (instances.c.site_id, instances.c.study_instance_uid, instances.c.series_instance_uid),
}


def search_studies(
    connection: Connection, query: Query, scope: Scope, *, flagged: bool = False
) -> list[Study]:
    """Return the studies that match, newest arrival first; `flagged`: only where the patient is in doubt."""
    statement = _found(query, Level.STUDY, scope).order_by(
        studies.c.first_received_at.desc(), studies.c.study_instance_uid, studies.c.site_id
    )
    if flagged:
        statement = statement.where(studies.c.patient_differences != "")
    return _studies(connection, connection.execute(_page(statement, query)).all())


def studies_of_patients(connection: Connection, patient_keys: Sequence[str], scope: Scope) -> list[Study]:
    """Return the newest studies of these patients that are in scope."""
    rows = connection.execute(
        select(studies)
        .where(studies.c.patient_key.in_(patient_keys), _visible(scope))
        .order_by(studies.c.first_received_at.desc(), studies.c.study_instance_uid, studies.c.site_id)
        .limit(SEARCH_LIMIT)
    )
    return _studies(connection, rows.all())


def search_series(connection: Connection, query: Query, scope: Scope) -> list[Series]:
    """Return the series that match, in order of study and series number."""
    statement = (
        _found(query, Level.SERIES, scope)
        .with_only_columns(
            *(column for column in series.c if column is not series.c.first_received_at),
            _COUNTED.label("number_of_series_related_instances"),
        )
        .order_by(
            series.c.study_instance_uid,
            series.c.site_id,
            series.c.series_number.nulls_first(),
            series.c.series_instance_uid,
        )
    )
    rows = connection.execute(_page(statement, query)).mappings().all()
    requests = requests_of(
        connection,
        [(row["site_id"], row["study_instance_uid"], row["series_instance_uid"]) for row in rows],
    )
    return [series_of(row, requests) for row in rows]


def search_instances(connection: Connection, query: Query, scope: Scope) -> list[Instance]:
    """Return the instances that match, in order of study, series and instance number."""
    statement = _found(query, Level.INSTANCE, scope).order_by(
        instances.c.study_instance_uid,
        instances.c.site_id,
        series.c.series_number.nulls_first(),
        instances.c.series_instance_uid,
        instances.c.instance_number.nulls_first(),
        instances.c.instance_key,
    )
    return [instance_of(row) for row in connection.execute(_page(statement, query)).mappings()]


def count_matches(connection: Connection, level: Level, query: Query, scope: Scope, *, up_to: int) -> int:
    """Return how many match in all, whatever the page; it stops counting at `up_to`."""
    found = (
        _found(query, level, scope)
        .with_only_columns(true().label("one"), maintain_column_froms=True)
        .limit(up_to)
        .subquery()
    )
    return connection.scalar(select(func.count()).select_from(found)) or 0


def leading_instances(
    connection: Connection, level: Level, keys: Sequence[tuple[str, ...]], scope: Scope
) -> dict[tuple[str, ...], Instance]:
    """Return the instance that came first of each study or series in scope, by the key that is given."""
    columns = _KEY[level]
    found: dict[tuple[str, ...], Instance] = {}
    for begin in range(0, len(keys), _AT_ONCE):
        page = keys[begin : begin + _AT_ONCE]
        first = (
            _ROWS[Level.INSTANCE]
            .with_only_columns(func.min(instances.c.instance_key))
            .where(among(columns, page), _visible(scope))
            .group_by(*columns)
        )
        rows = connection.execute(select(instances).where(instances.c.instance_key.in_(first))).mappings()
        found |= {tuple(row[column.name] for column in columns): instance_of(row) for row in rows}
    return {key: found[key] for key in keys if key in found}


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


def _found(query: Query, level: Level, scope: Scope) -> Select[Any]:
    return _ROWS[level].where(matches(query, level), _visible(scope))


def _page(statement: Select[Any], query: Query) -> Select[Any]:
    return statement.limit(query.limit).offset(query.offset)


def instance_of(row: RowMapping) -> Instance:
    """Return the instance that a row of `instances` holds."""
    values = {key: value for key, value in row.items() if key != "specific_character_set"}
    return Instance(**values | {"anomalies": tuple(row["anomalies"])})


def _studies(connection: Connection, rows: Sequence[Row[Any]]) -> list[Study]:
    """Return studies, from rows of `studies`, with what their series and instances add up to."""
    held = [dict(zip(_STUDY_COLUMNS, row, strict=True)) for row in rows]
    keys: list[StudyKey] = [(each["site_id"], each["study_instance_uid"]) for each in held]
    modalities: dict[StudyKey, list[str]] = {}
    instance_counts: Counter[StudyKey] = Counter()
    for begin in range(0, len(keys), _AT_ONCE):
        within = among((series.c.site_id, series.c.study_instance_uid), keys[begin : begin + _AT_ONCE])
        for site_id, study_instance_uid, modality, count in connection.execute(_ADDED_UP.where(within)).all():
            modalities.setdefault((site_id, study_instance_uid), []).append(modality)
            instance_counts[site_id, study_instance_uid] += count
    return [
        Study(
            **values,
            modalities_in_study=tuple(sorted(set(modalities.get(key, ())))),
            number_of_study_related_series=len(modalities.get(key, ())),
            number_of_study_related_instances=instance_counts[key],
        )
        for key, values in zip(keys, held, strict=True)
    ]


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
