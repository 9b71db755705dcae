"""Work to be done outside the transaction that asked for it: a table with leases.

A job is claimed for a while, not locked: what a worker held when it died is given back by the next one on
its machine, or by the end of the lease, so whatever a job does must be harmless when done twice.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    and_,
    delete,
    insert,
    select,
    update,
)

from core.access import EVERY_SITE
from database.engine import Database
from database.holder import LENGTH, has_ended, this_process
from database.schema import Moment, RowNumber, metadata

ATTEMPTS = 12
"""After these a job rests, and `doctor` and the health page name it."""
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(hours=2)
OUTAGE_DELAY = timedelta(seconds=10)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", RowNumber, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("body", JSON, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", String(32)),
    Column("holder", String(LENGTH)),
    Column("rested_at", Moment),
    Column("last_error", String(200)),
    Index("ix_jobs_due", "rested_at", "kind", "priority", "due_at"),
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A claimed job; `token` proves the claim."""

    job_id: int
    kind: str
    body: dict[str, Any]
    attempts: int
    token: str


def enqueue(
    connection: Connection, *, kind: str, body: dict[str, Any], due_at: datetime, priority: int = 0
) -> None:
    """Ask for work, in the transaction of the act that needs it. A higher priority goes first."""
    connection.execute(
        insert(jobs),
        {
            "kind": kind,
            "body": body,
            "priority": priority,
            "due_at": due_at,
            "attempts": 0,
        },
    )


def hasten(connection: Connection, *, kind: str, body: Mapping[str, str], priority: int) -> None:
    """Give this priority to the waiting jobs whose body has these values, unless theirs is higher."""
    connection.execute(
        update(jobs)
        .where(jobs.c.kind == kind, jobs.c.priority < priority)
        .where(*(jobs.c.body[key].as_string() == value for key, value in body.items()))
        .values(priority=priority)
    )


def enqueue_each(
    connection: Connection, kinds: Sequence[str], *, body: dict[str, Any], due_at: datetime, priority: int
) -> None:
    """Ask for work of several kinds on the same."""
    asked = {"body": body, "priority": priority, "due_at": due_at, "attempts": 0}
    connection.execute(insert(jobs), [{"kind": kind, **asked} for kind in kinds])


def claim_jobs(
    database: Database,
    *,
    kinds: Sequence[str],
    now: datetime,
    lease: timedelta,
    limit: int,
    urgent: bool | None = None,
    only_plain_together: bool = False,
) -> list[Job]:
    """Take the next due jobs of these kinds for the time of the lease, the most urgent first.

    `urgent` says whether only those of a priority above 0 are meant, or only the others. With
    `only_plain_together` a job that is urgent, or was tried before, is taken by itself: what ends its worker,
    or takes long, holds up no other, and whatever ended one is not met again in company.
    """
    token = secrets.token_hex(16)
    is_due = and_(jobs.c.rested_at.is_(None), jobs.c.kind.in_(kinds), jobs.c.due_at <= now)
    if urgent is not None:
        is_due = and_(is_due, jobs.c.priority > 0 if urgent else jobs.c.priority <= 0)
    due = select(jobs.c.job_id).where(is_due).order_by(jobs.c.priority.desc(), jobs.c.due_at, jobs.c.job_id)
    with database.read(within=EVERY_SITE) as connection:
        if connection.execute(due.limit(1)).first() is None:
            return []
    with database.write(within=EVERY_SITE) as connection:
        # A job that ends its worker every time is never postponed by it.
        connection.execute(
            update(jobs)
            .where(is_due, jobs.c.attempts >= ATTEMPTS)
            .values(rested_at=now, last_error="No worker came back from it.")
        )
        wanted = due.add_columns(jobs.c.priority, jobs.c.attempts).limit(limit)
        found = connection.execute(wanted.with_for_update(skip_locked=True)).all()
        job_ids = [job_id for job_id, *_ in found]
        if only_plain_together:
            plain = list(takewhile(lambda row: row.priority <= 0 and not row.attempts, found))
            job_ids = [job_id for job_id, *_ in plain or found[:1]]
        rows = connection.execute(
            update(jobs)
            .where(jobs.c.job_id.in_(job_ids))
            .values(due_at=now + lease, attempts=jobs.c.attempts + 1, token=token, holder=this_process())
            .returning(jobs.c.job_id, jobs.c.kind, jobs.c.body, jobs.c.attempts)
        ).mappings()
        claimed = {row["job_id"]: Job(**row, token=token) for row in rows}
    return [claimed[job_id] for job_id in job_ids]


