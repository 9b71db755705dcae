"""Which study a request means: a rule that guesses nothing. Pure.

A request that names a Study Instance UID means that study and no other. An accession number is the next best;
where a device wrote none into its study, patient ID, modality and day tell. Whatever fits several studies, or
fits one and contradicts it in the patient, waits for a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from worklist.request import MatchedBy, Request, RequestState


@dataclass(frozen=True, kw_only=True)
class ArrivedStudy:
    """What a study says that a request can be matched by.

    `case_id` is the case opened for it, `read_in` the one it is read in; `day` is that of the site.
    """

    case_id: str
    read_in: str
    study_instance_uid: str
    accession_number: str
    patient_id: str
    modality: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A study that a request may mean, and why; `is_doubtful` where they contradict each other."""

    study: ArrivedStudy
    by: MatchedBy
    is_doubtful: bool


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What follows from the studies there are: the state of the request, and its study where it is told."""

    state: RequestState
    fit: Fit | None


def day_of_study(study_date: date | None, first_received_at: datetime, time_zone: str) -> date:
    """Return the day of a study; where the device told none, that of its arrival at the site's own clock."""
    return study_date or first_received_at.astimezone(ZoneInfo(time_zone)).date()


def fit(request: Request, study: ArrivedStudy) -> Fit | None:
    """Return why a request may mean a study, None where it cannot."""
    by = _matched_by(request, study)
    if by is None:
        return None
    other_patient = bool(request.patient_id and study.patient_id and request.patient_id != study.patient_id)
    return Fit(study=study, by=by, is_doubtful=other_patient)


def fits(request: Request, studies: Iterable[ArrivedStudy]) -> list[Fit]:
    """Return what a request may mean."""
    return [found for study in studies if (found := fit(request, study)) is not None]


def decide(request: Request, studies: Iterable[ArrivedStudy], others: Sequence[Request] = ()) -> Decision:
    """Return which study a request means; `others` are requests that already wait for it or have it."""
    found = fits(request, studies)
    for by in (MatchedBy.STUDY, MatchedBy.ACCESSION, MatchedBy.PATIENT):
        best = [each for each in found if each.by is by]
        if not best:
            continue
        one_case = len({each.study.read_in for each in best}) == 1
        another_order = by is MatchedBy.PATIENT and is_another_order(request, others)
        if one_case and not another_order and not any(each.is_doubtful for each in best):
            return Decision(state=RequestState.MATCHED, fit=best[0])
        return Decision(state=RequestState.AMBIGUOUS, fit=None)
    return Decision(state=RequestState.UNMATCHED, fit=None)


def is_another_order(request: Request, others: Iterable[Request]) -> bool:
    """Whether there is another order for such a study: then patient and day do not tell which it is."""
    return any(
        other.request_id != request.request_id
        and bool(other.accession_number and request.accession_number)
        and other.accession_number != request.accession_number
        for other in others
    )


def _matched_by(request: Request, study: ArrivedStudy) -> MatchedBy | None:
    if request.study_instance_uid:
        return MatchedBy.STUDY if request.study_instance_uid == study.study_instance_uid else None
    if request.accession_number and study.accession_number:
        return MatchedBy.ACCESSION if request.accession_number == study.accession_number else None
    is_patients = (
        request.names_a_patients_study
        and request.patient_id == study.patient_id
        and request.modality == study.modality
        and request.study_date == study.day
    )
    return MatchedBy.PATIENT if is_patients else None
