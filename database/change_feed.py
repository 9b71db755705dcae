"""The one feed: what happened, in order, each row written in the transaction of its act.

Followers keep a named cursor. A follower's own writes and the step of its cursor share a transaction, so what
it writes in the catalogue happens once; effects elsewhere belong in a job.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby, islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    func,
    insert,
    select,
    update,
)

from core.access import EVERY_SITE, at_site
from database.engine import Database
from database.schema import Moment, RowNumber, metadata

Handle = Callable[[Connection, "Change"], None]
TOGETHER = 8
"""Changes of one site that share a transaction: more would keep other writers waiting."""


class ChangeKind(StrEnum):
    """What can happen; the words are the timeline's."""

    INSTANCE_STORED = "instance.stored"
    INSTANCE_CONFLICT = "instance.conflict"
    INSTANCE_REPRESENTATION = "instance.representation"
    PATIENT_CONFLICT = "patient.conflict"
    PATIENT_FLAGGED = "patient.flagged"
    PATIENT_CONFIRMED = "patient.confirmed"
    PATIENT_LINKED = "patient.linked"
    PATIENT_UNLINKED = "patient.unlinked"
    PATIENT_STUDY_MOVED = "patient.study-moved"
    ASIDE_READMITTED = "aside.readmitted"
    ASIDE_DISCARDED = "aside.discarded"
    ASIDE_KEPT_APART = "aside.kept-apart"
    ASIDE_REOPENED = "aside.reopened"
    STUDY_REREAD = "study.reread"
    CASE_OPENED = "case.opened"
    CASE_REQUESTED = "case.requested"
    CASE_LATE_INSTANCES = "case.late-instances"
    CASE_LINKED = "case.linked"
    CASE_UNLINKED = "case.unlinked"
    CASE_RELATED = "case.related"
    CASE_UNRELATED = "case.unrelated"
    REQUEST_UNMATCHED = "request.unmatched"
    REQUEST_WITHDRAWN = "request.withdrawn"
    RETAKE_ASKED = "retake.asked"
    RETAKE_ACKNOWLEDGED = "retake.acknowledged"
    RETAKE_ANSWERED = "retake.answered"
    RETAKE_DECLINED = "retake.declined"
    RETAKE_WITHDRAWN = "retake.withdrawn"
    WORKITEM_CREATED = "workitem.created"
    WORKITEM_READY = "workitem.ready"
    WORKITEM_CLAIMED = "workitem.claimed"
    WORKITEM_RELEASED = "workitem.released"
    WORKITEM_LAPSED = "workitem.lapsed"
    WORKITEM_TAKEN_OVER = "workitem.taken-over"
    WORKITEM_AWAITS_RETAKE = "workitem.awaits-retake"
    WORKITEM_COMPLETED = "workitem.completed"
    MARKS_SAVED = "marks.saved"
    REPORT_PRELIMINARY = "report.preliminary"
    REPORT_SIGNED = "report.signed"
    REPORT_ADDENDUM = "report.addendum"
    REPORT_AMENDED = "report.amended"
    REPORT_PUBLISHED = "report.published"
    REPORT_RECEIVED = "report.received"
    REPORT_CONFIRMED = "report.confirmed"


