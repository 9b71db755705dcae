"""STOW-RS: storing instances (PS3.18 10.5), through the archive's one door."""

from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from prometheus_client import Counter
from starlette.concurrency import run_in_threadpool

from core.errors import (
    DataSetMismatch,
    HubError,
    InvalidInstance,
    InvalidRequest,
    NotFound,
    NotPermitted,
    QuotaExceeded,
    StorageUnavailable,
    TooLarge,
    UnsupportedSOPClass,
)
from core.limits import KIB, STOW_BODY_LIMIT
from core.origin import Origin
from core.uids import is_indexable, new_key
from storage.header_reader import read_header
from storage.incoming import EncodedInstance, IncomingFile
from storage.instance import StoredInstance, StoreOutcome
from storage.part10 import read_part10_preamble
from storage.sop_classes import is_storage_class
from viewer_api.bounded_body import body_chunks
from viewer_api.dicom_json_answer import MEDIA_TYPE as DICOM_JSON
from viewer_api.dicom_json_answer import DicomJSON
from viewer_api.dicom_web_root import ROOT_PROBLEMS, UID, Root, StoreRoot, accept_of
from viewer_api.media_types import MULTIPART, Form, choose, media_type_of
from viewer_api.problems import NotAcceptable, SeveralSites, UnsupportedMediaType, documented
from viewer_api.request_log import REQUESTS
from viewer_api.rooms import InRooms, Rooms
from viewer_api.stow_answer import FailedInstance, answer_of, failure_reason, status_of
from viewer_api.stow_parts import APPLICATION_DICOM, ECG_FILES, PartRefusal, StowParts

router = APIRouter(tags=["STOW-RS"])

