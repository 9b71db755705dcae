"""The technician's arrivals over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from core.errors import InvalidRequest, StorageUnavailable
from core.limits import SEARCH_LIMIT
from viewer_api.access_log import InAccessLog
from viewer_api.arrival_schemas import ArrivalCollection, ArrivalResource
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import Offset, plain_text
from viewer_api.permission import Searching
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1",
    tags=["arrivals"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)


@router.get("/arrivals", summary="What sites sent")
def list_arrivals(
    actor: Searching,
    rooms: InRooms,
    access_log: InAccessLog,
    site_id: Annotated[
        Annotated[str, AfterValidator(plain_text)] | None,
        Query(max_length=32, alias="site", description="Only of this site.", examples=["xinglong-clinic"]),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 50,
    offset: Offset = 0,
) -> ArrivalCollection:
    """Newest first: how many images of each study came, of how many, and how far it is on its way back."""
    found = rooms.arrivals.newest(actor, site_id=site_id, limit=limit, offset=offset)
    access_log.note_query(actor, "arrivals", site_id=site_id)
    reports = rooms.inbox.standing([arrival.case for arrival in found])
    now = rooms.clock.now()
    return ArrivalCollection(
        items=[ArrivalResource.of(each, reports.get(each.case.case_id), now=now) for each in found]
    )
