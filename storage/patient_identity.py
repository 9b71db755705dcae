"""What a data set states about whom it shows, and what follows where two of them disagree. Pure.

A missing value differs from nothing. The hub never merges people: what disagrees is flagged, or set aside.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from storage.person_name import are_other_names

_KNOWN_SEXES: Final = frozenset({"M", "F", "O"})
"""PS3.3 C.7.1.1; whatever else is written there tells nothing."""


class Difference(StrEnum):
    """In what two statements about one patient disagree."""

    PATIENT_ID = "patient-id"
    NAME = "name"
    BIRTH_DATE = "birth-date"
    SEX = "sex"


@dataclass(frozen=True, kw_only=True)
class StatedIdentity:
    """Patient module of a data set, as decoded."""

    patient_name: str
    patient_id: str
    issuer_of_patient_id: str
    patient_birth_date: date | None
    patient_sex: str

    @property
    def has_id(self) -> bool:
        """Whether there is a patient ID at all; blanks are none."""
        return bool(self.patient_id.strip())


def differences(one: StatedIdentity, other: StatedIdentity) -> tuple[Difference, ...]:
    """Return in what two statements disagree."""
    found = []
    if _ids_differ(one, other):
        found.append(Difference.PATIENT_ID)
    if are_other_names(one.patient_name, other.patient_name):
        found.append(Difference.NAME)
    if None not in (dates := {one.patient_birth_date, other.patient_birth_date}) and len(dates) > 1:
        found.append(Difference.BIRTH_DATE)
    sexes = {one.patient_sex.strip().upper(), other.patient_sex.strip().upper()}
    if sexes <= _KNOWN_SEXES and len(sexes) > 1:
        found.append(Difference.SEX)
    return tuple(found)


def are_other_people(one: StatedIdentity, other: StatedIdentity) -> bool:
    """Whether two data sets of one study clearly show different people.

    So they do with different patient IDs. Without an ID in both it is the name that tells; under one ID
    a name that was typed anew is only a difference, unless birth date or sex disagree too.
    """
    found = set(differences(one, other))
    if Difference.PATIENT_ID in found:
        return True
    if Difference.NAME not in found:
        return False
    return not (one.has_id and other.has_id) or len(found) > 1


def identity_key(site_id: str, identity: StatedIdentity) -> str | None:
    """Return what the studies of one patient share: site, issuer or none, and ID; None joins nothing."""
    if not identity.has_id:
        return None
    parts = [site_id, identity.issuer_of_patient_id.strip(), identity.patient_id.strip()]
    return _digest(parts)


def statement_digest(identity: StatedIdentity) -> str:
    """Return what stands for one statement, so that what a person decided about it is found again."""
    birth_date = identity.patient_birth_date
    return _digest(
        [
            identity.patient_name,
            identity.patient_id.strip(),
            identity.issuer_of_patient_id.strip(),
            birth_date.isoformat() if birth_date else "",
            identity.patient_sex.strip().upper(),
        ]
    )


def completed(known: StatedIdentity, stated: StatedIdentity) -> StatedIdentity:
    """Return what is known of a patient with the gaps filled by another statement about them."""
    return StatedIdentity(
        patient_name=known.patient_name or stated.patient_name,
        patient_id=known.patient_id,
        issuer_of_patient_id=known.issuer_of_patient_id,
        patient_birth_date=known.patient_birth_date or stated.patient_birth_date,
        patient_sex=known.patient_sex or stated.patient_sex,
    )


def _ids_differ(one: StatedIdentity, other: StatedIdentity) -> bool:
    ids = {one.patient_id.strip(), other.patient_id.strip()}
    issuers = {one.issuer_of_patient_id.strip(), other.issuer_of_patient_id.strip()}
    return one.has_id and other.has_id and (len(ids) > 1 or ("" not in issuers and len(issuers) > 1))


def _digest(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()
