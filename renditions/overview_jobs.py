"""Works out the overviews of long ECGs, which takes minutes: behind every picture, in a lane of its own."""

from contextlib import suppress

from core.access import EVERY_SITE, at_site
from core.clock import Clock
from core.errors import InvalidInstance, NotFound, TooLarge, UnsupportedTransferSyntax
from database.engine import Database
from database.jobs import Job, complete
from renditions.holter import OVERVIEW_JOB, Holter
from renditions.working_off import Run, work_off
from storage.archive import Archive


class OverviewMaker:
    """Works off the jobs that the sheets of long recordings have left."""

    def __init__(self, *, database: Database, archive: Archive, holter: Holter, clock: Clock) -> None:
        self._database = database
        self._archive = archive
        self._holter = holter
        self._clock = clock

    def run(self) -> Run:
        """Work out what is due."""
        return work_off(self._database, self._clock, {OVERVIEW_JOB: self._make}, limit=1)

    def _make(self, job: Job) -> None:
        [instance] = self._archive.instances_of(
            job.body["study_instance_uid"],
            None,
            job.body["sop_instance_uid"],
            visible_to=at_site(job.body["site_id"]),
        )
        # What cannot be read has no overview: who asks is told so.
        with suppress(NotFound, UnsupportedTransferSyntax, InvalidInstance, TooLarge):
            self._holter.keep_ready(instance)
        with self._database.write(within=EVERY_SITE) as connection:
            complete(connection, job)
