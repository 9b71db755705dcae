"""What readers draw into images: kept with the case while it is read, and with the report once signed."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator

from core.access import Act
from core.errors import (
    InvalidRequest,
    NotFound,
    StaleVersion,
    StorageUnavailable,
    TooLarge,
    VersionRequired,
    WorkitemStateConflict,
)
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.entity_tags import IfMatch, draft_tag, version_seen
from viewer_api.mark_schemas import (
    MarkCollection,
    MarkResource,
    MarksBody,
    SignedMarkCollection,
    SignedMarks,
)
from viewer_api.parameters import ReportId, StudyInstanceUID, plain_text
from viewer_api.permission import Reading, Receiving
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1",
    tags=["marks"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, NotFound, StorageUnavailable),
)
_SiteId = Annotated[str, AfterValidator(plain_text), Query(max_length=32, examples=["xinglong-clinic"])]
_ETAG: Final = {"description": "The version of the marks.", "schema": {"type": "string", "example": '"3"'}}
_WITH_TAG: Final[dict[int | str, dict[str, Any]]] = {200: {"headers": {"ETag": _ETAG}}}


@router.get("/studies/{study_instance_uid}/marks", summary="The marks of a study", responses=_WITH_TAG)
def show_marks(
    actor: Reading,
    rooms: InRooms,
    access_log: InAccessLog,
    study_instance_uid: StudyInstanceUID,
    site_id: _SiteId,
    response: Response,
) -> MarkCollection:
    """As whoever reads the case has drawn them so far. Two sites may hold one UID: say whose is meant."""
    case, version, marks = rooms.marking.marks(actor, site_id, study_instance_uid)
    access_log.note_case(actor, case, "marks", act=Act.READ)
    response.headers["ETag"] = draft_tag(version)
    items = [MarkResource.of(mark) for mark in marks]
    return MarkCollection(study_instance_uid=study_instance_uid, version=version, items=items)


@router.put(
    "/studies/{study_instance_uid}/marks",
    summary="Save the marks of a study",
    responses=_WITH_TAG | documented(VersionRequired, StaleVersion, WorkitemStateConflict, TooLarge),
)
def save_marks(
    actor: Reading,
    rooms: InRooms,
    study_instance_uid: StudyInstanceUID,
    site_id: _SiteId,
    body: MarksBody,
    response: Response,
    if_match: IfMatch = None,
) -> MarkCollection:
    """Writes over the version that If-Match names, all marks at once; only who holds the case may.

    A key image has no points; it is printed with the report and named in it.
    """
    version = version_seen(if_match, lambda: rooms.marking.marks(actor, site_id, study_instance_uid)[1])
    marks = tuple(mark.mark() for mark in body.marks)
    saved = rooms.marking.save(actor, site_id, study_instance_uid, body.workitem_uid, marks, version=version)
    response.headers["ETag"] = draft_tag(saved)
    return MarkCollection(study_instance_uid=study_instance_uid, version=saved, items=body.marks)


@router.get("/reports/{report_id}/marks", summary="The marks of a signed report")
def show_signed_marks(
    actor: Receiving, rooms: InRooms, access_log: InAccessLog, report_id: ReportId
) -> SignedMarkCollection:
    """What was drawn into each study when the report was signed; its digest is part of the report."""
    report = rooms.inbox.find(actor, report_id)
    access_log.note(actor, report.site_id, report.study_instance_uid, act=Act.RECEIVE)
    drawn = rooms.marking.signed(actor, report)
    return SignedMarkCollection(
        studies=[
            SignedMarks(study_instance_uid=uid, items=[MarkResource.of(mark) for mark in marks])
            for uid, marks in drawn.items()
        ]
    )
