"""Which cases may be read as one: the studies of one visit, of one patient at one site. Pure."""

from core.errors import InvalidRequest, WorkitemStateConflict
from core.limits import STUDIES_OF_A_CASE
from storage.patient_identity import StatedIdentity, differences
from worklist.case import Case
from worklist.workitem import ProcedureStepState


def is_one_patient(one: StatedIdentity, other: StatedIdentity) -> bool:
    """Whether two studies without a patient in common may still be of one: at least one of them has no ID."""
    is_named = bool(one.patient_name.strip() and other.patient_name.strip())
    return is_named and not (one.has_id and other.has_id) and not differences(one, other)


def require_linkable(case: Case, other: Case, *, of_one_patient: bool, is_written: bool) -> None:
    """Raise unless `case` may take in the studies of `other`; `is_written` is of `other`.

    What was claimed, written or signed stays where it was: only a case that nobody has begun is taken in.

    Raises:
        InvalidRequest: they are no two cases of one patient at one site, or hold too many studies.
        WorkitemStateConflict: one is read in a third already, or the other has been begun or reported.
    """
    if case.case_id == other.case_id or case.site_id != other.site_id:
        raise InvalidRequest("Name two cases of one site.")
    for each in (case, other):
        if each.linked_into is not None:
            raise WorkitemStateConflict("The studies of one of these cases are read in another already.")
    if not of_one_patient:
        raise InvalidRequest("These cases are not known to be of one patient; link the patients first.")
    if len(case.studies) + len(other.studies) > STUDIES_OF_A_CASE:
        raise InvalidRequest(f"A case holds at most {STUDIES_OF_A_CASE} studies.")
    _require_untouched(other, is_written=is_written)


def require_unlinkable(case: Case, study_instance_uid: str, *, is_held_by_other: bool) -> None:
    """Raise unless a study may leave a case.

    Raises:
        InvalidRequest: it is the case's own study.
        WorkitemStateConflict: somebody else is reading the case.
    """
    if study_instance_uid == case.study_instance_uid:
        raise InvalidRequest("This is the case's own study; only one that was linked into it can leave.")
    if is_held_by_other:
        raise WorkitemStateConflict(f"{case.workitem.claimed_by_name} is reading this case.")


def _require_untouched(other: Case, *, is_written: bool) -> None:
    if other.workitem.procedure_step_state is ProcedureStepState.IN_PROGRESS:
        raise WorkitemStateConflict(f"{other.workitem.claimed_by_name} is reading the other case.")
    if other.workitem.is_over:
        raise WorkitemStateConflict("The other case is reported: relate the two instead.")
    if is_written:
        raise WorkitemStateConflict(
            "Something is written in the other case: link this one into it, or relate the two."
        )
    if other.workitem.awaits_retake:
        raise WorkitemStateConflict("The other case waits for better images.")
