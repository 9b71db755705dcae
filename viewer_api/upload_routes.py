"""Uploads: files from a browser, in pieces that a bad line may cut anywhere."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool

from core.access import Act, Actor
from core.errors import (
    AlreadySettled,
    InvalidRequest,
    NotFound,
    NotPermitted,
    QuotaExceeded,
    StaleVersion,
    StorageUnavailable,
    TooLarge,
)
from core.limits import KIB, SEARCH_LIMIT, UPLOAD_FILE_BYTES, UPLOAD_PART_BYTES
from database.audit import AuditEvent
from storage.upload import Upload, UploadFile
from storage.uploads import Piece
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.bounded_body import body_chunks
from viewer_api.parameters import Offset, UploadId, plain_text
from viewer_api.permission import Storing
from viewer_api.problems import documented
from viewer_api.rooms import InRooms, Rooms
from viewer_api.upload_schemas import (
    UploadBody,
    UploadCollection,
    UploadFileResource,
    UploadResource,
    UploadWithFiles,
    upload_values,
)

PREFIX: Final = "/api/v1/uploads/"
_WRITTEN_AT_ONCE: Final = 256 * KIB
_FILES_SHOWN: Final = SEARCH_LIMIT

router = APIRouter(
    prefix="/api/v1",
    tags=["uploads"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
_OFFSET: Final = {"Upload-Offset": {"description": "How many bytes are here.", "schema": {"type": "integer"}}}
_Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Files are numbered from 1.")]
_PIECE: Final[dict[str, Any]] = {
    "responses": {200: {"headers": _OFFSET}}
    | documented(NotFound, TooLarge, StaleVersion, AlreadySettled, QuotaExceeded),
    "openapi_extra": {
        "requestBody": {
            "required": False,
            "description": f"At most {UPLOAD_PART_BYTES} bytes of the file, from Upload-Offset on.",
            "content": {
                "application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
}


@router.post(
    "/uploads",
    summary="Begin an upload",
    status_code=201,
    responses=documented(NotFound, TooLarge, QuotaExceeded),
)
def open_upload(actor: Storing, rooms: InRooms, body: UploadBody) -> UploadWithFiles:
    """Announces the files with their sizes. What is `held-already` by its SHA-256 need not be sent.

    An upload that nothing is added to for a day is given up.
    """
    upload = rooms.uploads.open(
        actor, _site_in_use(rooms, actor, body.site_id), [file.announced() for file in body.files]
    )
    return _with_files(rooms, upload)


@router.get("/uploads", summary="Uploads")
def list_uploads(
    actor: Storing,
    rooms: InRooms,
    access_log: InAccessLog,
    site_id: Annotated[
        Annotated[str, AfterValidator(plain_text)] | None,
        Query(max_length=32, examples=["xinglong-clinic"]),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 50,
    offset: Offset = 0,
) -> UploadCollection:
    """Newest first, wherever the caller may store: an upload can be gone on with from any browser."""
    access_log.note_query(actor, "uploads", act=Act.STORE, event=AuditEvent.QUERY)
    found = rooms.uploads.uploads(actor, site_id=site_id, limit=limit, offset=offset)
    return UploadCollection(items=[UploadResource.of(upload) for upload in found])


@router.get("/uploads/{upload_id}", summary="An upload", responses=documented(NotFound))
def show_upload(
    actor: Storing,
    rooms: InRooms,
    access_log: InAccessLog,
    upload_id: UploadId,
    limit: Annotated[int, Query(ge=1, le=_FILES_SHOWN, description="Of the files.")] = _FILES_SHOWN,
    offset: Offset = 0,
) -> UploadWithFiles:
    """How far it has come, and what became of each file."""
    upload = rooms.uploads.upload(actor, upload_id)
    access_log.note_query(actor, "upload", site_id=upload.site_id, act=Act.STORE)
    return _with_files(rooms, upload, limit=limit, offset=offset)


@router.get(
    "/uploads/{upload_id}/files/{number}",
    summary="A file of an upload",
    responses=documented(NotFound) | {200: {"headers": _OFFSET}},
)
def show_file(
    actor: Storing,
    rooms: InRooms,
    access_log: InAccessLog,
    upload_id: UploadId,
    number: _Number,
    response: Response,
) -> UploadFileResource:
    """Says in Upload-Offset from which byte to go on after a line was cut."""
    upload, file = rooms.uploads.file(actor, upload_id, number)
    access_log.note_query(actor, "upload", site_id=upload.site_id, act=Act.STORE)
    return _told(file, response)


@router.patch("/uploads/{upload_id}/files/{number}", summary="Send a piece of a file", **_PIECE)
async def send_piece(
    request: Request,
    actor: Storing,
    rooms: InRooms,
    upload_id: UploadId,
    number: _Number,
    upload_offset: Annotated[int, Header(ge=0, le=UPLOAD_FILE_BYTES, description="Its first byte.")],
    response: Response,
) -> UploadFileResource:
    """Kept for good when this answers; of a piece that is cut, what came. 412 where another byte is next.

    With its last byte a file is stored, or a ZIP waits to be unpacked. One whose SHA-256 is not as announced
    begins again at byte 0. Sent without a body at its end, a file that could not be stored is tried again.
    """
    uploads = rooms.uploads
    piece = await run_in_threadpool(uploads.begin_piece, actor, upload_id, number, upload_offset)
    try:
        try:
            await _receive(request, piece)
        except InvalidRequest:
            # The line was cut: what has come need not come again.
            await run_in_threadpool(uploads.keep_piece, actor, piece)
            raise
        file = await run_in_threadpool(uploads.keep_piece, actor, piece)
    finally:
        await run_in_threadpool(piece.landing.discard)
    return _told(file, response)


async def _receive(request: Request, piece: Piece) -> None:
    buffered = bytearray()
    try:
        async for chunk in body_chunks(request.receive, request.headers, piece.limit):
            buffered += chunk
            if len(buffered) >= _WRITTEN_AT_ONCE:
                await run_in_threadpool(piece.landing.write_part10, bytes(buffered))
                buffered.clear()
    finally:
        await run_in_threadpool(piece.landing.write_part10, bytes(buffered))


def _site_in_use(rooms: Rooms, actor: Actor, site_id: str) -> str:
    """Return a site where this actor may store. Raises NotFound, NotPermitted: it is disabled."""
    if actor.scope(Act.STORE).within(site_id).is_empty:
        raise NotFound
    if rooms.directory.site(site_id).disabled_at is not None:
        raise NotPermitted("This site is disabled.")
    return site_id


def _with_files(
    rooms: Rooms, upload: Upload, *, limit: int = _FILES_SHOWN, offset: int = 0
) -> UploadWithFiles:
    files = rooms.uploads.files(upload, limit=limit, offset=offset)
    shown = [UploadFileResource.of(file) for file in files]
    return UploadWithFiles.model_validate(upload_values(upload) | {"files": shown})


def _told(file: UploadFile, response: Response) -> UploadFileResource:
    response.headers["Upload-Offset"] = str(file.received)
    return UploadFileResource.of(file)
