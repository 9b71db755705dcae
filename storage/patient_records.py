"""The SQL of patients: which one a study belongs to, and what people decided about them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, exists, insert, select, update

from core.uids import new_key
from storage.patient_identity import (
    Difference,
    StatedIdentity,
    completed,
    differences,
    identity_key,
    statement_digest,
)
from storage.tables import patient_acts, patients, studies

SAME_PATIENT = "same-patient"
"""The act by which a person says that a statement in a study is about its patient."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """The patient that a new study belongs to, and in what the study disagrees with what is known of them."""

    patient_key: str
    differences: tuple[Difference, ...]


def assign_patient(
    connection: Connection, site_id: str, stated: StatedIdentity, *, now: datetime
) -> Assignment:
    """Find the patient of (site, issuer or none, ID), or make one; without an ID always a new one."""
    key = identity_key(site_id, stated)
    known = None
    if key is not None:
        known = connection.execute(select(patients).filter_by(identity_key=key)).mappings().first()
    if known is None:
        patient_key = new_key(now)
        connection.execute(
            insert(patients).values(
                **_values(stated),
                patient_key=patient_key,
                site_id=site_id,
                identity_key=key,
                first_received_at=now,
            )
        )
        return Assignment(patient_key=patient_key, differences=())
    before = identity_of(known)
    after = completed(before, stated)
    if after != before:
        connection.execute(
            update(patients).filter_by(patient_key=known["patient_key"]).values(**_values(after))
        )
    return Assignment(patient_key=known["patient_key"], differences=differences(before, stated))


def stated_identity_of(
    connection: Connection, site_id: str, study_instance_uid: str
) -> StatedIdentity | None:
    """Return what a study's first instance stated, None where there is no such study."""
    row = (
        connection.execute(select(studies).filter_by(site_id=site_id, study_instance_uid=study_instance_uid))
        .mappings()
        .first()
    )
    return None if row is None else identity_of(row)


def add_differences(
    connection: Connection, site_id: str, study_instance_uid: str, found: tuple[Difference, ...]
) -> tuple[Difference, ...]:
    """Flag a study with what its instances disagree in; return what is new."""
    study = {"site_id": site_id, "study_instance_uid": study_instance_uid}
    flagged = parse_differences(
        connection.scalar(select(studies.c.patient_differences).filter_by(**study)) or ""
    )
    new = tuple(difference for difference in found if difference not in flagged)
    if new:
        connection.execute(
            update(studies).filter_by(**study).values(patient_differences=join_differences(flagged + new))
        )
    return new


def is_accepted(
    connection: Connection, site_id: str, study_instance_uid: str, stated: StatedIdentity
) -> bool:
    """Whether a person has said that this statement is about the study's patient."""
    return bool(
        connection.scalar(
            select(
                exists().where(
                    patient_acts.c.site_id == site_id,
                    patient_acts.c.study_instance_uid == study_instance_uid,
                    patient_acts.c.act == SAME_PATIENT,
                    patient_acts.c.statement_digest == statement_digest(stated),
                )
            )
        )
    )


def identity_of(row: RowMapping) -> StatedIdentity:
    """Return the identity that a row of `patients` or `studies` holds."""
    return StatedIdentity(
        patient_name=row["patient_name"],
        patient_id=row["patient_id"],
        issuer_of_patient_id=row["issuer_of_patient_id"],
        patient_birth_date=row["patient_birth_date"],
        patient_sex=row["patient_sex"],
    )


def parse_differences(text: str) -> tuple[Difference, ...]:
    """Read the column `patient_differences`."""
    return tuple(Difference(word) for word in text.split(",") if word)


def join_differences(found: tuple[Difference, ...]) -> str:
    """Write the column `patient_differences`."""
    return ",".join(difference.value for difference in found)


def _values(identity: StatedIdentity) -> dict[str, Any]:
    return vars(identity)
