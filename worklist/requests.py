"""What clinics ask: taken down, matched to a study by rule or by a person, withdrawn, followed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from core.access import Act, Actor, at_site
from core.clock import Clock
from core.errors import InvalidRequest, NotFound, WorkitemStateConflict
from core.limits import SEARCH_LIMIT
from core.text import can_be_kept, require_reason
from core.uids import is_indexable, new_key
from database.audit import AuditEvent, AuditRecord, append_audit
from database.change_feed import Change, ChangeKind, append_change
from database.engine import Database
from worklist.act_records import CaseAct, CaseActKind, put_on_record
from worklist.asking import ask_anew, match, match_by_rule
from worklist.case import Case
from worklist.case_records import case_by_key, case_in_scope, cases_by_key
from worklist.matching import Fit, fits
from worklist.modality import is_code_string
from worklist.request import MatchedBy, Request, RequestState
from worklist.request_records import (
    arrived_study,
    change_request,
    insert_request,
    list_requests,
    request_in_scope,
    studies_asked_for,
)
from worklist.urgency import Urgency

LONGEST_TEXT = 10_000
WAITING = frozenset({RequestState.UNMATCHED, RequestState.AMBIGUOUS})


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a clinic sends: for which site, about which study, how urgent, and the words."""

    site_id: str
    study_instance_uid: str = ""
    accession_number: str = ""
    patient_id: str = ""
    modality: str = ""
    study_date: date | None = None
    urgency: Urgency = Urgency.ROUTINE
    clinical_question: str = ""
    history: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestFilter:
    """Which requests to show; no states shows all."""

    states: frozenset[RequestState] = frozenset()
    site_id: str | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A case that a waiting request may be about, and why."""

    case: Case
    fit: Fit


@dataclass(frozen=True, kw_only=True)
class FollowedRequest:
    """A request and what became of it: the case where it is read, or those that it may be about."""

    request: Request
    case: Case | None
    candidates: tuple[Candidate, ...]


class Requests:
    """The use cases of those who work at a site. What lies elsewhere does not exist."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ask(self, actor: Actor, question: Question) -> Request:
        """Ask something about a study, before or after it has come; the newest request counts.

        Raises:
            NotFound: the actor may not ask for this site.
            InvalidRequest: no study is named, or a text is too long.
        """
        if not actor.scope(Act.REQUEST).covers(question.site_id, frozenset()):
            raise NotFound(f"There is no site {question.site_id}.")
        asked = _tidy(question)
        _require_study_named(asked)
        _require_words(asked.clinical_question, asked.history)
        now = self._clock.now()
        request = Request(
            **vars(asked),
            request_id=new_key(now),
            requested_by=actor.username,
            requested_at=now,
            state=RequestState.UNMATCHED,
            matched_by=None,
            case_id=None,
        )
        with self._database.write(within=at_site(asked.site_id)) as connection:
            insert_request(connection, request)
            append_audit(connection, _order_record(actor, request))
            return match_by_rule(connection, request, now=now)

    def list(self, actor: Actor, wanted: RequestFilter) -> list[FollowedRequest]:
        """Return the requests of the actor's sites, newest first, each with what became of it."""
        with self._database.read(within=actor.scope(Act.REQUEST)) as connection:
            found = list_requests(
                connection,
                actor.scope(Act.REQUEST),
                states=wanted.states,
                site_id=wanted.site_id,
                limit=max(0, min(wanted.limit, SEARCH_LIMIT)),
                offset=max(0, wanted.offset),
            )
            return _followed(connection, found)

    def find(self, actor: Actor, request_id: str) -> FollowedRequest:
        """Return one request and what became of it. Raises NotFound."""
        with self._database.read(within=actor.scope(Act.REQUEST)) as connection:
            return _followed(connection, [_own(connection, actor, request_id)])[0]

    def match(self, actor: Actor, request_id: str, case_id: str, *, reason: str) -> FollowedRequest:
        """Say which case a waiting request is about.

        Raises:
            NotFound: the request or the case is not of a site that the actor may ask for.
            InvalidRequest: they are of two sites, or no reason is given.
            WorkitemStateConflict: it is matched already, or withdrawn.
        """
        why, now = require_reason(reason), self._clock.now()
        with self._database.write(within=actor.scope(Act.REQUEST)) as connection:
            request = _own(connection, actor, request_id)
            case = case_in_scope(connection, case_id, actor.scope(Act.REQUEST))
            if case.site_id != request.site_id:
                raise InvalidRequest("A request is about a study of its own site.")
            if request.state not in WAITING:
                raise WorkitemStateConflict(f"This request is {request.state.value} already.")
            study = arrived_study(connection, case.site_id, case.study_instance_uid)
            if study is None:
                raise NotFound
            match(connection, request, study, by=MatchedBy.PERSON, actor=actor.username, now=now)
            _decide(connection, actor, CaseActKind.MATCHED, request, case, why, now)
            return _followed(connection, [_own(connection, actor, request_id)])[0]

    def unmatch(self, actor: Actor, request_id: str, *, reason: str) -> FollowedRequest:
        """Take a request off its case; it waits for a person then, and no rule matches it again.

        Raises:
            NotFound, InvalidRequest.
            WorkitemStateConflict: it is not matched.
        """
        return self._end(actor, request_id, CaseActKind.UNMATCHED, reason)

    def withdraw(self, actor: Actor, request_id: str, *, reason: str) -> FollowedRequest:
        """Take a request back for good. Raises NotFound, InvalidRequest, WorkitemStateConflict."""
        return self._end(actor, request_id, CaseActKind.WITHDRAWN, reason)

    def _end(self, actor: Actor, request_id: str, act: CaseActKind, reason: str) -> FollowedRequest:
        why, now = require_reason(reason), self._clock.now()
        is_withdrawn = act is CaseActKind.WITHDRAWN
        with self._database.write(within=actor.scope(Act.REQUEST)) as connection:
            before = _own(connection, actor, request_id)
            allowed = {RequestState.MATCHED} | (WAITING if is_withdrawn else frozenset())
            if before.state not in allowed:
                raise WorkitemStateConflict(f"This request is {before.state.value}.")
            state = RequestState.WITHDRAWN if is_withdrawn else RequestState.AMBIGUOUS
            change_request(connection, before, replace(before, state=state, case_id=None, matched_by=None))
            case = None
            if before.case_id is not None:
                case = case_by_key(connection, before.case_id)
                ask_anew(connection, case.linked_into or case.case_id, now=now)
            kind = ChangeKind.REQUEST_WITHDRAWN if is_withdrawn else ChangeKind.REQUEST_UNMATCHED
            append_change(connection, _change(kind, before, case, actor, now))
            _decide(connection, actor, act, before, case, why, now)
            return _followed(connection, [_own(connection, actor, request_id)])[0]


