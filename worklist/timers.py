"""What happens by the clock alone. Deadlines are rows: any worker may be the one that notices."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Connection

from core.access import EVERY_SITE, at_site
from core.clock import Clock
from core.errors import WorkitemStateConflict
from database.engine import Database
from worklist.case import Case
from worklist.case_records import arriving_cases, cases_waited_for, lapsed_cases, overlong_cases
from worklist.readiness import is_ready
from worklist.turns import make_ready, shorten_lease, take_back
from worklist.urgency import LONGEST_LEASE


class WorklistTimers:
    """Lets complete studies be claimed, ends waits, and takes cases back from readers who fell silent."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        quiet_time: Callable[[str], timedelta],
        studies_in_transfer: Callable[[], set[tuple[str, str]]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._quiet_time = quiet_time
        self._studies_in_transfer = studies_in_transfer

    def run(self) -> int:
        """Look once; return how many cases moved."""
        self._shorten()
        return self._mark_ready() + self._take_back() + self._end_waits()

    def _mark_ready(self) -> int:
        # In this order: a transfer that ends in between has made its instance durable before.
        in_transfer = self._studies_in_transfer()
        with self._database.read(within=EVERY_SITE) as connection:
            arriving = arriving_cases(connection)
        now = self._clock.now()
        ready = [
            case
            for case in arriving
            if is_ready(
                modality=case.modality,
                urgency=case.urgency,
                last_received_at=case.newest_received_at,
                now=now,
                quiet=self._quiet_time(case.site_id),
                in_transfer=any(
                    (case.site_id, study.study_instance_uid) in in_transfer for study in case.studies
                ),
            )
        ]
        return self._move(ready, lambda connection, case: make_ready(connection, case, now=now))

    def _take_back(self) -> int:
        now = self._clock.now()
        with self._database.read(within=EVERY_SITE) as connection:
            lapsed = lapsed_cases(connection, now)
        return self._move(lapsed, lambda connection, case: take_back(connection, case, now=now))

    def _end_waits(self) -> int:
        """What is waited for in vain is read as it is; the ask stays open."""
        now = self._clock.now()
        with self._database.read(within=EVERY_SITE) as connection:
            waited_for = cases_waited_for(connection, now)
        return self._move(waited_for, lambda connection, case: make_ready(connection, case, now=now))

    def _shorten(self) -> None:
        """A clock that was set back by hours does not keep a silent reader for hours."""
        now = self._clock.now()
        with self._database.read(within=EVERY_SITE) as connection:
            overlong = overlong_cases(connection, now + 2 * LONGEST_LEASE)
        self._move(overlong, lambda connection, case: shorten_lease(connection, case, now=now))

    def _move(self, cases: list[Case], act: Callable[[Connection, Case], object]) -> int:
        moved = 0
        for case in cases:
            # Another worker, or the reader's own heartbeat, may have been first: then there is nothing to do.
            with (
                suppress(WorkitemStateConflict),
                self._database.write(within=at_site(case.site_id)) as connection,
            ):
                act(connection, case)
                moved += 1
        return moved
