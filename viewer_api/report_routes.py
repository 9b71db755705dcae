"""Reports over HTTP: drafting and signing at the desk, receiving at the clinic."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Response

from core.access import Act, Actor
from core.errors import (
    InvalidRequest,
    NotFound,
    PatientConflict,
    ReportStateConflict,
    StaleVersion,
    StorageUnavailable,
    TooLarge,
    VersionRequired,
    WorkitemStateConflict,
)
from reporting.desk import Words
from reporting.document import ReportStatus
from reporting.report import Report
from viewer_api.access_log import AccessLog, InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.desk_schemas import (
    AddendumBody,
    AmendmentBody,
    DraftBody,
    DraftResource,
    KeptDraftCollection,
    KeptDraftResource,
    SignBody,
)
from viewer_api.entity_tags import IfMatch, IfNoneMatch, draft_tag, is_held, version_seen
from viewer_api.head_requests import IsHead
from viewer_api.parameters import CaseId, ReportId
from viewer_api.permission import HasRead, Reading, Receiving, Signing
from viewer_api.problems import documented, problem_of
from viewer_api.report_schemas import (
    ReportCollection,
    ReportResource,
    ReportSummary,
)
from viewer_api.response_headers import IMMUTABLE
from viewer_api.rooms import InRooms, Rooms

router = APIRouter(
    prefix="/api/v1",
    tags=["reports"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, NotFound, StorageUnavailable),
)
REVALIDATED: Final = "private, no-cache"
"""A report's words never change, but its JSON also says who has received it."""
PRINTED_AFTER_SECONDS: Final = "2"
"""When to ask again for a PDF or SR that is being made."""

_ETAG: Final[dict[str, Any]] = {
    "ETag": {"description": "The version of the draft.", "schema": {"type": "string", "example": '"3"'}}
}
_DRAFT: Final[dict[int | str, dict[str, Any]]] = {200: {"headers": _ETAG}}
_CREATED: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "headers": {
            "Location": {
                "description": "The report.",
                "schema": {"type": "string", "format": "uri-reference"},
            }
        }
    }
}
_NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "What is held is the newest."}}
_NEEDS_VERSION: Final = documented(VersionRequired, StaleVersion, WorkitemStateConflict, TooLarge)


class PdfResponse(Response):
    """The report on paper."""

    media_type = "application/pdf"


class DicomResponse(Response):
    """A DICOM Part 10 file."""

    media_type = "application/dicom"


@router.get("/cases/{case_id}/draft", summary="The draft of a case", responses=_DRAFT)
def show_draft(
    actor: Reading, rooms: InRooms, access_log: InAccessLog, case_id: CaseId, response: Response
) -> DraftResource:
    """Stays with the case, whoever claims it next. Its ETag goes into If-Match of whatever follows."""
    case = rooms.reading_list.case(actor, case_id, Act.READ)
    access_log.note_case(actor, case, "draft", act=Act.READ)
    draft = rooms.desk.draft(actor, case_id)
    response.headers["ETag"] = draft_tag(draft.version)
    return DraftResource.of(draft)


@router.put("/cases/{case_id}/draft", summary="Save the draft", responses=_DRAFT | _NEEDS_VERSION)
def save_draft(
    actor: HasRead,
    rooms: InRooms,
    case_id: CaseId,
    body: DraftBody,
    response: Response,
    if_match: IfMatch = None,
) -> DraftResource:
    """Writes over the version that If-Match names.

    Words that come too late (412), or from somebody who no longer holds the case (409), are kept aside:
    `GET /api/v1/cases/{case_id}/kept-drafts` has them.
    """
    version = version_seen(if_match, lambda: rooms.desk.draft(actor, case_id).version)
    words = Words(findings=body.findings, impression=body.impression)
    draft = rooms.desk.save_draft(actor, case_id, body.workitem_uid, words, version=version)
    response.headers["ETag"] = draft_tag(draft.version)
    return DraftResource.of(draft)


@router.get("/cases/{case_id}/kept-drafts", summary="My words that came too late")
def list_kept_drafts(actor: HasRead, rooms: InRooms, case_id: CaseId) -> KeptDraftCollection:
    """What this reader sent for the case that could not become the draft, newest first."""
    kept = rooms.desk.kept_drafts(actor, case_id)
    return KeptDraftCollection(items=[KeptDraftResource.of(each) for each in kept])


@router.post(
    "/cases/{case_id}/sign",
    summary="Sign the draft",
    status_code=201,
    responses=_CREATED
    | documented(VersionRequired, StaleVersion, WorkitemStateConflict, PatientConflict, TooLarge),
)
def sign(
    actor: Signing,
    rooms: InRooms,
    case_id: CaseId,
    body: SignBody,
    response: Response,
    if_match: IfMatch = None,
) -> ReportResource:
    """Signs the words that If-Match names. A final report never changes, ends the turn and is published.

    403 `recent-login-required` for a browser that logged in an hour ago: log in again, and sign. 412 too
    where images arrived since the reader looked (`instances_seen`): look at them, and sign again.
    """
    version = version_seen(if_match, lambda: rooms.desk.draft(actor, case_id).version)
    report = rooms.desk.sign(
        actor,
        case_id,
        body.workitem_uid,
        version=version,
        seen=body.instances_seen,
        status=ReportStatus(body.status),
    )
    return _created(report, response)


