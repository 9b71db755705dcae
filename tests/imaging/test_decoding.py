"""Frames as numbers: each compression against the same image without it."""

import warnings
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

from core.errors import UnsupportedTransferSyntax
from core.limits import FRAME_PIXELS
from imaging.codecs import JPEG_XL
from imaging.decoding import Decoded, decode


def image_of(frame: bytes, transfer_syntax_uid: str, **values: object) -> Dataset:
    """Return a grey image of one compressed frame; `values` replace its attributes."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = pydicom.uid.UID(transfer_syntax_uid)
    image.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    attributes: dict[str, object] = {
        "Rows": 32,
        "Columns": 48,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "NumberOfFrames": 1,
    } | values
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    image.PixelData = encapsulate([frame])
    image["PixelData"].is_undefined_length = True
    return image


def decoded(path: Path) -> Decoded:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = pydicom.dcmread(path)
        count = int(image.get("NumberOfFrames") or 1)
        is_compressed = image["PixelData"].is_undefined_length
        frame = get_frame(image.PixelData, 0, number_of_frames=count) if is_compressed else b""
        image.NumberOfFrames = 1
        if is_compressed:
            image.PixelData = encapsulate([frame])
        return decode(image, frame, most_pixels=FRAME_PIXELS)


def test_a_radiograph_is_the_same_whatever_compressed_it(sample_data: Path) -> None:
    radiographs = {
        name: decoded(sample_data / "wg04" / name / f"RG2_{name}").pixels.astype(int)
        for name in ("J2KR", "JPLL", "JLSL", "RLE", "JPLY")
    }
    original, lossy = radiographs.pop("J2KR"), radiographs.pop("JPLY")
    for name, pixels in radiographs.items():
        assert np.array_equal(pixels, original), name
    assert 0 < np.abs(lossy - original).mean() < 5


@pytest.mark.parametrize("transfer_syntax_uid", [JPEGLossless, JPEGLosslessSV1])
@pytest.mark.parametrize(
    ("bits", "is_signed"), [(8, False), (12, False), (12, True), (16, False), (16, True)]
)
def test_lossless_jpeg_gives_back_every_value(transfer_syntax_uid: str, bits: int, is_signed: bool) -> None:
    lowest, end = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if is_signed else (0, 2**bits)
    values = np.linspace(lowest, end - 1, 32 * 48).astype(int).reshape(32, 48)
    coded = (values & (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    frame = imagecodecs.ljpeg_encode(coded, bitspersample=bits)
    image = image_of(
        frame,
        transfer_syntax_uid,
        BitsAllocated=8 if bits == 8 else 16,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=int(is_signed),
    )
    assert np.array_equal(decode(image, frame, most_pixels=FRAME_PIXELS).pixels, values)


def test_colour_in_lossless_jpeg_keeps_its_colours() -> None:
    path = Path(str(get_testdata_file("SC_rgb_jpeg_gdcm.dcm")))
    plain = Path(str(get_testdata_file("SC_rgb.dcm")))
    found = decoded(path)
    assert found.image.PhotometricInterpretation == "RGB"
    assert np.array_equal(found.pixels, decoded(plain).pixels)


@pytest.mark.parametrize("transfer_syntax_uid", sorted(JPEG_XL))
@pytest.mark.parametrize("shape", [(32, 48), (32, 48, 3)])
def test_jpeg_xl_gives_back_every_value(transfer_syntax_uid: str, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(7).integers(0, 256, shape, np.uint8)
    frame = imagecodecs.jpegxl_encode(values, lossless=True, effort=1)
    colour = {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422"} if len(shape) == 3 else {}
    image = image_of(frame, transfer_syntax_uid, BitsAllocated=8, BitsStored=8, HighBit=7, **colour)
    found = decode(image, frame, most_pixels=FRAME_PIXELS)
    assert np.array_equal(found.pixels, values)
    assert found.image.PhotometricInterpretation == ("RGB" if colour else "MONOCHROME2")


@pytest.mark.parametrize("transfer_syntax_uid", [JPEGExtended12Bit, JPEGLosslessSV1, *sorted(JPEG_XL)])
@pytest.mark.parametrize("frame", [b"\xff\xd8", b"\xff\xd8" + b"rubbish" * 9, b"\xff\x0a" + bytes(30)])
def test_rubbish_is_refused(transfer_syntax_uid: str, frame: bytes) -> None:
    with pytest.raises(UnsupportedTransferSyntax):
        decode(image_of(frame, transfer_syntax_uid), frame, most_pixels=FRAME_PIXELS)


def test_a_frame_that_claims_too_much_is_refused_before_it_is_decoded() -> None:
    frame = imagecodecs.jpegxl_encode(np.zeros((600, 800), np.uint8), effort=1)
    image = image_of(frame, "1.2.840.10008.1.2.4.110")
    with pytest.raises(UnsupportedTransferSyntax, match="more than 1000 pixels"):
        decode(image, frame, most_pixels=1000)


def test_an_ultrasound_cine_in_jpeg_xl_is_shown(sample_data: Path) -> None:
    path = sample_data / "dcm4che" / "will-jxl.dcm"
    image = pydicom.dcmread(path)
    frame = get_frame(image.PixelData, 0, number_of_frames=27)
    found = decode(
        image_of(frame, "1.2.840.10008.1.2.4.111", SamplesPerPixel=3), frame, most_pixels=FRAME_PIXELS
    )
    assert found.pixels.shape == (708, 1016, 3)
