"""What the archive answers with: an instance it holds, what became of one that arrived, one set aside."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class StoreOutcome(StrEnum):
    """What became of an instance; in every case its bytes are durable."""

    STORED = "stored"
    ALREADY_HELD = "already-held"
    KEPT_AS_CONFLICT = "kept-as-conflict"
    KEPT_AS_REPRESENTATION = "kept-as-representation"


class AsideReason(StrEnum):
    """Why bytes lie beside the archive until a person decides."""

    CONFLICT = "conflict"
    PATIENT_CONFLICT = "patient-conflict"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, kw_only=True)
class StoredInstance:
    """The archive's receipt for one instance."""

    outcome: StoreOutcome
    site_id: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    anomalies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance the archive holds: `digest` is its data set's SHA-256, `size` the whole file's.

    `header_digest` is the SHA-256 of what stands before the data set, its preamble zeroed.
    """

    instance_key: int
    site_id: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    instance_number: int | None
    number_of_frames: int | None
    rows: int | None
    columns: int | None
    bits_allocated: int | None
    blob_key: str
    size: int
    data_set_offset: int
    digest: str
    header_digest: str
    anomalies: tuple[str, ...]
    origin_kind: str
    source: str
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Study:
    """One study of one site, with what its series add up to."""

    site_id: str
    study_instance_uid: str
    patient_name: str
    patient_id: str
    issuer_of_patient_id: str
    patient_birth_date: date | None
    patient_sex: str
    study_date: date | None
    study_time: str
    timezone_offset_from_utc: str
    accession_number: str
    study_id: str
    study_description: str
    referring_physician_name: str
    text_finding: str
    first_received_at: datetime
    last_received_at: datetime
    patient_key: str
    patient_differences: str
    patient_attached_at: datetime | None = None
    """When a person said whom it shows."""
    modalities_in_study: tuple[str, ...]
    number_of_study_related_series: int
    number_of_study_related_instances: int


@dataclass(frozen=True, kw_only=True)
class RequestAttributes:
    """What a series was made for: an item of Request Attributes Sequence (0040,0275); empty where unsaid."""

    requested_procedure_id: str
    scheduled_procedure_step_id: str


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series of a study."""

    site_id: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str
    series_number: int | None
    series_description: str
    body_part_examined: str
    performed_procedure_step_start_date: date | None
    performed_procedure_step_start_time: str
    requests: tuple[RequestAttributes, ...]
    number_of_series_related_instances: int


class Settlement(StrEnum):
    """What a person decided about bytes that were kept aside."""

    READMITTED = "readmitted"
    KEPT_APART = "kept-apart"
    DISCARDED = "discarded"


@dataclass(frozen=True, kw_only=True)
class KeptAside:
    """Bytes that arrived and were kept, though not under their UID in the archive.

    A discarded one's row stays for ever, its bytes until the sweep has removed them.
    """

    kept_key: str
    reason: AsideReason
    detail: str
    site_id: str
    sop_instance_uid: str
    study_instance_uid: str
    transfer_syntax_uid: str
    blob_key: str
    size: int
    data_set_offset: int
    digest: str
    header_digest: str
    origin_kind: str
    source: str
    received_at: datetime
    settled_at: datetime | None
    settled_as: Settlement | None
    settled_by: str | None
    settled_reason: str | None
    bytes_deleted_at: datetime | None
