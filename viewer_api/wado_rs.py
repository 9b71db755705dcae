"""WADO-RS: instances whole, as they were received, and their metadata (PS3.18 10.4)."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from core.errors import InvalidRequest, StorageUnavailable
from core.limits import MIB
from database.topics import TEXT, study_topic
from imaging.jpeg_ls import JPEG_LS_LOSSLESS
from renditions.transcoding import is_transcoded
from storage.element_header import EXPLICIT_VR_LITTLE_ENDIAN
from storage.instance import Instance
from viewer_api.content_coding import CHOSEN_BY, accepts_gzip, zipped
from viewer_api.dicom_json_answer import JSON_ARRAY
from viewer_api.dicom_json_answer import MEDIA_TYPE as DICOM_JSON
from viewer_api.dicom_web_root import ROOT_PROBLEMS, UID, InRetrieval, Retrieval, accept_of
from viewer_api.entity_tags import is_held
from viewer_api.media_types import Form, choose
from viewer_api.multipart import Part, begun, part_type, related
from viewer_api.problems import Busy, NotAcceptable, SeveralSites, documented
from viewer_api.response_headers import UNCHANGING

router = APIRouter(tags=["WADO-RS"])

APPLICATION_DICOM: Final = "application/dicom"
RETRIEVE_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = ROOT_PROBLEMS | documented(
    InvalidRequest, NotAcceptable, SeveralSites, StorageUnavailable
)
BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_EXPLICIT: Final = Form(
    media_type=APPLICATION_DICOM, transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN, named_only=True
)
_JPEG_LS: Final = Form(media_type=APPLICATION_DICOM, transfer_syntax_uid=JPEG_LS_LOSSLESS, named_only=True)
_METADATA_AT_ONCE: Final = 200
_METADATA_BYTES_AT_ONCE: Final = MIB // 2
"""The metadata of so many instances and bytes is kept ready, as long as nothing is committed."""
_METADATA_FORMS: Final = (Form(media_type=DICOM_JSON),)


HELD: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "The client holds it (If-None-Match)."}}


def given(
    description: str, *media_types: str, also: dict[int | str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Describe a route that gives out bytes of these media types, `also` being answers of its own."""
    return {
        "response_class": Response,
        "responses": RETRIEVE_PROBLEMS
        | (also or {})
        | {200: {"description": description, "content": dict.fromkeys(media_types, BINARY)}},
    }


_AS: Final = "exactly as received, or in the transfer syntax that Accept names."
_INSTANCES: Final = given(f"The instances, {_AS}", "multipart/related", also=documented(Busy))
_INSTANCE: Final = given(
    f"The instance, {_AS}", "multipart/related", APPLICATION_DICOM, also=HELD | documented(Busy)
)
_METADATA: Final[dict[str, Any]] = {
    "response_class": Response,
    "responses": RETRIEVE_PROBLEMS
    | {
        200: {
            "description": "All elements in the DICOM JSON model, bulk data by address.",
            "content": {DICOM_JSON: {"schema": JSON_ARRAY}},
        }
    },
}


@router.get("/studies/{study}", summary="Retrieve a study", **_INSTANCES)
def retrieve_study(request: Request, retrieval: InRetrieval, study: UID) -> Response:
    """Every instance as one part; those that were compressed stay so."""
    return _instances(request, retrieval, retrieval.instances(study))


@router.get("/studies/{study}/series/{series}", summary="Retrieve a series", **_INSTANCES)
def retrieve_series(request: Request, retrieval: InRetrieval, study: UID, series: UID) -> Response:
    """Every instance as one part; those that were compressed stay so."""
    return _instances(request, retrieval, retrieval.instances(study, series))


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}", summary="Retrieve an instance", **_INSTANCE
)
def retrieve_instance(
    request: Request, retrieval: InRetrieval, study: UID, series: UID, instance: UID
) -> Response:
    """One part, or with `Accept: application/dicom` the file itself."""
    found = retrieval.instance(study, series, instance)
    accept = accept_of(request)
    encodings = _encodings(retrieval, accept, found, retrieval.archive.representations_of([found]))
    chosen = choose(accept, list(encodings), multipart=True, single=True)
    found = encodings[chosen.form]
    if chosen.is_multipart:
        return related([_part(retrieval, found, chosen.form)], APPLICATION_DICOM, UNCHANGING)
    if _is_transcoded(found, chosen.form):
        return StreamingResponse(
            begun(_transcoded(retrieval, found, chosen.form)),
            media_type=part_type(APPLICATION_DICOM, chosen.form.transfer_syntax_uid),
            headers=UNCHANGING | {"Content-Location": retrieval.root.url_of(found)},
        )
    entity_tag = f'"{found.digest}-{found.header_digest}"'
    headers = UNCHANGING | {"Content-Location": retrieval.root.url_of(found), "ETag": entity_tag}
    if is_held(request.headers.get("if-none-match"), entity_tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return StreamingResponse(
        begun(retrieval.archive.whole(found)),
        media_type=part_type(APPLICATION_DICOM, found.transfer_syntax_uid),
        headers=headers | {"Content-Length": str(found.size)},
    )


@router.get("/studies/{study}/metadata", summary="Retrieve a study's metadata", **_METADATA)
def retrieve_study_metadata(request: Request, retrieval: InRetrieval, study: UID) -> Response:
    """One data set for each instance."""
    return _metadata(request, retrieval, retrieval.instances(study))


@router.get("/studies/{study}/series/{series}/metadata", summary="Retrieve a series' metadata", **_METADATA)
def retrieve_series_metadata(request: Request, retrieval: InRetrieval, study: UID, series: UID) -> Response:
    """One data set for each instance."""
    return _metadata(request, retrieval, retrieval.instances(study, series))


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/metadata",
    summary="Retrieve an instance's metadata",
    **_METADATA,
)
def retrieve_instance_metadata(
    request: Request, retrieval: InRetrieval, study: UID, series: UID, instance: UID
) -> Response:
    """An array of one data set."""
    return _metadata(request, retrieval, [retrieval.instance(study, series, instance)])


