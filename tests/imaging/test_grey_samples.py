"""Every grey image that can be had, as PNG, against the rule over the library's floats: no difference."""

import warnings
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.pixels import pixel_array

from core.errors import UnsupportedTransferSyntax
from imaging.codecs import add_decoders
from imaging.decoding import DECODER_ERRORS, Decoded
from imaging.functional_groups import apply_functional_groups
from imaging.picture import PNG, picture
from tests.imaging.images import below, decoded, images, of_the_library
from tests.imaging.rule import picture_by_the_rule

DAMAGED = {"3gb-bulk-data-truncated", "badVR.dcm", "dwv-test_no-number-rows.dcm", "MR_truncated.dcm"}
"""What is not whole: neither the library nor the hub shows it."""
UNREADABLE = {"JPEG2000-embedded-sequence-delimiter.dcm"}
"""The library ends the pixel data at a delimiter inside of it; the hub's own reader goes by lengths."""
SHORT_TABLES = {"leadtools-flowers-16-mono2-rle.dcm"}
"""A table without data."""
TWO_DECODINGS = 300_000
"""Bytes of file up to which the hub decodes the image itself: the codecs' own tests have the large ones."""


add_decoders()


def compared(paths: Iterable[Path], *, but: Iterable[Path] = ()) -> tuple[set[str], set[str], set[str]]:
    """Return which images are shown, which of them not by the rule, and which are shown by neither."""
    shown, different, refused = set(), set(), set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path, image in images(paths, but=but):
            if not str(image.get("PhotometricInterpretation", "")).startswith("MONOCHROME"):
                continue
            try:
                pixels = pixel_array(image, index=0)
                apply_functional_groups(image, groups_of(image))
                wanted = picture_by_the_rule(pixels, image)
            except DECODER_ERRORS:
                with pytest.raises((UnsupportedTransferSyntax, *DECODER_ERRORS)):
                    picture(decoded(image), PNG)
                refused.add(path.name)
                continue
            is_small = path.stat().st_size < TWO_DECODINGS
            frame = decoded(image) if is_small else Decoded(pixels=pixels, image=image)
            made = np.asarray(Image.open(BytesIO(picture(frame, PNG))))
            shown.add(path.name)
            if not np.array_equal(made, wanted):
                different.add(path.name)
    return shown, different, refused


def groups_of(image: Dataset) -> list[Dataset]:
    """Return the functional groups of the first frame."""
    keywords = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    return [image[keyword].value[0] for keyword in keywords if image.get(keyword)]


def test_every_grey_image_of_the_library_is_shown_by_the_rule() -> None:
    shown, different, refused = compared(of_the_library())
    assert not different
    assert refused <= DAMAGED | UNREADABLE | SHORT_TABLES
    assert len(shown) > 70


def test_every_grey_sample_is_shown_by_the_rule(sample_data: Path) -> None:
    shown, different, refused = compared(below(sample_data), but=of_the_library())
    assert not different
    assert refused <= DAMAGED | UNREADABLE | SHORT_TABLES
    assert len(shown) > 25
