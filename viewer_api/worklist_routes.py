"""The reading list over HTTP: list, claim, keep, give back, and what happened to a case."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from core.access import Act, Actor, at_site
from core.errors import InvalidRequest, NotFound, StorageUnavailable, WorkitemStateConflict
from core.limits import SEARCH_LIMIT
from database.audit import looks_at_study
from registry.name_records import names_of_actors
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import CaseId, Offset, StudyInstanceUID, WorkitemUID, plain_text
from viewer_api.permission import Reading, Searching, Tracing
from viewer_api.problems import documented
from viewer_api.rooms import InRooms, Rooms
from viewer_api.worklist_schemas import (
    CaseCollection,
    CaseResource,
    ChangeResource,
    ClaimResource,
    Timeline,
)
from worklist.case import Case
from worklist.reading_list import ListFilter
from worklist.urgency import Urgency
from worklist.workitem import ProcedureStepState

router = APIRouter(
    prefix="/api/v1",
    tags=["reading list"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
_NOT_FOUND = documented(NotFound)
_OF_A_TURN = documented(NotFound, WorkitemStateConflict)
_Modality = Annotated[str, AfterValidator(plain_text)]
_Patient = Annotated[str, AfterValidator(plain_text)]
_SiteId = Annotated[str, AfterValidator(plain_text)]


@router.get("/worklist", summary="The reading list")
def list_cases(
    actor: Searching,
    rooms: InRooms,
    access_log: InAccessLog,
    state: Annotated[ProcedureStepState | None, Query(description="(0074,1000) of the present turn.")] = None,
    modality: Annotated[_Modality | None, Query(max_length=16, examples=["ECG"])] = None,
    site_id: Annotated[_SiteId | None, Query(max_length=32, examples=["xinglong-clinic"])] = None,
    urgency: Urgency | None = None,
    patient: Annotated[
        _Patient | None,
        Query(
            max_length=256,
            description="A patient ID, or beginnings of the parts of a name, in characters or in pinyin.",
            examples=["zhang"],
        ),
    ] = None,
    group: Annotated[
        _SiteId | None, Query(max_length=32, description="One of my reading groups: only what it reads.")
    ] = None,
    text: Annotated[
        _Patient | None,
        Query(
            max_length=256,
            description="As `patient`, or an accession number, or part of the study's description.",
        ),
    ] = None,
    is_open: Annotated[
        bool | None,
        Query(
            alias="open",
            description="Leave out what is reported: true unless `state` is given; false shows all.",
        ),
    ] = None,
    overdue: Annotated[bool, Query(description="Only open cases whose report is overdue.")] = False,
    mine: Annotated[bool, Query(description="Only what I have claimed.")] = False,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 100,
    offset: Offset = 0,
) -> CaseCollection:
    """Emergencies first, then whose time runs out first; only what the caller may see."""
    wanted = ListFilter(
        procedure_step_state=state,
        modality=modality,
        site_id=site_id,
        urgency=urgency,
        claimed_by_me=mine,
        patient=patient,
        reading_group_id=group,
        text=text,
        only_open=state is None if is_open is None else is_open,
        only_overdue=overdue,
        limit=limit,
        offset=offset,
    )
    now = rooms.clock.now()
    found = rooms.reading_list.cases(actor, wanted)
    access_log.note_query(actor, "worklist", site_id=site_id)
    return CaseCollection(items=[CaseResource.of(case, actor, now=now) for case in found])


@router.get("/cases/{case_id}", summary="One case", responses=_NOT_FOUND)
def show_case(actor: Searching, rooms: InRooms, access_log: InAccessLog, case_id: CaseId) -> CaseResource:
    """The line of the reading list, by its key."""
    case = rooms.reading_list.case(actor, case_id)
    access_log.note_case(actor, case, "case")
    return _one(actor, rooms, case)


@router.get("/studies/{study_instance_uid}/case", summary="The case of a study", responses=_NOT_FOUND)
def show_case_of_study(
    actor: Searching,
    rooms: InRooms,
    access_log: InAccessLog,
    study_instance_uid: StudyInstanceUID,
    site_id: Annotated[_SiteId, Query(max_length=32, examples=["xinglong-clinic"])],
) -> CaseResource:
    """Two sites may hold one Study Instance UID: the site says which case is meant."""
    case = rooms.reading_list.case_of_study(actor, site_id, study_instance_uid)
    access_log.note_case(actor, case, "case")
    return _one(actor, rooms, case)


@router.get("/cases/{case_id}/timeline", summary="What happened to a case", responses=_NOT_FOUND)
def show_timeline(
    actor: Tracing,
    rooms: InRooms,
    access_log: InAccessLog,
    case_id: CaseId,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = SEARCH_LIMIT,
    offset: Offset = 0,
) -> Timeline:
    """Every arrival, claim, signature, publication and receipt, and who looked when; oldest first."""
    case = rooms.reading_list.case(actor, case_id, Act.TRACE)
    access_log.note_case(actor, case, "timeline", act=Act.TRACE)
    with rooms.database.read(within=at_site(case.site_id)) as connection:
        looks = looks_at_study(connection, case.site_id, case.study_instance_uid)
    entries = [ChangeResource.of(change) for change in rooms.reading_list.timeline(actor, case_id)]
    entries += [ChangeResource.of_look(look) for look in looks]
    entries.sort(key=lambda entry: entry.at)
    shown = entries[offset : offset + limit]
    with rooms.database.read(within=at_site(case.site_id)) as connection:
        names = names_of_actors(connection, (entry.actor for entry in shown), site_ids=[case.site_id])
    return Timeline(items=[entry.named(names) for entry in shown], total=len(entries))


@router.post("/workitems/{workitem_uid}/claim", summary="Claim a case to read", responses=_OF_A_TURN)
def claim(actor: Reading, rooms: InRooms, workitem_uid: WorkitemUID) -> ClaimResource:
    """One of many that claim at once has it; the others get 409 with the name of who has.

    Send heartbeats to keep it: without them the case goes back on the list when the lease ends.
    """
    case = rooms.reading_list.claim(actor, workitem_uid)
    seen = rooms.desk.instances_seen(actor, case.case_id)
    return ClaimResource.of(case, actor, now=rooms.clock.now(), instances_seen=seen)


@router.post("/workitems/{workitem_uid}/heartbeat", summary="Keep a claimed case", responses=_OF_A_TURN)
def keep(actor: Reading, rooms: InRooms, workitem_uid: WorkitemUID) -> ClaimResource:
    """Holds the claim for another lease; 409 once it has passed to somebody else."""
    case = rooms.reading_list.heartbeat(actor, workitem_uid)
    return ClaimResource.of(case, actor, now=rooms.clock.now())


@router.post("/workitems/{workitem_uid}/release", summary="Give a claimed case back", responses=_OF_A_TURN)
def release(actor: Reading, rooms: InRooms, workitem_uid: WorkitemUID) -> CaseResource:
    """The draft stays with the case; the answer shows its next turn."""
    case = rooms.reading_list.release(actor, workitem_uid)
    return CaseResource.of(case, actor, now=rooms.clock.now())


def _one(actor: Actor, rooms: Rooms, case: Case) -> CaseResource:
    seen = rooms.desk.instances_seen(actor, case.case_id)
    return CaseResource.of(case, actor, now=rooms.clock.now(), instances_seen=seen)
