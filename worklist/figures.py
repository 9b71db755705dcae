"""What a monitor is told of the reading list: how much waits, how much is late, how much is being read."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from worklist.tables import cases, workitems
from worklist.urgency import Urgency
from worklist.workitem import ProcedureStepState

_WAITS = workitems.c.procedure_step_state == ProcedureStepState.SCHEDULED.value
_IS_CLAIMED = workitems.c.procedure_step_state == ProcedureStepState.IN_PROGRESS.value


@dataclass(frozen=True, kw_only=True)
class WorklistFigures:
    """Cases of the whole hub by urgency; every urgency is named, also where it has none."""

    waiting: dict[Urgency, int] = field(default_factory=lambda: dict.fromkeys(Urgency, 0))
    """Not claimed by anybody, arriving ones and those that wait for better images included."""
    claimed: dict[Urgency, int] = field(default_factory=lambda: dict.fromkeys(Urgency, 0))
    """Turns that a reader holds, each with its lease."""
    overdue: dict[Urgency, int] = field(default_factory=lambda: dict.fromkeys(Urgency, 0))
    """Of both, those whose report is due."""
    oldest_waiting_seconds: float = 0.0
    """Since the first image of the case that has waited longest; 0 where none waits."""


def worklist_figures(connection: Connection, *, now: datetime) -> WorklistFigures:
    """Return the figures of this moment; the connection sees every site."""
    rows = connection.execute(
        select(
            cases.c.urgency,
            func.count(case((_WAITS, 1))).label("waiting"),
            func.count(case((_IS_CLAIMED, 1))).label("claimed"),
            func.count(case((cases.c.due_at < now, 1))).label("overdue"),
            func.min(case((_WAITS, cases.c.first_received_at))).label("oldest"),
        )
        .join(workitems, workitems.c.workitem_uid == cases.c.current_workitem_uid)
        .where(_WAITS | _IS_CLAIMED)
        .group_by(cases.c.urgency)
    ).all()
    waiting_since = [row.oldest for row in rows if row.oldest is not None]
    none = dict.fromkeys(Urgency, 0)
    return WorklistFigures(
        waiting=none | {Urgency(row.urgency): row.waiting for row in rows},
        claimed=none | {Urgency(row.urgency): row.claimed for row in rows},
        overdue=none | {Urgency(row.urgency): row.overdue for row in rows},
        oldest_waiting_seconds=max(0.0, (now - min(waiting_since)).total_seconds()) if waiting_since else 0.0,
    )
