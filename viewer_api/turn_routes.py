"""Turns at a case over HTTP: who has held it, and taking it from who holds it."""

from fastapi import APIRouter

from core.errors import InvalidRequest, NotFound, StorageUnavailable, TooLarge, WorkitemStateConflict
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import CaseId, WorkitemUID
from viewer_api.permission import HasRead, TakingOver
from viewer_api.problems import documented
from viewer_api.rooms import InRooms
from viewer_api.turn_schemas import TakeOverBody, TurnCollection, TurnResource
from viewer_api.worklist_schemas import ClaimResource

router = APIRouter(
    prefix="/api/v1",
    tags=["reading list"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, NotFound, StorageUnavailable),
)


@router.get("/cases/{case_id}/turns", summary="Who has held a case")
def list_turns(actor: HasRead, rooms: InRooms, case_id: CaseId) -> TurnCollection:
    """Every turn, newest first, with who ended it and why: for whoever may see the case, or held it once."""
    turns = rooms.reading_list.turns(actor, case_id)
    return TurnCollection(items=[TurnResource.of(turn) for turn in turns])


@router.post(
    "/workitems/{workitem_uid}/take-over",
    summary="Take a case that a colleague holds",
    responses=documented(WorkitemStateConflict, TooLarge),
)
def take_over(
    actor: TakingOver, rooms: InRooms, workitem_uid: WorkitemUID, body: TakeOverBody
) -> ClaimResource:
    """Ends the colleague's turn with the reason and begins one's own; the draft comes with the case.

    What the colleague still writes is refused and kept aside for them; the turns of the case say who and why.
    """
    case = rooms.reading_list.take_over(actor, workitem_uid, reason=body.reason)
    seen = rooms.desk.instances_seen(actor, case.case_id)
    return ClaimResource.of(case, actor, now=rooms.clock.now(), instances_seen=seen)
