"""What a monitor asks of the catalogue: how much waits, and for how long. Numbers and our own words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from core.access import EVERY_SITE
from database.audit_chain import unchained_since
from database.change_feed import cursors, newest_sequence
from database.engine import Database
from database.jobs import jobs


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One look: jobs by kind, how far each follower is behind, and what waits for its place in the audit."""

    jobs_waiting: dict[str, int]
    jobs_late: dict[str, int]
    jobs_resting: dict[str, int]
    feed_lag: dict[str, int]
    audit_unchained: int
    audit_unchained_seconds: float


def figures(database: Database, *, now: datetime) -> Figures:
    """Return the figures of this moment. Raises StorageUnavailable."""
    with database.read(within=EVERY_SITE) as connection:

        def counted(*conditions: object) -> dict[str, int]:
            rows = connection.execute(
                select(jobs.c.kind, func.count().label("number")).where(*conditions).group_by(jobs.c.kind)  # type: ignore[arg-type] # conditions of SQLAlchemy, as they are
            )
            return {row.kind: int(row.number) for row in rows}

        active = jobs.c.rested_at.is_(None)
        newest = newest_sequence(connection)
        followed = connection.execute(select(cursors.c.name, cursors.c.sequence)).all()
        waiting, oldest = unchained_since(connection)
        return Figures(
            jobs_waiting=counted(active),
            jobs_late=counted(active, jobs.c.due_at < now),
            jobs_resting=counted(jobs.c.rested_at.is_not(None)),
            feed_lag={row.name: max(0, newest - row.sequence) for row in followed},
            audit_unchained=waiting,
            audit_unchained_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        )
