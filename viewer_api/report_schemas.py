"""Signed reports as JSON."""

import json
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from reporting.canonical import LEFT_OUT_WHEN_EMPTY, canonical_json
from reporting.document import ReportDocument, ReportStatus
from reporting.report import Confirmation, Publication, Receipt, Report, ReportForm
from viewer_api import report_examples


class ReportedInstanceResource(BaseModel):
    """One instance that was read."""

    model_config = ConfigDict(title="ReportedInstance")

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str = Field(description="Empty for one of the study that the report is kept in.")


class KeyImageResource(ReportedInstanceResource):
    """A frame that the reader chose to show, and how it was looked at (null: as the instance says)."""

    model_config = ConfigDict(title="KeyImage")

    frame: int
    caption: str
    window_center: int | float | None
    window_width: int | float | None


class LinkedStudyResource(BaseModel):
    """Another study that the report covers."""

    model_config = ConfigDict(title="LinkedStudy")

    study_instance_uid: str
    accession_number: str
    study_description: str


class PatientResource(BaseModel):
    """The patient as the device named them."""

    model_config = ConfigDict(title="Patient")

    patient_name: str
    patient_id: str
    issuer_of_patient_id: str
    patient_birth_date: str | None
    patient_sex: str


class ReportDocumentResource(BaseModel):
    """The signed words, every one. Dates and times stand as they were signed, because the digest covers them.

    Serialized with sorted keys, without spaces, in UTF-8, this object has the report's digest as its SHA-256.
    """

    model_config = ConfigDict(title="ReportDocument", extra="forbid")

    report_id: str
    status: ReportStatus
    site_id: str
    site_name: str
    time_zone: str = Field(description="IANA zone in which the report is read on paper.")
    study_instance_uid: str
    study_id: str
    study_date: str | None
    study_time: str
    accession_number: str
    referring_physician_name: str
    study_description: str
    modality: str
    patient: PatientResource
    clinical_question: str
    history: str
    findings: str
    impression: str
    reason: str = Field(description="Why an addendum or amended report was written.")
    previous_findings: str = Field(description="What an addendum adds to, or an amended report replaces.")
    previous_impression: str = Field(description="What an addendum adds to, or an amended report replaces.")
    reading_physician: str
    reading_organization: str
    signed_at: str
    received_at: str
    instances: list[ReportedInstanceResource] = Field(description="What the reader saw.")
    predecessors: list[ReportedInstanceResource] = Field(
        description="SRs that this one adds to or stands in place of."
    )
    key_images: list[KeyImageResource] = Field(default=[], description="Left out where there are none.")
    marks_digest: str = Field(
        default="", description="SHA-256 of what was drawn into the images; left out where nothing was."
    )
    linked_studies: list[LinkedStudyResource] = Field(
        default=[],
        description="The others that were read with the one that the report is kept in; left out where there"
        " are none.",
    )

    @model_serializer(mode="wrap")
    def _as_signed(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what the digest was not taken over."""
        written: dict[str, Any] = whole(self)
        for later in LEFT_OUT_WHEN_EMPTY:
            if not written[later]:
                del written[later]
        return written

    @classmethod
    def of(cls, document: ReportDocument) -> Self:
        """Return the document in the spelling that was signed."""
        signed: dict[str, Any] = json.loads(canonical_json(document))
        return cls.model_validate(signed)


class SignerResource(BaseModel):
    """Who signed."""

    model_config = ConfigDict(title="Signer")

    account_id: str
    display_name: str
    organization: str


class PublicationResource(BaseModel):
    """One form of a report as an object of its study."""

    model_config = ConfigDict(title="Publication")

    form: ReportForm
    series_instance_uid: str
    sop_instance_uid: str
    published_at: datetime | None = Field(description="Null while it is being printed.")

    @classmethod
    def of(cls, publication: Publication) -> Self:
        """Return a publication."""
        return cls(**vars(publication))


class ReceiptResource(BaseModel):
    """Proof that an account of the clinic has had the report."""

    model_config = ConfigDict(title="Receipt")

    username: str
    form: ReportForm
    received_at: datetime

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        """Return a receipt."""
        return cls(**vars(receipt))


class ConfirmationResource(BaseModel):
    """A named person says that the clinic has the report."""

    model_config = ConfigDict(title="Confirmation")

    display_name: str
    username: str
    confirmed_at: datetime

    @classmethod
    def of(cls, confirmation: Confirmation) -> Self:
        """Return a confirmation."""
        return cls(**vars(confirmation))


class ReportSummary(BaseModel):
    """A line of the inbox."""

    report_id: str
    case_id: str
    site_id: str
    study_instance_uid: str
    number: int = Field(description="Counts the signed versions of a case from 1.")
    status: ReportStatus
    addendum_to: str | None = Field(description="The final report that an addendum adds to.")
    supersedes: str | None = Field(description="The version that this one stands in place of.")
    superseded_by: str | None = Field(description="The version that stands in its place: read that one.")
    needs_notice: bool = Field(
        description="Whether the clinic has had an earlier version in its hands, and not yet this one."
    )
    modality: str
    patient_name: str
    patient_id: str
    study_date: str | None
    accession_number: str
    reading_physician: str
    signed_at: datetime
    digest: str = Field(description="SHA-256 of the signed document.")
    is_published: bool = Field(description="Whether SR and PDF are kept in the study.")
    is_received: bool = Field(description="Whether somebody of the clinic has had it.")
    confirmations: list[ConfirmationResource] = Field(description="Who said by name that they have it.")
    links: dict[str, str] = Field(description="Where to go from here.")

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return what a list shows of a report."""
        return cls(**_summary(report))


class ReportCollection(BaseModel):
    """Reports."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [report_examples.SUMMARY]}})

    items: list[ReportSummary]


class Inbox(ReportCollection):
    """Reports, and how many of all that are in reach nobody of their clinics has had yet."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [report_examples.SUMMARY], "unread": 1}}
    )

    unread: int