def complete(connection: Connection, job: Job) -> bool:
    """Remove a finished job; False if the lease had passed to another worker meanwhile."""
    done = connection.execute(delete(jobs).where(jobs.c.job_id == job.job_id, jobs.c.token == job.token))
    return bool(done.rowcount)


def complete_all(connection: Connection, done: Sequence[Job]) -> None:
    """Remove finished jobs that were claimed together."""
    connection.execute(delete(jobs).where(_claimed(done)))


def give_back(connection: Connection, undone: Sequence[Job], *, now: datetime) -> None:
    """Let jobs be claimed again at once; each counts as tried, so it is taken by itself."""
    connection.execute(update(jobs).where(_claimed(undone)).values(due_at=now, holder=None))


def give_back_of_ended(database: Database, *, now: datetime) -> int:
    """Let what processes of this machine held when they ended be claimed again at once; return how many.

    What was tried before may be what ends them: it waits for the end of its lease, as it would elsewhere.
    """
    held = and_(
        jobs.c.holder.is_not(None),
        jobs.c.rested_at.is_(None),
        jobs.c.due_at > now,
        jobs.c.attempts <= 1,
    )
    with database.read(within=EVERY_SITE) as connection:
        holders = connection.scalars(select(jobs.c.holder).where(held).distinct()).all()
    ended = [holder for holder in holders if has_ended(holder)]
    if not ended:
        return 0
    with database.write(within=EVERY_SITE) as connection:
        given = connection.execute(
            update(jobs).where(held, jobs.c.holder.in_(ended)).values(due_at=now, holder=None)
        )
    return given.rowcount


def postpone(connection: Connection, job: Job, *, now: datetime, error: str) -> None:
    """Put a failed job off, longer each time; after ATTEMPTS it rests. `error` holds no patient data."""
    delay = min(FIRST_DELAY * 2 ** (job.attempts - 1), LONGEST_DELAY)
    connection.execute(
        update(jobs)
        .where(jobs.c.job_id == job.job_id, jobs.c.token == job.token)
        .values(
            due_at=now + delay,
            holder=None,
            last_error=error[:200],
            rested_at=now if job.attempts >= ATTEMPTS else None,
        )
    )


def wait_out(connection: Connection, job: Job, *, now: datetime, error: str) -> None:
    """Put a job off because what it needs is away or full: no attempt of its own, so it never rests by it."""
    connection.execute(
        update(jobs)
        .where(jobs.c.job_id == job.job_id, jobs.c.token == job.token)
        .values(
            due_at=now + OUTAGE_DELAY,
            attempts=jobs.c.attempts - 1,
            holder=None,
            last_error=error[:200],
        )
    )


def resting_jobs(connection: Connection) -> list[tuple[int, str, str | None]]:
    """Return key, kind and last error of the jobs that gave up."""
    rows = connection.execute(
        select(jobs.c.job_id, jobs.c.kind, jobs.c.last_error)
        .where(jobs.c.rested_at.is_not(None))
        .order_by(jobs.c.job_id)
    )
    return [(row.job_id, row.kind, row.last_error) for row in rows]


def _claimed(held: Sequence[Job]) -> ColumnElement[bool]:
    """Those of some jobs whose lease has not passed to another worker meanwhile."""
    tokens = {job.token for job in held}
    return and_(jobs.c.job_id.in_([job.job_id for job in held]), jobs.c.token.in_(tokens))
