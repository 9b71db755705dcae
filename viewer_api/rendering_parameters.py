"""What a picture is asked to be, by its query parameters (PS3.18 8.3.5.1); what is not done is said."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import Depends, Query

from core.errors import InvalidRequest
from imaging.rendering import DEFAULT_QUALITY, Rendering, Viewport
from imaging.window import Window, WindowFunction

_DECIMAL: Final = re.compile(r"[+-]?(\d{1,12}(\.\d{0,12})?|\.\d{1,12})([eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_FUNCTIONS: Final = {
    "linear": WindowFunction.LINEAR,
    "linear-exact": WindowFunction.LINEAR_EXACT,
    "sigmoid": WindowFunction.SIGMOID,
}
_ANNOTATIONS: Final = ("patient", "technique")
_BEST_QUALITY: Final = 100
_VIEWPORT_PARTS: Final = 6
_WINDOW_PARTS: Final = 3
ViewportText = Annotated[
    str | None,
    Query(
        description="Width and height of the largest picture; then left, top, width and height of the part to"
        " show, any of them empty. A width or height below zero flips.",
        examples=["512,512", "512,512,100,100,200,-200"],
        max_length=128,
    ),
]
ThumbnailViewportText = Annotated[
    str | None,
    Query(description="Width and height of the largest picture.", examples=["128,128"], max_length=128),
]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a frame is to be shown, and what of it is not done, in words."""

    rendering: Rendering
    warnings: tuple[str, ...] = field(default=())


def _asked(
    viewport: ViewportText = None,
    window: Annotated[
        str | None,
        Query(
            description="Center, width and function: linear, linear-exact or sigmoid.",
            examples=["40,400,linear"],
            max_length=128,
        ),
    ] = None,
    quality: Annotated[
        str | None,
        Query(description="1 to 100, for JPEG and WebP.", examples=["90"], max_length=16),
    ] = None,
    annotation: Annotated[
        str | None,
        Query(description="patient, technique: nothing is written into pictures.", max_length=128),
    ] = None,
    iccprofile: Annotated[
        str | None, Query(description="no: pictures carry no profile.", max_length=32)
    ] = None,
) -> Asked:
    """Raise InvalidRequest for what is malformed, and for a profile, which a picture cannot be given."""
    if iccprofile not in {None, "no"}:
        raise InvalidRequest("Pictures carry no ICC profile: `iccprofile` can only be `no`.")
    return Asked(
        rendering=Rendering(
            window=None if window is None else _window(window),
            viewport=None if viewport is None else viewport_of(viewport),
            quality=DEFAULT_QUALITY if quality is None else _quality(quality),
        ),
        warnings=() if annotation is None else _unwritten(annotation),
    )


InAsked = Annotated[Asked, Depends(_asked)]


def viewport_of(text: str, *, is_thumbnail: bool = False) -> Viewport:
    """Read a viewport (PS3.18 8.3.5.1.3); that of a thumbnail has a width and a height only.

    Raises:
        InvalidRequest: it is malformed, or beyond the limits.
    """
    values = text.split(",")
    most = 2 if is_thumbnail else _VIEWPORT_PARTS
    if not 2 <= len(values) <= most:
        raise InvalidRequest(f"A viewport has a width and a height, and at most {most} values here.")
    width, height, *part = values
    left, top, part_width, part_height = [*map(_optional, part), None, None, None, None][:4]
    return Viewport(
        width=_whole(width),
        height=_whole(height),
        left=left or 0.0,
        top=top or 0.0,
        part_width=part_width,
        part_height=part_height,
    )


def _window(text: str) -> Window:
    """Read a window (PS3.18 8.3.5.1.4): all three values are there."""
    values = text.split(",")
    if len(values) != _WINDOW_PARTS or values[-1] not in _FUNCTIONS:
        raise InvalidRequest(f"A window is center, width and one of {', '.join(_FUNCTIONS)}.")
    center, width, function = values
    return Window(center=_decimal(center), width=_decimal(width), function=_FUNCTIONS[function])


def _quality(text: str) -> int:
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= _BEST_QUALITY:
        raise InvalidRequest("A quality is a whole number from 1 to 100.")
    return int(text)


def _unwritten(text: str) -> tuple[str, ...]:
    """Return the Warning that PS3.18 8.3.5.1.1 asks for where annotations are not supported."""
    values = text.split(",")
    if any(value not in _ANNOTATIONS for value in values):
        raise InvalidRequest(f"An annotation is one of {', '.join(_ANNOTATIONS)}.")
    return (f"The following annotation values are not supported: {', '.join(dict.fromkeys(values))}",)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise InvalidRequest("The width and height of a viewport are whole numbers.")
    return int(text)


def _optional(text: str) -> float | None:
    return _decimal(text) if text else None


def _decimal(text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise InvalidRequest("A window and the part of a viewport are in decimal numbers.")
    return float(text)


WARNED: Final[dict[str, Any]] = {
    "Warning": {
        "description": "What was not done, and that an image is not meant to be looked at.",
        "schema": {"type": "string"},
    }
}
