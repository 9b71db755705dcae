"""Cases that belong together, over HTTP: read as one, taken apart, or only related."""

from fastapi import APIRouter

from core.errors import InvalidRequest, NotFound, StorageUnavailable, TooLarge, WorkitemStateConflict
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.link_schemas import OtherCaseBody, StudyBody
from viewer_api.parameters import CaseId
from viewer_api.permission import Linking
from viewer_api.problems import documented
from viewer_api.rooms import InRooms
from viewer_api.worklist_schemas import CaseResource

router = APIRouter(
    prefix="/api/v1",
    tags=["reading list"],
    responses=AUTHENTICATION_PROBLEMS
    | documented(InvalidRequest, NotFound, StorageUnavailable, TooLarge, WorkitemStateConflict),
)


@router.post("/cases/{case_id}/link", summary="Read another case's studies in this one")
def link_case(actor: Linking, rooms: InRooms, case_id: CaseId, body: OtherCaseBody) -> CaseResource:
    """For the studies of one visit: same site, same patient, and nobody has begun the other case.

    One report covers them all from now on. 409 where the other case is being read, written or reported.
    """
    case = rooms.linking.link(actor, case_id, body.case_id, reason=body.reason)
    return CaseResource.of(case, actor, now=rooms.clock.now())


@router.post("/cases/{case_id}/unlink", summary="Give a study back to its own case")
def unlink_study(actor: Linking, rooms: InRooms, case_id: CaseId, body: StudyBody) -> CaseResource:
    """It is read there again, also where a report of this case covered it; that report stays as signed."""
    case = rooms.linking.unlink(actor, case_id, body.study_instance_uid, reason=body.reason)
    return CaseResource.of(case, actor, now=rooms.clock.now())


@router.post("/cases/{case_id}/relate", summary="Note that two cases belong together")
def relate_case(actor: Linking, rooms: InRooms, case_id: CaseId, body: OtherCaseBody) -> CaseResource:
    """Each is read on its own, and shown among the priors of the other."""
    case = rooms.linking.relate(actor, case_id, body.case_id, reason=body.reason)
    return CaseResource.of(case, actor, now=rooms.clock.now())


@router.post("/cases/{case_id}/unrelate", summary="Take such a note back")
def unrelate_case(actor: Linking, rooms: InRooms, case_id: CaseId, body: OtherCaseBody) -> CaseResource:
    """Neither is shown among the other's priors for it any more."""
    case = rooms.linking.unrelate(actor, case_id, body.case_id, reason=body.reason)
    return CaseResource.of(case, actor, now=rooms.clock.now())
