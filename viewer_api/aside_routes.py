"""What is kept aside, over HTTP: administrators look through it, and decide with a reason."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator
from starlette.responses import StreamingResponse

from core.access import Act
from core.errors import (
    AlreadySettled,
    DataSetMismatch,
    InvalidInstance,
    InvalidRequest,
    NotFound,
    QuotaExceeded,
    StorageUnavailable,
    TooLarge,
)
from core.limits import SEARCH_LIMIT
from storage.aside_records import AsideFilter
from storage.instance import AsideReason
from viewer_api.access_log import AccessLog, InAccessLog
from viewer_api.aside_schemas import (
    AlarmCollection,
    AlarmResource,
    DecisionBody,
    KeptAsideCollection,
    KeptAsideResource,
    LookResource,
    ReadmittedResource,
)
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.multipart import begun
from viewer_api.parameters import KeptKey, Offset, plain_text
from viewer_api.permission import Administering
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1",
    tags=["kept aside"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
_OF_ONE: Final = documented(NotFound, AlreadySettled)
_DECIDED: Final = documented(NotFound, AlreadySettled, TooLarge)
_SiteId = Annotated[str, AfterValidator(plain_text)]


class KeptFile(StreamingResponse):
    """The file as it arrived, whatever it is."""

    media_type = "application/octet-stream"


@router.get("/kept-aside", summary="What is kept aside")
def list_kept_aside(
    actor: Administering,
    rooms: InRooms,
    access_log: InAccessLog,
    site_id: Annotated[_SiteId | None, Query(max_length=32, examples=["xinglong"])] = None,
    reason: AsideReason | None = None,
    settled: Annotated[bool, Query(description="Also what a person has decided on.")] = False,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 100,
    offset: Offset = 0,
) -> KeptAsideCollection:
    """At the sites that the caller administers, newest first."""
    access_log.note_query(actor, "kept aside", site_id=site_id, act=Act.ADMINISTER)
    wanted = AsideFilter(site_id=site_id, reason=reason, settled=settled, limit=limit, offset=offset)
    return KeptAsideCollection(
        items=[KeptAsideResource.of(kept) for kept in rooms.shelf.items(actor, wanted)]
    )


@router.get("/kept-aside/{kept_key}", summary="One thing kept aside", responses=documented(NotFound))
def show_kept_aside(
    actor: Administering, rooms: InRooms, access_log: InAccessLog, kept_key: KeptKey
) -> KeptAsideResource:
    """What it is, why it lies there, and what was decided."""
    kept = rooms.shelf.item(actor, kept_key)
    access_log.note(actor, kept.site_id, kept.study_instance_uid, act=Act.ADMINISTER, action="kept aside")
    return KeptAsideResource.of(kept)


@router.get("/kept-aside/{kept_key}/look", summary="Look at its header", responses=_OF_ONE)
def look_at_kept_aside(actor: Administering, rooms: InRooms, kept_key: KeptKey) -> LookResource:
    """Its elements beside those of what is held in its place; no sequences, and long values in part."""
    kept = rooms.shelf.item(actor, kept_key)
    AccessLog(rooms.database, rooms.clock).note(actor, kept.site_id, kept.study_instance_uid)
    return LookResource.of(rooms.shelf.look(actor, kept_key))


@router.get(
    "/kept-aside/{kept_key}/file",
    summary="The exact bytes that arrived",
    response_class=KeptFile,
    responses=_OF_ONE,
)
def download_kept_aside(actor: Administering, rooms: InRooms, kept_key: KeptKey) -> Response:
    """Preamble and all, as an attachment: nothing here was found to be what it says."""
    kept, content = rooms.shelf.export(actor, kept_key)
    headers = {
        "Content-Disposition": f'attachment; filename="kept-aside-{kept.kept_key}.dcm"',
        "Content-Length": str(kept.size),
        "Cache-Control": "private, no-store",
    }
    return KeptFile(begun(content), headers=headers)


@router.post(
    "/kept-aside/{kept_key}/readmit",
    summary="Let it in",
    responses=documented(NotFound, AlreadySettled, InvalidInstance, DataSetMismatch, TooLarge, QuotaExceeded),
)
def readmit_kept_aside(
    actor: Administering, rooms: InRooms, kept_key: KeptKey, body: DecisionBody
) -> ReadmittedResource:
    """Through the same door as everything. Of a conflict of patients: it is the study's own patient."""
    return ReadmittedResource.of(rooms.shelf.readmit(actor, kept_key, reason=body.reason))


@router.post("/kept-aside/{kept_key}/discard", summary="Discard it", responses=_DECIDED)
def discard_kept_aside(
    actor: Administering, rooms: InRooms, kept_key: KeptKey, body: DecisionBody
) -> KeptAsideResource:
    """Its bytes go after a while; until then this can be taken back. Row and reason stay."""
    return KeptAsideResource.of(rooms.shelf.discard(actor, kept_key, reason=body.reason))


@router.post("/kept-aside/{kept_key}/keep-apart", summary="Keep it apart for ever", responses=_DECIDED)
def keep_apart_kept_aside(
    actor: Administering, rooms: InRooms, kept_key: KeptKey, body: DecisionBody
) -> KeptAsideResource:
    """It is not what is held in its place, or of another patient; it can be had here."""
    return KeptAsideResource.of(rooms.shelf.keep_apart(actor, kept_key, reason=body.reason))


@router.post("/kept-aside/{kept_key}/reopen", summary="Take the decision back", responses=_DECIDED)
def reopen_kept_aside(
    actor: Administering, rooms: InRooms, kept_key: KeptKey, body: DecisionBody
) -> KeptAsideResource:
    """Of what was kept apart, or discarded and is still here; what was let in stays in."""
    return KeptAsideResource.of(rooms.shelf.reopen(actor, kept_key, reason=body.reason))


@router.get("/alarms", summary="What cannot wait")
def list_alarms(actor: Administering, rooms: InRooms) -> AlarmCollection:
    """Room that runs out, what has waited for a decision for more than a day, cases that nobody can read."""
    scope = actor.scope(Act.ADMINISTER)
    unread = [AlarmResource.of_unread(*each) for each in rooms.unrouted.numbers(scope).items()]
    return AlarmCollection(items=[AlarmResource.of(alarm) for alarm in rooms.shelf.alarms(scope)] + unread)