changes = Table(
    "changes",
    metadata,
    Column("sequence", RowNumber, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_changes_study", "site_id", "study_instance_uid", "sequence"),
    # A sequence is never given twice, also after the last row is gone: cursors point at it.
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("sequence", Integer, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that happened. `subject` is the key or UID of what it happened to; `body` holds no name."""

    kind: ChangeKind
    site_id: str
    study_instance_uid: str
    subject: str
    actor: str
    at: datetime
    body: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0


def append_change(connection: Connection, change: Change) -> int:
    """Write one change in the caller's transaction and return its sequence."""
    row = connection.execute(
        insert(changes).returning(changes.c.sequence),
        {
            "kind": change.kind.value,
            "site_id": change.site_id,
            "study_instance_uid": change.study_instance_uid,
            "subject": change.subject,
            "body": change.body,
            "actor": change.actor,
            "at": change.at,
        },
    ).scalar_one()
    return int(row)


def changes_of_study(connection: Connection, site_id: str, study_instance_uid: str) -> list[Change]:
    """Return everything that happened to one study, oldest first."""
    return changes_of_studies(connection, site_id, [study_instance_uid])


def changes_of_studies(
    connection: Connection, site_id: str, study_instance_uids: Collection[str]
) -> list[Change]:
    """Return everything that happened to any of these studies of one site, oldest first."""
    rows = connection.execute(
        select(changes)
        .where(changes.c.site_id == site_id, changes.c.study_instance_uid.in_(study_instance_uids))
        .order_by(changes.c.sequence)
    ).mappings()
    return [_change(row) for row in rows]


def changes_since(connection: Connection, moment: datetime, *, at_most: int) -> list[Change] | None:
    """Return what happened at or after a moment, oldest first; None where that is more than `at_most`."""
    newest = connection.execute(
        select(changes).order_by(changes.c.sequence.desc()).limit(at_most + 1)
    ).mappings()
    found = [change for row in newest if (change := _change(row)).at >= moment]
    return None if len(found) > at_most else found[::-1]


def newest_sequence(connection: Connection) -> int:
    """Return the sequence of the newest change, 0 where nothing ever happened."""
    return int(connection.execute(select(func.coalesce(func.max(changes.c.sequence), 0))).scalar_one())


def cursor_position(connection: Connection, name: str) -> int:
    """Return how far the follower `name` has come."""
    position = connection.execute(select(cursors.c.sequence).where(cursors.c.name == name)).scalar()
    return int(position or 0)


def follow(database: Database, name: str, handle: Handle, *, limit: int = 50) -> int:
    """Hand the next changes to `handle`, some of a site at a time, in a transaction that moves the cursor.

    Returns how many were handled; fewer than `limit` means the follower has caught up. Where one of several
    raises, all of them are handed out again one by one, so that those before it are done; nothing that was
    written for them before was kept.
    """
    with database.read(within=EVERY_SITE) as connection:
        pending = changes_after(connection, cursor_position(connection, name), limit)
    for site_id, of_site in groupby(pending, key=lambda change: change.site_id):
        remaining = iter(of_site)
        while some := list(islice(remaining, TOGETHER)):
            _hand_out(database, name, handle, site_id, some)
    return len(pending)


def _hand_out(
    database: Database,
    name: str,
    handle: Handle,
    site_id: str,
    some: list[Change],
) -> None:
    try:
        with database.write(within=at_site(site_id)) as connection:
            is_mine = _move_cursor(connection, name, some[0].sequence, some[-1].sequence)
            for change in some if is_mine else ():
                handle(connection, change)
    except Exception:
        if len(some) > 1:
            _hand_out_singly(database, name, handle, site_id, some)
        raise
    if not is_mine and len(some) > 1:
        _hand_out_singly(database, name, handle, site_id, some)


def _hand_out_singly(
    database: Database,
    name: str,
    handle: Handle,
    site_id: str,
    some: list[Change],
) -> None:
    for change in some:
        _hand_out(database, name, handle, site_id, [change])


def changes_after(connection: Connection, sequence: int, limit: int) -> list[Change]:
    """Return the next changes behind a place in the feed, oldest first."""
    rows = connection.execute(
        select(changes).where(changes.c.sequence > sequence).order_by(changes.c.sequence).limit(limit)
    ).mappings()
    return [_change(row) for row in rows]


def _move_cursor(connection: Connection, name: str, first: int, last: int) -> bool:
    """Step over these unless another worker was at one already; two workers may follow under one name."""
    moved = connection.execute(
        update(cursors).where(cursors.c.name == name, cursors.c.sequence < first).values(sequence=last)
    )
    if moved.rowcount:
        return True
    known = connection.execute(select(cursors.c.sequence).where(cursors.c.name == name)).first()
    if known is not None:
        return False
    connection.execute(insert(cursors), {"name": name, "sequence": last})
    return True


def _change(row: RowMapping) -> Change:
    return Change(**{**row, "kind": ChangeKind(row["kind"])})
