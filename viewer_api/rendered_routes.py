"""WADO-RS: frames as pictures for a screen, as they are asked for (PS3.18 8.3.5, 10.4.1.1.3)."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from database.topics import study_topic
from imaging.intent import is_for_processing
from imaging.picture import GIF, JPEG, PNG, WEBP
from renditions.decoding_tasks import picture_of
from storage.instance import Instance
from viewer_api.dicom_web_root import UID, InRetrieval, Retrieval, accept_of
from viewer_api.media_types import Form, choose
from viewer_api.pixel_routes import INSTANCE, FrameNumber
from viewer_api.places import DECODING
from viewer_api.problems import Busy, documented
from viewer_api.rendering_parameters import WARNED, Asked, InAsked
from viewer_api.response_headers import UNCHANGING
from viewer_api.wado_rs import given

router = APIRouter(tags=["WADO-RS"])

_FORMS: Final = tuple(Form(media_type=media_type) for media_type in (JPEG, PNG, WEBP, GIF))
_NOT_MEANT_TO_BE_SEEN: Final = "This image is for processing: it is not meant to be looked at"


def _picture(description: str) -> dict[str, Any]:
    described = given(description, JPEG, PNG, WEBP, GIF, also=documented(Busy))
    described["responses"][200]["headers"] = WARNED
    return described


@router.get(
    f"{INSTANCE}/rendered",
    summary="Retrieve a picture of an instance",
    **_picture("The first frame as a picture."),
)
def render_instance(
    request: Request, retrieval: InRetrieval, asked: InAsked, study: UID, series: UID, instance: UID
) -> Response:
    """Windowed as the instance says, or as is asked for; for looking it over, not for diagnosis."""
    return _rendered(request, retrieval, asked, retrieval.instance(study, series, instance), 1)


@router.get(
    f"{INSTANCE}/frames/{{frame}}/rendered",
    summary="Retrieve a picture of a frame",
    **_picture("The frame as a picture."),
)
def render_frame(
    request: Request,
    retrieval: InRetrieval,
    asked: InAsked,
    study: UID,
    series: UID,
    instance: UID,
    frame: FrameNumber,
) -> Response:
    """Windowed as the instance says, or as is asked for; for looking it over, not for diagnosis."""
    return _rendered(request, retrieval, asked, retrieval.instance(study, series, instance), frame)


def _rendered(
    request: Request, retrieval: Retrieval, asked: Asked, instance: Instance, number: int
) -> Response:
    media_type = choose(accept_of(request), _FORMS, multipart=False, single=True).form.media_type
    body, is_meant_to_be_seen = retrieval.recalled(
        ("rendered", instance.site_id, instance.digest, number, media_type, asked.rendering),
        lambda: _drawn(retrieval, asked, instance, number, media_type),
        on=(study_topic(instance.study_instance_uid),),
        weigh=lambda drawn: len(drawn[0]),
    )
    warnings = [*asked.warnings, *([] if is_meant_to_be_seen else [_NOT_MEANT_TO_BE_SEEN])]
    said = ", ".join(f'299 {retrieval.root.base_url} "{warning}"' for warning in warnings)
    return Response(body, media_type=media_type, headers=UNCHANGING | ({"Warning": said} if said else {}))


def _drawn(
    retrieval: Retrieval, asked: Asked, instance: Instance, number: int, media_type: str
) -> tuple[bytes, bool]:
    """Return the picture, and whether the image is meant to be looked at."""
    with retrieval.frames(instance, first=number) as frames:
        frames.require_frames([number])
        image = frames.image(number)
        is_raw = is_for_processing(instance.sop_class_uid, image.attributes.get("PresentationIntentType"))
        with DECODING.taken():
            return retrieval.decoded(image, picture_of, media_type, asked.rendering), not is_raw
