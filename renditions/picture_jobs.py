"""Makes the pictures of each instance after storing, behind what is read first and beside it."""

from contextlib import suppress

from core.access import EVERY_SITE, at_site
from core.clock import Clock
from core.errors import InvalidInstance, NotFound, TooLarge, UnsupportedTransferSyntax
from database.engine import Database
from database.jobs import Job, complete, enqueue
from renditions.electrocardiograms import Electrocardiograms, is_long, is_waveform
from renditions.holter import OVERVIEW_JOB
from renditions.pictures import Pictures
from renditions.preparation import PICTURE_JOB
from renditions.working_off import Run, work_off
from storage.archive import Archive


class PictureMaker:
    """Works off the jobs for pictures. One that is done twice leaves one row, and a blob for the sweep."""

    def __init__(
        self,
        *,
        database: Database,
        archive: Archive,
        pictures: Pictures,
        electrocardiograms: Electrocardiograms,
        clock: Clock,
    ) -> None:
        self._database = database
        self._archive = archive
        self._pictures = pictures
        self._electrocardiograms = electrocardiograms
        self._clock = clock

    def run(self, *, urgent: bool | None = None) -> Run:
        """Make what is due, or only what is urgent, or only the rest."""
        return work_off(self._database, self._clock, {PICTURE_JOB: self._make}, urgent=urgent)

    def _make(self, job: Job) -> None:
        scope = at_site(job.body["site_id"])
        [instance] = self._archive.instances_of(
            job.body["study_instance_uid"], None, job.body["sop_instance_uid"], visible_to=scope
        )
        # What has nothing to show, or nothing that we can: who asks is told so.
        with suppress(NotFound, UnsupportedTransferSyntax, InvalidInstance, TooLarge):
            if is_waveform(instance):
                self._electrocardiograms.keep_ready(instance)
            else:
                self._pictures.keep_ready(instance)
        with self._database.write(within=EVERY_SITE) as connection:
            complete(connection, job)
            if is_long(instance):
                enqueue(connection, kind=OVERVIEW_JOB, body=job.body, due_at=self._clock.now())
