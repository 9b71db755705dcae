"""Patients over HTTP: administrators see what disagrees, and say who is one person and whose a study is."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from core.access import Act
from core.errors import (
    InvalidRequest,
    NotFound,
    NotPermitted,
    StaleVersion,
    StorageUnavailable,
    TooLarge,
)
from core.limits import SEARCH_LIMIT
from database.audit import AuditEvent
from viewer_api.access_log import InAccessLog
from viewer_api.aside_schemas import DecisionBody
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import Offset, PatientKey, StudyInstanceUID
from viewer_api.patient_schemas import (
    AttachBody,
    ConfirmBody,
    LinkBody,
    PatientFileResource,
    PatientOfStudyBody,
    PatientResource,
    PatientStudyCollection,
    PatientStudyResource,
)
from viewer_api.permission import Administering, Storing
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1",
    tags=["patients"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
_OF_ONE: Final = documented(NotFound)
_DECIDED: Final = documented(NotFound, NotPermitted, TooLarge)


@router.get("/flagged-studies", summary="Studies whose patient is in doubt")
def list_flagged_studies(
    actor: Administering,
    rooms: InRooms,
    access_log: InAccessLog,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 100,
    offset: Offset = 0,
) -> PatientStudyCollection:
    """The same patient ID with another name, birth date or sex: never merged, until a person has looked."""
    access_log.note_query(actor, "flagged studies", act=Act.ADMINISTER)
    found = rooms.patients.flagged(actor, limit=limit, offset=offset)
    return PatientStudyCollection(items=[PatientStudyResource.of(study) for study in found])


@router.get("/patients/{patient_key}", summary="A patient", responses=_OF_ONE)
def show_patient(
    actor: Administering, rooms: InRooms, access_log: InAccessLog, patient_key: PatientKey
) -> PatientFileResource:
    """With the studies, who else is the same person, and what people decided."""
    file = rooms.patients.file(actor, patient_key)
    site_id = file.patient.site_id
    event = AuditEvent.PATIENT_RECORD
    access_log.note_query(actor, "patient", site_id=site_id, act=Act.ADMINISTER, event=event)
    return PatientFileResource.of(file)


@router.post("/patients/{patient_key}/link", summary="Two patients are one person", responses=_DECIDED)
def link_patient(
    actor: Administering, rooms: InRooms, patient_key: PatientKey, body: LinkBody
) -> PatientFileResource:
    """Also of two sites, for who administers both. Nothing in images or reports changes by it."""
    rooms.patients.link(actor, patient_key, body.other_patient_key, reason=body.reason)
    return PatientFileResource.of(rooms.patients.file(actor, patient_key))


@router.post("/patients/{patient_key}/unlink", summary="A patient is a person apart", responses=_DECIDED)
def unlink_patient(
    actor: Administering, rooms: InRooms, patient_key: PatientKey, body: DecisionBody
) -> PatientFileResource:
    """The others that were linked stay so."""
    rooms.patients.unlink(actor, patient_key, reason=body.reason)
    return PatientFileResource.of(rooms.patients.file(actor, patient_key))


@router.post(
    "/studies/{study_instance_uid}/patient",
    summary="Move a study to its true patient",
    responses=documented(NotFound, StaleVersion, TooLarge),
)
def move_study(
    actor: Administering, rooms: InRooms, study_instance_uid: StudyInstanceUID, body: PatientOfStudyBody
) -> PatientFileResource:
    """Cases and reports from now on name that patient; what is signed stays. Moved back the same way."""
    patient = rooms.patients.move_study(
        actor, body.site_id, study_instance_uid, to=body.patient_key, reason=body.reason
    )
    return PatientFileResource.of(rooms.patients.file(actor, patient.patient_key))


@router.post(
    "/studies/{study_instance_uid}/patient/attach",
    summary="Say whom a study shows",
    responses=documented(NotFound, StaleVersion, TooLarge),
)
def attach_study(
    actor: Storing, rooms: InRooms, study_instance_uid: StudyInstanceUID, body: AttachBody
) -> PatientResource:
    """For one without a patient ID, or in doubt: lists, searches and reports name that patient then."""
    patient = rooms.patients.attach(
        actor, body.site_id, study_instance_uid, body.identity(), reason=body.reason
    )
    return PatientResource.of(patient)


@router.post(
    "/studies/{study_instance_uid}/patient/confirm",
    summary="A flagged study is its patient's",
    responses=documented(NotFound, TooLarge),
)
def confirm_patient(
    actor: Administering, rooms: InRooms, study_instance_uid: StudyInstanceUID, body: ConfirmBody
) -> PatientStudyCollection:
    """Takes the flag off; answers what is still flagged."""
    rooms.patients.confirm(actor, body.site_id, study_instance_uid, reason=body.reason)
    found = rooms.patients.flagged(actor)
    return PatientStudyCollection(items=[PatientStudyResource.of(study) for study in found])
