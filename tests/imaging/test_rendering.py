"""Viewports: which part, how large, which way round (PS3.18 8.3.5.1.3); and the files that pictures are."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from core.errors import InvalidRequest
from core.limits import PICTURE_SIDE
from imaging.decoding import Decoded
from imaging.picture import GIF, JPEG, PNG, WEBP, picture
from imaging.rendering import Rendering, Viewport

SHADES = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


def decoded(pixels: np.ndarray = SHADES) -> Decoded:  # type: ignore[type-arg] # any number of dimensions
    image = Dataset()
    image.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    image.BitsStored, image.PixelRepresentation = 8, 0
    return Decoded(pixels=pixels, image=image)


def opened(viewport: Viewport | None) -> np.ndarray:  # type: ignore[type-arg] # any number of dimensions
    return np.asarray(Image.open(BytesIO(picture(decoded(), PNG, Rendering(viewport=viewport)))))


@pytest.mark.parametrize(
    ("viewport", "shape"),
    [
        (Viewport(width=6, height=4), (4, 6)),
        (Viewport(width=12, height=100), (8, 12)),
        (Viewport(width=100, height=2), (2, 3)),
        (Viewport(width=1, height=1), (1, 1)),
        (Viewport(width=6, height=6, left=1, top=1, part_width=2, part_height=2), (6, 6)),
        (Viewport(width=6, height=6, left=1.5, top=0, part_width=4.5), (5, 6)),
    ],
)
def test_a_picture_is_as_large_as_fits_and_not_distorted(viewport: Viewport, shape: tuple[int, int]) -> None:
    assert opened(viewport).shape == shape


@pytest.mark.parametrize(
    ("left", "top", "width", "height", "expected"),
    [
        (0, 0, None, None, SHADES),
        (0, 0, 6, 4, SHADES),
        (2, 1, 3, 2, SHADES[1:3, 2:5]),
        (-2, -1, 3, 2, SHADES[1:3, 2:5]),
        (0, 0, -6, 4, SHADES[:, ::-1]),
        (0, 0, 6, -4, SHADES[::-1]),
        (2, 1, -3, -2, SHADES[1:3, 2:5][::-1, ::-1]),
        (3, 0, None, None, SHADES[:, 3:]),
    ],
)
def test_the_part_that_is_asked_for_is_shown(
    left: float,
    top: float,
    width: float | None,
    height: float | None,
    expected: np.ndarray,  # type: ignore[type-arg] # any number of dimensions
) -> None:
    size = {"width": expected.shape[1], "height": expected.shape[0]}
    viewport = Viewport(**size, left=left, top=top, part_width=width, part_height=height)
    assert np.array_equal(opened(viewport), expected)


@pytest.mark.parametrize(
    "values",
    [
        {"width": 0, "height": 9},
        {"width": 9, "height": -1},
        {"width": PICTURE_SIDE + 1, "height": 9},
        {"width": 9, "height": 9, "part_width": 0},
        {"width": 9, "height": 9, "left": float("inf")},
    ],
)
def test_a_viewport_of_nothing_or_of_too_much_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest):
        Viewport(**values)  # type: ignore[arg-type] # each case has its own


@pytest.mark.parametrize("part", [{"left": 6.0}, {"part_width": 7.0}, {"top": 3.0, "part_height": -2.0}])
def test_a_part_that_is_not_in_the_image_is_refused(part: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest, match="6 x 4"):
        opened(Viewport(width=9, height=9, **part))  # type: ignore[arg-type] # each case has its own


@pytest.mark.parametrize("media_type", [PNG, GIF, JPEG, WEBP])
@pytest.mark.parametrize("colours", [1, 3])
def test_every_format_shows_the_same(media_type: str, colours: int) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :], 16, axis=0)
    pixels = ramp if colours == 1 else np.stack([ramp, ramp, ramp], axis=-1)
    body = picture(decoded(pixels), media_type, Rendering(quality=100))
    with Image.open(BytesIO(body)) as made:
        assert made.get_format_mimetype() == media_type
        shown = np.asarray(made.convert("RGB"))[..., 1].astype(int)
    difference = int(np.abs(shown - ramp).max())
    assert difference == 0 if media_type == PNG or (media_type == GIF and colours == 1) else difference <= 4


def test_quality_decides_how_large_a_file_is() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)
    for media_type in (JPEG, WEBP):
        sizes = [len(picture(decoded(noise), media_type, Rendering(quality=each))) for each in (10, 50, 95)]
        assert sizes == sorted(set(sizes))
    assert picture(decoded(noise), PNG, Rendering(quality=1)) == picture(decoded(noise), PNG)
