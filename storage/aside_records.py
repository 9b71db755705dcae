"""The SQL of what lies aside: listing it, deciding about it, and letting its bytes go."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Exists,
    RowMapping,
    and_,
    case,
    exists,
    func,
    select,
    true,
    update,
)

from core.access import Scope
from core.errors import AlreadySettled, NotFound
from storage.aside_arrival_records import BYTES_ARE_HERE
from storage.instance import AsideReason, KeptAside, Settlement
from storage.tables import kept_aside

_IS_OPEN_PATIENT_CONFLICT = and_(
    kept_aside.c.reason == AsideReason.PATIENT_CONFLICT.value, kept_aside.c.settled_at.is_(None)
)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decided about a row, and why: `by` a username, `granted_by` the role that allows it."""

    kept_key: str
    settled_as: Settlement
    by: str
    granted_by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AsideFilter:
    """Which rows to list; None means all. Unless `settled`, only those that wait for a person."""

    site_id: str | None = None
    reason: AsideReason | None = None
    settled: bool = False
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class AsideUse:
    """How much of one site lies aside, and how long the oldest of what is open has waited."""

    site_id: str
    rows: int
    size: int
    waiting: int
    oldest_waiting_at: datetime | None


def list_aside(connection: Connection, scope: Scope, wanted: AsideFilter) -> list[KeptAside]:
    """Return what is kept aside at the sites of a scope, newest first."""
    conditions = [_at_sites(scope)]
    if wanted.site_id is not None:
        conditions.append(kept_aside.c.site_id == wanted.site_id)
    if wanted.reason is not None:
        conditions.append(kept_aside.c.reason == wanted.reason.value)
    if not wanted.settled:
        conditions.append(kept_aside.c.settled_at.is_(None))
    rows = connection.execute(
        select(kept_aside)
        .where(*conditions)
        .order_by(kept_aside.c.received_at.desc(), kept_aside.c.kept_key)
        .limit(wanted.limit)
        .offset(wanted.offset)
    ).mappings()
    return [_kept_aside(row) for row in rows]


def find_aside(connection: Connection, kept_key: str, scope: Scope) -> KeptAside:
    """Return one row at a site of the scope. Raises NotFound."""
    row = (
        connection.execute(select(kept_aside).where(kept_aside.c.kept_key == kept_key, _at_sites(scope)))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound
    return _kept_aside(row)


def settle(connection: Connection, decision: Decision) -> None:
    """Write a decision down.

    Raises:
        AlreadySettled: somebody was first.
    """
    settled = connection.execute(
        update(kept_aside)
        .where(kept_aside.c.kept_key == decision.kept_key, kept_aside.c.settled_at.is_(None))
        .values(
            settled_at=decision.at,
            settled_as=decision.settled_as.value,
            settled_by=decision.by,
            settled_reason=decision.reason,
        )
    )
    if not settled.rowcount:
        raise AlreadySettled


def reopen(connection: Connection, kept_key: str) -> None:
    """Let a row wait for a decision again.

    Raises:
        AlreadySettled: it was admitted, or its bytes are gone.
    """
    reopened = connection.execute(
        update(kept_aside)
        .where(
            kept_aside.c.kept_key == kept_key,
            kept_aside.c.settled_as.in_((Settlement.KEPT_APART.value, Settlement.DISCARDED.value)),
            BYTES_ARE_HERE,
        )
        .values(settled_at=None, settled_as=None, settled_by=None, settled_reason=None)
    )
    if not reopened.rowcount:
        raise AlreadySettled("It waits already, was let in, or its bytes are gone.")


def due_for_deletion(connection: Connection, settled_before: datetime, limit: int) -> list[KeptAside]:
    """Return what was discarded, or admitted and so is held twice, before a moment."""
    rows = connection.execute(
        select(kept_aside)
        .where(
            kept_aside.c.settled_as.in_((Settlement.READMITTED.value, Settlement.DISCARDED.value)),
            kept_aside.c.settled_at < settled_before,
            BYTES_ARE_HERE,
        )
        .order_by(kept_aside.c.settled_at)
        .limit(limit)
    ).mappings()
    return [_kept_aside(row) for row in rows]


def mark_bytes_deleted(connection: Connection, kept: KeptAside, *, now: datetime) -> bool:
    """Write down that a row's bytes go; False where it was reopened meanwhile."""
    marked = connection.execute(
        update(kept_aside)
        .where(
            kept_aside.c.kept_key == kept.kept_key,
            kept_aside.c.settled_at == kept.settled_at,
            BYTES_ARE_HERE,
        )
        .values(bytes_deleted_at=now)
    )
    return bool(marked.rowcount)


def use_of_sites(connection: Connection, scope: Scope) -> list[AsideUse]:
    """Return how much of each site in scope lies aside."""
    is_waiting = kept_aside.c.settled_at.is_(None)
    rows = connection.execute(
        select(
            kept_aside.c.site_id,
            func.count().label("rows"),
            func.coalesce(func.sum(kept_aside.c.size), 0).label("size"),
            func.count(case((is_waiting, 1))).label("waiting"),
            func.min(case((is_waiting, kept_aside.c.received_at))).label("oldest"),
        )
        .where(BYTES_ARE_HERE, _at_sites(scope))
        .group_by(kept_aside.c.site_id)
        .order_by(kept_aside.c.site_id)
    )
    return [
        AsideUse(
            site_id=row.site_id,
            rows=row.rows,
            size=int(row.size),
            waiting=row.waiting,
            oldest_waiting_at=row.oldest,
        )
        for row in rows
    ]


def _at_sites(scope: Scope) -> ColumnElement[bool]:
    return true() if scope.everything else kept_aside.c.site_id.in_(sorted(scope.site_ids))


def _kept_aside(row: RowMapping) -> KeptAside:
    return KeptAside(
        **dict(row)
        | {
            "reason": AsideReason(row["reason"]),
            "settled_as": Settlement(row["settled_as"]) if row["settled_as"] else None,
        }
    )


def has_open_patient_conflict(
    connection: Connection, site_id: str, study_instance_uids: Collection[str]
) -> bool:
    """Whether something that shows another patient came for one of these studies, and nobody has decided."""
    found = select(kept_aside.c.kept_key).where(
        kept_aside.c.site_id == site_id,
        kept_aside.c.study_instance_uid.in_(study_instance_uids),
        _IS_OPEN_PATIENT_CONFLICT,
    )
    return connection.execute(found.limit(1)).first() is not None


def open_patient_conflicts(connection: Connection) -> int:
    """Return how many such instances there are, of all sites that the connection sees."""
    return (
        connection.scalar(select(func.count()).select_from(kept_aside).where(_IS_OPEN_PATIENT_CONFLICT)) or 0
    )


def open_patient_conflict(site_id: ColumnElement[str], study_instance_uid: ColumnElement[str]) -> Exists:
    """Return the same as a condition on the study that another statement is about."""
    return exists().where(
        kept_aside.c.site_id == site_id,
        kept_aside.c.study_instance_uid == study_instance_uid,
        _IS_OPEN_PATIENT_CONFLICT,
    )
