"""Linking: several studies of one visit are read as one case, and can be taken apart again.

Linking moves all studies of one case into another; the case they leave keeps its key, its requests and its
place, and gets its own study back when that is taken out. Cases that were begun are only related.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from core.access import Act, Actor
from core.clock import Clock
from core.errors import InvalidRequest, NotFound
from core.text import require_reason
from core.uids import new_uid
from database.change_feed import ChangeKind
from database.engine import Database
from storage.patient_records import settled_identity_of, studies_of_same_person
from worklist import workitem as rules
from worklist.act_records import CaseAct, CaseActKind, put_on_record
from worklist.asking import ask_anew
from worklist.case import Case
from worklist.case_records import (
    case_by_key,
    case_within,
    change_workitem,
    last_completed,
    restore_turn,
    succeed,
    update_case,
)
from worklist.case_scope import in_reach
from worklist.events import tell
from worklist.reach import reach
from worklist.retakes import answer_open, require_none_open
from worklist.study_records import move_studies, move_study, own_case_of, relate, unrelate
from worklist.visit import is_one_patient, require_linkable, require_unlinkable
from worklist.workitem import ProcedureStepState, first_workitem

IsWritten = Callable[[Connection, str], bool]
"""Whether anything is written in a case, as a draft or signed: the room above knows."""


class Linking:
    """The use cases of those who see that studies belong together."""

    def __init__(self, *, database: Database, clock: Clock, is_written: IsWritten) -> None:
        self._database = database
        self._clock = clock
        self._is_written = is_written

    def link(self, actor: Actor, case_id: str, other_case_id: str, *, reason: str) -> Case:
        """Read the studies of the other case in this one from now on.

        Raises:
            NotFound: one of them is not the actor's to link.
            InvalidRequest, WorkitemStateConflict: see worklist.visit.
        """
        why, now = require_reason(reason), self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.LINK)) as connection:
            case, other = (_own(connection, actor, key) for key in (case_id, other_case_id))
            self._tell_both(connection, ChangeKind.CASE_LINKED, actor, case, other, now)
            # Once the feed is written to, no other transaction changes either.
            case, other = (case_by_key(connection, key) for key in (case_id, other_case_id))
            require_linkable(
                case,
                other,
                of_one_patient=_are_of_one_patient(connection, case, other),
                is_written=self._is_written(connection, other_case_id),
            )
            require_none_open(other)
            change_workitem(connection, other.workitem, rules.end_linked(other.workitem, now=now))
            move_studies(connection, other, to=case)
            _join_turns(connection, case, other, now)
            answer_open(
                connection,
                case_by_key(connection, case_id),
                received_at=other.last_received_at,
                by_name=actor.display_name,
                actor=actor.username,
                now=now,
            )
            _put_on_record(connection, actor, CaseActKind.LINKED, case, other, why, now)
            return ask_anew(connection, case_id, now=now)

    def unlink(self, actor: Actor, case_id: str, study_instance_uid: str, *, reason: str) -> Case:
        """Give a study back to the case that was opened for it, to be read there; return this case.

        Raises:
            NotFound: the case is not the actor's to link, or does not hold the study.
            InvalidRequest, WorkitemStateConflict: see worklist.visit.
        """
        why, now = require_reason(reason), self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.LINK)) as connection:
            case = _own(connection, actor, case_id)
            if study_instance_uid not in {study.study_instance_uid for study in case.studies}:
                raise NotFound
            other_id = own_case_of(connection, case.site_id, study_instance_uid)
            other = case_by_key(connection, other_id)
            self._tell_both(connection, ChangeKind.CASE_UNLINKED, actor, case, other, now)
            case = case_by_key(connection, case_id)
            held = case.workitem.procedure_step_state is ProcedureStepState.IN_PROGRESS
            require_unlinkable(
                case,
                study_instance_uid,
                is_held_by_other=held and not case.workitem.is_held_by(actor),
            )
            move_study(connection, case, study_instance_uid, to=other_id)
            _part_turns(connection, case, other, now)
            _put_on_record(connection, actor, CaseActKind.UNLINKED, case, other, why, now)
            ask_anew(connection, other_id, now=now)
            return ask_anew(connection, case_id, now=now)

    def relate(self, actor: Actor, case_id: str, other_case_id: str, *, reason: str) -> Case:
        """Note that two cases belong together, each read on its own. Raises NotFound, InvalidRequest."""
        return self._mark(actor, case_id, other_case_id, CaseActKind.RELATED, reason)

    def unrelate(self, actor: Actor, case_id: str, other_case_id: str, *, reason: str) -> Case:
        """Take such a note back. Raises NotFound, InvalidRequest."""
        return self._mark(actor, case_id, other_case_id, CaseActKind.UNRELATED, reason)

    def _mark(self, actor: Actor, case_id: str, other_case_id: str, act: CaseActKind, reason: str) -> Case:
        why, now = require_reason(reason), self._clock.now()
        is_new = act is CaseActKind.RELATED
        with self._database.write(within=reach(self._database, actor, Act.LINK)) as connection:
            case, other = (_own(connection, actor, key) for key in (case_id, other_case_id))
            if case_id == other_case_id or case.site_id != other.site_id:
                raise InvalidRequest("Name two cases of one site.")
            kind = ChangeKind.CASE_RELATED if is_new else ChangeKind.CASE_UNRELATED
            self._tell_both(connection, kind, actor, case, other, now)
            if not (relate if is_new else unrelate)(connection, case_id, other_case_id):
                raise InvalidRequest("They are related already." if is_new else "They are not related.")
            _put_on_record(connection, actor, act, case, other, why, now)
            return case

    def _tell_both(
        self, connection: Connection, kind: ChangeKind, actor: Actor, case: Case, other: Case, now: datetime
    ) -> None:
        tell(connection, kind, case, actor=actor.username, at=now, other_case_id=other.case_id)
        tell(connection, kind, other, actor=actor.username, at=now, other_case_id=case.case_id)


def _own(connection: Connection, actor: Actor, case_id: str) -> Case:
    return case_within(connection, case_id, in_reach(actor, Act.LINK))


def _are_of_one_patient(connection: Connection, case: Case, other: Case) -> bool:
    same = studies_of_same_person(connection, case.site_id, case.study_instance_uid)
    if (other.site_id, other.study_instance_uid) in same:
        return True
    one, another = (
        settled_identity_of(connection, each.site_id, each.study_instance_uid) for each in (case, other)
    )
    return one is not None and another is not None and is_one_patient(one, another)


def _join_turns(connection: Connection, case: Case, other: Case, now: datetime) -> None:
    """The case is due no later than the other was; one that was reported is read again."""
    joined = case_by_key(connection, case.case_id)
    is_ready = joined.needs_no_wait or not (case.is_arriving or other.is_arriving)
    if case.workitem.is_over:
        successor = first_workitem(
            workitem_uid=new_uid(),
            case_id=case.case_id,
            due_from=other.workitem.due_from,
            now=now,
            ready=is_ready,
        )
        renewed = succeed(connection, joined, successor)
        tell(connection, ChangeKind.WORKITEM_CREATED, renewed, actor="hub", at=now)
        return
    due_from = min(case.workitem.due_from, other.workitem.due_from)
    after = rules.join(case.workitem, due_from=due_from, is_ready=is_ready)
    change_workitem(connection, case.workitem, after)


def _part_turns(connection: Connection, case: Case, other: Case, now: datetime) -> None:
    """The study is to be read in its own case; a case left with nothing unread is as reported as before."""
    was_reported = case.workitem.procedure_step_state is ProcedureStepState.COMPLETED
    own = first_workitem(
        workitem_uid=new_uid(),
        case_id=other.case_id,
        due_from=now if was_reported else other.workitem.due_from,
        now=now,
        ready=not case.is_arriving,
    )
    returned = replace(case_by_key(connection, other.case_id), linked_into=None)
    update_case(connection, returned)
    renewed = succeed(connection, returned, own)
    tell(connection, ChangeKind.WORKITEM_CREATED, renewed, actor="hub", at=now)
    left = case_by_key(connection, case.case_id)
    seen = left.workitem.number_of_instances_at_claim
    if seen is not None and left.workitem.procedure_step_state is ProcedureStepState.IN_PROGRESS:
        seen = max(0, seen - (case.number_of_instances - left.number_of_instances))
        change_workitem(connection, left.workitem, replace(left.workitem, number_of_instances_at_claim=seen))
    if left.is_covered and left.workitem.procedure_step_state is ProcedureStepState.SCHEDULED:
        completed = last_completed(connection, case.case_id)
        if completed is not None:
            change_workitem(connection, left.workitem, rules.end_linked(left.workitem, now=now))
            restore_turn(connection, left, completed)


def _put_on_record(
    connection: Connection,
    actor: Actor,
    act: CaseActKind,
    case: Case,
    other: Case,
    reason: str,
    now: datetime,
) -> None:
    put_on_record(
        connection,
        CaseAct(
            act=act,
            site_id=case.site_id,
            case_id=case.case_id,
            other_case_id=other.case_id,
            study_instance_uid=other.study_instance_uid,
            reason=reason,
            actor=actor.username,
            at=now,
        ),
        by=actor,
        allowed_by=Act.LINK,
    )
