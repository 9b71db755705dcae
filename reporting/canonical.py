"""The exact words of a report as bytes: one JSON spelling, whose SHA-256 is the report's digest. Pure."""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any, Final

from reporting.document import (
    KeyImage,
    LinkedStudy,
    PatientIdentity,
    ReportDocument,
    ReportedInstance,
    ReportStatus,
)

LEFT_OUT_WHEN_EMPTY: Final = ("key_images", "marks_digest", "linked_studies")
"""What documents did not have at first: one that says nothing of it has the digest that it always had."""


def canonical_json(document: ReportDocument) -> str:
    """Return the document as JSON with sorted keys and no spaces, its own digest left out."""
    content = asdict(document)
    del content["content_digest"]
    for later in LEFT_OUT_WHEN_EMPTY:
        if not content[later]:
            del content[later]
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_iso)


def digest_of_words(canonical: str) -> str:
    """Return the SHA-256 of the canonical JSON, in UTF-8."""
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def with_digest(document: ReportDocument) -> ReportDocument:
    """Return the document carrying the digest of its own words."""
    return replace(document, content_digest=digest_of_words(canonical_json(document)))


def document_from(canonical: str) -> ReportDocument:
    """Read a document back from its canonical JSON."""
    content: dict[str, Any] = json.loads(canonical)
    patient = content["patient"]
    return ReportDocument(
        **content
        | {
            "status": ReportStatus(content["status"]),
            "study_date": _date(content["study_date"]),
            "patient": PatientIdentity(
                **patient | {"patient_birth_date": _date(patient["patient_birth_date"])}
            ),
            "signed_at": datetime.fromisoformat(content["signed_at"]),
            "received_at": datetime.fromisoformat(content["received_at"]),
            "instances": tuple(ReportedInstance(**item) for item in content["instances"]),
            "key_images": tuple(KeyImage(**item) for item in content.get("key_images", ())),
            "linked_studies": tuple(LinkedStudy(**item) for item in content.get("linked_studies", ())),
            "predecessors": tuple(ReportedInstance(**item) for item in content["predecessors"]),
        },
        content_digest=digest_of_words(canonical),
    )


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a report.")


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
