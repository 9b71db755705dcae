"""Makes a signed report part of its study: SR and PDF, through the one door, once, whatever crashes.

The UIDs were given out when the report was signed, so a repeated attempt finds what an earlier one stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

from core.access import EVERY_SITE
from core.clock import Clock
from core.errors import HubError, QuotaExceeded, StorageUnavailable
from core.origin import Origin, OriginKind
from database.change_feed import Change, ChangeKind, append_change
from database.engine import Database
from database.jobs import Job, claim_jobs, complete, postpone, wait_out
from reporting import report_records as records
from reporting.document import ReportDocument
from reporting.ecg_pages import DrawPage, ECGPage, ecg_pages
from reporting.encapsulated_pdf import encapsulated_pdf
from reporting.key_pictures import KeyPicture, ShowImage, SignedMarks, key_pictures
from reporting.mark_records import signed_marks
from reporting.pdf import report_pdf
from reporting.report import Publication, Report, ReportForm
from reporting.structured_report import structured_report
from storage.archive import Archive
from storage.receiving import received_part10

PUBLISH_JOB = "report.publish"
LEASE = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What is printed beside the words."""

    ecg_pages: Sequence[ECGPage] = ()
    pictures: Sequence[KeyPicture] = ()


NOTHING_DRAWN = Drawn()


def _sr(
    document: ReportDocument, publication: Publication, number: int, _drawn: Drawn = NOTHING_DRAWN
) -> bytes:
    return structured_report(
        document,
        sop_instance_uid=publication.sop_instance_uid,
        series_instance_uid=publication.series_instance_uid,
        series_number=number,
    )


def _pdf(
    document: ReportDocument, publication: Publication, number: int, drawn: Drawn = NOTHING_DRAWN
) -> bytes:
    return encapsulated_pdf(
        document,
        report_pdf(document, drawn.ecg_pages, drawn.pictures),
        sop_instance_uid=publication.sop_instance_uid,
        series_instance_uid=publication.series_instance_uid,
        series_number=number,
    )


RENDER: dict[ReportForm, Callable[[ReportDocument, Publication, int, Drawn], bytes]] = {
    ReportForm.SR: _sr,
    ReportForm.PDF: _pdf,
}

FIRST_SERIES_NUMBER = {ReportForm.SR: 9000, ReportForm.PDF: 9500}
"""Behind whatever numbers a device gives its own series."""


class Publisher:
    """Works off publication jobs; `draw_page` draws the ECGs, `show_image` the key images of a report."""

    def __init__(
        self,
        *,
        database: Database,
        archive: Archive,
        clock: Clock,
        draw_page: DrawPage,
        show_image: ShowImage,
    ) -> None:
        self._draw_page = draw_page
        self._show_image = show_image
        self._database = database
        self._archive = archive
        self._clock = clock

    def run(self, limit: int = 4) -> list[tuple[str, str]]:
        """Publish what is due; return (report id, error) of what failed and was put off."""
        failures = []
        for _ in range(limit):
            job = self._next_job()
            if job is None:
                break
            try:
                self._publish(job)
            except HubError as error:
                failures.append((job.body["report_id"], str(error)))
                # The night in which the store is full or away uses up no attempt of a report.
                is_outage = isinstance(error, StorageUnavailable | QuotaExceeded)
                put_off = wait_out if is_outage else postpone
                with self._database.write(within=EVERY_SITE) as connection:
                    put_off(connection, job, now=self._clock.now(), error=str(error))
        return failures

    def _next_job(self) -> Job | None:
        """Claim one at a time: what ends this worker holds up no job behind it."""
        claimed = claim_jobs(self._database, kinds=[PUBLISH_JOB], now=self._clock.now(), lease=LEASE, limit=1)
        return claimed[0] if claimed else None

    def _publish(self, job: Job) -> None:
        with self._database.read(within=EVERY_SITE) as connection:
            report = records.find_report(connection, job.body["report_id"])
            marks = signed_marks(connection, report.report_id)
        for publication in report.publications:
            self._store(report, publication, marks)
        now = self._clock.now()
        with self._database.write(within=EVERY_SITE) as connection:
            fresh = [
                records.mark_published(connection, report.report_id, publication.form, now)
                for publication in report.publications
            ]
            if any(fresh):
                append_change(connection, _published(report, self._clock))
            complete(connection, job)

    def _store(self, report: Report, publication: Publication, marks: SignedMarks) -> None:
        if self._archive.catalogue.held_digest(report.site_id, publication.sop_instance_uid) is not None:
            return
        number = FIRST_SERIES_NUMBER[publication.form] + report.number
        drawn = NOTHING_DRAWN
        if publication.form is ReportForm.PDF:
            drawn = Drawn(
                ecg_pages=ecg_pages(self._archive, self._draw_page, report.document),
                pictures=key_pictures(self._archive, self._show_image, report.document, marks),
            )
        part10 = RENDER[publication.form](report.document, publication, number, drawn)
        origin = Origin(kind=OriginKind.HUB, site_id=report.site_id, source=report.report_id)
        with received_part10(self._archive.incoming, BytesIO(part10), now=self._clock.now()) as encoded:
            self._archive.store(encoded, origin)


def _published(report: Report, clock: Clock) -> Change:
    return Change(
        kind=ChangeKind.REPORT_PUBLISHED,
        site_id=report.site_id,
        study_instance_uid=report.study_instance_uid,
        subject=report.report_id,
        actor="hub",
        at=clock.now(),
        body={"case_id": report.case_id, "report_id": report.report_id},
    )
