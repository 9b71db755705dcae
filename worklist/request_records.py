"""The SQL of requests: kept whether or not the study has come."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Select,
    and_,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from core.access import Scope
from core.errors import NotFound, WorkitemStateConflict
from core.limits import SEARCH_LIMIT
from registry.directory import DEFAULT_TIME_ZONE
from registry.tables import sites
from storage.tables import studies
from worklist.case import Case
from worklist.matching import ArrivedStudy, day_of_study
from worklist.request import MatchedBy, Request, RequestState
from worklist.tables import case_studies, cases, requests
from worklist.urgency import Urgency


def insert_request(connection: Connection, request: Request) -> None:
    """Write a request down."""
    connection.execute(insert(requests), _values(request))


def change_request(connection: Connection, before: Request, after: Request) -> None:
    """Write where a request has got to. Raises WorkitemStateConflict when somebody moved it since."""
    written = connection.execute(
        update(requests)
        .filter_by(request_id=before.request_id, state=before.state.value, case_id=before.case_id)
        .values(
            state=after.state.value,
            case_id=after.case_id,
            matched_by=after.matched_by.value if after.matched_by else None,
        )
    )
    if not written.rowcount:
        raise WorkitemStateConflict("Somebody was first; look at the request again.")


def request_in_scope(connection: Connection, request_id: str, scope: Scope) -> Request:
    """Return a request of a site in scope. Raises NotFound."""
    statement = select(requests).where(requests.c.request_id == request_id, _at_sites(scope))
    row = connection.execute(statement).mappings().first()
    if row is None:
        raise NotFound
    return _request(row)


def list_requests(
    connection: Connection,
    scope: Scope,
    *,
    states: Collection[RequestState],
    site_id: str | None,
    limit: int,
    offset: int,
) -> list[Request]:
    """Return the requests of the sites in scope, newest first."""
    conditions = [_at_sites(scope)]
    if states:
        conditions.append(requests.c.state.in_([state.value for state in states]))
    if site_id is not None:
        conditions.append(requests.c.site_id == site_id)
    statement = select(requests).where(*conditions).order_by(requests.c.request_id.desc())
    rows = connection.execute(statement.limit(limit).offset(offset)).mappings()
    return [_request(row) for row in rows]


def waiting_requests(connection: Connection, site_id: str, study: ArrivedStudy) -> list[Request]:
    """Return the requests of a site that may wait for this study, oldest first."""
    ways: list[ColumnElement[bool]] = [requests.c.study_instance_uid == study.study_instance_uid]
    if study.accession_number:
        ways.append(requests.c.accession_number == study.accession_number)
    if study.patient_id:
        ways.append(requests.c.patient_id == study.patient_id)
    rows = connection.execute(
        select(requests)
        .where(requests.c.site_id == site_id, requests.c.state == RequestState.UNMATCHED.value, or_(*ways))
        .order_by(requests.c.request_id)
        .limit(SEARCH_LIMIT)
    ).mappings()
    return [_request(row) for row in rows]


def requests_of_case(connection: Connection, case: Case) -> list[Request]:
    """Return what was asked about the studies of a case, oldest first."""
    found = requests_by_study(connection, case.case_id).values()
    return sorted((each for of_study in found for each in of_study), key=lambda each: each.request_id)


def requests_by_study(connection: Connection, case_id: str) -> dict[str, list[Request]]:
    """Return the requests of each study that is read in a case, by the case opened for it, oldest first."""
    rows = connection.execute(
        select(requests)
        .join(cases, cases.c.case_id == requests.c.case_id)
        .where(
            or_(cases.c.case_id == case_id, cases.c.linked_into == case_id),
            requests.c.state == RequestState.MATCHED.value,
        )
        .order_by(cases.c.case_id != case_id, cases.c.case_id, requests.c.request_id)
    ).mappings()
    found: defaultdict[str, list[Request]] = defaultdict(list)
    for row in rows:
        found[row["case_id"]].append(_request(row))
    return found


def studies_asked_for(connection: Connection, asked: Sequence[Request]) -> list[tuple[str, ArrivedStudy]]:
    """Return (site, study) of the newest studies that any of these requests may mean, in one statement."""
    ways = [_may_mean(request) for request in asked]
    if not ways:
        return []
    statement = _ARRIVED.where(or_(false(), *ways)).order_by(
        case_studies.c.first_received_at.desc(), case_studies.c.study_instance_uid
    )
    rows = connection.execute(statement.limit(SEARCH_LIMIT)).all()
    return [(row.site_id, _arrived(row)) for row in rows]


def arrived_study(connection: Connection, site_id: str, study_instance_uid: str) -> ArrivedStudy | None:
    """Return a study as requests are matched to it, if it has come."""
    row = connection.execute(
        _ARRIVED.where(
            case_studies.c.site_id == site_id, case_studies.c.study_instance_uid == study_instance_uid
        )
    ).first()
    return None if row is None else _arrived(row)


_ARRIVED: Select[Any] = (
    select(
        case_studies.c.site_id,
        cases.c.case_id,
        case_studies.c.case_id.label("read_in"),
        case_studies.c.study_instance_uid,
        case_studies.c.modality,
        case_studies.c.first_received_at,
        studies.c.accession_number,
        studies.c.patient_id,
        studies.c.study_date,
        func.coalesce(sites.c.time_zone, DEFAULT_TIME_ZONE).label("time_zone"),
    )
    .join(
        studies,
        and_(
            studies.c.site_id == case_studies.c.site_id,
            studies.c.study_instance_uid == case_studies.c.study_instance_uid,
        ),
    )
    .join(
        cases,
        and_(
            cases.c.site_id == case_studies.c.site_id,
            cases.c.study_instance_uid == case_studies.c.study_instance_uid,
        ),
    )
    .outerjoin(sites, sites.c.site_id == case_studies.c.site_id)
)


def _may_mean(request: Request) -> ColumnElement[bool]:
    at_site = case_studies.c.site_id == request.site_id
    if request.study_instance_uid:
        return and_(at_site, case_studies.c.study_instance_uid == request.study_instance_uid)
    ways: list[ColumnElement[bool]] = [false()]
    if request.accession_number:
        ways.append(studies.c.accession_number == request.accession_number)
    if request.names_a_patients_study:
        ways.append(
            and_(studies.c.patient_id == request.patient_id, case_studies.c.modality == request.modality)
        )
    return and_(at_site, or_(*ways))


def _arrived(row: Row[Any]) -> ArrivedStudy:
    return ArrivedStudy(
        case_id=row.case_id,
        read_in=row.read_in,
        study_instance_uid=row.study_instance_uid,
        accession_number=row.accession_number,
        patient_id=row.patient_id,
        modality=row.modality,
        day=day_of_study(row.study_date, row.first_received_at, row.time_zone),
    )


def _at_sites(scope: Scope) -> ColumnElement[bool]:
    """A request is seen by those who may do an act at its whole site."""
    return requests.c.site_id.is_not(None) if scope.everything else requests.c.site_id.in_(scope.site_ids)


def _values(request: Request) -> dict[str, Any]:
    return vars(request) | {
        "urgency": request.urgency.value,
        "state": request.state.value,
        "matched_by": request.matched_by.value if request.matched_by else None,
    }


def _request(row: RowMapping) -> Request:
    values = {name: row[column] for name, column in zip(requests.c.keys(), requests.c, strict=True)}
    return Request(
        **values
        | {
            "urgency": Urgency(values["urgency"]),
            "state": RequestState(values["state"]),
            "matched_by": MatchedBy(values["matched_by"]) if values["matched_by"] else None,
        }
    )
