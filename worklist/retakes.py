"""Asking for better images and answering: the use cases, and what others do to an open ask on their way."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.access import Act, Actor, Scope
from core.clock import Clock
from core.errors import InvalidRequest, WorkitemStateConflict
from core.limits import SEARCH_LIMIT
from core.text import require_reason
from core.uids import new_key
from database.change_feed import ChangeKind
from database.engine import Database
from storage.query import Query, UIDList
from storage.search import search_instances
from worklist import retake as rules
from worklist.case import Case
from worklist.case_records import case_by_key, case_within
from worklist.case_scope import in_reach, in_scope
from worklist.events import put_on_record, tell
from worklist.reach import reach
from worklist.reading_list import LONGEST_TURN_REASON
from worklist.retake import Retake, RetakeState, Wish
from worklist.retake_records import change_retake, find_retake, insert_retake, list_retakes
from worklist.turns import let_arrive, make_ready, wait_for_retake
from worklist.workitem import require_holder


class Retakes:
    """The use cases of the reader who asks, and of those at the site who are asked."""

    def __init__(self, *, database: Database, clock: Clock, longest_wait: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._longest_wait = longest_wait

    def ask(self, actor: Actor, case_id: str, workitem_uid: str, wish: Wish, *, end_turn: bool) -> Retake:
        """Ask for better images; with `end_turn` the case waits for them, else its reader goes on.

        Raises:
            NotFound: the case is not the actor's to read.
            WorkitemStateConflict: they do not hold it in this turn, or images were asked for already.
            InvalidRequest: an instance is not of this case.
        """
        now = self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.READ)) as connection:
            case = case_within(connection, case_id, in_reach(actor, Act.READ))
            require_holder(case.workitem, actor)
            if case.workitem.workitem_uid != workitem_uid:
                raise WorkitemStateConflict("This turn is over; look at the case again.")
            if case.open_retake is not None:
                raise WorkitemStateConflict("Better images were asked for already; withdraw that first.")
            _require_of_case(connection, case, wish.sop_instance_uids)
            retake = _asked(case, actor, wish, now)
            insert_retake(connection, retake)
            _tell(connection, ChangeKind.RETAKE_ASKED, case, retake, actor=actor.username, now=now)
            put_on_record(connection, case, "retake asked", by=actor, at=now)
            if end_turn:
                until = now + self._longest_wait
                wait_for_retake(connection, case, by=actor, reason=wish.reason.value, until=until, now=now)
            return retake

    def retakes(
        self, actor: Actor, *, is_open: bool | None = None, limit: int = 100, offset: int = 0
    ) -> list[Retake]:
        """Return the asks about cases that this actor may see, oldest first."""
        with self._database.read(within=reach(self._database, actor, Act.SEARCH)) as connection:
            return list_retakes(
                connection,
                in_reach(actor, Act.SEARCH),
                is_open=is_open,
                limit=max(0, min(limit, SEARCH_LIMIT)),
                offset=max(0, offset),
            )

    def acknowledge(self, actor: Actor, retake_id: str) -> Retake:
        """Say that one has seen it. Raises NotFound, AlreadySettled."""
        now = self._clock.now()
        with self._database.write(within=actor.scope(Act.ANSWER_RETAKE)) as connection:
            case, before = _found(connection, actor, retake_id, Act.ANSWER_RETAKE)
            after = rules.acknowledge(before, by_name=actor.display_name, now=now)
            change_retake(connection, before, after)
            _tell(connection, ChangeKind.RETAKE_ACKNOWLEDGED, case, after, actor=actor.username, now=now)
            put_on_record(connection, case, "retake acknowledged", by=actor, at=now, act=Act.ANSWER_RETAKE)
            return after

    def decline(self, actor: Actor, retake_id: str, *, why: str) -> Retake:
        """Say why no better images will come: the case is read as it is. Raises NotFound, AlreadySettled."""
        why = require_reason(why, at_most=LONGEST_TURN_REASON)
        now = self._clock.now()
        with self._database.write(within=actor.scope(Act.ANSWER_RETAKE)) as connection:
            case, before = _found(connection, actor, retake_id, Act.ANSWER_RETAKE)
            after = rules.decline(before, by_name=actor.display_name, why=why, now=now)
            _close(connection, case, before, after, actor=actor.username, now=now)
            put_on_record(connection, case, "retake declined", by=actor, at=now, act=Act.ANSWER_RETAKE)
            if case.workitem.awaits_retake:
                make_ready(connection, case, now=now)
            return after

    def withdraw(self, actor: Actor, retake_id: str) -> Retake:
        """Do without: any reader of the case may, since its images wait for one. Raises as `decline`."""
        now = self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.READ)) as connection:
            case, before = _found(connection, actor, retake_id, Act.READ)
            after = rules.withdraw(before, by_name=actor.display_name, now=now)
            _close(connection, case, before, after, actor=actor.username, now=now)
            put_on_record(connection, case, "retake withdrawn", by=actor, at=now)
            if case.workitem.awaits_retake:
                make_ready(connection, case, now=now)
            return after


def answer_open(
    connection: Connection, case: Case, *, received_at: datetime, by_name: str, actor: str, now: datetime
) -> None:
    """Images came since they were asked for: the ask is answered, and a case that waits lets them arrive."""
    before = case.open_retake
    if before is None or received_at <= before.asked_at:
        return
    after = rules.answer(before, by_name=by_name, now=now)
    _close(connection, case, before, after, actor=actor, now=now)
    if case.workitem.awaits_retake:
        let_arrive(connection, case, now=now)


def close_signed(connection: Connection, case: Case, *, by: Actor, now: datetime) -> None:
    """Who signs a final report has done without: an open ask is withdrawn in their name."""
    if case.open_retake is not None:
        after = rules.withdraw(case.open_retake, by_name=by.display_name, now=now)
        _close(connection, case, case.open_retake, after, actor=by.username, now=now)


def require_none_open(case: Case) -> None:
    """Raise WorkitemStateConflict while images are asked for that would come to another case."""
    if case.open_retake is not None:
        raise WorkitemStateConflict("Better images were asked for in the other case: withdraw that first.")


_KINDS = {
    RetakeState.ANSWERED: ChangeKind.RETAKE_ANSWERED,
    RetakeState.DECLINED: ChangeKind.RETAKE_DECLINED,
    RetakeState.WITHDRAWN: ChangeKind.RETAKE_WITHDRAWN,
}


def _close(
    connection: Connection, case: Case, before: Retake, after: Retake, *, actor: str, now: datetime
) -> None:
    change_retake(connection, before, after)
    _tell(connection, _KINDS[after.state], case, after, actor=actor, now=now)


def _tell(
    connection: Connection, kind: ChangeKind, case: Case, retake: Retake, *, actor: str, now: datetime
) -> None:
    said = {"retake_id": retake.retake_id, "reason": retake.reason.value}
    tell(connection, kind, case, actor=actor, at=now, **said)


def _found(connection: Connection, actor: Actor, retake_id: str, act: Act) -> tuple[Case, Retake]:
    within = in_reach(actor, act) if act is Act.READ else in_scope(actor.scope(act))
    retake = find_retake(connection, retake_id, within)
    return case_by_key(connection, retake.case_id), retake


def _asked(case: Case, actor: Actor, wish: Wish, now: datetime) -> Retake:
    return Retake(
        retake_id=new_key(now),
        case_id=case.case_id,
        site_id=case.site_id,
        study_instance_uid=case.study_instance_uid,
        state=RetakeState.ASKED,
        version=1,
        reason=wish.reason,
        note=wish.note.strip(),
        sop_instance_uids=wish.sop_instance_uids,
        asked_by=actor.account_id,
        asked_by_name=actor.display_name,
        asked_at=now,
    )


def _require_of_case(connection: Connection, case: Case, sop_instance_uids: tuple[str, ...]) -> None:
    """Raise InvalidRequest where an instance is named that this case does not hold."""
    if not sop_instance_uids:
        return
    studies = tuple(study.study_instance_uid for study in case.studies)
    named = Query(
        conditions={"StudyInstanceUID": UIDList(studies), "SOPInstanceUID": UIDList(sop_instance_uids)},
        limit=len(sop_instance_uids),
    )
    found = search_instances(connection, named, Scope(site_ids=frozenset({case.site_id})))
    if {instance.sop_instance_uid for instance in found} != set(sop_instance_uids):
        raise InvalidRequest("Name instances of this case.")
