"""Taking the next case, and the numbers beside the reading list."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.errors import InvalidRequest, NotFound, StorageUnavailable, TooLarge, WorkitemStateConflict
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import plain_text
from viewer_api.permission import Reading, Searching
from viewer_api.problems import documented
from viewer_api.rooms import InRooms
from viewer_api.worklist_schemas import ClaimResource
from worklist.list_counts import ListCounts
from worklist.reading_list import ListFilter
from worklist.urgency import Urgency

router = APIRouter(
    prefix="/api/v1",
    tags=["next case"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
_Text = Annotated[str, AfterValidator(plain_text)]


class NextBody(BaseModel):
    """Of which cases to take the next; nothing said means of all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"modality": "ECG"}})

    modality: _Text | None = Field(default=None, max_length=16)
    site_id: _Text | None = Field(default=None, max_length=32)
    urgency: Urgency | None = None
    group: _Text | None = Field(default=None, max_length=32, description="A reading group of one's own.")


class ListCountsResource(BaseModel):
    """Open cases within reach."""

    model_config = ConfigDict(
        title="ListCounts",
        json_schema_extra={
            "example": {
                "open": 12,
                "waiting": 10,
                "emergencies": 1,
                "overdue": 2,
                "mine": 1,
                "new": 3,
                "seen_at": "2026-11-20T08:30:00Z",
            }
        },
    )

    open: int
    waiting: int = Field(description="That nobody has claimed.")
    emergencies: int = Field(description="Of these, emergencies.")
    overdue: int
    mine: int = Field(description="That I hold.")
    new: int = Field(description="That came since I last saw the list, and wait.")
    seen_at: datetime | None

    @classmethod
    def of(cls, counts: ListCounts) -> Self:
        """Return the numbers."""
        return cls(**vars(counts))


@router.post(
    "/worklist/next",
    summary="Take the next case",
    responses=documented(NotFound, WorkitemStateConflict, TooLarge),
)
def take_next(actor: Reading, rooms: InRooms, body: NextBody | None = None) -> ClaimResource:
    """Claims the first case of the list that may be claimed; of many who ask at once no two get the same.

    404 where there is none.
    """
    wanted = body or NextBody()
    case = rooms.reading_list.take_next(
        actor,
        ListFilter(
            modality=wanted.modality,
            site_id=wanted.site_id,
            urgency=wanted.urgency,
            reading_group_id=wanted.group,
        ),
    )
    seen = rooms.desk.instances_seen(actor, case.case_id)
    return ClaimResource.of(case, actor, now=rooms.clock.now(), instances_seen=seen)


@router.get("/worklist/counts", summary="The numbers beside the reading list")
def count_cases(actor: Searching, rooms: InRooms) -> ListCountsResource:
    """Numbers alone: whose cases they are is shown by the list."""
    return ListCountsResource.of(rooms.counted_list.counts(actor))


@router.post("/worklist/seen", summary="Say that one has seen the list", status_code=204)
def note_seen(actor: Searching, rooms: InRooms, access_log: InAccessLog) -> None:
    """What comes from now on is new."""
    access_log.note_query(actor, "worklist")
    rooms.counted_list.note_seen(actor)
