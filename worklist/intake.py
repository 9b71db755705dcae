"""Opens a case for the first instance of a study, and notices what comes later. Follows the feed."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from core.access import Scope
from core.origin import OriginKind
from core.uids import new_key, new_uid
from database.change_feed import Change, ChangeKind
from storage.instance import Study
from storage.patient_records import settled_identity_of
from storage.query import Query, UIDList
from storage.search import search_studies
from worklist.asking import match_waiting
from worklist.case import Case, CaseStudy
from worklist.case_records import (
    case_by_key,
    describe_anew,
    find_case,
    insert_case,
    name_patient,
    succeed,
    update_case,
)
from worklist.events import HUB, tell
from worklist.modality import routed_modality
from worklist.readiness import leading_modality, needs_no_wait
from worklist.retakes import answer_open
from worklist.study_records import count_instance, site_time_zone
from worklist.turns import make_ready
from worklist.urgency import Urgency
from worklist.workitem import end_prior, first_workitem

CURSOR = "worklist.intake"
_FROM_OUTSIDE = {
    OriginKind.DEVICE.value,
    OriginKind.ACCOUNT.value,
    OriginKind.IMPORT.value,
    OriginKind.PRIOR.value,
}


class Intake:
    """The follower that keeps the reading list. Objects of the hub's own never open or reopen a case.

    Earlier exams that are imported as such open cases whose turn is over at once: they are priors of others,
    and on the list only once somebody asks for one, or a device sends more of it.
    """

    def __init__(self, *, is_self_test_site: Callable[[str], bool]) -> None:
        self._is_self_test_site = is_self_test_site

    def handle(self, connection: Connection, change: Change) -> None:
        """Take in one change, in the transaction that moves the cursor."""
        if change.kind is ChangeKind.PATIENT_STUDY_MOVED:
            _name_patient(connection, change)
        if change.kind is ChangeKind.STUDY_REREAD:
            _read_anew(connection, change)
        if change.kind is not ChangeKind.INSTANCE_STORED:
            return
        if change.body["origin_kind"] not in _FROM_OUTSIDE or self._is_self_test_site(change.site_id):
            return
        case = find_case(connection, change.site_id, change.study_instance_uid)
        if case is None:
            _open_case(connection, change)
        else:
            _add_instance(connection, case, change)


def _name_patient(connection: Connection, change: Change) -> None:
    """A case that a person has moved to another patient shows that one's name from now on."""
    case = find_case(connection, change.site_id, change.study_instance_uid)
    identity = settled_identity_of(connection, change.site_id, change.study_instance_uid)
    is_own = case is not None and case.study_instance_uid == change.study_instance_uid
    if case is not None and identity is not None and is_own:
        name_patient(connection, case, identity)


def _read_anew(connection: Connection, change: Change) -> None:
    """Give a case the text of its study where it was decided how to read it; what is signed stays."""
    _name_patient(connection, change)
    describe_anew(connection, _study(connection, change))


def _open_case(connection: Connection, change: Change) -> None:
    case = _new_case(connection, change)
    insert_case(connection, case)
    tell(connection, ChangeKind.CASE_OPENED, case, actor=HUB, at=change.at, modality=case.modality)
    if not case.is_arriving and not case.workitem.is_prior:
        tell(connection, ChangeKind.WORKITEM_READY, case, actor=HUB, at=change.at)
    match_waiting(connection, case.site_id, case.study_instance_uid, now=change.at)


