"""The clinic's inbox over HTTP: what is there, what is unread, and saying that one has it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.access import Act
from core.errors import InvalidRequest, NotFound, ReportStateConflict, StorageUnavailable, TooLarge
from core.limits import SEARCH_LIMIT
from reporting.inbox import LONGEST_PERSON
from reporting.inbox_filter import InboxFilter
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import Offset, ReportId, plain_text
from viewer_api.permission import Confirming, Receiving
from viewer_api.problems import documented
from viewer_api.report_schemas import Inbox, ReportResource, ReportSummary
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1",
    tags=["inbox"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
_Text = Annotated[str, AfterValidator(plain_text)]


class ConfirmBody(BaseModel):
    """Who says that the clinic has the report."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "王护士"}})

    name: _Text = Field(
        default="", max_length=LONGEST_PERSON, description="Where several share an account; else whose it is."
    )


@router.get("/reports", summary="The inbox")
def list_reports(
    actor: Receiving,
    rooms: InRooms,
    access_log: InAccessLog,
    site_id: Annotated[_Text | None, Query(max_length=32, alias="site", examples=["xinglong-clinic"])] = None,
    unread: Annotated[bool | None, Query(description="Whether nobody of the clinic has had it yet.")] = None,
    confirmed: Annotated[bool | None, Query(description="Whether somebody confirmed it by name.")] = None,
    patient: Annotated[
        _Text | None,
        Query(
            max_length=256,
            description="A patient ID, or beginnings of the parts of a name, in characters or in pinyin.",
            examples=["zhang"],
        ),
    ] = None,
    study_date_from: date | None = None,
    study_date_to: date | None = None,
    unread_first: bool = False,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 100,
    offset: Offset = 0,
) -> Inbox:
    """The newest reports that the caller may receive; looking at the list is no receipt.

    A superseded version names the one that stands in its place, and that one says with `needs_notice` that
    the clinic still has to receive it.
    """
    wanted = InboxFilter(
        site_id=site_id,
        is_unread=unread,
        is_confirmed=confirmed,
        patient=patient,
        study_date_from=study_date_from,
        study_date_to=study_date_to,
        unread_first=unread_first,
        limit=limit,
        offset=offset,
    )
    reports = rooms.inbox.reports(actor, wanted)
    access_log.note_query(actor, "reports", act=Act.RECEIVE)
    return Inbox(
        items=[ReportSummary.of(report) for report in reports],
        unread=rooms.inbox.unread(actor, site_id=site_id),
    )


@router.post(
    "/reports/{report_id}/confirm",
    summary="Confirm that the clinic has a report",
    responses=documented(NotFound, ReportStateConflict, TooLarge),
)
def confirm_report(
    actor: Confirming, rooms: InRooms, report_id: ReportId, body: ConfirmBody | None = None
) -> ReportResource:
    """By name, with the hub's time; the reader sees it. Saying it again changes nothing."""
    return ReportResource.of(rooms.inbox.confirm(actor, report_id, name=body.name if body else ""))
