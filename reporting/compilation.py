"""Puts a report's document together from the case, the study and the register, in the signing transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.access import Actor, Role, Scope
from core.origin import OriginKind
from reporting.canonical import with_digest
from reporting.document import (
    KeyImage,
    LinkedStudy,
    PatientIdentity,
    ReportDocument,
    ReportedInstance,
    ReportStatus,
)
from reporting.mark_records import marks_of_case
from reporting.marks import Mark, MarkKind, digest_of_marks
from reporting.report import Report, ReportForm
from reporting.structured_report import BASIC_TEXT_SR_STORAGE
from storage.instance import Instance, Study
from storage.patient_identity import StatedIdentity
from storage.patient_records import settled_identity_of
from storage.query import Query, UIDList
from storage.search import search_instances, search_studies
from worklist.case import Case

EVERY_INSTANCE = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class SiteOnPaper:
    """What a report says about the site it goes to."""

    name: str
    time_zone: str


class Compiler:
    """Knows where the parts of a report come from."""

    def __init__(
        self,
        *,
        site_on_paper: Callable[[str], SiteOnPaper],
        reading_group_names: Callable[[], dict[str, str]],
    ) -> None:
        self._site_on_paper = site_on_paper
        self._reading_group_names = reading_group_names

    def compile(
        self,
        connection: Connection,
        case: Case,
        actor: Actor,
        *,
        report_id: str,
        findings: str,
        impression: str,
        status: ReportStatus,
        reason: str,
        instances: tuple[ReportedInstance, ...],
        predecessor: Report | None,
        now: datetime,
    ) -> ReportDocument:
        """Return the document, complete with its digest; `instances` are those that the reader saw."""
        study = _study(connection, case)
        site = self._site_on_paper(case.site_id)
        drawn = marks_of_case(connection, case)
        repeats = status in {ReportStatus.ADDENDUM, ReportStatus.AMENDED}
        previous = predecessor.document if predecessor and repeats else None
        return with_digest(
            ReportDocument(
                report_id=report_id,
                status=status,
                site_id=case.site_id,
                site_name=site.name,
                time_zone=site.time_zone,
                study_instance_uid=case.study_instance_uid,
                study_id=study.study_id,
                study_date=study.study_date,
                study_time=study.study_time,
                accession_number=study.accession_number,
                referring_physician_name=study.referring_physician_name,
                study_description=study.study_description,
                modality=case.modality,
                patient=_patient(
                    settled_identity_of(connection, case.site_id, case.study_instance_uid) or study
                ),
                clinical_question=case.clinical_question,
                history=case.history,
                findings=findings,
                impression=impression,
                reason=reason,
                previous_findings=previous.findings if previous else "",
                previous_impression=previous.impression if previous else "",
                reading_physician=actor.display_name,
                reading_organization=self._organization(actor, case),
                signed_at=now,
                received_at=case.first_received_at,
                content_digest="",
                instances=instances,
                predecessors=_predecessors(predecessor),
                key_images=previous.key_images if previous else _key_images(drawn, instances),
                marks_digest=previous.marks_digest if previous else digest_of_marks(drawn),
                linked_studies=_linked_studies(case, instances),
            )
        )

    def _organization(self, actor: Actor, case: Case) -> str:
        """Whom the reader reads this case for; where the route ended meanwhile, whom they read for."""
        names = self._reading_group_names()
        groups = [
            grant.reading_group_id
            for grant in actor.grants
            if grant.role is Role.READER and grant.reading_group_id is not None
        ]
        routed = {
            route.reading_group_id
            for route in actor.routes
            if route.site_id == case.site_id and route.modality in {None, case.modality}
        }
        chosen = next((group for group in groups if group in routed), groups[0] if groups else None)
        return names[chosen] if chosen is not None else ""


def instances_of_case(connection: Connection, case: Case) -> tuple[ReportedInstance, ...]:
    """Return what there is to read of all studies of a case: a report covers them together."""
    uids = tuple(study.study_instance_uid for study in case.studies) or (case.study_instance_uid,)
    every = Query(conditions={"StudyInstanceUID": UIDList(uids)}, limit=EVERY_INSTANCE)
    found = search_instances(connection, every, Scope(site_ids=frozenset({case.site_id})))
    return _read_instances(found, kept_in=case.study_instance_uid)


def _study(connection: Connection, case: Case) -> Study:
    """Return the case's own study."""
    own = Query(conditions={"StudyInstanceUID": UIDList((case.study_instance_uid,))})
    return search_studies(connection, own, Scope(site_ids=frozenset({case.site_id})))[0]


def _patient(stated: StatedIdentity | Study) -> PatientIdentity:
    """Whom the report names: as the study states, or the patient to whom a person has moved it."""
    return PatientIdentity(
        patient_name=stated.patient_name,
        patient_id=stated.patient_id,
        issuer_of_patient_id=stated.issuer_of_patient_id,
        patient_birth_date=stated.patient_birth_date,
        patient_sex=stated.patient_sex,
    )


def _read_instances(instances: list[Instance], *, kept_in: str) -> tuple[ReportedInstance, ...]:
    """What was there to be read: the hub's own reports are not."""
    return tuple(
        ReportedInstance(
            series_instance_uid=instance.series_instance_uid,
            sop_class_uid=instance.sop_class_uid,
            sop_instance_uid=instance.sop_instance_uid,
            study_instance_uid="" if instance.study_instance_uid == kept_in else instance.study_instance_uid,
        )
        for instance in instances
        if instance.origin_kind != OriginKind.HUB.value
    )


def _key_images(
    drawn: dict[str, tuple[Mark, ...]], instances: tuple[ReportedInstance, ...]
) -> tuple[KeyImage, ...]:
    """Return the frames that the reader chose, of what was read."""
    read = {instance.sop_instance_uid: instance for instance in instances}
    chosen = [mark for marks in drawn.values() for mark in marks if mark.kind is MarkKind.KEY_IMAGE]
    return tuple(
        KeyImage(
            **vars(read[mark.sop_instance_uid]),
            frame=mark.frame,
            caption=mark.text,
            window_center=_plain(mark.window_center),
            window_width=_plain(mark.window_width),
        )
        for mark in chosen
        if mark.sop_instance_uid in read
    )


def _linked_studies(case: Case, instances: tuple[ReportedInstance, ...]) -> tuple[LinkedStudy, ...]:
    """Return the studies of a case, but for its own, of which something was read."""
    read = {instance.study_instance_uid for instance in instances}
    return tuple(
        LinkedStudy(
            study_instance_uid=study.study_instance_uid,
            accession_number=study.accession_number,
            study_description=study.study_description,
        )
        for study in case.studies
        if study.study_instance_uid in read
    )


def _plain(number: float | None) -> float | None:
    """Return a whole number as one: not every reader of JSON spells 40.0 as we do, and it is signed."""
    return int(number) if number is not None and number.is_integer() else number


def _predecessors(predecessor: Report | None) -> tuple[ReportedInstance, ...]:
    return tuple(
        ReportedInstance(
            series_instance_uid=publication.series_instance_uid,
            sop_class_uid=BASIC_TEXT_SR_STORAGE,
            sop_instance_uid=publication.sop_instance_uid,
        )
        for publication in (predecessor.publications if predecessor else ())
        if publication.form is ReportForm.SR
    )
