"""Puts the house together: constructors called in order, nothing found by magic."""

from dataclasses import dataclass
from datetime import timedelta

from core.clock import Clock
from database.engine import Database
from hub import tables
from hub.data_folder import refused_by_name, require_usable
from hub.register import open_register
from hub.settings import Settings
from registry.accounts import Accounts
from registry.authentication import Authentication
from registry.directory import Directory
from registry.unknown_devices import UnknownDevices
from renditions.decoders import AT_ONCE, Decoders
from renditions.ecg_conversion import ecg_conversion
from renditions.electrocardiograms import Electrocardiograms
from renditions.holter import Holter
from renditions.overview_jobs import OverviewMaker
from renditions.picture_jobs import PictureMaker
from renditions.pictures import Pictures
from renditions.preparation import PreparationFollower, Preparer
from renditions.rendition_store import RenditionStore
from reporting.compilation import Compiler, SiteOnPaper
from reporting.desk import Desk
from reporting.ecg_header import ecg_header
from reporting.inbox import Inbox
from reporting.marking import Marking
from reporting.prior_reports import PriorReports
from reporting.publication import Publisher
from reporting.report_records import is_written
from storage.archive import Archive
from storage.aside_arrival_records import AsideQuota
from storage.blob_store import BlobStore
from storage.filesystem_blobs import FilesystemBlobs
from storage.foreign_taking import ForeignFiles
from storage.incoming import Incoming
from storage.patients import Patients
from storage.rereading import Rereading
from storage.s3_location import S3Location
from storage.shelf import Shelf
from storage.upload_intake import UploadIntake
from storage.uploads import Uploads
from worklist.case_records import is_emergency
from worklist.intake import Intake
from worklist.linking import Linking
from worklist.priors import Priors
from worklist.reading_list import ReadingList
from worklist.requests import Requests
from worklist.retakes import Retakes
from worklist.timers import WorklistTimers
from worklist.unrouted import UnroutedCases


@dataclass(frozen=True, kw_only=True)
class House:
    """All rooms of one process, on one catalogue and one blob store."""

    settings: Settings
    clock: Clock
    database: Database
    archive: Archive
    decoders: Decoders
    foreign: ForeignFiles
    routine_decoders: Decoders
    """Of a worker, for what nobody waits for."""
    pictures: Pictures
    electrocardiograms: Electrocardiograms
    holter: Holter
    renditions: RenditionStore
    directory: Directory
    unknown_devices: UnknownDevices
    accounts: Accounts
    authentication: Authentication
    reading_list: ReadingList
    requests: Requests
    linking: Linking
    priors: Priors
    prior_reports: PriorReports
    retakes: Retakes
    desk: Desk
    inbox: Inbox
    marking: Marking
    uploads: Uploads
    upload_intake: UploadIntake
    shelf: Shelf
    patients: Patients
    unrouted: UnroutedCases

    def intake(self) -> Intake:
        """Return the follower that keeps the reading list."""
        return Intake(is_self_test_site=self._is_self_test_site)

    def timers(self) -> WorklistTimers:
        """Return what happens by the clock."""
        return WorklistTimers(
            database=self.database,
            clock=self.clock,
            quiet_time=lambda site_id: timedelta(seconds=self.directory.site(site_id).quiet_seconds),
            studies_in_transfer=self.archive.studies_in_transfer,
        )

    def publisher(self) -> Publisher:
        """Return what prints signed reports into their studies."""
        return Publisher(
            database=self.database,
            archive=self.archive,
            clock=self.clock,
            draw_page=self.electrocardiograms.page,
            show_image=self.pictures.shown,
        )

    def preparation_follower(self) -> PreparationFollower:
        """Return the follower that asks for what reading needs of each instance."""
        return PreparationFollower(is_emergency=is_emergency)

    def preparer(self) -> Preparer:
        """Return what prepares it."""
        return Preparer(database=self.database, archive=self.archive, store=self.renditions, clock=self.clock)

    def overview_maker(self) -> OverviewMaker:
        """Return what works out the overviews of long ECGs."""
        return OverviewMaker(
            database=self.database, archive=self.archive, holter=self.holter, clock=self.clock
        )

    def picture_maker(self, decoders: Decoders | None = None) -> PictureMaker:
        """Return what makes pictures of it, in children of its own where some are given."""
        own = Pictures(
            database=self.database,
            archive=self.archive,
            decoders=decoders or self.decoders,
            store=self.renditions,
        )
        return PictureMaker(
            database=self.database,
            archive=self.archive,
            pictures=own,
            electrocardiograms=self.electrocardiograms,
            clock=self.clock,
        )

    def rereading(self) -> Rereading:
        """Return what reads text anew when it was decided how to."""
        return Rereading(database=self.database, blobs=self.archive.blobs, clock=self.clock)

    def named_elsewhere(self, blob_keys: set[str]) -> set[str]:
        """Return those of the keys that rows beside the instances name, for the sweep to leave."""
        return self.renditions.named(blob_keys) | self.upload_intake.named(blob_keys)

    def close(self) -> None:
        """Give the connections back, and end the children."""
        self.decoders.close()
        self.routine_decoders.close()
        self.database.close()

    def _is_self_test_site(self, site_id: str) -> bool:
        return self.directory.site(site_id).is_self_test


