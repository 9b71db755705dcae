"""The SQL of retakes."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, select, true, update

from core.errors import AlreadySettled, NotFound
from worklist.retake import OPEN_STATES, Retake, RetakeReason, RetakeState
from worklist.tables import cases, retakes, workitems

_OF_CASES = (
    select(retakes)
    .join(cases, cases.c.case_id == retakes.c.case_id)
    .join(workitems, workitems.c.workitem_uid == cases.c.current_workitem_uid)
)
_IS_OPEN = retakes.c.state.in_(sorted(OPEN_STATES))


def find_retake(connection: Connection, retake_id: str, within: ColumnElement[bool]) -> Retake:
    """Return an ask whose case meets a condition. Raises NotFound."""
    statement = _OF_CASES.where(retakes.c.retake_id == retake_id, within)
    row = connection.execute(statement).mappings().first()
    if row is None:
        raise NotFound
    return _retake(dict(row))


def open_retakes_of(connection: Connection, case_ids: Collection[str]) -> dict[str, Retake]:
    """Return the open ask of each case that has one, for an answer whose right was asked already."""
    if not case_ids:
        return {}
    rows = connection.execute(select(retakes).where(retakes.c.case_id.in_(case_ids), _IS_OPEN)).mappings()
    return {row["case_id"]: _retake(dict(row)) for row in rows}


def list_retakes(
    connection: Connection,
    within: ColumnElement[bool],
    *,
    is_open: bool | None,
    limit: int,
    offset: int,
) -> list[Retake]:
    """Return the asks of cases that meet a condition, oldest first: who has waited longest comes first."""
    wanted = true() if is_open is None else _IS_OPEN if is_open else ~_IS_OPEN
    rows = connection.execute(
        _OF_CASES.where(and_(within, wanted))
        .order_by(retakes.c.asked_at, retakes.c.retake_id)
        .limit(limit)
        .offset(offset)
    ).mappings()
    return [_retake(dict(row)) for row in rows]


def insert_retake(connection: Connection, retake: Retake) -> None:
    """Write a new ask."""
    connection.execute(insert(retakes), _values(retake))


def change_retake(connection: Connection, before: Retake, after: Retake) -> None:
    """Write what became of an ask. Raises AlreadySettled when somebody was first."""
    written = connection.execute(
        update(retakes)
        .filter_by(retake_id=before.retake_id, version=before.version)
        .values(**_values(after) | {"version": before.version + 1})
    )
    if not written.rowcount:
        raise AlreadySettled


def _values(retake: Retake) -> dict[str, Any]:
    return vars(retake) | {
        "state": retake.state.value,
        "reason": retake.reason.value,
        "sop_instance_uids": list(retake.sop_instance_uids),
    }


def _retake(row: dict[str, Any]) -> Retake:
    return Retake(
        **row
        | {
            "state": RetakeState(row["state"]),
            "reason": RetakeReason(row["reason"]),
            "sop_instance_uids": tuple(row["sop_instance_uids"]),
        }
    )
