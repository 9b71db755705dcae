"""The signed text, complete and frozen: what the SR and the PDF are made from, and nothing else."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ReportStatus(StrEnum):
    """How far a report has come (FHIR DiagnosticReport.status names the same states)."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    ADDENDUM = "appended"
    AMENDED = "amended"


VERSIONS = frozenset({ReportStatus.FINAL, ReportStatus.AMENDED})
"""What stands for a case: of these the newest is current and the others are superseded."""


@dataclass(frozen=True, kw_only=True)
class ReportedInstance:
    """One instance that was read, as the SR's evidence lists it (PS3.3 C.17.2).

    `study_instance_uid` is empty for one of the study that the report is kept in.
    """

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyImage:
    """A frame that the reader chose to show, and the window it was looked at with (None: its own).

    `study_instance_uid` is empty for one of the study that the report is kept in.
    """

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frame: int
    caption: str
    study_instance_uid: str = ""
    window_center: float | None = None
    window_width: float | None = None


@dataclass(frozen=True, kw_only=True)
class LinkedStudy:
    """Another study that the report covers, with the number of the order that it was taken for."""

    study_instance_uid: str
    accession_number: str
    study_description: str


@dataclass(frozen=True, kw_only=True)
class PatientIdentity:
    """The patient as the device named them; an empty string or None where it did not."""

    patient_name: str
    patient_id: str
    issuer_of_patient_id: str
    patient_birth_date: date | None
    patient_sex: str


@dataclass(frozen=True, kw_only=True)
class ReportDocument:
    """Everything a published report says. Times are aware; `time_zone` (IANA) is where paper is read.

    `modality` is the case's: US, DX, CR, ECG, ...
    """

    report_id: str
    status: ReportStatus
    site_id: str
    site_name: str
    time_zone: str
    study_instance_uid: str
    study_id: str
    study_date: date | None
    study_time: str
    accession_number: str
    referring_physician_name: str
    study_description: str
    modality: str
    patient: PatientIdentity
    clinical_question: str
    history: str
    findings: str
    impression: str
    reason: str
    """Why an addendum or amended report was written; empty for any other."""
    previous_findings: str
    previous_impression: str
    """What the report said that an addendum adds to, or an amended report replaces; empty for any other."""
    reading_physician: str
    signed_at: datetime
    received_at: datetime
    content_digest: str
    instances: tuple[ReportedInstance, ...]
    reading_organization: str = ""
    """Whom the reading physician reads for (the reading group); empty where nobody registered it."""
    predecessors: tuple[ReportedInstance, ...] = ()
    """SRs in the study whose words this one repeats or replaces (PS3.3 C.17.2, Predecessor Documents)."""
    key_images: tuple[KeyImage, ...] = ()
    marks_digest: str = ""
    """SHA-256 of what the reader drew into the images, which is kept beside; empty where nothing was."""
    linked_studies: tuple[LinkedStudy, ...] = ()
    """The other studies that were read with the one that the report is kept in."""