def open_house(settings: Settings, clock: Clock | None = None, *, decoders_at_once: int = AT_ONCE) -> House:
    """Build every room from the settings; nothing listens yet, and nothing is migrated.

    Raises:
        Misconfigured: the data directory cannot be used.
    """
    require_usable(settings)
    register = open_register(settings, clock)
    clock, database, directory = register.clock, register.database, register.directory
    quota = AsideQuota(size=int(settings.kept_aside_size), rows=settings.kept_aside_rows)
    archive = _archive(settings, database, clock, quota)
    decoders = Decoders(at_once=decoders_at_once)
    foreign = ForeignFiles(archive=archive, conversion=ecg_conversion(decoders), clock=clock)
    intake = UploadIntake(database=database, archive=archive, clock=clock, foreign=foreign)
    renditions = RenditionStore(database=database, archive=archive, clock=clock)
    compiler = Compiler(
        site_on_paper=lambda site_id: _on_paper(directory, site_id),
        reading_group_names=lambda: {
            group.reading_group_id: group.name for group in directory.reading_groups()
        },
    )
    return House(
        settings=settings,
        clock=clock,
        database=database,
        archive=archive,
        decoders=decoders,
        foreign=foreign,
        routine_decoders=Decoders(at_once=1),
        pictures=Pictures(database=database, archive=archive, decoders=decoders, store=renditions),
        holter=Holter(archive=archive, decoders=decoders, store=renditions),
        electrocardiograms=Electrocardiograms(
            archive=archive, decoders=decoders, store=renditions, header_of=ecg_header
        ),
        renditions=renditions,
        directory=directory,
        unknown_devices=register.unknown_devices,
        accounts=register.accounts,
        authentication=Authentication(database, clock),
        reading_list=ReadingList(database=database, clock=clock),
        requests=Requests(database=database, clock=clock),
        linking=Linking(database=database, clock=clock, is_written=is_written),
        priors=Priors(database=database),
        prior_reports=PriorReports(database=database),
        retakes=Retakes(
            database=database,
            clock=clock,
            longest_wait=timedelta(minutes=settings.retake_wait_minutes),
        ),
        desk=Desk(database=database, clock=clock, compiler=compiler),
        shelf=Shelf(archive=archive, database=database, clock=clock, quota=quota),
        patients=Patients(database=database, clock=clock),
        unrouted=UnroutedCases(database=database, directory=directory, accounts=register.accounts),
        inbox=Inbox(database=database, archive=archive, clock=clock),
        uploads=Uploads(database=database, archive=archive, clock=clock, intake=intake),
        upload_intake=intake,
        marking=Marking(database=database, clock=clock),
    )


def _archive(settings: Settings, database: Database, clock: Clock, quota: AsideQuota) -> Archive:
    with refused_by_name(settings.data):
        blobs, incoming = blob_store(settings), Incoming(settings.data / "incoming")
    return Archive(
        database=database,
        blobs=blobs,
        incoming=incoming,
        clock=clock,
        disk_reserve_bytes=int(settings.disk_reserve),
        aside_quota=quota,
    )


def blob_store(settings: Settings) -> BlobStore:
    """Return what keeps the instances; an object store is not asked anything yet."""
    if settings.object_store is None:
        return FilesystemBlobs(settings.data / "blobs")
    from storage.s3_blobs import S3Blobs  # its client is slow to import, and most hubs have files

    return S3Blobs(
        S3Location.parse(settings.object_store),
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
    )


def _on_paper(directory: Directory, site_id: str) -> SiteOnPaper:
    site = directory.site(site_id)
    return SiteOnPaper(name=site.name, time_zone=site.time_zone)


__all__ = ["House", "open_house", "tables"]
