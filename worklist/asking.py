"""What a request does to its case, within the caller's transaction."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from database.change_feed import ChangeKind
from worklist.case import Case
from worklist.case_records import case_by_key, update_case
from worklist.events import tell
from worklist.matching import ArrivedStudy, decide
from worklist.request import MatchedBy, Request, RequestState, asked_of_study, asked_together
from worklist.request_records import (
    arrived_study,
    change_request,
    requests_by_study,
    studies_asked_for,
    waiting_requests,
)
from worklist.turns import make_ready, put_on_list


def match(
    connection: Connection, request: Request, study: ArrivedStudy, *, by: MatchedBy, actor: str, now: datetime
) -> Request:
    """Give a request to its study, and let it count in the case where that is read."""
    matched = replace(request, state=RequestState.MATCHED, matched_by=by, case_id=study.case_id)
    change_request(connection, request, matched)
    case = ask_anew(connection, study.read_in, now=now)
    if case.workitem.is_prior:
        case = put_on_list(connection, case, now=now)
    tell(
        connection,
        ChangeKind.CASE_REQUESTED,
        case,
        actor=actor,
        at=now,
        request_id=request.request_id,
        matched_by=by.value,
    )
    return matched


def match_by_rule(connection: Connection, request: Request, *, now: datetime) -> Request:
    """Find the study that a new request means; it waits where there is none, or several."""
    studies = [study for _, study in studies_asked_for(connection, [request])]
    others = [each for study in studies for each in _asked_already(connection, study)]
    decision = decide(request, studies, others)
    if decision.fit is not None:
        return match(
            connection, request, decision.fit.study, by=decision.fit.by, actor=request.requested_by, now=now
        )
    if decision.state is not request.state:
        change_request(connection, request, replace(request, state=decision.state))
    return replace(request, state=decision.state)


def match_waiting(connection: Connection, site_id: str, study_instance_uid: str, *, now: datetime) -> None:
    """Give a study that has come the requests that wait for it."""
    study = arrived_study(connection, site_id, study_instance_uid)
    if study is None:
        return
    waiting = waiting_requests(connection, site_id, study)
    for request in waiting:
        studies = [found for _, found in studies_asked_for(connection, [request])]
        decision = decide(request, studies, waiting)
        if decision.fit is not None:
            by = decision.fit.by
            match(connection, request, decision.fit.study, by=by, actor=request.requested_by, now=now)
        elif decision.state is not request.state:
            change_request(connection, request, replace(request, state=decision.state))


def ask_anew(connection: Connection, case_id: str, *, now: datetime) -> Case:
    """Let a case follow its requests as they are now; an emergency may be claimed at once."""
    case = case_by_key(connection, case_id)
    asked = asked_together(
        asked_of_study(of_study) for of_study in requests_by_study(connection, case_id).values()
    )
    renewed = replace(case, **vars(asked))
    update_case(connection, renewed)
    if renewed.is_arriving and renewed.needs_no_wait:
        make_ready(connection, renewed, now=now)
    return case_by_key(connection, case_id)


def _asked_already(connection: Connection, study: ArrivedStudy) -> list[Request]:
    return requests_by_study(connection, study.read_in).get(study.case_id, [])
