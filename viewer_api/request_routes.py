"""What clinics ask, over HTTP: taken down, followed, and put right by people."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from core.access import Act
from core.errors import InvalidRequest, NotFound, StorageUnavailable, TooLarge, WorkitemStateConflict
from core.limits import SEARCH_LIMIT
from database.audit import AuditEvent
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import Offset, RequestId, plain_text
from viewer_api.permission import Requesting
from viewer_api.problems import documented
from viewer_api.request_schemas import (
    FollowedRequestResource,
    MatchBody,
    RequestBody,
    RequestCollection,
    RequestReasonBody,
    RequestResource,
)
from viewer_api.rooms import InRooms
from worklist.request import RequestState
from worklist.requests import Question, RequestFilter

router = APIRouter(
    prefix="/api/v1",
    tags=["requests"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
_NOT_FOUND = documented(NotFound)
_DECIDED = documented(NotFound, TooLarge, WorkitemStateConflict)
_SiteId = Annotated[str, AfterValidator(plain_text)]


@router.post(
    "/requests",
    summary="Ask something about a study",
    status_code=201,
    responses=documented(NotFound, TooLarge),
)
def ask(actor: Requesting, rooms: InRooms, body: RequestBody) -> RequestResource:
    """Before or after the study has come: a request waits for it. The newest request of a study counts."""
    # Who may ask everywhere may not ask where nothing is; the words are those for a site out of reach.
    rooms.directory.site(body.site_id)
    return RequestResource.of(rooms.requests.ask(actor, Question(**body.model_dump())))


@router.get("/requests", summary="What was asked, and what became of it")
def list_requests(
    actor: Requesting,
    rooms: InRooms,
    access_log: InAccessLog,
    state: Annotated[
        list[RequestState] | None, Query(max_length=4, description="One or several; all without it.")
    ] = None,
    site_id: Annotated[_SiteId | None, Query(max_length=32, examples=["xinglong-clinic"])] = None,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 100,
    offset: Offset = 0,
) -> RequestCollection:
    """Newest first; one that waits shows the cases that it may be about."""
    wanted = RequestFilter(states=frozenset(state or ()), site_id=site_id, limit=limit, offset=offset)
    found = rooms.requests.list(actor, wanted)
    access_log.note_query(actor, "requests", site_id=site_id, act=Act.REQUEST)
    return RequestCollection(items=[FollowedRequestResource.of(each) for each in found])


@router.get("/requests/{request_id}", summary="One request", responses=_NOT_FOUND)
def show_request(
    actor: Requesting, rooms: InRooms, access_log: InAccessLog, request_id: RequestId
) -> FollowedRequestResource:
    """What was asked, and what became of it."""
    found = rooms.requests.find(actor, request_id)
    access_log.note(
        actor,
        found.request.site_id,
        found.request.study_instance_uid,
        act=Act.REQUEST,
        event=AuditEvent.ORDER_RECORD,
        action="request shown",
    )
    return FollowedRequestResource.of(found)


@router.post("/requests/{request_id}/match", summary="Say which case is meant", responses=_DECIDED)
def match_request(
    actor: Requesting, rooms: InRooms, request_id: RequestId, body: MatchBody
) -> FollowedRequestResource:
    """For a request that waits; its question and urgency count in the case from now on."""
    return FollowedRequestResource.of(
        rooms.requests.match(actor, request_id, body.case_id, reason=body.reason)
    )


@router.post("/requests/{request_id}/unmatch", summary="Take a request off its case", responses=_DECIDED)
def unmatch_request(
    actor: Requesting, rooms: InRooms, request_id: RequestId, body: RequestReasonBody
) -> FollowedRequestResource:
    """It waits for a person then: no rule matches it again."""
    return FollowedRequestResource.of(rooms.requests.unmatch(actor, request_id, reason=body.reason))


@router.post("/requests/{request_id}/withdraw", summary="Take a request back", responses=_DECIDED)
def withdraw_request(
    actor: Requesting, rooms: InRooms, request_id: RequestId, body: RequestReasonBody
) -> FollowedRequestResource:
    """For good; the case falls back to what else was asked about it."""
    return FollowedRequestResource.of(rooms.requests.withdraw(actor, request_id, reason=body.reason))
