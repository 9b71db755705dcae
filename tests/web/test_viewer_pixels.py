"""What a canvas shows, pixel by pixel: the stored values by the written rule, and nothing else."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.pixels import pixel_array

from tests.imaging.rule import picture_by_the_rule
from tests.imaging.test_colour_samples import LARGEST_DIFFERENCE, witnessed
from tests.web.conftest import WebHub, view_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.tool("chromium")

OF_THE_LIBRARY = ("CT_small.dcm", "MR_small.dcm", "examples_overlay.dcm")
"""Signed with a rescale, unsigned with a window, with an overlay of the device's."""
SAMPLES = (
    "highdicom/dx_image.dcm",
    "dwv/gdcm-CR-MONO1-10-chest.dcm",
    "pydicom-data/RG1_UNCR.dcm",
)
IN_COLOUR = ("examples_rgb_color.dcm", "examples_ybr_color.dcm", "examples_palette.dcm")
COLOUR_SAMPLES = ("cornerstone3D/US-YBR_FULL_422-EVRLE.dcm", "dcm4che/YBR_FULL-RLE.dcm")

SHADES = """(canvas, [columns, rows, channels]) => {
  const left = Math.round(canvas.width / 2 - columns / 2), top = Math.round(canvas.height / 2 - rows / 2)
  const { data } = canvas.getContext('2d').getImageData(left, top, columns, rows)
  const bytes = new Uint8Array(columns * rows * channels)
  for (let pixel = 0, at = 0; pixel < data.length; pixel += 4) {
    for (let channel = 0; channel < channels; channel++) bytes[at++] = data[pixel + channel]
    if (channels === 1 && (data[pixel] !== data[pixel + 1] || data[pixel] !== data[pixel + 2])) return ''
  }
  return bytes.toBase64()
}"""


def library(names: tuple[str, ...]) -> list[Path]:
    """Return files that come with the library."""
    return [Path(str(get_testdata_file(name, download=False))) for name in names]


def shown(page: "Page", dataset: Dataset, *, channels: int) -> NDArray[np.uint8]:
    """Return what the canvas shows of an image, one pixel for one."""
    canvas = page.locator(f"canvas[data-shown='{dataset.SOPInstanceUID} full']")
    canvas.wait_for()
    page.keyboard.press("o")
    page.keyboard.press("Home")
    count = int(dataset.get("NumberOfFrames", 1))
    looked_at = "100 %" if count == 1 else f"100 %   1 / {count}"
    page.locator(".viewer-looking", has_text=looked_at).wait_for()
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    seen: Any = canvas.evaluate(SHADES, [columns, rows, channels])
    pixels = np.frombuffer(base64.b64decode(seen), np.uint8)
    return pixels.reshape((rows, columns) if channels == 1 else (rows, columns, channels))


def test_greys_are_those_of_the_rule_over_the_librarys_floats(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    compare_greys(hub, sign_in("reader"), library(OF_THE_LIBRARY))


def test_radiographs_are_shown_value_by_value(
    hub: WebHub, sign_in: "Callable[..., Page]", sample_data: Path
) -> None:
    page = sign_in("reader", width=1960, height=2400)
    compare_greys(hub, page, [sample_data / name for name in SAMPLES])


def compare_greys(hub: WebHub, page: "Page", paths: list[Path]) -> None:
    """Show images one after the other; no pixel differs."""
    for path, dataset in one_by_one(hub, page, paths):
        seen = shown(page, dataset, channels=1)
        image = dcmread(path)
        wanted = picture_by_the_rule(pixel_array(image, index=0), image)
        assert (path.name, int((seen != wanted).sum())) == (path.name, 0)


def one_by_one(hub: WebHub, page: "Page", paths: list[Path], **values: str) -> Iterator[tuple[Path, Dataset]]:
    """Store images as one study and choose each in the strip."""
    sent = hub.store(paths, **values)
    page.goto(view_of(hub, sent[0].StudyInstanceUID))
    thumbs = page.locator(".viewer-strip .viewer-thumb")
    for place, (path, dataset) in enumerate(zip(paths, sent, strict=True)):
        thumbs.nth(place).click()
        yield path, dataset


def test_colours_of_ultrasound_are_within_two_of_another_decoder(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    compare_colours(hub, sign_in("reader"), library(IN_COLOUR))


def test_colours_of_samples_are_within_two_of_another_decoder(
    hub: WebHub, sign_in: "Callable[..., Page]", sample_data: Path
) -> None:
    compare_colours(hub, sign_in("reader"), [sample_data / name for name in COLOUR_SAMPLES])


def compare_colours(hub: WebHub, page: "Page", paths: list[Path]) -> None:
    """Show images one after the other; no channel differs by more than another decoder may."""
    for path, dataset in one_by_one(hub, page, paths, Modality="US"):
        seen = shown(page, dataset, channels=3)
        difference = np.abs(seen.astype(int) - witnessed(dcmread(path)).astype(int)).max()
        assert difference <= LARGEST_DIFFERENCE, path.name