_INSTANCES = Counter(
    "hub_stow_instances",
    "Parts of requests, by what became of the instance or the reason of the refusal",
    ["outcome"],
    registry=REQUESTS,
)
_FED_AT_ONCE: Final = 256 * KIB
_NOTED_EVERY: Final = timedelta(seconds=10)
_ANSWER_FORMS: Final = (Form(media_type=DICOM_JSON),)
_CONFLICT_WARNING: Final = (
    "Another data set is held under a UID that was sent; both are kept, a person decides."
)
_MODULE: Final = {DICOM_JSON: {"schema": {"type": "object"}}}
_DESCRIBED: Final[dict[str, Any]] = {
    "response_class": Response,
    "responses": ROOT_PROBLEMS
    | documented(
        InvalidRequest, NotAcceptable, TooLarge, UnsupportedMediaType, StorageUnavailable, QuotaExceeded
    )
    | {
        200: {"description": "All is stored.", "content": _MODULE},
        202: {"description": "Some is stored, the rest is named with its reason.", "content": _MODULE},
        409: {
            "description": "Nothing is stored, for the reasons named; or several sites could take it.",
            "content": _MODULE | documented(SeveralSites)[409]["content"],
        },
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "description": "Each part is a DICOM file (PS3.10), or an ECG file of a kind that is read here.",
            "content": {MULTIPART: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
}


@router.post("/studies", summary="Store instances", **_DESCRIBED)
async def store_instances(request: Request, rooms: InRooms, root: StoreRoot) -> Response:
    """What is stored already is stored, whatever becomes of the rest; sending it again changes nothing."""
    return await _store(request, rooms, root, None)


@router.post("/studies/{study}", summary="Store instances of a study", **_DESCRIBED)
async def store_instances_of_study(request: Request, rooms: InRooms, root: StoreRoot, study: UID) -> Response:
    """An instance of another study is not stored (FailureReason A900)."""
    return await _store(request, rooms, root, study)


async def _store(request: Request, rooms: Rooms, root: Root, study: str | None) -> Response:
    choose(accept_of(request), _ANSWER_FORMS, multipart=False, single=True)
    boundary = _boundary_of(request)
    site_id = await run_in_threadpool(_site_of, rooms, root)
    storing = _Storing(rooms, root, site_id, study)
    try:
        with StowParts(boundary, rooms.archive.incoming, rooms.clock, storing.take) as parts:
            buffered = bytearray()
            async for chunk in body_chunks(request.receive, request.headers, STOW_BODY_LIMIT):
                buffered += chunk
                if len(buffered) >= _FED_AT_ONCE:
                    await run_in_threadpool(storing.feed, parts, bytes(buffered))
                    buffered.clear()
            await run_in_threadpool(storing.feed, parts, bytes(buffered))
            parts.require_whole()
    finally:
        await run_in_threadpool(storing.end)
    return storing.answer()


def _boundary_of(request: Request) -> str:
    content_type = media_type_of(request.headers.get("content-type", ""))
    taken = {APPLICATION_DICOM, *ECG_FILES}
    if content_type.media_type != MULTIPART or content_type.wanted_type not in taken:
        raise UnsupportedMediaType(f'Send {MULTIPART}; type="{APPLICATION_DICOM}".')
    boundary = content_type.parameters.get("boundary", "")
    if not boundary:
        raise InvalidRequest("The Content-Type names no boundary.")
    return boundary


def _site_of(rooms: Rooms, root: Root) -> str:
    """Return the site that what arrives will belong to: the root's, or the only one that it can be."""
    in_use = {site.site_id for site in rooms.directory.sites() if site.disabled_at is None}
    if root.site_id is not None:
        if root.site_id not in in_use:
            raise NotPermitted("This site is disabled.")
        return root.site_id
    could_take = in_use if root.scope.everything else in_use & root.scope.site_ids
    if not could_take:
        raise NotFound("There is no site that could take it.")
    if len(could_take) > 1:
        raise SeveralSites("Several sites could take it: use the root of one of them.", could_take)
    return next(iter(could_take))


class _Storing:
    """One request on its way in: stores part after part, and remembers what became of each."""

    def __init__(self, rooms: Rooms, root: Root, site_id: str, study: str | None) -> None:
        self._archive = rooms.archive
        self._foreign = rooms.foreign
        self._clock = rooms.clock
        self._root = root
        self._site_id = site_id
        self._study = study
        self._origin = Origin.of_account(root.actor, site_id)
        self._stored: list[StoredInstance] = []
        self._failed: list[FailedInstance] = []
        self._transfer_key = new_key(rooms.clock.now())
        self._noted_at: datetime | None = None

    def feed(self, parts: StowParts, chunk: bytes) -> None:
        """Take bytes of the body, and say now and then that the study is still arriving."""
        parts.feed(chunk)
        now = self._clock.now()
        if self._noted_at is None or now - self._noted_at >= _NOTED_EVERY:
            study = self._study or _study_arriving(parts.current)
            if study is not None:
                self._archive.note_transfer(self._transfer_key, self._site_id, study)
                self._noted_at = now

    def take(self, part: IncomingFile | PartRefusal) -> None:
        """Store one part that has arrived whole."""
        if isinstance(part, HubError):
            self._refuse(part)
            return
        encoded = None
        try:
            stored = self._taken_as_ecg(part)
            if stored is None:
                encoded = part.sealed_part10(study_instance_uid=self._study)
                _require_storable(encoded)
                stored = self._archive.store(encoded, self._origin)
        except HubError as error:
            self._refuse(error, encoded)
        else:
            self._stored.append(stored)
            _INSTANCES.labels(stored.outcome.value).inc()

    def _taken_as_ecg(self, part: IncomingFile) -> StoredInstance | None:
        """Store what is made of an ECG file, which is of a study of its own; None for what is none."""
        with part.path.open("rb") as stream:
            kind = self._foreign.recognise(stream, "")
            if kind is None:
                return None
            if self._study is not None:
                raise DataSetMismatch("An ECG file is stored as a study of its own: send it to /studies.")
            return self._foreign.take(stream, kind, self._origin, name="")

    def _refuse(self, reason: HubError, encoded: EncodedInstance | None = None) -> None:
        self._failed.append(
            FailedInstance(
                reason=reason,
                sop_class_uid=encoded.announced_sop_class_uid if encoded else None,
                sop_instance_uid=encoded.announced_sop_instance_uid if encoded else None,
            )
        )
        _INSTANCES.labels(f"{failure_reason(reason):04X}").inc()

    def end(self) -> None:
        """Say that nothing more is arriving."""
        if self._noted_at is not None:
            self._archive.end_transfer(self._transfer_key)

    def answer(self) -> Response:
        """Return what became of every part.

        Raises:
            InvalidRequest: there was none.
            QuotaExceeded, StorageUnavailable: nothing is stored, and sending it again later will help.
        """
        if not self._stored and not self._failed:
            raise InvalidRequest("The body has no parts.")
        passing = [
            each.reason
            for each in self._failed
            if isinstance(each.reason, QuotaExceeded | StorageUnavailable)
        ]
        if passing and not self._stored:
            raise passing[0]
        headers = {}
        if any(instance.outcome is StoreOutcome.KEPT_AS_CONFLICT for instance in self._stored):
            headers["Warning"] = f'299 {self._root.base_url} "{_CONFLICT_WARNING}"'
        return DicomJSON(
            answer_of(self._stored, self._failed, self._root, self._site_id),
            status_of(self._stored, self._failed),
            headers=headers,
        )


def _require_storable(encoded: EncodedInstance) -> None:
    """Raise UnsupportedSOPClass for what a service without objects names, as DIMSE negotiates none of it."""
    announced = encoded.announced_sop_class_uid
    if announced is not None and not is_storage_class(announced):
        raise UnsupportedSOPClass


def _study_arriving(file: IncomingFile | None) -> str | None:
    """Return the study of an instance that is still arriving, as soon as its header shows it."""
    if file is None:
        return None
    with file.path.open("rb") as stream:
        try:
            part10 = read_part10_preamble(stream)
            header = read_header(
                stream,
                transfer_syntax_uid=part10.transfer_syntax_uid,
                data_set_offset=part10.data_set_offset,
                size=file.size,
                partial=True,
            )
        except (InvalidInstance, TooLarge):
            return None
    return header.study_instance_uid if is_indexable(header.study_instance_uid) else None
