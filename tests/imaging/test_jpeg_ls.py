"""JPEG-LS of a frame: what other decoders make of it are the same values, or there is none."""

import warnings
from pathlib import Path
from typing import Any

import data_store
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from core.errors import UnsupportedTransferSyntax
from imaging.decoding import Decoded
from imaging.jpeg_ls import JPEG_LS_LOSSLESS, jpeg_ls

RADIOGRAPHS = sorted((Path(data_store.__file__).parent / "data").glob("RG*_UNCR.dcm"))


def image_of(**values: Any) -> Dataset:
    dataset = Dataset()
    ordinary = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0}
    for keyword, value in (ordinary | values).items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize("file", RADIOGRAPHS, ids=lambda file: file.stem)
def test_a_radiograph_is_the_same_to_pydicom(file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(file)
        pixels = dataset.pixel_array
        dataset.PixelData = encapsulate([jpeg_ls(Decoded(pixels=pixels, image=dataset))])
        dataset.file_meta.TransferSyntaxUID = JPEG_LS_LOSSLESS
        dataset._pixel_array = None
        assert np.array_equal(dataset.pixel_array, pixels)


@pytest.mark.parametrize("bits", [2, 7, 8, 9, 12, 16])
def test_every_depth_comes_back(bits: int) -> None:
    kind = np.uint8 if bits <= 8 else np.uint16
    pixels = np.random.default_rng(bits).integers(0, 2**bits, (32, 24)).astype(kind)
    image = image_of(BitsAllocated=8 * kind().itemsize, BitsStored=bits, HighBit=bits - 1)
    assert jpeg_ls(Decoded(pixels=pixels, image=image)).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("kind", ["signed", "colours"])
def test_signs_and_colours_come_back_to_the_library(bits: int, kind: str) -> None:
    random = np.random.default_rng(bits)
    size = 8 if bits == 8 else 16
    image = image_of(BitsAllocated=size, BitsStored=bits, HighBit=bits - 1, Rows=32, Columns=24)
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    if kind == "signed":
        image.PixelRepresentation = 1
        pixels = random.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (32, 24)).astype(f"i{size // 8}")
    else:
        image.SamplesPerPixel, image.PhotometricInterpretation, image.PlanarConfiguration = 3, "RGB", 0
        pixels = random.integers(0, 2**bits, (32, 24, 3)).astype(f"u{size // 8}")
    image.PixelData = encapsulate([jpeg_ls(Decoded(pixels=pixels, image=image))])
    image["PixelData"].is_undefined_length = True
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = JPEG_LS_LOSSLESS
    assert np.array_equal(image.pixel_array, pixels)


@pytest.mark.parametrize(
    ("pixels", "values"),
    [
        (np.zeros((2, 2, 3), np.uint16), {"PhotometricInterpretation": "YBR_FULL"}),
        (np.zeros((2, 2, 4), np.uint16), {"PhotometricInterpretation": "RGB"}),
        (np.full((2, 2), 2048, np.int16), {"PixelRepresentation": 1}),
        (np.zeros((2, 2), np.uint16), {"HighBit": 15}),
        (np.zeros((2, 2), np.uint16), {"BitsStored": 8, "HighBit": 7}),
        (np.zeros((2, 2), np.uint16), {"BitsStored": 17, "HighBit": 16}),
        (np.zeros((2, 2), np.uint8), {"BitsStored": 1, "HighBit": 0, "BitsAllocated": 8}),
        (np.full((2, 2), 4096, np.uint16), {}),
        (np.zeros((2, 2), np.uint16), {"BitsStored": None}),
        (np.zeros((0, 2), np.uint16), {}),
    ],
)
def test_what_would_lose_something_is_refused(pixels: Any, values: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedTransferSyntax):
        jpeg_ls(Decoded(pixels=pixels, image=image_of(**values)))
