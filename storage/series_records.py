"""The SQL of what a series says of itself, read from its first instance."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from storage.instance import RequestAttributes, Series
from storage.instance_header import InstanceHeader
from storage.matching import among
from storage.tables import series_requests

SeriesKey = tuple[str, str, str]
"""Site, Study Instance UID, Series Instance UID."""
_LONGEST_ID = 64
_KEY = (
    series_requests.c.site_id,
    series_requests.c.study_instance_uid,
    series_requests.c.series_instance_uid,
)
_AT_ONCE = 500


def series_values(header: InstanceHeader) -> dict[str, Any]:
    """Return the columns of a series that may be read anew."""
    return {
        "series_description": header.series_description,
        "performed_procedure_step_start_date": header.performed_procedure_step_start_date,
        "performed_procedure_step_start_time": header.performed_procedure_step_start_time[:16],
    }


def write_requests(connection: Connection, key: SeriesKey, requests: tuple[RequestAttributes, ...]) -> None:
    """Write what a series was made for, in place of an earlier reading."""
    series = dict(zip((column.name for column in _KEY), key, strict=True))
    connection.execute(delete(series_requests).filter_by(**series))
    rows = [
        series
        | {"item_number": number}
        | {name: value[:_LONGEST_ID] for name, value in vars(request).items()}
        for number, request in enumerate(requests, start=1)
    ]
    if rows:
        connection.execute(insert(series_requests), rows)


def requests_of(
    connection: Connection, keys: list[SeriesKey]
) -> dict[SeriesKey, tuple[RequestAttributes, ...]]:
    """Return what these series were made for; those that do not say are left out."""
    found: dict[SeriesKey, tuple[RequestAttributes, ...]] = {}
    for begin in range(0, len(keys), _AT_ONCE):
        rows = connection.execute(
            select(series_requests)
            .where(among(_KEY, keys[begin : begin + _AT_ONCE]))
            .order_by(series_requests.c.item_number)
        ).mappings()
        for row in rows:
            key = (row["site_id"], row["study_instance_uid"], row["series_instance_uid"])
            request = RequestAttributes(
                requested_procedure_id=row["requested_procedure_id"],
                scheduled_procedure_step_id=row["scheduled_procedure_step_id"],
            )
            found[key] = (*found.get(key, ()), request)
    return found


def series_of(row: Any, requests: dict[SeriesKey, tuple[RequestAttributes, ...]]) -> Series:
    """Return the series that a row holds."""
    key = (row["site_id"], row["study_instance_uid"], row["series_instance_uid"])
    return Series(**row, requests=requests.get(key, ()))
