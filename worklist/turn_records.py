"""The SQL of turns: every workitem of a case, present and past."""

from typing import Any

from sqlalchemy import Connection, select

from worklist.tables import cases, workitems
from worklist.workitem import EndReason, InputReadinessState, ProcedureStepState, Workitem


def find_turn(connection: Connection, workitem_uid: str) -> Workitem | None:
    """Return a turn, present or past; whoever asks has seen to it that the case is theirs to see."""
    row = connection.execute(select(workitems).filter_by(workitem_uid=workitem_uid)).mappings().first()
    return workitem_from(dict(row)) if row else None


def turns_of_case(connection: Connection, case_id: str, *, limit: int) -> list[Workitem]:
    """Return the newest turns at a case, newest first."""
    rows = connection.execute(
        select(workitems)
        .filter_by(case_id=case_id)
        .order_by(workitems.c.created_at.desc(), workitems.c.workitem_uid)
        .limit(limit)
    ).mappings()
    return [workitem_from(dict(row)) for row in rows]


def workitem_from(row: dict[str, Any]) -> Workitem:
    """Return the workitem of a row."""
    return Workitem(
        **row
        | {
            "procedure_step_state": ProcedureStepState(row["procedure_step_state"]),
            "input_readiness_state": InputReadinessState(row["input_readiness_state"]),
            "end_reason": EndReason(row["end_reason"]) if row["end_reason"] else None,
        }
    )


def sites_of_turns(connection: Connection, account_id: str) -> set[str]:
    """Return the sites of all cases that an account ever held."""
    return set(
        connection.scalars(
            select(cases.c.site_id)
            .join(workitems, workitems.c.case_id == cases.c.case_id)
            .where(workitems.c.claimed_by == account_id)
            .distinct()
        )
    )