class ReportResource(ReportSummary):
    """A signed report, whole, with the proof of where it has got to."""

    model_config = ConfigDict(title="Report", json_schema_extra={"example": report_examples.REPORT})

    signer: SignerResource
    document: ReportDocumentResource
    publications: list[PublicationResource] = Field(description="None for a preliminary report.")
    receipts: list[ReceiptResource]

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return the whole report."""
        return cls(
            **_summary(report),
            signer=SignerResource(
                account_id=report.signed_by,
                display_name=report.document.reading_physician,
                organization=report.document.reading_organization,
            ),
            document=ReportDocumentResource.of(report.document),
            publications=[PublicationResource.of(publication) for publication in report.publications],
            receipts=[ReceiptResource.of(receipt) for receipt in report.receipts],
        )


def _summary(report: Report) -> dict[str, Any]:
    document = report.document
    return {
        "report_id": report.report_id,
        "case_id": report.case_id,
        "site_id": report.site_id,
        "study_instance_uid": report.study_instance_uid,
        "number": report.number,
        "status": report.status,
        "addendum_to": report.addendum_to,
        "supersedes": report.supersedes,
        "superseded_by": report.superseded_by,
        "needs_notice": report.needs_notice,
        "modality": document.modality,
        "patient_name": document.patient.patient_name,
        "patient_id": document.patient.patient_id,
        "study_date": document.study_date.isoformat() if document.study_date else None,
        "accession_number": document.accession_number,
        "reading_physician": document.reading_physician,
        "signed_at": report.signed_at,
        "digest": report.digest,
        "is_published": report.is_published,
        "is_received": bool(report.receipts),
        "confirmations": [ConfirmationResource.of(each) for each in report.confirmations],
        "links": _links(report),
    }


def _links(report: Report) -> dict[str, str]:
    itself = f"/api/v1/reports/{report.report_id}"
    links = {"self": itself, "page": f"/r/{report.report_id}", "confirm": f"{itself}/confirm"}
    links |= {"case": f"/api/v1/cases/{report.case_id}", "addenda": f"{itself}/addenda"}
    links["amendments"] = f"{itself}/amendments"
    if report.superseded_by:
        links["superseded_by"] = f"/api/v1/reports/{report.superseded_by}"
    if report.publications:
        links |= {"pdf": f"{itself}/pdf", "sr": f"{itself}/sr"}
    return links
