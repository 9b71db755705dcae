"""The SQL of patients: which one a study belongs to, and which of them are one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from core.uids import new_key
from storage.patient_identity import (
    Difference,
    StatedIdentity,
    completed,
    differences,
    identity_key,
)
from storage.study_names import write_names
from storage.tables import patients, studies


@dataclass(frozen=True, kw_only=True)
class Patient:
    """One (site, issuer or none, ID), or one study without an ID.

    Patients that people have linked carry the same `person_key`.
    """

    patient_key: str
    site_id: str
    identity: StatedIdentity
    person_key: str | None
    first_received_at: datetime


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
        return Assignment(
            patient_key=make_patient(connection, site_id, stated, now=now, key=key), differences=()
        )
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


def patient_key_of(connection: Connection, site_id: str, study_instance_uid: str) -> str:
    """Return the patient that a study belongs to; empty where there is no such study."""
    found = connection.scalar(
        select(studies.c.patient_key).filter_by(site_id=site_id, study_instance_uid=study_instance_uid)
    )
    return str(found or "")


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


def flagged_studies(connection: Connection) -> int:
    """Return how many studies disagree with what is known of their patient, of all sites in sight."""
    flagged = select(func.count()).select_from(studies).where(studies.c.patient_differences != "")
    return connection.scalar(flagged) or 0


def find_patient(connection: Connection, patient_key: str) -> Patient | None:
    """Return a patient, if there is one."""
    row = connection.execute(select(patients).filter_by(patient_key=patient_key)).mappings().first()
    return None if row is None else patient_of(row)


def patients_of_person(connection: Connection, patient: Patient) -> list[Patient]:
    """Return all patients that are linked to one, with itself; it alone where none are."""
    if patient.person_key is None:
        return [patient]
    rows = connection.execute(
        select(patients).filter_by(person_key=patient.person_key).order_by(patients.c.patient_key)
    ).mappings()
    return [patient_of(row) for row in rows]


def studies_of_same_person(
    connection: Connection, site_id: str, study_instance_uid: str
) -> list[tuple[str, str]]:
    """Return (site, Study Instance UID) of every study of the same patient or a linked one, itself included.

    Nothing is said of who may see them.
    """
    patient = find_patient(connection, patient_key_of(connection, site_id, study_instance_uid))
    if patient is None:
        return []
    keys = [each.patient_key for each in patients_of_person(connection, patient)]
    rows = connection.execute(
        select(studies.c.site_id, studies.c.study_instance_uid)
        .where(studies.c.patient_key.in_(keys))
        .order_by(studies.c.first_received_at.desc(), studies.c.study_instance_uid)
    )
    return [(row.site_id, row.study_instance_uid) for row in rows]


def settled_identity_of(
    connection: Connection, site_id: str, study_instance_uid: str
) -> StatedIdentity | None:
    """Return whom a study shows: as it states, unless a person has moved it to another patient."""
    row = (
        connection.execute(select(studies).filter_by(site_id=site_id, study_instance_uid=study_instance_uid))
        .mappings()
        .first()
    )
    if row is None:
        return None
    stated, key = identity_of(row), identity_key(site_id, identity_of(row))
    patient = (
        connection.execute(select(patients).filter_by(patient_key=row["patient_key"])).mappings().first()
    )
    if patient is None or (key is not None and patient["identity_key"] == key):
        return stated
    return identity_of(patient)


def set_person(connection: Connection, patient_keys: Sequence[str], person_key: str | None) -> None:
    """Put patients into one person's group, or into none."""
    connection.execute(
        update(patients).where(patients.c.patient_key.in_(patient_keys)).values(person_key=person_key)
    )


def rename_patient(connection: Connection, patient_key: str, patient_name: str) -> None:
    """Give a patient the name as its study's bytes are read now."""
    connection.execute(update(patients).filter_by(patient_key=patient_key).values(patient_name=patient_name))


def make_patient(
    connection: Connection, site_id: str, stated: StatedIdentity, *, now: datetime, key: str | None = None
) -> str:
    """Write down a new patient and return its key; without an identity key no study ever joins by itself."""
    patient_key = new_key(now)
    connection.execute(
        insert(patients),
        {
            **_values(stated),
            "patient_key": patient_key,
            "site_id": site_id,
            "identity_key": key,
            "first_received_at": now,
        },
    )
    return patient_key


def set_patient_of_study(
    connection: Connection, site_id: str, study_instance_uid: str, patient_key: str, *, before: str
) -> bool:
    """Move a study to another patient, whom a person has compared; False where somebody was first."""
    moved = connection.execute(
        update(studies)
        .filter_by(site_id=site_id, study_instance_uid=study_instance_uid, patient_key=before)
        .values(patient_key=patient_key, patient_differences="")
    )
    return bool(moved.rowcount)


def show_patient_of_study(
    connection: Connection, site_id: str, study_instance_uid: str, identity: StatedIdentity, *, at: datetime
) -> None:
    """Let a study be found and listed as this patient's, because a person said so; its bytes stay."""
    study = {"site_id": site_id, "study_instance_uid": study_instance_uid}
    values = _values(identity) | {"patient_attached_at": at, "patient_differences": ""}
    connection.execute(update(studies).filter_by(**study).values(**values))
    write_names(connection, **study, patient_name=identity.patient_name)


def is_attached(connection: Connection, site_id: str, study_instance_uid: str) -> bool:
    """Whether a person has said whom a study shows."""
    at = select(studies.c.patient_attached_at).filter_by(
        site_id=site_id, study_instance_uid=study_instance_uid
    )
    return connection.scalar(at) is not None


def clear_differences(connection: Connection, site_id: str, study_instance_uid: str) -> bool:
    """Take the flag off a study; False where there was none."""
    cleared = connection.execute(
        update(studies)
        .where(
            studies.c.site_id == site_id,
            studies.c.study_instance_uid == study_instance_uid,
            studies.c.patient_differences != "",
        )
        .values(patient_differences="")
    )
    return bool(cleared.rowcount)


def patient_of(row: RowMapping) -> Patient:
    """Return the patient of a row."""
    return Patient(
        patient_key=row["patient_key"],
        site_id=row["site_id"],
        identity=identity_of(row),
        person_key=row["person_key"],
        first_received_at=row["first_received_at"],
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
