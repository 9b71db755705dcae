"""The signed words as bytes: one spelling, a digest that any change changes, and the way back."""

import hashlib
import json
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.canonical import canonical_json, digest_of_words, document_from, with_digest
from reporting.document import (
    KeyImage,
    LinkedStudy,
    PatientIdentity,
    ReportDocument,
    ReportedInstance,
    ReportStatus,
)
from tests.fixtures.report_documents import FINAL

UIDS = st.text("0123456789.", max_size=64)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
MOMENTS = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=9, minutes=30))])
)
DATES = st.none() | st.dates()
INSTANCES = st.lists(
    st.builds(ReportedInstance, series_instance_uid=UIDS, sop_class_uid=UIDS, sop_instance_uid=UIDS),
    max_size=3,
).map(tuple)
KEY_IMAGES = st.lists(
    st.builds(
        KeyImage,
        series_instance_uid=UIDS,
        sop_class_uid=UIDS,
        sop_instance_uid=UIDS,
        frame=st.integers(1, 9),
        caption=WORDS,
        window_width=st.none() | st.just(400.5),
    ),
    max_size=3,
).map(tuple)
LINKED_STUDIES = st.lists(
    st.builds(LinkedStudy, study_instance_uid=UIDS, accession_number=WORDS, study_description=WORDS),
    max_size=2,
).map(tuple)
PATIENTS = st.builds(
    PatientIdentity,
    patient_name=WORDS,
    patient_id=WORDS,
    issuer_of_patient_id=WORDS,
    patient_birth_date=DATES,
    patient_sex=WORDS,
)
DOCUMENTS = st.builds(
    ReportDocument,
    **{
        field.name: {
            "status": st.sampled_from(ReportStatus),
            "patient": PATIENTS,
            "study_date": DATES,
            "signed_at": MOMENTS,
            "received_at": MOMENTS,
            "instances": INSTANCES,
            "predecessors": INSTANCES,
            "key_images": KEY_IMAGES,
            "linked_studies": LINKED_STUDIES,
        }.get(field.name, WORDS)
        for field in fields(ReportDocument)
    },
)


@given(DOCUMENTS)
def test_a_document_comes_back_from_its_canonical_words(document: ReportDocument) -> None:
    signed = with_digest(document)
    assert document_from(canonical_json(signed)) == signed
    assert canonical_json(document_from(canonical_json(signed))) == canonical_json(signed)


@given(DOCUMENTS, DOCUMENTS)
def test_two_documents_share_a_digest_only_if_they_are_one(
    one: ReportDocument, other: ReportDocument
) -> None:
    one, other = with_digest(one), with_digest(other)
    assert (one.content_digest == other.content_digest) is (canonical_json(one) == canonical_json(other))


def other_than(value: Any) -> list[Any]:
    """Return values near to `value` that are not it."""
    if isinstance(value, Enum):
        return [member for member in type(value) if member is not value]
    if isinstance(value, datetime):
        return [value + timedelta(microseconds=1), value.replace(tzinfo=timezone(timedelta(hours=8)))]
    if isinstance(value, date):
        return [value + timedelta(days=1), None]
    if is_dataclass(value):
        return [
            replace(value, **{field.name: changed})
            for field in fields(value)
            for changed in other_than(getattr(value, field.name))
        ]
    if isinstance(value, tuple):
        return [
            value[1:],
            value[::-1],
            (*value, value[0]),
            *[(changed, *value[1:]) for changed in other_than(value[0])],
        ]
    if isinstance(value, int | float):
        return [value + 1, -value]
    assert isinstance(value, str)
    return [value + " ", value + "\u200b", value[:-1] if value else "x", value.swapcase() or "y"]


FIELDS = [field.name for field in fields(ReportDocument) if field.name != "content_digest"]
FULL = replace(
    FINAL,
    instances=(
        ReportedInstance(series_instance_uid="1.2", sop_class_uid="1.3", sop_instance_uid="1.4"),
        ReportedInstance(series_instance_uid="1.2", sop_class_uid="1.3", sop_instance_uid="1.5"),
    ),
    predecessors=(
        ReportedInstance(series_instance_uid="2.2", sop_class_uid="2.3", sop_instance_uid="2.4"),
        ReportedInstance(series_instance_uid="2.2", sop_class_uid="2.3", sop_instance_uid="2.5"),
    ),
    linked_studies=tuple(
        LinkedStudy(study_instance_uid=uid, accession_number="A-2", study_description="x")
        for uid in ("3.1", "3.2")
    ),
    key_images=tuple(
        KeyImage(
            series_instance_uid="1.2",
            sop_class_uid="1.3",
            sop_instance_uid=uid,
            frame=1,
            caption="x",
            window_center=40.0,
            window_width=400.0,
        )
        for uid in ("1.4", "1.5")
    ),
)


@pytest.mark.parametrize("name", FIELDS)
def test_any_change_of_any_field_changes_the_digest(name: str) -> None:
    value = getattr(FULL, name)
    before = with_digest(FULL).content_digest
    changed = [replace(FULL, **{name: other}) for other in other_than(value) if other != value]
    assert changed
    digests = [with_digest(document).content_digest for document in changed]
    assert before not in digests
    assert len(set(digests)) == len({canonical_json(document) for document in changed})


def test_the_same_moment_in_another_zone_is_another_spelling() -> None:
    """The words that were signed say which offset they were signed under."""
    elsewhere = replace(FULL, signed_at=FULL.signed_at.astimezone(timezone(timedelta(hours=8))))
    assert elsewhere.signed_at == FULL.signed_at
    assert with_digest(elsewhere).content_digest != with_digest(FULL).content_digest


def test_a_date_that_is_not_there_is_not_an_empty_text() -> None:
    assert '"study_date":null' in canonical_json(replace(FULL, study_date=None))
    assert document_from(canonical_json(replace(FULL, study_date=None))).study_date is None


def test_the_digest_is_that_of_the_words_as_anybody_can_take_it() -> None:
    canonical = canonical_json(FULL)
    assert digest_of_words(canonical) == hashlib.sha256(canonical.encode()).hexdigest()
    assert with_digest(FULL).content_digest == digest_of_words(canonical)
    read = json.loads(canonical)
    assert "content_digest" not in read
    assert list(read) == sorted(read)
    assert json.dumps(read, ensure_ascii=False, sort_keys=True, separators=(",", ":")) == canonical
    assert FULL.findings.replace("\n", "\\n") in canonical, "Chinese stays legible"


def test_a_claimed_digest_is_not_believed() -> None:
    forged = replace(FULL, content_digest="0" * 64)
    assert with_digest(forged).content_digest == with_digest(FULL).content_digest
    assert document_from(canonical_json(forged)).content_digest == with_digest(FULL).content_digest


def test_what_a_report_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical_json(replace(FULL, findings=b"bytes"))  # type: ignore[arg-type] # that is what is tried
