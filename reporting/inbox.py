"""The clinic's side: which reports there are, in which form, and the proof that they arrived."""

from io import BytesIO

from pydicom import dcmread

from core.access import Act, Actor, Role, Scope, at_site
from core.clock import Clock
from core.errors import NotFound, ReportStateConflict
from core.limits import SEARCH_LIMIT
from database.audit import AuditEvent, AuditRecord, append_audit
from database.change_feed import Change, ChangeKind, append_change
from database.engine import Database
from reporting import report_records as records
from reporting.report import Publication, Report, ReportForm
from storage.archive import Archive
from worklist.case_records import case_in_scope


class Inbox:
    """Reports as those who may receive them see them."""

    def __init__(self, *, database: Database, archive: Archive, clock: Clock) -> None:
        self._database = database
        self._archive = archive
        self._clock = clock

    def reports(self, actor: Actor, *, limit: int = 100) -> list[Report]:
        """Return the newest reports that this actor may receive."""
        with self._database.read(within=actor.scope(Act.RECEIVE)) as connection:
            return records.reports_in_scope(
                connection, actor.scope(Act.RECEIVE), limit=max(0, min(limit, SEARCH_LIMIT))
            )

    def find(self, actor: Actor, report_id: str) -> Report:
        """Return one report without taking that for a receipt. Raises NotFound."""
        with self._database.read(within=actor.scope(Act.RECEIVE)) as connection:
            report = records.find_report(connection, report_id)
            case_in_scope(connection, report.case_id, actor.scope(Act.RECEIVE))
        return report

    def report(self, actor: Actor, report_id: str, *, is_given: bool = True) -> Report:
        """Return one report; for an account of its clinic this is its receipt, if it `is_given`.

        Raises NotFound.
        """
        report = self.find(actor, report_id)
        if is_given:
            self._note_receipt(actor, report, ReportForm.JSON)
        return report

    def pdf(self, actor: Actor, report_id: str, *, is_given: bool = True) -> bytes:
        """Return the report's PDF as kept in the study; a receipt as `report` has it.

        Raises NotFound, ReportStateConflict.
        """
        report = self.find(actor, report_id)
        dataset = dcmread(BytesIO(self._published(report, ReportForm.PDF)))
        pdf = bytes(dataset.EncapsulatedDocument)[: int(dataset.EncapsulatedDocumentLength)]
        if is_given:
            self._note_receipt(actor, report, ReportForm.PDF)
        return pdf

    def structured_report(self, actor: Actor, report_id: str, *, is_given: bool = True) -> bytes:
        """Return the report's SR as a Part 10 file; a receipt as `report` has it.

        Raises NotFound, ReportStateConflict.
        """
        report = self.find(actor, report_id)
        part10 = self._published(report, ReportForm.SR)
        if is_given:
            self._note_receipt(actor, report, ReportForm.SR)
        return part10

    def _published(self, report: Report, form: ReportForm) -> bytes:
        publication = _publication(report, form)
        if publication.published_at is None:
            raise ReportStateConflict("The report is signed and is being printed; ask again in a moment.")
        [instance] = self._archive.instances_of(
            report.study_instance_uid,
            sop_instance_uid=publication.sop_instance_uid,
            visible_to=Scope(site_ids=frozenset({report.site_id})),
        )
        return b"".join(self._archive.whole(instance))

    def _note_receipt(self, actor: Actor, report: Report, form: ReportForm) -> None:
        """A receipt is the clinic's: only those who work at the site the report goes to can give one."""
        if not _works_at(actor, report.site_id):
            return
        now = self._clock.now()
        with self._database.write(within=at_site(report.site_id)) as connection:
            if records.note_receipt(connection, report.report_id, actor, form, now):
                append_change(
                    connection,
                    Change(
                        kind=ChangeKind.REPORT_RECEIVED,
                        site_id=report.site_id,
                        study_instance_uid=report.study_instance_uid,
                        subject=report.report_id,
                        actor=actor.username,
                        at=now,
                        body={"case_id": report.case_id, "report_id": report.report_id, "form": form.value},
                    ),
                )
                append_audit(
                    connection,
                    AuditRecord(
                        at=now,
                        event=AuditEvent.PATIENT_RECORD,
                        action=f"report received: {form.value}",
                        actor=actor.username,
                        granted_by=actor.granted_by(Act.RECEIVE, report.site_id),
                        site_id=report.site_id,
                        study_instance_uid=report.study_instance_uid,
                        subject=report.report_id,
                    ),
                )


def _publication(report: Report, form: ReportForm) -> Publication:
    for publication in report.publications:
        if publication.form is form:
            return publication
    raise NotFound("A preliminary report is not published.")


def _works_at(actor: Actor, site_id: str) -> bool:
    return any(
        grant.role in {Role.CLINIC, Role.TECHNICIAN} and grant.site_id == site_id for grant in actor.grants
    )
