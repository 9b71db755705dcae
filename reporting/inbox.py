"""The clinic's side: which reports there are, in which form, and the proof that they arrived."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Final

from pydicom import dcmread
from sqlalchemy import Connection

from core.access import Act, Actor, Role, Scope, at_site
from core.clock import Clock
from core.errors import InvalidRequest, NotFound, ReportStateConflict
from core.limits import SEARCH_LIMIT
from database.audit import AuditEvent, AuditRecord, append_audit, append_once
from database.change_feed import Change, ChangeKind, append_change
from database.engine import Database
from reporting import report_records as records
from reporting.inbox_filter import InboxFilter
from reporting.receipt_records import note_confirmation, standing_reports, unread_reports
from reporting.report import Publication, Report, ReportForm, StandingReport
from storage.archive import Archive
from worklist.case import Case
from worklist.case_records import case_in_scope

LONGEST_PERSON: Final = 200


class Inbox:
    """Reports as those who may receive them see them."""

    def __init__(self, *, database: Database, archive: Archive, clock: Clock) -> None:
        self._database = database
        self._archive = archive
        self._clock = clock

    def reports(self, actor: Actor, wanted: InboxFilter | None = None) -> list[Report]:
        """Return the newest reports that this actor may receive."""
        wanted = wanted or InboxFilter()
        bounded = replace(wanted, limit=max(0, min(wanted.limit, SEARCH_LIMIT)), offset=max(0, wanted.offset))
        with self._database.read(within=actor.scope(Act.RECEIVE)) as connection:
            return records.reports_wanted(connection, actor.scope(Act.RECEIVE), bounded)

    def unread(self, actor: Actor, *, site_id: str | None = None) -> int:
        """Return how many reports nobody of their clinics has had yet."""
        with self._database.read(within=actor.scope(Act.RECEIVE)) as connection:
            return unread_reports(connection, actor.scope(Act.RECEIVE), site_id=site_id)

    def standing(self, cases: Sequence[Case]) -> dict[str, StandingReport]:
        """Return what stands for each of these cases, which the actor was found to see."""
        within = Scope().joined(case.site_id for case in cases)
        with self._database.read(within=within) as connection:
            return standing_reports(connection, [case.case_id for case in cases])

    def confirm(self, actor: Actor, report_id: str, *, name: str = "") -> Report:
        """Say by name that the clinic has the report, which is its receipt too; saying it again is harmless.

        Raises:
            NotFound, InvalidRequest.
            ReportStateConflict: another version stands in its place.
        """
        display_name = name.strip() or actor.display_name
        if len(display_name) > LONGEST_PERSON or not display_name.isprintable():
            raise InvalidRequest(f"A person's name has at most {LONGEST_PERSON} printable characters.")
        now = self._clock.now()
        with self._database.write(within=actor.scope(Act.CONFIRM)) as connection:
            report = records.find_report(connection, report_id)
            case_in_scope(connection, report.case_id, actor.scope(Act.CONFIRM))
            if report.superseded_by is not None:
                raise ReportStateConflict("A newer version of this report was signed: read that one first.")
            if note_confirmation(connection, report_id, actor, display_name, now):
                if records.note_receipt(connection, report_id, actor, ReportForm.JSON, now):
                    _tell(connection, ChangeKind.REPORT_RECEIVED, report, actor, now, form="json")
                _tell(connection, ChangeKind.REPORT_CONFIRMED, report, actor, now)
            append_once(connection, _record(actor, report, "report confirmed", Act.CONFIRM, now))
            return records.find_report(connection, report_id)

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
                _tell(connection, ChangeKind.REPORT_RECEIVED, report, actor, now, form=form.value)
                action = f"report received: {form.value}"
                append_audit(connection, _record(actor, report, action, Act.RECEIVE, now))


def _tell(
    connection: Connection, kind: ChangeKind, report: Report, actor: Actor, now: datetime, **body: str
) -> None:
    append_change(
        connection,
        Change(
            kind=kind,
            site_id=report.site_id,
            study_instance_uid=report.study_instance_uid,
            subject=report.report_id,
            actor=actor.username,
            at=now,
            body={"case_id": report.case_id, "report_id": report.report_id, **body},
        ),
    )


def _record(actor: Actor, report: Report, action: str, act: Act, now: datetime) -> AuditRecord:
    return AuditRecord(
        at=now,
        event=AuditEvent.PATIENT_RECORD,
        action=action,
        actor=actor.username,
        granted_by=actor.granted_by(act, report.site_id),
        site_id=report.site_id,
        study_instance_uid=report.study_instance_uid,
        subject=report.report_id,
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