def _instances(request: Request, retrieval: Retrieval, found: list[Instance]) -> Response:
    accept = accept_of(request)
    others = retrieval.archive.representations_of(found)
    chosen: dict[tuple[Form, ...], Form] = {}
    given_out = []
    for instance in found:
        encodings = _encodings(retrieval, accept, instance, others)
        forms = tuple(encodings)
        if forms not in chosen:
            chosen[forms] = choose(accept, forms, multipart=True, single=False).form
        given_out.append((encodings[chosen[forms]], chosen[forms]))
    parts = (_part(retrieval, instance, form) for instance, form in given_out)
    return related(parts, APPLICATION_DICOM, {})


def _encodings(
    retrieval: Retrieval, accept: str, instance: Instance, others: dict[int, list[Instance]]
) -> dict[Form, Instance]:
    """Return in which forms an instance is had: as it came first, and others for who asks for them."""
    encodings = {
        Form(media_type=APPLICATION_DICOM, transfer_syntax_uid=other.transfer_syntax_uid, named_only=True): (
            other
        )
        for other in reversed(others.get(instance.instance_key, []))
    }
    own = Form(media_type=APPLICATION_DICOM, transfer_syntax_uid=instance.transfer_syntax_uid)
    # PS3.18 8.7.3.4: what can be is given in the default transfer syntax, to those who ask for it by name.
    transcoded = {_EXPLICIT: instance} if is_transcoded(instance) else {}
    if JPEG_LS_LOSSLESS in accept and retrieval.may_be_in_jpeg_ls(instance):
        transcoded[_JPEG_LS] = instance
    return {own: instance, **transcoded, **encodings}


def _is_transcoded(instance: Instance, form: Form) -> bool:
    """Whether what is held has to be written anew to be given in a form."""
    return form.transfer_syntax_uid != instance.transfer_syntax_uid


def _transcoded(retrieval: Retrieval, instance: Instance, form: Form) -> Iterator[bytes]:
    if form == _JPEG_LS:
        return retrieval.in_jpeg_ls(instance)
    return retrieval.in_explicit_little_endian(instance)


def _part(retrieval: Retrieval, instance: Instance, form: Form) -> Part:
    if _is_transcoded(instance, form):
        return Part(
            content_type=part_type(APPLICATION_DICOM, form.transfer_syntax_uid),
            location=retrieval.root.url_of(instance),
            chunks=_transcoded(retrieval, instance, form),
        )
    return Part(
        content_type=part_type(APPLICATION_DICOM, instance.transfer_syntax_uid),
        location=retrieval.root.url_of(instance),
        chunks=retrieval.archive.whole(instance),
        length=instance.size,
    )


def _metadata(request: Request, retrieval: Retrieval, found: list[Instance]) -> Response:
    choose(accept_of(request), _METADATA_FORMS, multipart=False, single=True)
    is_zipped = accepts_gzip(request)
    headers = {"Vary": CHOSEN_BY} | ({"Content-Encoding": "gzip"} if is_zipped else {})

    def chunks() -> Iterator[bytes]:
        written = _metadata_of(retrieval, found)
        return zipped(written) if is_zipped else written

    if len(found) <= _METADATA_AT_ONCE:
        key = ("metadata", retrieval.root.base_url, is_zipped, *(each.instance_key for each in found))
        on = {TEXT, *(study_topic(each.study_instance_uid) for each in found)}
        body = retrieval.recalled(
            key, lambda: _gathered(chunks()), on=on, weigh=lambda body: len(body or b"")
        )
        if body is not None:
            return Response(body, media_type=DICOM_JSON, headers=headers)
    return StreamingResponse(begun(chunks()), media_type=DICOM_JSON, headers=headers)


def _gathered(chunks: Iterator[bytes]) -> bytes | None:
    """Return all in one piece, None where that is too much to hold."""
    pieces = []
    size = 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > _METADATA_BYTES_AT_ONCE:
            return None
    return b"".join(pieces)


def _metadata_of(retrieval: Retrieval, found: list[Instance]) -> Iterator[bytes]:
    """Yield a JSON array with one data set at a time in memory."""
    opening = b"["
    for instance, document in zip(found, retrieval.documents(found), strict=True):
        yield opening + document.addressed(f"{retrieval.root.url_of(instance)}/bulkdata")
        opening = b","
    yield b"]"
