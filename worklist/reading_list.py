"""The reading list and its acts: list, claim, heartbeat, release."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_

from core.access import Act, Actor
from core.clock import Clock
from core.errors import NotFound, WorkitemStateConflict
from core.limits import SEARCH_LIMIT
from core.text import require_reason
from database.change_feed import Change, changes_of_studies
from database.engine import Database
from storage.query import like_pattern
from storage.study_names import is_found_by
from worklist import workitem as rules
from worklist.case import Case
from worklist.case_records import (
    case_of_workitem,
    case_reading,
    case_within,
    cases_reading,
    change_workitem,
    list_cases,
)
from worklist.case_scope import in_reach, in_reach_or_held_before, in_scope
from worklist.reach import reach
from worklist.tables import cases, workitems
from worklist.turn_records import turns_of_case
from worklist.turns import begin, give_back, take_back, take_over
from worklist.urgency import Urgency
from worklist.workitem import InputReadinessState, ProcedureStepState, Workitem

LONGEST_TURN_REASON = 1_000
OPEN_STATES = (ProcedureStepState.SCHEDULED, ProcedureStepState.IN_PROGRESS)


@dataclass(frozen=True, kw_only=True)
class ListFilter:
    """Which lines of the list to show; None shows all."""

    procedure_step_state: ProcedureStepState | None = None
    modality: str | None = None
    site_id: str | None = None
    urgency: Urgency | None = None
    claimed_by_me: bool = False
    patient: str | None = None
    """A patient ID, or beginnings of the name's parts, in characters or pinyin."""
    reading_group_id: str | None = None
    """What the routes of one of the actor's reading groups give it."""
    text: str | None = None
    """As `patient`, or an accession number, or part of the study's description."""
    only_open: bool = False
    """Leave out what is reported."""
    only_overdue: bool = False
    """Of what is open, only what is due by now."""
    limit: int = 100
    offset: int = 0


class ReadingList:
    """The use cases around a case's turn. What the actor may not see is NotFound."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def cases(self, actor: Actor, wanted: ListFilter) -> list[Case]:
        """Return the cases this actor may see: emergencies first, then whose time runs out first."""
        limit = max(0, min(wanted.limit, SEARCH_LIMIT))
        with self._database.read(within=reach(self._database, actor, Act.SEARCH)) as connection:
            return list_cases(
                connection,
                and_(in_reach(actor, Act.SEARCH), _wanted(actor, wanted, self._clock.now())),
                limit=limit,
                offset=max(0, wanted.offset),
            )

    def case(self, actor: Actor, case_id: str, act: Act = Act.SEARCH) -> Case:
        """Return one case. Raises NotFound."""
        with self._database.read(within=reach(self._database, actor, act)) as connection:
            return case_within(connection, case_id, in_reach(actor, act))

    def case_of_study(self, actor: Actor, site_id: str, study_instance_uid: str) -> Case:
        """Return the case of a study. Raises NotFound."""
        with self._database.read(within=reach(self._database, actor, Act.SEARCH)) as connection:
            return case_reading(connection, site_id, study_instance_uid, in_reach(actor, Act.SEARCH))

    def cases_of_study(self, actor: Actor, study_instance_uid: str, act: Act = Act.SEARCH) -> list[Case]:
        """Return the cases in which a study is read, one for each site in the actor's reach."""
        with self._database.read(within=reach(self._database, actor, act)) as connection:
            return cases_reading(connection, study_instance_uid, in_reach(actor, act))

    def claim(self, actor: Actor, workitem_uid: str) -> Case:
        """Take a case to read; a lapsed claim is taken over. Raises NotFound, WorkitemStateConflict."""
        now = self._clock.now()
        with self._database.write(within=actor.scope(Act.READ)) as connection:
            case = _present_turn(connection, workitem_uid, in_scope(actor.scope(Act.READ)))
            if rules.has_lapsed(case.workitem, now=now):
                case = take_back(connection, case, now=now)
            return begin(connection, case, by=actor, now=now)

    def take_next(self, actor: Actor, wanted: ListFilter) -> Case:
        """Take the first case of the list that may be claimed and is wanted. Raises NotFound: there is none.

        Writers take turns, so of several who ask at once no two get the same.
        """
        now = self._clock.now()
        claimable = and_(
            in_scope(actor.scope(Act.READ)),
            workitems.c.procedure_step_state == ProcedureStepState.SCHEDULED.value,
            workitems.c.input_readiness_state == InputReadinessState.READY.value,
            _wanted(actor, wanted, now),
        )
        with self._database.write(within=actor.scope(Act.READ)) as connection:
            found = list_cases(connection, claimable, limit=1, offset=0)
            if not found:
                raise NotFound("There is nothing to take now.")
            return begin(connection, found[0], by=actor, now=now)

    def take_over(self, actor: Actor, workitem_uid: str, *, reason: str) -> Case:
        """Take a case that a colleague holds; its draft comes with it, and both can read why.

        Raises:
            NotFound, InvalidRequest: there is no reason.
            WorkitemStateConflict: nobody holds it, or the actor does.
        """
        why = require_reason(reason, at_most=LONGEST_TURN_REASON)
        now = self._clock.now()
        with self._database.write(within=actor.scope(Act.TAKE_OVER)) as connection:
            case = _present_turn(connection, workitem_uid, in_scope(actor.scope(Act.TAKE_OVER)))
            return take_over(connection, case, by=actor, reason=why, now=now)

    def turns(self, actor: Actor, case_id: str) -> list[Workitem]:
        """Return the newest turns at a case, newest first: who held it, and how each ended. Raises NotFound.

        Whoever held the case once sees them too, so that a reader learns who took over and why.
        """
        within = or_(in_reach(actor, Act.SEARCH), in_reach_or_held_before(actor))
        with self._database.read(within=reach(self._database, actor, Act.SEARCH, Act.READ)) as connection:
            case_within(connection, case_id, within)
            return turns_of_case(connection, case_id, limit=SEARCH_LIMIT)

    def heartbeat(self, actor: Actor, workitem_uid: str) -> Case:
        """Keep a claimed case. Raises NotFound, WorkitemStateConflict."""
        now = self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.READ)) as connection:
            case = _present_turn(connection, workitem_uid, in_reach(actor, Act.READ))
            after = rules.heartbeat(case.workitem, by=actor, urgency=case.urgency, now=now)
            return replace(case, workitem=change_workitem(connection, case.workitem, after))

    def release(self, actor: Actor, workitem_uid: str) -> Case:
        """Give a claimed case back; its draft stays with it. Raises NotFound, WorkitemStateConflict."""
        now = self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.READ)) as connection:
            case = _present_turn(connection, workitem_uid, in_reach(actor, Act.READ))
            return give_back(connection, case, by=actor, now=now)

    def timeline(self, actor: Actor, case_id: str) -> list[Change]:
        """Return all that happened to a case, oldest first. Raises NotFound."""
        with self._database.read(within=reach(self._database, actor, Act.TRACE)) as connection:
            case = case_within(connection, case_id, in_reach(actor, Act.TRACE))
            own = [case.study_instance_uid]
            return changes_of_studies(
                connection,
                case.site_id,
                own + [study.study_instance_uid for study in case.studies[1:]],
            )


