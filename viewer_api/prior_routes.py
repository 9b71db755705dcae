"""What else there is of the person whom a case shows, over HTTP."""

from fastapi import APIRouter

from core.errors import InvalidRequest, NotFound, StorageUnavailable
from viewer_api.access_log import AccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import CaseId
from viewer_api.permission import Searching
from viewer_api.prior_schemas import PriorCollection, PriorResource
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1",
    tags=["reading list"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)


@router.get(
    "/cases/{case_id}/priors", summary="Earlier cases of the same person", responses=documented(NotFound)
)
def list_priors(actor: Searching, rooms: InRooms, case_id: CaseId) -> PriorCollection:
    """Newest first, then the candidates, of whom only name, birth date and sex agree.

    What was signed of them is told to those who may receive reports of that site.
    """
    priors = rooms.priors.of_case(actor, case_id)
    signed = rooms.prior_reports.of_cases(actor, [prior.case.case_id for prior in priors])
    looks = AccessLog(rooms.database, rooms.clock)
    for prior in priors:
        if prior.case.case_id in signed:
            looks.note(actor, prior.case.site_id, prior.case.study_instance_uid)
    return PriorCollection(
        items=[PriorResource.of(prior, signed.get(prior.case.case_id, [])) for prior in priors]
    )