def _own(connection: Connection, actor: Actor, request_id: str) -> Request:
    return request_in_scope(connection, request_id, actor.scope(Act.REQUEST))


def _followed(connection: Connection, found: Sequence[Request]) -> list[FollowedRequest]:
    """Return each request with its case or its candidates, in as many statements for many as for one."""
    waiting = [request for request in found if request.state in WAITING]
    studies = studies_asked_for(connection, waiting)
    may_mean = {
        request.request_id: fits(request, (study for site_id, study in studies if site_id == request.site_id))
        for request in waiting
    }
    of_fits = {fit.study.read_in for of_request in may_mean.values() for fit in of_request}
    cases = cases_by_key(connection, of_fits | {each.case_id for each in found if each.case_id})
    moved = cases_by_key(connection, {case.linked_into for case in cases.values() if case.linked_into})
    return [
        FollowedRequest(
            request=request,
            case=_read_in(request, cases, moved),
            candidates=_candidates(may_mean.get(request.request_id, ()), cases),
        )
        for request in found
    ]


def _read_in(request: Request, cases: dict[str, Case], moved: dict[str, Case]) -> Case | None:
    if request.case_id is None:
        return None
    case = cases[request.case_id]
    return moved[case.linked_into] if case.linked_into else case


def _candidates(found: Iterable[Fit], cases: dict[str, Case]) -> tuple[Candidate, ...]:
    return tuple(Candidate(case=cases[fit.study.read_in], fit=fit) for fit in found)


def _decide(
    connection: Connection,
    actor: Actor,
    act: CaseActKind,
    request: Request,
    case: Case | None,
    reason: str,
    now: datetime,
) -> None:
    put_on_record(
        connection,
        CaseAct(
            act=act,
            site_id=request.site_id,
            case_id=case.case_id if case else "",
            study_instance_uid=case.study_instance_uid if case else request.study_instance_uid,
            request_id=request.request_id,
            reason=reason,
            actor=actor.username,
            at=now,
        ),
        by=actor,
        allowed_by=Act.REQUEST,
    )


def _change(kind: ChangeKind, request: Request, case: Case | None, actor: Actor, now: datetime) -> Change:
    return Change(
        kind=kind,
        site_id=request.site_id,
        study_instance_uid=case.study_instance_uid if case else request.study_instance_uid,
        subject=request.request_id,
        actor=actor.username,
        at=now,
        body={"case_id": case.case_id} if case else {},
    )


def _tidy(question: Question) -> Question:
    return replace(
        question,
        accession_number=question.accession_number.strip(),
        patient_id=question.patient_id.strip(),
        modality=question.modality.strip().upper(),
    )


def _require_study_named(question: Question) -> None:
    named = (question.patient_id, question.modality, question.study_date)
    if not question.study_instance_uid and not question.accession_number and not all(named):
        raise InvalidRequest(
            "Name the study by its Study Instance UID, its accession number, or patient ID, modality and day."
        )
    if question.study_instance_uid and not is_indexable(question.study_instance_uid):
        raise InvalidRequest("A Study Instance UID has 1 to 64 characters of 0-9 and the dot.")
    if len(question.accession_number) > 64 or not can_be_kept(question.accession_number):
        raise InvalidRequest("An accession number has at most 64 characters.")
    if len(question.patient_id) > 64 or not can_be_kept(question.patient_id):
        raise InvalidRequest("A patient ID has at most 64 characters.")
    if question.modality and not is_code_string(question.modality):
        raise InvalidRequest("A modality has 1 to 16 characters of A-Z, 0-9, space and _, like US.")


def _require_words(*words: str) -> None:
    if max(map(len, words)) > LONGEST_TEXT:
        raise InvalidRequest(f"A clinical question or history has at most {LONGEST_TEXT} characters.")
    if not all(map(can_be_kept, words)):
        raise InvalidRequest("A clinical question or history is whole characters, and none of them NUL.")


def _order_record(actor: Actor, request: Request) -> AuditRecord:
    return AuditRecord(
        at=request.requested_at,
        event=AuditEvent.ORDER_RECORD,
        action="request",
        actor=actor.username,
        granted_by=actor.granted_by(Act.REQUEST, request.site_id),
        site_id=request.site_id,
        study_instance_uid=request.study_instance_uid,
        subject=request.request_id,
    )
