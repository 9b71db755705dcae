"""WADO-RS: values too bulky for the metadata, one by its address or all of a resource (PS3.18 10.4.1.1.5)."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from core.errors import NotFound
from imaging.transfer_syntaxes import NATIVE
from renditions.pixel_data import PIXEL_DATA, PixelData
from storage.element_header import EXPLICIT_VR_LITTLE_ENDIAN
from storage.element_tree import Element
from storage.instance import Instance
from storage.instance_content import Content, opened
from viewer_api.bulk_values import chunks_of, location_of, single_value, value_chunks
from viewer_api.dicom_web_root import UID, InRetrieval, Retrieval, accept_of
from viewer_api.media_types import Form, choose
from viewer_api.multipart import Part, part_type, related
from viewer_api.pixel_media_types import FRAME_TYPES, VIDEO_TYPES
from viewer_api.pixel_routes import INSTANCE, OCTETS, PARTS_OR_OCTETS, frame_forms, frame_parts, frames_of
from viewer_api.problems import Busy, RangeNotSatisfiable, documented
from viewer_api.response_headers import UNCHANGING
from viewer_api.wado_rs import BINARY, HELD, given

router = APIRouter(tags=["WADO-RS"])

_PIXELS: Final = f"{PIXEL_DATA:08X}"
_VALUE: Final = Form(media_type=OCTETS, transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN)
_OF_VALUE: Final = (
    documented(Busy, RangeNotSatisfiable)
    | HELD
    | {206: {"description": "The range of the value that was asked for.", "content": {OCTETS: BINARY}}}
)
_ALL: Final = given(
    "Every value that the metadata gives by address, each under that address; compressed pixels by frame.",
    "multipart/related",
    also=documented(Busy),
)

BulkPath = Annotated[
    str,
    Path(
        pattern="^[0-9A-Fa-f]{8}(/[1-9][0-9]{0,5}/[0-9A-Fa-f]{8}){0,64}$",
        description="A tag; for nested elements behind sequence tags and item numbers.",
        examples=["7FE00010"],
    ),
]


@router.get("/studies/{study}/bulkdata", summary="Retrieve the bulk data of a study", **_ALL)
def retrieve_study_bulk_data(request: Request, retrieval: InRetrieval, study: UID) -> Response:
    """Of all its instances, in their order."""
    return _all_values(request, retrieval, retrieval.instances(study))


@router.get("/studies/{study}/series/{series}/bulkdata", summary="Retrieve the bulk data of a series", **_ALL)
def retrieve_series_bulk_data(request: Request, retrieval: InRetrieval, study: UID, series: UID) -> Response:
    """Of all its instances, in their order."""
    return _all_values(request, retrieval, retrieval.instances(study, series))


@router.get(f"{INSTANCE}/bulkdata", summary="Retrieve the bulk data of an instance", **_ALL)
def retrieve_instance_bulk_data(
    request: Request, retrieval: InRetrieval, study: UID, series: UID, instance: UID
) -> Response:
    """All of it."""
    return _all_values(request, retrieval, [retrieval.instance(study, series, instance)])


@router.get(
    f"{INSTANCE}/bulkdata/{{path:path}}",
    summary="Retrieve a value by the address that the metadata gave",
    **given("The value in little endian, or its frames.", *PARTS_OR_OCTETS, also=_OF_VALUE),
)
def retrieve_bulk_data(
    request: Request, retrieval: InRetrieval, study: UID, series: UID, instance: UID, path: BulkPath
) -> Response:
    """Compressed pixel data comes frame by frame, a video in one piece."""
    found = retrieval.instance(study, series, instance)
    with opened(retrieval.archive, found) as content:
        element = content.element(path)
        if element.items is not None:
            raise NotFound
        is_in_frames = element.fragmented and _is_in_frames(found, path)
        number_of_frames = PixelData(content, found).number_of_frames if is_in_frames else 0
    if is_in_frames:
        return frames_of(request, retrieval, found, range(1, number_of_frames + 1))
    forms = _whole_forms(found) if element.fragmented else [_VALUE]
    return _stream(request, retrieval, found, path, element, forms)


def _stream(
    request: Request,
    retrieval: Retrieval,
    instance: Instance,
    path: str,
    element: Element,
    forms: Sequence[Form],
) -> Response:
    """Answer with one value in one piece."""
    chosen = choose(accept_of(request), forms, multipart=True, single=True)
    content_type = part_type(chosen.form.media_type, chosen.form.transfer_syntax_uid)
    if not chosen.is_multipart:
        return single_value(request, retrieval, instance, path, element, content_type)
    location = location_of(retrieval, instance, path)
    chunks = value_chunks(retrieval, instance, path)
    part = Part(content_type=content_type, location=location, chunks=chunks)
    return related([part], chosen.form.media_type, UNCHANGING)


def _all_values(request: Request, retrieval: Retrieval, found: list[Instance]) -> Response:
    """Answer with all bulk data (10.4.3.3.5), or not at all where one value cannot be had as accepted."""
    accept = accept_of(request)
    first: Form | None = None
    for instance, paths in _addresses(retrieval, found):
        is_compressed = instance.transfer_syntax_uid not in NATIVE
        for path in paths:
            form = _form(accept, instance, path, is_compressed=is_compressed and path.endswith(_PIXELS))
            first = first or form
    if first is None:
        raise NotFound("There is no bulk data in it.")
    parts = (
        part
        for instance, paths in _addresses(retrieval, found)
        for part in _parts(retrieval, instance, paths, accept)
    )
    return related(parts, first.media_type, {})


def _addresses(retrieval: Retrieval, found: list[Instance]) -> Iterator[tuple[Instance, list[str]]]:
    """Yield what the metadata of each instance gives by address: looked at twice, never held as a whole."""
    for instance, document in zip(found, retrieval.documents(found), strict=True):
        if paths := document.bulk_paths():
            yield instance, paths


def _parts(retrieval: Retrieval, instance: Instance, paths: list[str], accept: str) -> Iterator[Part]:
    with opened(retrieval.archive, instance) as content:
        for path in paths:
            yield from _parts_of(retrieval, instance, content, path, accept)


def _parts_of(
    retrieval: Retrieval, instance: Instance, content: Content, path: str, accept: str
) -> Iterator[Part]:
    """Yield a value as one part, compressed frames one by one (PS3.18 8.7.3.3), under its one address."""
    element = content.element(path)
    location = location_of(retrieval, instance, path)
    form = _form(accept, instance, path, is_compressed=element.fragmented)
    if element.fragmented and _is_in_frames(instance, path):
        frames = retrieval.frames(instance)
        numbers = range(1, frames.number_of_frames + 1)
        yield from frame_parts(retrieval, frames, numbers, form, location=location)
        return
    yield Part(
        content_type=part_type(form.media_type, form.transfer_syntax_uid),
        location=location,
        chunks=chunks_of(content, element),
        length=None if element.fragmented else element.length,
    )


def _form(accept: str, instance: Instance, path: str, *, is_compressed: bool) -> Form:
    """Return how a value is given. Raises NotAcceptable."""
    forms: Sequence[Form] = [_VALUE]
    if is_compressed and _is_in_frames(instance, path):
        forms = frame_forms(instance, is_encapsulated=True)
    elif is_compressed:
        forms = _whole_forms(instance)
    return choose(accept, forms, multipart=True, single=False).form


def _is_in_frames(instance: Instance, path: str) -> bool:
    """Whether compressed pixels are given frame by frame: not those of an icon, nor a video."""
    return path.upper() == _PIXELS and instance.transfer_syntax_uid not in VIDEO_TYPES


def _whole_forms(instance: Instance) -> list[Form]:
    """Return how fragments are given in one piece: a video, or the one frame of an icon, as it came."""
    stored = instance.transfer_syntax_uid
    video = VIDEO_TYPES.get(stored)
    media_type = video or FRAME_TYPES.get(stored, OCTETS)
    octets = Form(media_type=OCTETS, transfer_syntax_uid=stored, named_only=video is not None)
    return [Form(media_type=media_type, transfer_syntax_uid=stored), octets]
