"""The SQL of what people decided about patients, each with its reason; nothing of it is ever changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, exists, insert, or_, select

from core.limits import SEARCH_LIMIT
from core.uids import new_key
from storage.patient_identity import StatedIdentity, statement_digest
from storage.tables import patient_acts


class PatientAct(StrEnum):
    """What a person can decide about patients; `patient_acts` keeps each with its reason."""

    LINKED = "linked"
    UNLINKED = "unlinked"
    STUDY_MOVED = "study-moved"
    CONFIRMED = "confirmed"
    SAME_PATIENT = "same-patient"
    STUDY_ATTACHED = "study-attached"


@dataclass(frozen=True, kw_only=True)
class PatientDecision:
    """Who decided what about a patient, and why."""

    act: PatientAct
    site_id: str
    patient_key: str
    other_patient_key: str = ""
    study_instance_uid: str = ""
    statement_digest: str = ""
    reason: str
    actor: str
    at: datetime


_ACCEPTING: Final = (PatientAct.SAME_PATIENT, PatientAct.STUDY_ATTACHED)


def is_accepted(
    connection: Connection,
    site_id: str,
    study_instance_uid: str,
    stated: StatedIdentity,
    *,
    by: Sequence[PatientAct] = _ACCEPTING,
) -> bool:
    """Whether a person has said by one of these acts that this statement is about the study's patient."""
    return bool(
        connection.scalar(
            select(
                exists().where(
                    patient_acts.c.site_id == site_id,
                    patient_acts.c.study_instance_uid == study_instance_uid,
                    patient_acts.c.act.in_([act.value for act in by]),
                    patient_acts.c.statement_digest == statement_digest(stated),
                )
            )
        )
    )


def write_decision(connection: Connection, decision: PatientDecision) -> None:
    """Keep what a person decided, and why."""
    values = vars(decision) | {"act": decision.act.value}
    connection.execute(insert(patient_acts), {"act_key": new_key(decision.at), **values})


def decisions_about(connection: Connection, patient_key: str) -> list[PatientDecision]:
    """Return what people decided about a patient, oldest first."""
    acts = patient_acts
    rows = connection.execute(
        select(acts)
        .where(or_(acts.c.patient_key == patient_key, acts.c.other_patient_key == patient_key))
        .order_by(acts.c.at, acts.c.act_key)
        .limit(SEARCH_LIMIT)
    ).mappings()
    return [
        PatientDecision(
            **{key: value for key, value in row.items() if key not in {"act_key", "act"}},
            act=PatientAct(row["act"]),
        )
        for row in rows
    ]
