"""The steps that end one turn at a case and begin the next, each within the caller's transaction."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from core.access import Act, Actor
from core.uids import new_uid
from database.change_feed import ChangeKind
from worklist import workitem as rules
from worklist.case import Case
from worklist.case_records import change_workitem, succeed, update_case
from worklist.events import HUB, put_on_record, tell
from worklist.study_records import mark_reported
from worklist.workitem import first_workitem


def make_ready(connection: Connection, case: Case, *, now: datetime) -> None:
    """Let a case be claimed."""
    ready = change_workitem(connection, case.workitem, rules.mark_ready(case.workitem))
    tell(connection, ChangeKind.WORKITEM_READY, replace(case, workitem=ready), actor=HUB, at=now)


def give_back(connection: Connection, case: Case, *, by: Actor, now: datetime) -> Case:
    """End a turn because its reader gives the case back. Raises WorkitemStateConflict."""
    change_workitem(connection, case.workitem, rules.release(case.workitem, by=by, now=now))
    tell(connection, ChangeKind.WORKITEM_RELEASED, case, actor=by.username, at=now)
    put_on_record(connection, case, "case given back", by=by, at=now)
    return _next_turn(connection, case, now=now)


def take_back(connection: Connection, case: Case, *, now: datetime) -> Case:
    """End a turn because its reader fell silent. Raises WorkitemStateConflict."""
    change_workitem(connection, case.workitem, rules.lapse(case.workitem, now=now))
    holder = case.workitem.claimed_by_name
    tell(connection, ChangeKind.WORKITEM_LAPSED, case, actor=HUB, at=now, held_by=holder)
    return _next_turn(connection, case, now=now)


def take_over(connection: Connection, case: Case, *, by: Actor, reason: str, now: datetime) -> Case:
    """End a colleague's turn and begin one's own. Raises WorkitemStateConflict."""
    change_workitem(connection, case.workitem, rules.take_over(case.workitem, by=by, reason=reason, now=now))
    held_by = case.workitem.claimed_by_name
    tell(connection, ChangeKind.WORKITEM_TAKEN_OVER, case, actor=by.username, at=now, held_by=held_by)
    put_on_record(connection, case, "case taken over", by=by, at=now, act=Act.TAKE_OVER)
    return begin(connection, _next_turn(connection, case, now=now), by=by, now=now)


def begin(connection: Connection, case: Case, *, by: Actor, now: datetime) -> Case:
    """Let a reader have the present turn. Raises WorkitemStateConflict."""
    after = rules.claim(case.workitem, by=by, urgency=case.urgency, now=now)
    after = replace(after, number_of_instances_at_claim=case.number_of_instances)
    claimed = replace(case, workitem=change_workitem(connection, case.workitem, after))
    tell(connection, ChangeKind.WORKITEM_CLAIMED, claimed, actor=by.username, at=now)
    put_on_record(connection, claimed, "case claimed", by=by, at=now)
    return claimed


def shorten_lease(connection: Connection, case: Case, *, now: datetime) -> None:
    """Let a lease run from now because the clock was set back. Raises WorkitemStateConflict."""
    shortened = rules.begin_lease_anew(case.workitem, urgency=case.urgency, now=now)
    change_workitem(connection, case.workitem, shortened)


def end_signed(connection: Connection, case: Case, *, by: Actor, now: datetime) -> Case:
    """End a turn with a signed report. Raises WorkitemStateConflict when it is not this actor's any more."""
    completed = change_workitem(connection, case.workitem, rules.complete(case.workitem, by=by, now=now))
    ended = replace(case, workitem=completed)
    mark_reported(connection, ended)
    tell(connection, ChangeKind.WORKITEM_COMPLETED, ended, actor=by.username, at=now)
    return ended


def wait_for_retake(
    connection: Connection, case: Case, *, by: Actor, reason: str, until: datetime, now: datetime
) -> Case:
    """End a turn without a report; the next one waits for better images. Raises WorkitemStateConflict."""
    ended = rules.await_retake(case.workitem, by=by, reason=reason, now=now)
    change_workitem(connection, case.workitem, ended)
    tell(connection, ChangeKind.WORKITEM_AWAITS_RETAKE, case, actor=by.username, at=now)
    return _next_turn(connection, case, now=now, waits_until=until)


def let_arrive(connection: Connection, case: Case, *, now: datetime) -> None:
    """End the wait because images have begun to come: they are due from now. Raises WorkitemStateConflict."""
    arriving = replace(
        case,
        workitem=change_workitem(connection, case.workitem, rules.end_wait(case.workitem, now=now)),
    )
    update_case(connection, arriving)
    if arriving.needs_no_wait:
        make_ready(connection, arriving, now=now)


def put_on_list(connection: Connection, case: Case, *, now: datetime) -> Case:
    """Let an earlier exam be read after all: it is due from now."""
    turn = first_workitem(
        workitem_uid=new_uid(), case_id=case.case_id, due_from=now, now=now, ready=case.needs_no_wait
    )
    listed = succeed(connection, case, turn)
    tell(connection, ChangeKind.WORKITEM_CREATED, listed, actor=HUB, at=now)
    return listed


def _next_turn(
    connection: Connection, case: Case, *, now: datetime, waits_until: datetime | None = None
) -> Case:
    """The successor's due time is that of the first turn: the patient has not waited less."""
    successor = first_workitem(
        workitem_uid=new_uid(),
        case_id=case.case_id,
        due_from=case.workitem.due_from,
        now=now,
        ready=True,
    )
    if waits_until is not None:
        successor = rules.wait_for_retake(successor, until=waits_until)
    renewed = succeed(connection, case, successor)
    tell(connection, ChangeKind.WORKITEM_CREATED, renewed, actor=HUB, at=now)
    return renewed
