"""Works off jobs within a lease; what fails is put off, longer each time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.access import EVERY_SITE
from core.clock import Clock
from core.errors import HubError, QuotaExceeded, StorageUnavailable
from database.engine import Database
from database.jobs import Job, claim_jobs, give_back, postpone, wait_out

LEASE: Final = timedelta(minutes=5)
"""Two gigabytes are read twice in it, also from a slow store."""
AT_ONCE: Final = 16
"""Small jobs that share their transactions."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What became of a run: (SOP Instance UID, error) of what was put off, and whether more may be due."""

    has_more: bool
    failures: list[tuple[str, str]]


def work_off(
    database: Database,
    clock: Clock,
    work: Mapping[str, Callable[[Job], None]],
    *,
    urgent: bool | None = None,
    limit: int = 8,
    together: Callable[[Sequence[Job]], Sequence[Job]] | None = None,
) -> Run:
    """Do what is due of these kinds, only what is `urgent` or only the rest, in so many turns at the most.

    One at a time: what ends this worker holds up no job behind it. Only with `together` as many at once as
    are neither urgent nor tried before; it returns those that it has not done, which then have a turn each.
    """
    failures: list[tuple[str, str]] = []
    for _ in range(limit):
        claimed = claim_jobs(
            database,
            kinds=list(work),
            now=clock.now(),
            lease=LEASE,
            limit=1 if together is None else AT_ONCE,
            urgent=urgent,
            only_plain_together=True,
        )
        if not claimed:
            return Run(has_more=False, failures=failures)
        if together is not None and len(claimed) > 1:
            undone = together(claimed)
            if undone:
                with database.write(within=EVERY_SITE) as connection:
                    give_back(connection, undone, now=clock.now())
            continue
        [job] = claimed
        try:
            work[job.kind](job)
        except HubError as error:
            failures.append((job.body.get("sop_instance_uid", ""), str(error)))
            _put_off(database, clock, job, error)
    return Run(has_more=True, failures=failures)


def _put_off(database: Database, clock: Clock, job: Job, error: HubError) -> None:
    # The night in which the store is full or away uses up no attempt of an instance.
    is_outage = isinstance(error, StorageUnavailable | QuotaExceeded)
    put_off = wait_out if is_outage else postpone
    with database.write(within=EVERY_SITE) as connection:
        put_off(connection, job, now=clock.now(), error=str(error))
