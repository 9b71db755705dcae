"""What clinics ask, over HTTP."""

from fastapi import APIRouter

from core.errors import InvalidRequest, NotFound, StorageUnavailable, TooLarge
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.permission import Requesting
from viewer_api.problems import documented
from viewer_api.request_schemas import RequestBody, RequestResource
from viewer_api.rooms import InRooms

router = APIRouter(prefix="/api/v1", tags=["requests"])


@router.post(
    "/requests",
    summary="Ask something about a study",
    status_code=201,
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, NotFound, StorageUnavailable, TooLarge),
)
def ask(actor: Requesting, rooms: InRooms, body: RequestBody) -> RequestResource:
    """Before or after the study has come: a request waits for it. The newest request of a case counts."""
    # Who may ask everywhere may not ask where nothing is; the words are those for a site out of reach.
    rooms.directory.site(body.site_id)
    return RequestResource.of(rooms.reading_list.request(actor, **body.model_dump()))
