"""What is arriving right now: notes that whoever receives keeps fresh, and that go stale by themselves."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update

from core.access import EVERY_SITE, at_site
from core.clock import Clock
from database.engine import Database
from storage.tables import transfers

TRANSFER_STALE: Final = timedelta(seconds=30)


class Transfers:
    """The notes of every process; each method is one transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(self, transfer_key: str, site_id: str, study_instance_uid: str) -> None:
        """Say that an instance of this study is arriving; repeat while it does."""
        study = {"site_id": site_id, "study_instance_uid": study_instance_uid, "seen_at": self._clock.now()}
        with self._database.write(within=at_site(site_id)) as connection:
            moved = connection.execute(
                update(transfers).where(transfers.c.transfer_key == transfer_key).values(**study)
            )
            if not moved.rowcount:
                connection.execute(insert(transfers), {"transfer_key": transfer_key, **study})

    def studies(self) -> set[tuple[str, str]]:
        """Return (site, Study Instance UID) of what is arriving."""
        fresh_after = self._clock.now() - TRANSFER_STALE
        with self._database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(
                select(transfers.c.site_id, transfers.c.study_instance_uid).where(
                    transfers.c.seen_at > fresh_after
                )
            )
            return {(row.site_id, row.study_instance_uid) for row in rows}

    def end(self, transfer_key: str) -> None:
        """Forget one that has arrived or was cut, and those of processes that died."""
        stale_before = self._clock.now() - 10 * TRANSFER_STALE
        with self._database.write(within=EVERY_SITE) as connection:
            connection.execute(
                delete(transfers).where(
                    (transfers.c.transfer_key == transfer_key) | (transfers.c.seen_at < stale_before)
                )
            )