@router.get("/cases/{case_id}/reports", summary="The signed versions of a case")
def list_reports_of_case(
    actor: Receiving, rooms: InRooms, access_log: InAccessLog, case_id: CaseId
) -> ReportCollection:
    """Preliminary, final, appended and amended, oldest first; a superseded one names what replaced it."""
    reports = rooms.desk.reports_of_case(actor, case_id)
    case = rooms.reading_list.case(actor, case_id, Act.RECEIVE)
    access_log.note_case(actor, case, "reports", act=Act.RECEIVE)
    return ReportCollection(items=[ReportSummary.of(report) for report in reports])


@router.get(
    "/reports/{report_id}", summary="A report", response_model=ReportResource, responses=_NOT_MODIFIED
)
def show_report(
    actor: Receiving,
    rooms: InRooms,
    report_id: ReportId,
    response: Response,
    is_head: IsHead,
    if_none_match: IfNoneMatch = None,
) -> ReportResource | Response:
    """The whole signed document with its digest. For an account of the clinic this is its receipt."""
    _note_access(actor, rooms, report_id)
    report = rooms.inbox.report(actor, report_id, is_given=not is_head)
    headers = {"ETag": _report_tag(report), "Cache-Control": REVALIDATED}
    if is_held(if_none_match, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    response.headers.update(headers)
    return ReportResource.of(report)


@router.get(
    "/reports/{report_id}/pdf",
    summary="A report on paper",
    response_class=PdfResponse,
    responses=documented(ReportStateConflict),
)
def show_pdf(actor: Receiving, rooms: InRooms, report_id: ReportId, is_head: IsHead) -> Response:
    """PDF/A, as it is kept in the study. 409 with Retry-After until it is printed."""
    _note_access(actor, rooms, report_id)
    try:
        pdf = rooms.inbox.pdf(actor, report_id, is_given=not is_head)
    except ReportStateConflict as not_yet:
        return _come_back(not_yet)
    return PdfResponse(pdf, headers=_file_headers(f"report-{report_id}.pdf", "inline"))


@router.get(
    "/reports/{report_id}/sr",
    summary="A report as a DICOM Structured Report",
    response_class=DicomResponse,
    responses=documented(ReportStateConflict),
)
def show_structured_report(
    actor: Receiving, rooms: InRooms, report_id: ReportId, is_head: IsHead
) -> Response:
    """Basic Text SR with template 2000, as it is kept in the study. 409 with Retry-After until then."""
    _note_access(actor, rooms, report_id)
    try:
        part10 = rooms.inbox.structured_report(actor, report_id, is_given=not is_head)
    except ReportStateConflict as not_yet:
        return _come_back(not_yet)
    return DicomResponse(part10, headers=_file_headers(f"report-{report_id}.dcm", "attachment"))


@router.post(
    "/reports/{report_id}/addenda",
    summary="Add to a final report",
    status_code=201,
    responses=_CREATED | documented(ReportStateConflict, TooLarge),
)
def add_addendum(
    actor: Signing, rooms: InRooms, report_id: ReportId, body: AddendumBody, response: Response
) -> ReportResource:
    """New text with the reason for it, signed and published beside the report, which stays as it was."""
    words = Words(findings=body.findings, impression=body.impression)
    return _created(rooms.desk.add_addendum(actor, report_id, words, reason=body.reason), response)


@router.post(
    "/reports/{report_id}/amendments",
    summary="Amend a final report",
    status_code=201,
    responses=_CREATED
    | documented(
        ReportStateConflict,
        PatientConflict,
        WorkitemStateConflict,
        VersionRequired,
        StaleVersion,
        TooLarge,
    ),
)
def amend(
    actor: Signing, rooms: InRooms, report_id: ReportId, body: AmendmentBody, response: Response
) -> ReportResource:
    """A new version that stands in place of this one, which stays readable. The address names what was read.

    409 where this is not the version that stands, or where somebody is reading the case; refused words are
    kept.
    """
    words = Words(findings=body.findings, impression=body.impression)
    report = rooms.desk.amend(actor, report_id, words, reason=body.reason, seen=body.instances_seen)
    return _created(report, response)


def _created(report: Report, response: Response) -> ReportResource:
    response.headers["Location"] = f"/api/v1/reports/{report.report_id}"
    return ReportResource.of(report)


def _note_access(actor: Actor, rooms: Rooms, report_id: str) -> None:
    """Have it on record who looked, before the first byte is given."""
    report = rooms.inbox.find(actor, report_id)
    access_log = AccessLog(rooms.database, rooms.clock)
    access_log.note(actor, report.site_id, report.study_instance_uid, act=Act.RECEIVE)


def _report_tag(report: Report) -> str:
    """Return an ETag that changes with whatever may still come: publication, receipts, a newer version."""
    published = sum(form.published_at is not None for form in report.publications)
    standing = f"{int(report.superseded_by is not None)}{int(report.was_received_before)}"
    return f'"{report.digest}-{published}-{len(report.receipts)}-{standing}"'


def _come_back(not_yet: ReportStateConflict) -> Response:
    answer = problem_of(not_yet)
    answer.headers["Retry-After"] = PRINTED_AFTER_SECONDS
    return answer


def _file_headers(name: str, disposition: str) -> dict[str, str]:
    """Name the file by our own key alone (RFC 6266): no byte of a data set becomes a header."""
    return {"Content-Disposition": f'{disposition}; filename="{name}"', "Cache-Control": IMMUTABLE}
