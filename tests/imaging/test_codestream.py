"""The size a compressed frame claims, read before a decoder would allocate for it."""

from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from imaging.codestream import claimed_pixels
from tests.viewer_api.stored import DATA

SHIPPED = [
    *[
        Path(str(get_testdata_file(name)))
        for name in ("SC_rgb_jpeg_dcmtk.dcm", "JPEG-lossy.dcm", "MR_small_jp2klossless.dcm")
    ],
    *[
        Path(str(get_testdata_file(name)))
        for name in ("MR_small_jpeg_ls_lossless.dcm", "SC_rgb_small_odd_jpeg.dcm")
    ],
    *[DATA / name for name in ("JPEG-LL.dcm", "RG1_J2KI.dcm", "US1_J2KR.dcm", "color3d_jpeg_baseline.dcm")],
]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_frame_claims_what_its_image_has(path: Path) -> None:
    dataset = pydicom.dcmread(path)
    frames = generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames", 1)))
    assert claimed_pixels(next(frames)) == dataset.Rows * dataset.Columns


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(8, 8), (16, 16), (256, 256), (7, 300), (600, 800), (708, 1016), (9, 16), (1, 70_000)],
)
def test_a_jpeg_xl_frame_claims_what_its_encoder_was_given(rows: int, columns: int) -> None:
    frame = imagecodecs.jpegxl_encode(np.zeros((rows, columns), np.uint8), effort=1)
    assert claimed_pixels(frame) == rows * columns
    boxed = imagecodecs.jpegxl_encode(np.zeros((rows, columns), np.uint8), effort=1, usecontainer=True)
    assert claimed_pixels(boxed) == rows * columns


SOF = b"\xff\xc0\x00\x11\x08\xff\xff\x00\x10\x03"


@pytest.mark.parametrize(
    ("frame", "pixels"),
    [
        (b"\xff\xd8" + SOF, 65535 * 16),
        (b"\xff\xd8\xff\xff\xff" + SOF[1:], 65535 * 16),
        (b"\xff\xd8\xff\xe0\x00\x04ab" + SOF, 65535 * 16),
        (b"\xff\xd8\xff\xf7" + SOF[2:], 65535 * 16),
        (b"\xff\xd8\xff\xe0\x00\x04\xff\xc0" + SOF, 65535 * 16),
        (b"\xff\xd8\xff\xe0\xff\xff" + SOF, None),
        (b"\xff\xd8", None),
        (b"\xff\xd8\xff\xe0\x00\x00", None),
        (b"\xff\x4f\xff\x51" + bytes(4) + b"\x00\x01\x00\x00" * 2 + bytes(8), 2**32),
        (b"\xff\x4f\xff\x51", None),
        (b"\xff\x0a", None),
        (b"\x00\x00\x00\x0cJXL " + bytes(40), None),
        (b"", None),
        (b"RLE", None),
    ],
)
def test_a_claim_is_found_behind_other_segments(frame: bytes, pixels: int | None) -> None:
    assert claimed_pixels(frame) == pixels


@given(st.binary(max_size=200))
def test_any_bytes_claim_something_or_nothing(raw: bytes) -> None:
    boxes = (b"\x00\x00\x00\x0cjP  ", b"\x00\x00\x00\x0cJXL ")
    for start in (b"", b"\xff\x0a", b"\xff\xd8", b"\xff\x4f\xff\x51", *boxes):
        claim = claimed_pixels(start + raw)
        assert claim is None or claim >= 0
