"""What a picture is asked to be: which window, which part, how large, how good (PS3.18 8.3.5.1). Pure."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from core.errors import InvalidRequest
from core.limits import FRAME_PIXELS, PICTURE_SIDE
from imaging.window import Window

DEFAULT_QUALITY: Final = 90


@dataclass(frozen=True, kw_only=True)
class Viewport:
    """The largest picture and the part of the image that it shows (PS3.18 8.3.5.1.3), in pixels.

    A width or height of the part below zero flips it; None is up to the image's edge.

    Raises:
        InvalidRequest: there would be no picture, or one beyond the limits.
    """

    width: int
    height: int
    left: float = 0.0
    top: float = 0.0
    part_width: float | None = None
    part_height: float | None = None

    def __post_init__(self) -> None:
        if not (0 < self.width <= PICTURE_SIDE and 0 < self.height <= PICTURE_SIDE):
            raise InvalidRequest(f"A viewport is 1 to {PICTURE_SIDE} pixels wide and high.")
        if self.width * self.height > FRAME_PIXELS:
            raise InvalidRequest(f"A viewport has at most {FRAME_PIXELS} pixels.")
        part = [self.left, self.top, self.part_width or 0.0, self.part_height or 0.0]
        if not all(isfinite(each) for each in part) or 0.0 in (self.part_width, self.part_height):
            raise InvalidRequest("A viewport shows a part that has a width and a height.")

    def box(self, columns: int, rows: int) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the part in an image of this size.

        Raises:
            InvalidRequest: the part is not within the image.
        """
        # PS3.18 8.3.5.1.3: of sx and sy too the absolute values count.
        left, top = abs(self.left), abs(self.top)
        right = columns if self.part_width is None else left + abs(self.part_width)
        bottom = rows if self.part_height is None else top + abs(self.part_height)
        if not (left < right <= columns and top < bottom <= rows):
            raise InvalidRequest(f"The part to show is not within the image of {columns} x {rows} pixels.")
        return left, top, right, bottom

    def size_of(self, box: tuple[float, float, float, float]) -> tuple[int, int]:
        """Return columns and rows of the picture of a part: as large as fits, undistorted."""
        width, height = box[2] - box[0], box[3] - box[1]
        scale = min(self.width / width, self.height / height)
        return (
            min(self.width, max(1, round(width * scale))),
            min(self.height, max(1, round(height * scale))),
        )

    @property
    def flips(self) -> tuple[bool, bool]:
        """Whether it is flipped left to right, and top to bottom."""
        return (self.part_width or 0) < 0, (self.part_height or 0) < 0


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """How a frame is shown. `quality` is libjpeg's and libwebp's, 1 to 100; without loss it is ignored."""

    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = DEFAULT_QUALITY
    with_overlays: bool = field(default=True)


AS_THE_IMAGE_SAYS: Final = Rendering()
