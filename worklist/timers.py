"""What happens by the clock alone. Deadlines are rows: any worker may be the one that notices."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from core.clock import Clock
from core.errors import WorkitemStateConflict
from database.engine import Database
from worklist.case import Case
from worklist.case_records import arriving_cases, lapsed_cases
from worklist.readiness import is_ready
from worklist.turns import make_ready, take_back


class WorklistTimers:
    """Lets complete studies be claimed, and takes cases back from readers who fell silent."""

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
        return self._mark_ready() + self._take_back()

    def _mark_ready(self) -> int:
        with self._database.read() as connection:
            arriving = arriving_cases(connection)
        if not arriving:
            return 0
        now = self._clock.now()
        in_transfer = self._studies_in_transfer()
        ready = [
            case
            for case in arriving
            if is_ready(
                modality=case.modality,
                urgency=case.urgency,
                last_received_at=case.last_received_at,
                now=now,
                quiet=self._quiet_time(case.site_id),
                in_transfer=(case.site_id, case.study_instance_uid) in in_transfer,
            )
        ]
        for case in ready:
            self._move(lambda connection, case=case: make_ready(connection, case, now=now))
        return len(ready)

    def _take_back(self) -> int:
        now = self._clock.now()
        with self._database.read() as connection:
            lapsed: list[Case] = lapsed_cases(connection, now)
        for case in lapsed:
            self._move(lambda connection, case=case: take_back(connection, case, now=now))
        return len(lapsed)

    def _move(self, act: Callable[..., object]) -> None:
        # Another worker, or the reader's own heartbeat, may have been first: then there is nothing to do.
        with suppress(WorkitemStateConflict), self._database.write() as connection:
            act(connection)
