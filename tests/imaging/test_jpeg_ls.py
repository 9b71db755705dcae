"""JPEG-LS of a frame: what other decoders make of it are the same values, or there is none."""

import warnings
from pathlib import Path
from typing import Any

import data_store
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
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


@pytest.mark.parametrize(
    ("pixels", "values"),
    [
        (np.zeros((2, 2), np.int16), {}),
        (np.zeros((2, 2, 3), np.uint16), {}),
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
