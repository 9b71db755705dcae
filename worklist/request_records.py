"""The SQL of requests: kept whether or not the study has come."""

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select, update

from worklist.case import Case, Request
from worklist.tables import requests
from worklist.urgency import Urgency


def insert_request(connection: Connection, request: Request) -> None:
    """Write a request down."""
    connection.execute(insert(requests).values(**vars(request) | {"urgency": request.urgency.value}))


def attach_request(connection: Connection, request_id: str, case_id: str) -> None:
    """Note which case a request is about."""
    connection.execute(update(requests).filter_by(request_id=request_id).values(case_id=case_id))


def waiting_requests(
    connection: Connection, site_id: str, study_instance_uid: str, accession_number: str
) -> list[Request]:
    """Return the requests that wait for this study, newest first.

    A request that names a study waits for that one; only one that names none is found by accession number.
    """
    by_accession = and_(
        requests.c.study_instance_uid == "",
        requests.c.accession_number != "",
        requests.c.accession_number == accession_number,
    )
    rows = connection.execute(
        select(requests)
        .where(
            requests.c.site_id == site_id,
            requests.c.case_id.is_(None),
            or_(requests.c.study_instance_uid == study_instance_uid, by_accession),
        )
        .order_by(requests.c.request_id.desc())
    ).mappings()
    return [_request(row) for row in rows]


def requests_of_case(connection: Connection, case: Case) -> list[Request]:
    """Return what was asked about a case, oldest first."""
    rows = connection.execute(
        select(requests).filter_by(case_id=case.case_id).order_by(requests.c.request_id)
    ).mappings()
    return [_request(row) for row in rows]


def _request(row: RowMapping) -> Request:
    return Request(**dict(row) | {"urgency": Urgency(row["urgency"])})
