"""Gathers what a report's page shows: every text ready to be read, nothing decided in the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ecg.storage_classes import ELECTROCARDIOGRAMS
from reporting.document import KeyImage, ReportDocument, ReportedInstance, ReportStatus
from reporting.drawn_marks import Drawing
from reporting.paper import words
from reporting.paper.sheet import linked_facts, printed_name
from reporting.paper.words import Words
from reporting.report import Report
from reporting.report_instance import in_order
from reporting.terms import report_kind
from viewer_api.person_on_page import PersonOnPage, person_on_page
from viewer_api.worklist_schemas import ecg_sheet_path, instance_path

IMAGES_SHOWN: Final = 12
ECGS_SHOWN: Final = 4
_PICTURE: Final = {"viewport": "1024,1024"}
_WITHOUT_PICTURE: Final = ("1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.104.")
"""Reports of devices, and documents: nothing that is rendered."""


@dataclass(frozen=True, kw_only=True)
class PictureOnPage:
    """A picture, where it is larger, and what is written below."""

    path: str
    larger_path: str
    caption: str
    drawing: Drawing | None = None
    """What its reader drew into it."""


@dataclass(frozen=True, kw_only=True)
class SectionOnPage:
    """A heading and the words below it."""

    title: Words
    text: str


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """All that the template needs."""

    report_id: str
    title: Words
    status: Words
    note: Words
    state: str
    site: str
    person: PersonOnPage
    facts: tuple[tuple[Words, str], ...]
    sections: tuple[SectionOnPage, ...]
    earlier: tuple[SectionOnPage, ...]
    key_images: tuple[PictureOnPage, ...]
    sheets: tuple[str, ...]
    images: tuple[PictureOnPage, ...]
    more_images: int
    reading_physician: str
    organization: str
    signed_at: str
    digest: str
    pdf_path: str | None
    is_being_printed: bool
    superseded_by: str | None
    confirmations: tuple[tuple[str, str], ...]


def report_page(report: Report, drawings: Sequence[Drawing | None]) -> ReportPage:
    """Return a report as its page shows it; `drawings` lie over its key images, one for each."""
    document = report.document
    patient, kind = document.patient, report_kind(document.modality)
    read = in_order(document.instances)
    pictures = [each for each in read if _has_picture(each)]
    zone = ZoneInfo(document.time_zone)
    return ReportPage(
        report_id=report.report_id,
        title=Words(zh=kind.chinese_title, en=kind.title.meaning),
        status=words.STATUS[document.status],
        note=words.STATUS_NOTE[document.status],
        state=document.status.value,
        site=document.site_name,
        person=person_on_page(
            patient.patient_name, patient.patient_sex, patient.patient_birth_date, patient.patient_id
        ),
        facts=_facts(document),
        sections=_sections(document),
        earlier=_earlier(document),
        key_images=tuple(
            _key_image(document, image, drawing)
            for image, drawing in zip(document.key_images, drawings, strict=True)
        ),
        sheets=tuple(
            _sheet_path(document, each) for each in read if each.sop_class_uid in ELECTROCARDIOGRAMS
        )[:ECGS_SHOWN],
        images=tuple(_image(document, each) for each in pictures[:IMAGES_SHOWN]),
        more_images=max(0, len(pictures) - IMAGES_SHOWN),
        reading_physician=document.reading_physician,
        organization=document.reading_organization,
        signed_at=_moment(document.signed_at, zone),
        digest=document.content_digest,
        pdf_path=f"/api/v1/reports/{report.report_id}/pdf" if report.is_published else None,
        is_being_printed=bool(report.publications) and not report.is_published,
        superseded_by=report.superseded_by,
        confirmations=tuple(
            (each.display_name, _moment(each.confirmed_at, zone)) for each in report.confirmations
        ),
    )


def _facts(document: ReportDocument) -> tuple[tuple[Words, str], ...]:
    day = document.study_date.isoformat() if document.study_date else ""
    facts = (
        (words.ACCESSION_NUMBER, document.accession_number),
        (words.STUDY_DATE, day),
        (words.MODALITY, document.modality),
        (words.STUDY_DESCRIPTION, document.study_description),
        (words.REFERRING_PHYSICIAN, printed_name(document.referring_physician_name)),
        (words.INSTANCES_READ, str(len(set(document.instances)))),
        *linked_facts(document),
    )
    return tuple((label, value.strip() or words.NOT_STATED) for label, value in facts)


def _sections(document: ReportDocument) -> tuple[SectionOnPage, ...]:
    is_addendum = document.status is ReportStatus.ADDENDUM
    reason = words.REASON if is_addendum else words.AMENDMENT_REASON
    said = (
        (words.CLINICAL_QUESTION, document.clinical_question),
        (words.HISTORY, document.history),
        (reason, document.reason),
    )
    asked = [SectionOnPage(title=title, text=text) for title, text in said if text.strip()]
    findings = words.ADDED_FINDINGS if is_addendum else words.FINDINGS
    impression = words.ADDED_IMPRESSION if is_addendum else words.IMPRESSION
    return (
        *asked,
        SectionOnPage(title=findings, text=document.findings.strip() or words.NOT_STATED),
        SectionOnPage(title=impression, text=document.impression.strip() or words.NOT_STATED),
    )


def _earlier(document: ReportDocument) -> tuple[SectionOnPage, ...]:
    """Return what an addendum adds to, or an amended report replaces."""
    said = (
        (words.FINDINGS, document.previous_findings),
        (words.IMPRESSION, document.previous_impression),
    )
    return tuple(SectionOnPage(title=title, text=text) for title, text in said if text.strip())


def _has_picture(instance: ReportedInstance) -> bool:
    uid = instance.sop_class_uid
    return uid not in ELECTROCARDIOGRAMS and not uid.startswith(_WITHOUT_PICTURE)


def _path(document: ReportDocument, instance: ReportedInstance | KeyImage) -> str:
    study = instance.study_instance_uid or document.study_instance_uid
    return instance_path(document.site_id, study, instance.series_instance_uid, instance.sop_instance_uid)


def _image(document: ReportDocument, instance: ReportedInstance) -> PictureOnPage:
    path = _path(document, instance)
    return PictureOnPage(path=f"{path}/thumbnail", larger_path=f"{path}/rendered", caption="")


def _key_image(document: ReportDocument, image: KeyImage, drawing: Drawing | None) -> PictureOnPage:
    path = f"{_path(document, image)}/frames/{image.frame}/rendered"
    looked = {}
    if image.window_center is not None and image.window_width is not None:
        looked = {"window": f"{image.window_center},{image.window_width},linear"}
    return PictureOnPage(
        path=f"{path}?{urlencode(_PICTURE | looked, safe=',')}",
        larger_path=f"{path}?{urlencode(looked, safe=',')}",
        caption=image.caption,
        drawing=drawing,
    )


def _sheet_path(document: ReportDocument, instance: ReportedInstance) -> str:
    study = instance.study_instance_uid or document.study_instance_uid
    return ecg_sheet_path(document.site_id, study, instance.sop_instance_uid)


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")
