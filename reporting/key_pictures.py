"""The frames that a reader chose to show, with what was drawn into them, for the report; never in its way."""

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.access import Scope
from core.errors import HubError, InvalidInstance, InvalidRequest
from core.limits import MIB
from ecg.storage_classes import ELECTROCARDIOGRAMS
from imaging.decoding import DECODER_ERRORS
from imaging.rendering import Rendering, Viewport
from imaging.window import Window
from reporting.document import KeyImage, ReportDocument
from reporting.drawn_marks import Drawing, as_svg, drawing
from reporting.fonts import breakable, printable
from reporting.marks import Mark
from storage.archive import Archive
from storage.instance import Instance

MOST_PICTURES: Final = 8
"""A report is paper for a clinic at the end of a slow line; all are named in it, and shown on its page."""
_SIDE: Final = 768
_QUALITY: Final = 85
_LARGEST_PICTURE: Final = 2 * MIB
_LONGEST_WORD: Final = 24
_FRAME_HEADERS: Final = frozenset({0xC0, 0xC1, 0xC2})

ShowImage = Callable[[Instance, int, Rendering], bytes]
"""Shows a frame as JPEG where foreign bytes can do no harm: `Pictures.shown`, in a limited child."""
SignedMarks = Mapping[str, Sequence[Mark]]
"""What was drawn into each study when a report was signed, as it is kept with the report."""


@dataclass(frozen=True, kw_only=True)
class KeyPicture:
    """One picture with its caption; `drawing` is empty where none can be made."""

    number: int
    caption: str
    drawing: str = ""


def key_pictures(
    archive: Archive, show: ShowImage, document: ReportDocument, drawn: SignedMarks
) -> tuple[KeyPicture, ...]:
    """Return the first of the key images of a report; what cannot be had or shown has a caption alone."""
    chosen = [image for image in document.key_images if image.sop_class_uid not in ELECTROCARDIOGRAMS]
    return tuple(
        KeyPicture(number=number, caption=image.caption, drawing=_svg(archive, show, document, image, drawn))
        for number, image in enumerate(chosen[:MOST_PICTURES], 1)
    )


def key_drawings(
    archive: Archive, document: ReportDocument, drawn: SignedMarks
) -> tuple[Drawing | None, ...]:
    """Return the lines over each key image of a report; None where nothing was drawn into it."""
    return tuple(
        _drawing(archive, document, image, drawn) if any(drawn.values()) else None
        for image in document.key_images
    )


def as_figures(pictures: Sequence[KeyPicture]) -> list[dict[str, object]]:
    """Return pictures as the layout expects them."""
    return [
        {
            "number": str(picture.number),
            "caption": breakable(printable(picture.caption), _LONGEST_WORD),
            "svg": picture.drawing,
        }
        for picture in pictures
    ]


def drawing_of(jpeg: bytes, over: Drawing | None = None) -> str:
    """Return a JPEG inside a drawing, which travels as text like all that is printed, and the lines over it.

    Raises InvalidInstance: it is no JPEG, or larger than is printed.
    """
    if len(jpeg) > _LARGEST_PICTURE:
        raise InvalidInstance(f"A picture of more than {_LARGEST_PICTURE} bytes is not printed.")
    width, height = _size(jpeg)
    data = base64.b64encode(jpeg).decode("ascii")
    lines = as_svg(over, width, height) if over else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
        f'<clipPath id="frame"><rect width="{width}" height="{height}"/></clipPath>'
        f'<image width="{width}" height="{height}" href="data:image/jpeg;base64,{data}"/>'
        f'<g clip-path="url(#frame)">{lines}</g></svg>'
    )


def _svg(
    archive: Archive, show: ShowImage, document: ReportDocument, image: KeyImage, drawn: SignedMarks
) -> str:
    try:
        jpeg = show(_instance(archive, document, image), image.frame, _rendering(image))
        return drawing_of(jpeg, _drawing(archive, document, image, drawn))
    except (HubError, *DECODER_ERRORS):
        return ""


def _drawing(
    archive: Archive, document: ReportDocument, image: KeyImage, drawn: SignedMarks
) -> Drawing | None:
    study = image.study_instance_uid or document.study_instance_uid
    chosen = (image.sop_instance_uid, image.frame)
    marks = [mark for mark in drawn.get(study, ()) if (mark.sop_instance_uid, mark.frame) == chosen]
    if not any(mark.points for mark in marks):
        return None
    try:
        instance = _instance(archive, document, image)
    except HubError:
        return None
    # Without its size there is no picture of it either.
    if not instance.columns or not instance.rows:
        return None
    return drawing(marks, instance.columns, instance.rows, image.caption)


def _instance(archive: Archive, document: ReportDocument, image: KeyImage) -> Instance:
    [instance, *_] = archive.instances_of(
        image.study_instance_uid or document.study_instance_uid,
        image.series_instance_uid,
        image.sop_instance_uid,
        visible_to=Scope(site_ids=frozenset({document.site_id})),
    )
    return instance


def _rendering(image: KeyImage) -> Rendering:
    """Return how the reader looked at it; a window that is none leaves it to the image."""
    window = None
    if image.window_center is not None and image.window_width is not None:
        try:
            window = Window(center=image.window_center, width=image.window_width)
        except InvalidRequest:
            window = None
    return Rendering(window=window, viewport=Viewport(width=_SIDE, height=_SIDE), quality=_QUALITY)


def _size(jpeg: bytes) -> tuple[int, int]:
    """Return width and height from a JPEG's frame header (ITU-T T.81 B.2.2). Raises InvalidInstance."""
    place = 2
    while place + 9 <= len(jpeg) and jpeg[:2] == b"\xff\xd8" and jpeg[place] == 0xFF:
        if jpeg[place + 1] in _FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", jpeg, place + 5)
            return int(width), int(height)
        place += 2 + int(struct.unpack_from(">H", jpeg, place + 2)[0])
    raise InvalidInstance("A picture to print is a JPEG.")
