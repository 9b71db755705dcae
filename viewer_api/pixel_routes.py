"""WADO-RS below the instance: frames (PS3.18 10.4.1.1.6)."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from core.errors import InvalidRequest, UnsupportedTransferSyntax
from imaging.jpeg_ls import JPEG_LS_LOSSLESS
from imaging.transfer_syntaxes import is_lossless
from renditions.decoding_tasks import octets_of
from renditions.stored_frames import StoredFrames
from storage.element_header import EXPLICIT_VR_LITTLE_ENDIAN
from storage.instance import Instance
from viewer_api.dicom_web_root import UID, InRetrieval, Retrieval, accept_of
from viewer_api.media_types import Form, choose
from viewer_api.multipart import Part, WholePart, part_type, related
from viewer_api.pixel_media_types import FRAME_TYPES, VIDEO_TYPES
from viewer_api.places import DECODING
from viewer_api.problems import Busy, documented
from viewer_api.response_headers import UNCHANGING
from viewer_api.wado_rs import given

router = APIRouter(tags=["WADO-RS"])

FRAMES_AT_ONCE: Final = 1_000
FRAME_NUMBERS: Final = "[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*"
INSTANCE: Final = "/studies/{study}/series/{series}/instances/{instance}"
OCTETS: Final = "application/octet-stream"
_IN_JPEG_LS: Final = Form(media_type="image/jls", transfer_syntax_uid=JPEG_LS_LOSSLESS, named_only=True)
"""Of what came without loss; the first frame of a radiograph is kept ready so."""
PARTS_OR_OCTETS: Final = ("multipart/related", OCTETS)

FrameList = Annotated[
    str,
    Path(
        pattern=f"^{FRAME_NUMBERS}$",
        description="Frame numbers, from 1, parted by commas.",
        examples=["1"],
    ),
]
FrameNumber = Annotated[int, Path(ge=1, description="Frame number, from 1.", examples=[1])]


@router.get(
    f"{INSTANCE}/frames/{{frames}}",
    summary="Retrieve frames",
    **given("The frames, as they are stored or decoded.", *PARTS_OR_OCTETS, also=documented(Busy)),
)
def retrieve_frames(
    request: Request, retrieval: InRetrieval, study: UID, series: UID, instance: UID, frames: FrameList
) -> Response:
    """As they are, unless decoded octets are asked for: little endian, colour as RGB by pixel."""
    found = retrieval.instance(study, series, instance)
    numbers = [int(number) for number in frames.split(",")]
    if len(numbers) > FRAMES_AT_ONCE:
        raise InvalidRequest(f"Ask for at most {FRAMES_AT_ONCE} frames at once.")
    return frames_of(request, retrieval, found, numbers)


def frames_of(request: Request, retrieval: Retrieval, instance: Instance, numbers: Sequence[int]) -> Response:
    """Answer with frames. Raises NotFound, NotAcceptable."""
    with retrieval.frames(instance, first=numbers[0]) as frames:
        frames.require_frames(numbers)
        forms = frame_forms(instance, is_encapsulated=frames.is_encapsulated)
    chosen = choose(accept_of(request), forms, multipart=True, single=len(numbers) == 1)
    parts = frame_parts(retrieval, frames, numbers, chosen.form)
    if chosen.is_multipart and len(numbers) > 1:
        return related(parts, chosen.form.media_type, UNCHANGING)
    part = next(parts)
    if chosen.is_multipart:
        return WholePart(part, chosen.form.media_type, UNCHANGING)
    headers = UNCHANGING | {"Content-Location": part.location}
    return Response(b"".join(part.chunks), media_type=part.content_type, headers=headers)


def frame_forms(instance: Instance, *, is_encapsulated: bool) -> list[Form]:
    """Return how frames can be given: as they are, as bare octets for those who ask, and decoded."""
    decoded = [Form(media_type=OCTETS, transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN)]
    if is_lossless(instance.transfer_syntax_uid) and instance.transfer_syntax_uid != JPEG_LS_LOSSLESS:
        decoded.append(_IN_JPEG_LS)
    if not is_encapsulated:
        return decoded
    stored = instance.transfer_syntax_uid
    if stored in VIDEO_TYPES:
        raise UnsupportedTransferSyntax("A video has no frames by themselves: retrieve its bulk data.")
    media_type = FRAME_TYPES.get(stored)
    named = [Form(media_type=media_type, transfer_syntax_uid=stored)] if media_type else []
    octets = Form(media_type=OCTETS, transfer_syntax_uid=stored, named_only=bool(media_type))
    return [*named, octets, *decoded]


def frame_parts(
    retrieval: Retrieval,
    frames: StoredFrames,
    numbers: Sequence[int],
    form: Form,
    *,
    location: str | None = None,
) -> Iterator[Part]:
    """Yield frames in a form of theirs, each under its own address or all under one."""
    url = retrieval.root.url_of(frames.instance)
    with frames:
        is_stored = (
            not frames.is_encapsulated or form.transfer_syntax_uid == frames.instance.transfer_syntax_uid
        )
        for number in numbers:
            if form == _IN_JPEG_LS:
                frame = _in_jpeg_ls(retrieval, frames.instance, number)
            elif is_stored:
                frame = frames.stored(number)
            else:
                with DECODING.taken():
                    frame = retrieval.decoded(frames.image(number), octets_of)
            yield Part(
                content_type=part_type(form.media_type, form.transfer_syntax_uid),
                location=location or f"{url}/frames/{number}",
                chunks=[frame],
                length=len(frame),
            )


def _in_jpeg_ls(retrieval: Retrieval, instance: Instance, number: int) -> bytes:
    with DECODING.taken():
        return retrieval.pictures.lossless(instance, number)
