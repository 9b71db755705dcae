"""A request: what a clinic asks about a study, before or after it has come; and what all come to. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from worklist.urgency import RANK, Urgency


class RequestState(StrEnum):
    """Where a request has got to."""

    UNMATCHED = "unmatched"
    """Its study has not come."""
    AMBIGUOUS = "ambiguous"
    """It waits for a person: several studies may be meant, or a person took it off one."""
    MATCHED = "matched"
    WITHDRAWN = "withdrawn"


class MatchedBy(StrEnum):
    """What told which study is meant."""

    STUDY = "study"
    ACCESSION = "accession"
    PATIENT = "patient"
    PERSON = "person"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A study is named by its UID, its accession number, or patient, modality and day at the site."""

    request_id: str
    site_id: str
    study_instance_uid: str
    accession_number: str
    patient_id: str
    modality: str
    study_date: date | None
    urgency: Urgency
    clinical_question: str
    history: str
    requested_by: str
    requested_at: datetime
    state: RequestState
    matched_by: MatchedBy | None
    case_id: str | None

    @property
    def names_a_patients_study(self) -> bool:
        """Whether patient, modality and day are all given."""
        return bool(self.patient_id and self.modality and self.study_date)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What all requests of a case come to."""

    urgency: Urgency = Urgency.ROUTINE
    clinical_question: str = ""
    history: str = ""
    urgent_since: datetime | None = None
    emergency_since: datetime | None = None


def asked_of_study(requests: Sequence[Request]) -> Asked:
    """Return what was asked about one study, from its requests, oldest first: the newest counts."""
    if not requests:
        return Asked()
    newest = requests[-1]
    return Asked(
        urgency=newest.urgency,
        clinical_question=newest.clinical_question,
        history=newest.history,
        urgent_since=_since(Urgency.URGENT, requests),
        emergency_since=_since(Urgency.EMERGENCY, requests),
    )


def asked_together(asked: Iterable[Asked]) -> Asked:
    """Return what was asked about studies that are read together: the highest urgency, and every question."""
    each = list(asked)
    return Asked(
        urgency=max((one.urgency for one in each), key=RANK.__getitem__, default=Urgency.ROUTINE),
        clinical_question=_joined(one.clinical_question for one in each),
        history=_joined(one.history for one in each),
        urgent_since=_earliest(one.urgent_since for one in each),
        emergency_since=_earliest(one.emergency_since for one in each),
    )


def _since(level: Urgency, requests: Sequence[Request]) -> datetime | None:
    """Return since when at least this urgency has been asked for without a break."""
    since = None
    for request in requests:
        if RANK[request.urgency] < RANK[level]:
            since = None
        elif since is None:
            since = request.requested_at
    return since


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
