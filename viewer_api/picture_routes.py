"""Small pictures to find one's way by: thumbnails (PS3.18 10.4.1.1.5), and a larger one for our own pages."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from core.errors import NotFound
from imaging.picture import JPEG
from imaging.rendering import Rendering
from renditions.decoding_tasks import picture_of
from renditions.rendition import MEDIA_TYPES, RenditionKind
from storage.instance import Instance
from viewer_api.dicom_web_root import UID, InRetrieval, Retrieval, accept_of
from viewer_api.media_types import Form, choose
from viewer_api.pixel_routes import FrameNumber
from viewer_api.places import DECODING
from viewer_api.problems import Busy, documented
from viewer_api.rendering_parameters import ThumbnailViewportText, viewport_of
from viewer_api.response_headers import UNCHANGING
from viewer_api.rooms import InRooms, Rooms
from viewer_api.wado_rs import given

router = APIRouter(tags=["WADO-RS"])

_FORMS: Final = (Form(media_type=JPEG),)
_WEBP: Final = MEDIA_TYPES[RenditionKind.CINE]
_CINE: Final = given(
    "Its frames as a moving picture of at most 512 pixels a side.", _WEBP, also=documented(Busy)
)
_THUMBNAIL: Final = given("A picture of at most 256 pixels a side.", JPEG, also=documented(Busy))
_PREVIEW: Final = given("A picture of at most 1024 pixels a side.", JPEG, also=documented(Busy))
_INSTANCE: Final = "/studies/{study}/series/{series}/instances/{instance}"


@router.get("/studies/{study}/thumbnail", summary="Retrieve a thumbnail of a study", **_THUMBNAIL)
def study_thumbnail(
    request: Request,
    rooms: InRooms,
    retrieval: InRetrieval,
    study: UID,
    viewport: ThumbnailViewportText = None,
) -> Response:
    """Of its first image."""
    found = _first_image(retrieval.instances(study))
    return _thumbnail(request, rooms, retrieval, found, viewport, headers={})


@router.get(
    "/studies/{study}/series/{series}/thumbnail", summary="Retrieve a thumbnail of a series", **_THUMBNAIL
)
def series_thumbnail(
    request: Request,
    rooms: InRooms,
    retrieval: InRetrieval,
    study: UID,
    series: UID,
    viewport: ThumbnailViewportText = None,
) -> Response:
    """Of its first image."""
    found = _first_image(retrieval.instances(study, series))
    return _thumbnail(request, rooms, retrieval, found, viewport, headers={})


@router.get(f"{_INSTANCE}/thumbnail", summary="Retrieve a thumbnail of an instance", **_THUMBNAIL)
def instance_thumbnail(
    request: Request,
    rooms: InRooms,
    retrieval: InRetrieval,
    study: UID,
    series: UID,
    instance: UID,
    viewport: ThumbnailViewportText = None,
) -> Response:
    """Of its first frame."""
    found = retrieval.instance(study, series, instance)
    return _thumbnail(request, rooms, retrieval, found, viewport)


@router.get(
    f"{_INSTANCE}/frames/{{frame}}/thumbnail", summary="Retrieve a thumbnail of a frame", **_THUMBNAIL
)
def frame_thumbnail(
    request: Request,
    rooms: InRooms,
    retrieval: InRetrieval,
    study: UID,
    series: UID,
    instance: UID,
    frame: FrameNumber,
    viewport: ThumbnailViewportText = None,
) -> Response:
    """Of one frame of several."""
    found = retrieval.instance(study, series, instance)
    return _thumbnail(request, rooms, retrieval, found, viewport, frame=frame)


@router.get(f"{_INSTANCE}/preview", summary="Retrieve a picture that fills a page", **_PREVIEW)
def instance_preview(
    request: Request, rooms: InRooms, retrieval: InRetrieval, study: UID, series: UID, instance: UID
) -> Response:
    """Not of the standard: the first frame, for looking it over."""
    found = retrieval.instance(study, series, instance)
    return _picture(request, rooms, found, RenditionKind.PREVIEW)


@router.get(f"{_INSTANCE}/cine", summary="Retrieve a moving picture of a cine", **_CINE)
def instance_cine(
    request: Request, rooms: InRooms, retrieval: InRetrieval, study: UID, series: UID, instance: UID
) -> Response:
    """Not of the standard: at most 300 frames as an animated WebP, as fast as the instance says."""
    found = retrieval.instance(study, series, instance)
    return _picture(request, rooms, found, RenditionKind.CINE)


def _picture(
    request: Request,
    rooms: InRooms,
    instance: Instance,
    kind: RenditionKind,
    headers: Mapping[str, str] = UNCHANGING,
) -> Response:
    media_type = MEDIA_TYPES[kind]
    choose(accept_of(request), [Form(media_type=media_type)], multipart=False, single=True)
    body = rooms.pictures.kept(instance, kind)
    if body is None:
        with DECODING.taken():
            body = rooms.pictures.made(instance, kind)
    return Response(body, media_type=media_type, headers=headers)


def _thumbnail(
    request: Request,
    rooms: Rooms,
    retrieval: Retrieval,
    instance: Instance,
    viewport: str | None,
    *,
    frame: int = 1,
    headers: Mapping[str, str] = UNCHANGING,
) -> Response:
    """Return the one that is kept ready, or one made now of another frame or for a viewport of its own."""
    if viewport is None and frame == 1:
        return _picture(request, rooms, instance, RenditionKind.THUMBNAIL, headers)
    choose(accept_of(request), _FORMS, multipart=False, single=True)
    if viewport is None:
        with DECODING.taken():
            body = rooms.pictures.still(instance, frame, RenditionKind.THUMBNAIL)
        return Response(body, media_type=JPEG, headers=headers)
    rendering = Rendering(viewport=viewport_of(viewport, is_thumbnail=True))
    with retrieval.frames(instance, first=frame) as frames:
        frames.require_frames([frame])
        image = frames.image(frame)
        with DECODING.taken():
            body = retrieval.decoded(image, picture_of, JPEG, rendering)
    return Response(body, media_type=JPEG, headers=headers)


def _first_image(instances: list[Instance]) -> Instance:
    """Return the first that has rows and columns. Raises NotFound where none has."""
    for instance in instances:
        if instance.rows and instance.columns:
            return instance
    raise NotFound("There is no image in it.")
