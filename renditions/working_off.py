"""Works off jobs one at a time, each within a lease; what fails is put off, longer each time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.access import EVERY_SITE
from core.clock import Clock
from core.errors import HubError, QuotaExceeded, StorageUnavailable
from database.engine import Database
from database.jobs import Job, claim_jobs, postpone, wait_out

LEASE: Final = timedelta(minutes=5)
"""Two gigabytes are read twice in it, also from a slow store."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What became of a run: (SOP Instance UID, error) of what was put off, and whether more may be due."""

    has_more: bool
    failures: list[tuple[str, str]]


def work_off(
    database: Database, clock: Clock, work: Mapping[str, Callable[[Job], None]], *, limit: int = 8
) -> Run:
    """Do what is due of these kinds, so many jobs at the most. One at a time: what ends this worker holds
    up no job behind it."""
    failures: list[tuple[str, str]] = []
    for _ in range(limit):
        claimed = claim_jobs(database, kinds=list(work), now=clock.now(), lease=LEASE, limit=1)
        if not claimed:
            return Run(has_more=False, failures=failures)
        [job] = claimed
        try:
            work[job.kind](job)
        except HubError as error:
            failures.append((job.body.get("sop_instance_uid", ""), str(error)))
            # The night in which the store is full or away uses up no attempt of an instance.
            is_outage = isinstance(error, StorageUnavailable | QuotaExceeded)
            put_off = wait_out if is_outage else postpone
            with database.write(within=EVERY_SITE) as connection:
                put_off(connection, job, now=clock.now(), error=str(error))
    return Run(has_more=True, failures=failures)