def _new_case(connection: Connection, change: Change) -> Case:
    study = _study(connection, change)
    modality = routed_modality(change.body["modality"])
    case_id = new_key(change.at)
    workitem = first_workitem(
        workitem_uid=new_uid(),
        case_id=case_id,
        due_from=change.at,
        now=change.at,
        ready=needs_no_wait(modality, Urgency.ROUTINE),
    )
    return Case(
        case_id=case_id,
        site_id=change.site_id,
        study_instance_uid=change.study_instance_uid,
        modality=modality,
        urgency=Urgency.ROUTINE,
        patient_name=study.patient_name,
        patient_id=study.patient_id,
        patient_birth_date=study.patient_birth_date,
        patient_sex=study.patient_sex,
        study_date=study.study_date,
        accession_number=study.accession_number,
        study_description=study.study_description,
        text_finding=study.text_finding,
        clinical_question="",
        history="",
        first_received_at=change.at,
        linked_into=None,
        urgent_since=None,
        emergency_since=None,
        studies=(_first_of_study(connection, study, change),),
        workitem=end_prior(workitem, now=change.at) if _is_prior(change) else workitem,
    )


def _first_of_study(connection: Connection, study: Study, change: Change) -> CaseStudy:
    return CaseStudy(
        study_instance_uid=study.study_instance_uid,
        modality=routed_modality(change.body["modality"]),
        issuer_of_patient_id=study.issuer_of_patient_id,
        patient_key=study.patient_key,
        patient_differences=study.patient_differences,
        has_patient_conflict=False,
        study_date=study.study_date,
        study_time=study.study_time,
        timezone_offset_from_utc=study.timezone_offset_from_utc,
        accession_number=study.accession_number,
        study_description=study.study_description,
        number_of_instances=1,
        number_of_instances_reported=None,
        first_received_at=change.at,
        last_received_at=change.at,
        newest_received_at=study.last_received_at,
        time_zone=site_time_zone(connection, study.site_id),
    )


def _add_instance(connection: Connection, case: Case, change: Change) -> None:
    grown = _grown(case, change)
    for study in grown.studies:
        if study.study_instance_uid == change.study_instance_uid:
            count_instance(
                connection,
                case.site_id,
                study.study_instance_uid,
                modality=study.modality,
                received_at=change.at,
            )
    update_case(connection, grown)
    if _is_about(grown, change) != _is_about(case, change):
        match_waiting(connection, case.site_id, change.study_instance_uid, now=change.at)
        grown = case_by_key(connection, case.case_id)
    if grown.open_retake is not None:
        answer_open(
            connection,
            grown,
            received_at=change.at,
            by_name=change.actor,
            actor=change.actor,
            now=change.at,
        )
    elif case.workitem.is_over and not _is_prior(change):
        _reopen(connection, grown, change)
    elif grown.is_arriving and grown.needs_no_wait:
        make_ready(connection, grown, now=change.at)


def _grown(case: Case, change: Change) -> Case:
    """Return the case with one more instance in the study that it came for."""
    arriving = routed_modality(change.body["modality"])
    studies = tuple(
        replace(
            study,
            modality=leading_modality(study.modality, arriving),
            number_of_instances=study.number_of_instances + 1,
            last_received_at=change.at,
        )
        if study.study_instance_uid == change.study_instance_uid
        else study
        for study in case.studies
    )
    return replace(case, studies=studies, modality=studies[0].modality)


def _is_prior(change: Change) -> bool:
    return bool(change.body["origin_kind"] == OriginKind.PRIOR)


def _is_about(case: Case, change: Change) -> str:
    [study] = [each for each in case.studies if each.study_instance_uid == change.study_instance_uid]
    return study.modality


def _reopen(connection: Connection, case: Case, change: Change) -> None:
    """Images that come after the report were not read: the case goes back on the list."""
    successor = first_workitem(
        workitem_uid=new_uid(),
        case_id=case.case_id,
        due_from=change.at,
        now=change.at,
        ready=case.needs_no_wait,
    )
    reopened = succeed(connection, case, successor)
    tell(connection, ChangeKind.CASE_LATE_INSTANCES, reopened, actor=HUB, at=change.at)
    if not reopened.is_arriving:
        tell(connection, ChangeKind.WORKITEM_READY, reopened, actor=HUB, at=change.at)


def _study(connection: Connection, change: Change) -> Study:
    query = Query(conditions={"StudyInstanceUID": UIDList((change.study_instance_uid,))})
    return search_studies(connection, query, Scope(site_ids=frozenset({change.site_id})))[0]
