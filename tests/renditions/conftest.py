"""What prepares instances, beside an archive of its own."""

from dataclasses import dataclass

import pytest

from core.access import EVERY_SITE, at_site
from core.origin import Origin
from database.change_feed import follow
from database.engine import Database
from database.jobs import resting_jobs
from renditions.electrocardiograms import Electrocardiograms
from renditions.holter import Holter
from renditions.metadata import documents_of
from renditions.overview_jobs import OverviewMaker
from renditions.picture_jobs import PictureMaker
from renditions.pictures import Pictures
from renditions.preparation import CURSOR, PreparationFollower, Preparer
from renditions.rendition_store import RenditionStore
from renditions.stored_frames import StoredFrames
from storage.archive import Archive
from storage.instance import Instance, StoredInstance
from tests.fixtures.archive import device_at
from tests.fixtures.clock import FixedClock
from tests.fixtures.counting_blobs import CountingBlobs
from tests.fixtures.decoders import shared_decoders

SITE = "township"


@dataclass
class Room:
    """The archive, what follows it, and what a reader asks."""

    database: Database
    archive: Archive
    clock: FixedClock
    blobs: CountingBlobs
    emergencies: set[str]
    heading: list[str]

    def store(self, file: bytes, site_id: str = SITE, origin: Origin | None = None) -> Instance:
        """Keep a Part 10 file as a device of the site would send it."""
        with self.archive.incoming.new_file(self.clock.now()) as incoming:
            incoming.write_part10(file)
            return self.find(self.archive.store(incoming.sealed_part10(), origin or device_at(site_id)))

    def find(self, stored: StoredInstance) -> Instance:
        """Return what was stored."""
        [found] = self.archive.instances_of(
            stored.study_instance_uid, None, stored.sop_instance_uid, visible_to=at_site(stored.site_id)
        )
        return found

    def follow(self) -> None:
        """Let the follower take in what happened."""
        follower = PreparationFollower(is_emergency=lambda _, __, study: study in self.emergencies)
        while follow(self.database, CURSOR, follower.handle):
            pass

    def preparer(self) -> Preparer:
        """Return a worker."""
        return Preparer(database=self.database, archive=self.archive, store=self.kept(), clock=self.clock)

    def prepare(self) -> list[tuple[str, str]]:
        """Follow and work off everything; return what failed."""
        self.follow()
        failures = []
        while (run := self.preparer().run()).has_more:
            failures += run.failures
        return failures + run.failures

    def pictures(self) -> Pictures:
        """Return what makes pictures and gives them out."""
        return Pictures(
            database=self.database,
            archive=self.archive,
            decoders=shared_decoders(),
            store=self.kept(),
        )

    def electrocardiograms(self) -> Electrocardiograms:
        """Return what reads ECGs, with the patient's ID above the sheet."""
        return Electrocardiograms(
            archive=self.archive,
            decoders=shared_decoders(),
            store=self.kept(),
            header_of=lambda study: [study.patient_id, *self.heading],
        )

    def holter(self) -> Holter:
        """Return what reads long recordings."""
        return Holter(archive=self.archive, decoders=shared_decoders(), store=self.kept())

    def kept(self) -> RenditionStore:
        """Return what keeps renditions."""
        return RenditionStore(database=self.database, archive=self.archive, clock=self.clock)

    def draw(self) -> list[tuple[str, str]]:
        """Follow, and make the pictures that are due; return what failed."""
        self.follow()
        maker = PictureMaker(
            database=self.database,
            archive=self.archive,
            pictures=self.pictures(),
            electrocardiograms=self.electrocardiograms(),
            clock=self.clock,
        )
        failures = []
        while (run := maker.run()).has_more:
            failures += run.failures
        return failures + run.failures

    def look_over(self) -> list[tuple[str, str]]:
        """Work out the overviews that are due; return what failed."""
        maker = OverviewMaker(
            database=self.database, archive=self.archive, holter=self.holter(), clock=self.clock
        )
        failures = []
        while (run := maker.run()).has_more:
            failures += run.failures
        return failures

    def frames(self, instance: Instance, *, first: int = 1) -> StoredFrames:
        """Return an instance's frames as a reader gets them."""
        return StoredFrames(self.archive, self.database, instance, first=first)

    def documents(self, *instances: Instance) -> list[bytes]:
        """Return the metadata of instances as a reader gets it."""
        found = documents_of(self.archive, self.database, instances)
        return [document.addressed("http://hub/bulk") for document in found]

    def resting(self) -> int:
        """Return how many jobs gave up."""
        with self.database.read(within=EVERY_SITE) as connection:
            return len(resting_jobs(connection))


@pytest.fixture
def room(database: Database, archive: Archive, clock: FixedClock) -> Room:
    """A room in which nothing is stored."""
    blobs = CountingBlobs(archive.blobs)
    archive.blobs = blobs
    return Room(database=database, archive=archive, clock=clock, blobs=blobs, emergencies=set(), heading=[])
