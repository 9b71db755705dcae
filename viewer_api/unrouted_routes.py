"""Open cases that nobody can read, over HTTP: administrators give them a route."""

from typing import Annotated

from fastapi import APIRouter, Query

from core.access import Act
from core.errors import InvalidRequest, StorageUnavailable
from core.limits import SEARCH_LIMIT
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import Offset
from viewer_api.permission import Administering
from viewer_api.problems import documented
from viewer_api.rooms import InRooms
from viewer_api.unrouted_schemas import UnroutedCaseCollection, UnroutedCaseResource

router = APIRouter(
    prefix="/api/v1",
    tags=["reading list"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)


@router.get("/cases/unrouted", summary="Open cases that nobody can read")
def list_unrouted_cases(
    actor: Administering,
    rooms: InRooms,
    access_log: InAccessLog,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 100,
    offset: Offset = 0,
) -> UnroutedCaseCollection:
    """At the sites that the caller administers, with the reason; a route or a reader takes them off."""
    access_log.note_query(actor, "unrouted cases", act=Act.ADMINISTER)
    found = rooms.unrouted.cases(actor, limit=limit, offset=offset)
    return UnroutedCaseCollection(items=[UnroutedCaseResource.of(each) for each in found])
