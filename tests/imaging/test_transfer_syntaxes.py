"""What is said to be decoded is; of what is not, something is said; frames that only look compressed are."""

import zlib

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from core.errors import UnsupportedTransferSyntax
from core.limits import FRAME_PIXELS
from imaging.codecs import JPEG_XL, add_decoders
from imaging.decoding import decode
from imaging.native import DEFLATED_FRAMES, ENCAPSULATED_NATIVE, UNCOMPRESSED_FRAMES
from imaging.transfer_syntaxes import DECODED, NOT_DECODED, is_lossless, named
from pacs_gateway.transfer_syntaxes import LOSSLESS, LOSSY, TRANSFER_SYNTAXES, UNCOMPRESSED, VIDEO


def test_every_transfer_syntax_is_decoded_or_has_a_reason_why_not() -> None:
    assert set(TRANSFER_SYNTAXES) <= set(DECODED) | set(NOT_DECODED) | set(VIDEO)
    assert not set(DECODED) & (set(NOT_DECODED) | set(VIDEO))


def test_every_one_that_is_said_to_be_decoded_has_a_decoder() -> None:
    add_decoders()
    for uid in set(DECODED) - JPEG_XL - ENCAPSULATED_NATIVE:
        assert get_decoder(UID(uid)).is_available, uid


def test_it_is_known_which_take_something_away() -> None:
    assert all(is_lossless(uid) for uid in {*UNCOMPRESSED, *LOSSLESS} & set(DECODED))
    assert not any(is_lossless(uid) for uid in {*LOSSY, *VIDEO, *NOT_DECODED, "1.2.3"})


def image_in(transfer_syntax_uid: str, frame: bytes, **values: object) -> Dataset:
    """Return an image of one frame of 2 x 3 pixels."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = pydicom.uid.UID(transfer_syntax_uid)
    image.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    attributes: dict[str, object] = {"Rows": 2, "Columns": 3, "SamplesPerPixel": 1, "NumberOfFrames": 1}
    attributes |= {"PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16, "BitsStored": 12}
    attributes |= {"HighBit": 11, "PixelRepresentation": 0}
    for keyword, value in (attributes | values).items():
        setattr(image, keyword, value)
    image.PixelData = encapsulate([frame])
    image["PixelData"].is_undefined_length = True
    return image


PIXELS = np.array([[1, 2, 3], [4, 5, 0xF006]], "<u2")


@pytest.mark.parametrize(
    ("transfer_syntax_uid", "frame"),
    [
        (UNCOMPRESSED_FRAMES, PIXELS.tobytes()),
        (DEFLATED_FRAMES, zlib.compress(PIXELS.tobytes(), wbits=-15)),
    ],
)
def test_plain_pixels_in_fragments_are_read(transfer_syntax_uid: str, frame: bytes) -> None:
    found = decode(image_in(transfer_syntax_uid, frame), frame, most_pixels=FRAME_PIXELS)
    assert found.pixels.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("transfer_syntax_uid", "frame"),
    [
        (UNCOMPRESSED_FRAMES, b"1234"),
        (DEFLATED_FRAMES, b"no such thing"),
        (DEFLATED_FRAMES, zlib.compress(b"12", wbits=-15)),
    ],
)
def test_plain_pixels_that_are_not_there_are_refused(transfer_syntax_uid: str, frame: bytes) -> None:
    with pytest.raises(UnsupportedTransferSyntax):
        decode(image_in(transfer_syntax_uid, frame), frame, most_pixels=FRAME_PIXELS)


@pytest.mark.parametrize("transfer_syntax_uid", [*NOT_DECODED, "1.2.840.10008.1.2.4.102", "1.2.3.4"])
def test_what_is_not_decoded_is_named(transfer_syntax_uid: str) -> None:
    with pytest.raises(UnsupportedTransferSyntax) as refusal:
        decode(image_in(transfer_syntax_uid, b"\xff\xd8"), b"\xff\xd8", most_pixels=FRAME_PIXELS)
    assert named(transfer_syntax_uid) in str(refusal.value)
    assert transfer_syntax_uid in str(refusal.value)


def ybr(interpretation: str, samples: list[int]) -> list[int]:
    """Return the first pixel of two in a native image, as RGB."""
    values: dict[str, object] = {"Rows": 1, "Columns": 2, "SamplesPerPixel": 3, "BitsAllocated": 8}
    values |= {"BitsStored": 8, "HighBit": 7, "PlanarConfiguration": 0}
    image = image_in("1.2.840.10008.1.2.1", b"\0\0", **values, PhotometricInterpretation=interpretation)
    image.PixelData = bytes(samples)
    image["PixelData"].is_undefined_length = False
    return [int(each) for each in decode(image, b"", most_pixels=FRAME_PIXELS).pixels[0, 0]]


@pytest.mark.parametrize(
    ("interpretation", "samples", "rgb"),
    [
        ("YBR_FULL", [76, 85, 255, 0, 0, 0], [254, 0, 0]),
        ("YBR_FULL_422", [76, 76, 85, 255], [254, 0, 0]),
        ("YBR_PARTIAL_422", [235, 235, 128, 128], [255, 255, 255]),
        ("YBR_PARTIAL_422", [16, 16, 128, 128], [0, 0, 0]),
        ("YBR_PARTIAL_422", [81, 81, 90, 240], [254, 0, 0]),
        ("RGB", [1, 2, 3, 4, 5, 6], [1, 2, 3]),
    ],
)
def test_luminance_and_chrominance_become_red_green_and_blue(
    interpretation: str, samples: list[int], rgb: list[int]
) -> None:
    assert np.abs(np.array(ybr(interpretation, samples)) - rgb).max() <= 1


def test_colours_that_are_not_known_are_refused() -> None:
    with pytest.raises(UnsupportedTransferSyntax):
        ybr("HSV", [1, 2, 3, 4, 5, 6])
