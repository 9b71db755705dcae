"""What the one door hands to the catalogue: an instance whose blob is durable, and what is known of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.origin import Origin
from database.change_feed import Change, ChangeKind
from storage.incoming import EncodedInstance
from storage.instance_header import InstanceHeader
from storage.original import OriginalFile
from storage.readmission import Readmission


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What arrived, held against the instance of that digest under its UID: one instance in two encodings?"""

    digest: str
    is_one_instance: bool


@dataclass(frozen=True, kw_only=True)
class Admission:
    """All that the catalogue writes down about an instance whose blob is durable."""

    header: InstanceHeader
    encoded: EncodedInstance
    blob_key: str
    origin: Origin
    received_at: datetime
    readmission: Readmission | None = None
    compared: Compared | None = None
    originals: tuple[OriginalFile, ...] = ()


def change_of(admission: Admission, kind: ChangeKind, **more: Any) -> Change:
    """Return the row of the feed that tells of it."""
    header, origin = admission.header, admission.origin
    return Change(
        kind=kind,
        site_id=origin.site_id,
        study_instance_uid=header.study_instance_uid,
        subject=header.sop_instance_uid,
        actor=f"{origin.kind.value}:{origin.source}",
        at=admission.received_at,
        body={
            "modality": header.modality.strip().upper()[:16],
            "sop_class_uid": header.sop_class_uid,
            "series_instance_uid": header.series_instance_uid,
            "origin_kind": origin.kind.value,
            **more,
        },
    )
