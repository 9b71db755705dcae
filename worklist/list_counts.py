"""Numbers beside the reading list: how much waits, and how much came since one last looked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, func, insert, select, update

from core.access import Act, Actor
from core.clock import Clock
from database.engine import Database
from worklist.case_scope import in_reach
from worklist.reach import reach
from worklist.tables import cases, list_views, workitems
from worklist.urgency import Urgency
from worklist.workitem import ProcedureStepState

_WAITS = workitems.c.procedure_step_state == ProcedureStepState.SCHEDULED.value
_IS_READ = workitems.c.procedure_step_state == ProcedureStepState.IN_PROGRESS.value


@dataclass(frozen=True, kw_only=True)
class ListCounts:
    """Open cases within one actor's reach; `new` are those that came since they last saw the list."""

    open: int
    waiting: int
    emergencies: int
    overdue: int
    mine: int
    new: int
    seen_at: datetime | None


class CountedList:
    """Counts the list for one reader, and remembers when they last saw it."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def counts(self, actor: Actor) -> ListCounts:
        """Return how much there is; one who never saw the list has all of it new."""
        now = self._clock.now()
        with self._database.read(within=reach(self._database, actor, Act.SEARCH)) as connection:
            seen_at = _seen_at(connection, actor)
            is_new = cases.c.first_received_at > seen_at if seen_at else cases.c.case_id.is_not(None)
            mine = and_(_IS_READ, workitems.c.claimed_by == actor.account_id)
            emergency = cases.c.urgency == Urgency.EMERGENCY.value
            row = connection.execute(
                select(
                    func.count().label("open"),
                    func.count(case((_WAITS, 1))).label("waiting"),
                    func.count(case((and_(_WAITS, emergency), 1))).label("emergencies"),
                    func.count(case((cases.c.due_at < now, 1))).label("overdue"),
                    func.count(case((mine, 1))).label("mine"),
                    func.count(case((and_(_WAITS, is_new), 1))).label("new"),
                )
                .select_from(cases)
                .join(workitems, workitems.c.workitem_uid == cases.c.current_workitem_uid)
                .where(_WAITS | _IS_READ, cases.c.linked_into.is_(None), in_reach(actor, Act.SEARCH))
            ).one()
        return ListCounts(**row._mapping, seen_at=seen_at)

    def note_seen(self, actor: Actor) -> datetime:
        """Remember that this actor has seen the list now."""
        now = self._clock.now()
        own = {"account_id": actor.account_id}
        with self._database.write(within=actor.scope(Act.SEARCH)) as connection:
            moved = connection.execute(update(list_views).filter_by(**own).values(seen_at=now))
            if not moved.rowcount:
                connection.execute(insert(list_views), {**own, "seen_at": now})
        return now


def _seen_at(connection: Connection, actor: Actor) -> datetime | None:
    return connection.scalar(select(list_views.c.seen_at).filter_by(account_id=actor.account_id))