def _present_turn(connection: Connection, workitem_uid: str, within: ColumnElement[bool]) -> Case:
    """Return the case whose present turn this is.

    Raises:
        NotFound, WorkitemStateConflict: it was an earlier turn.
    """
    case = case_of_workitem(connection, workitem_uid, within)
    if case.workitem.workitem_uid != workitem_uid:
        raise WorkitemStateConflict("This turn is over; look at the case again.")
    return case


def _wanted(actor: Actor, wanted: ListFilter, now: datetime) -> ColumnElement[bool]:
    # What moved into another case is shown there.
    conditions: list[ColumnElement[bool]] = [cases.c.linked_into.is_(None)]
    if wanted.procedure_step_state is not None:
        conditions.append(workitems.c.procedure_step_state == wanted.procedure_step_state.value)
    if wanted.modality is not None:
        conditions.append(cases.c.modality == wanted.modality)
    if wanted.site_id is not None:
        conditions.append(cases.c.site_id == wanted.site_id)
    if wanted.urgency is not None:
        conditions.append(cases.c.urgency == wanted.urgency.value)
    if wanted.claimed_by_me:
        conditions.append(workitems.c.claimed_by == actor.account_id)
    conditions += _searched(actor, wanted)
    if wanted.only_open or wanted.only_overdue:
        conditions.append(workitems.c.procedure_step_state.in_([state.value for state in OPEN_STATES]))
    if wanted.only_overdue:
        conditions.append(cases.c.due_at < now)
    return and_(*conditions)


def _of_group(actor: Actor, reading_group_id: str) -> ColumnElement[bool]:
    """A case lies in the routes of a group that the actor is in; in no other group does any."""
    is_in = any(grant.reading_group_id == reading_group_id for grant in actor.grants)
    ways = [
        and_(cases.c.site_id == route.site_id, cases.c.modality == route.modality)
        if route.modality
        else cases.c.site_id == route.site_id
        for route in actor.routes
        if is_in and route.reading_group_id == reading_group_id
    ]
    return or_(false(), *ways)


def _says(text: str) -> ColumnElement[bool]:
    words = text.strip()
    pattern = like_pattern(f"*{words.replace('*', '').replace('?', '')}*".lower())
    return or_(
        cases.c.patient_id == words,
        cases.c.accession_number == words,
        func.lower(cases.c.study_description).like(pattern, escape="!"),
        is_found_by(cases.c.site_id, cases.c.study_instance_uid, words),
    )


def _searched(actor: Actor, wanted: ListFilter) -> list[ColumnElement[bool]]:
    """Return what was typed, and whose routes were asked for."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.patient is not None:
        by_name = is_found_by(cases.c.site_id, cases.c.study_instance_uid, wanted.patient)
        conditions.append(or_(cases.c.patient_id == wanted.patient.strip(), by_name))
    if wanted.reading_group_id is not None:
        conditions.append(_of_group(actor, wanted.reading_group_id))
    if wanted.text is not None:
        conditions.append(_says(wanted.text))
    return conditions
