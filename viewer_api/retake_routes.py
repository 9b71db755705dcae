"""Better images over HTTP: asked for by the reader, seen and answered at the site."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from core.errors import (
    AlreadySettled,
    InvalidRequest,
    NotFound,
    StorageUnavailable,
    TooLarge,
    WorkitemStateConflict,
)
from core.limits import SEARCH_LIMIT
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import CaseId, Offset, RetakeId
from viewer_api.permission import AnsweringRetake, Reading, Searching
from viewer_api.problems import documented
from viewer_api.retake_schemas import DeclineBody, RetakeBody, RetakeCollection, RetakeResource
from viewer_api.rooms import InRooms
from worklist.retake import Wish

router = APIRouter(
    prefix="/api/v1",
    tags=["retakes"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
_DECIDED = documented(NotFound, TooLarge, AlreadySettled)


@router.post(
    "/cases/{case_id}/retake",
    summary="Ask for better images",
    status_code=201,
    responses=documented(NotFound, TooLarge, WorkitemStateConflict),
)
def ask_retake(actor: Reading, rooms: InRooms, case_id: CaseId, body: RetakeBody) -> RetakeResource:
    """By who holds the case; images that come answer it, and signing a final report withdraws it.

    With `end_turn` nobody reads the case until images come, the site declines, somebody withdraws, or the
    wait is over; the draft stays.
    """
    wish = Wish(reason=body.reason, note=body.note, sop_instance_uids=tuple(body.sop_instance_uids))
    asked = rooms.retakes.ask(actor, case_id, body.workitem_uid, wish, end_turn=body.end_turn)
    return RetakeResource.of(asked, now=rooms.clock.now())


@router.get("/retakes", summary="What better images were asked for")
def list_retakes(
    actor: Searching,
    rooms: InRooms,
    access_log: InAccessLog,
    state: Annotated[Literal["open", "closed"] | None, Query(description="All without it.")] = None,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 100,
    offset: Offset = 0,
) -> RetakeCollection:
    """Of cases in the caller's reach; who has waited longest comes first."""
    is_open = None if state is None else state == "open"
    found = rooms.retakes.retakes(actor, is_open=is_open, limit=limit, offset=offset)
    access_log.note_query(actor, "retakes")
    now = rooms.clock.now()
    return RetakeCollection(items=[RetakeResource.of(retake, now=now) for retake in found])


@router.post("/retakes/{retake_id}/acknowledge", summary="Say that it was seen", responses=_DECIDED)
def acknowledge_retake(actor: AnsweringRetake, rooms: InRooms, retake_id: RetakeId) -> RetakeResource:
    """By name and time, for the reader who asked."""
    seen = rooms.retakes.acknowledge(actor, retake_id)
    return RetakeResource.of(seen, now=rooms.clock.now())


@router.post("/retakes/{retake_id}/decline", summary="Say that no images will come", responses=_DECIDED)
def decline_retake(
    actor: AnsweringRetake, rooms: InRooms, retake_id: RetakeId, body: DeclineBody
) -> RetakeResource:
    """With the reason; a case that waited can be claimed at once."""
    declined = rooms.retakes.decline(actor, retake_id, why=body.reason)
    return RetakeResource.of(declined, now=rooms.clock.now())


@router.post("/retakes/{retake_id}/withdraw", summary="Do without better images", responses=_DECIDED)
def withdraw_retake(actor: Reading, rooms: InRooms, retake_id: RetakeId) -> RetakeResource:
    """By any reader of the case; one that waited can be claimed at once."""
    withdrawn = rooms.retakes.withdraw(actor, retake_id)
    return RetakeResource.of(withdrawn, now=rooms.clock.now())
