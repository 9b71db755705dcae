"""What both browsers' pages show: a radiograph and a cine that are public, and a list of small studies."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset
from pydicom.pixels.processing import apply_windowing
from pydicom.pixels.utils import pixel_array
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from bench.material import uid_of

LISTED: Final = 40
"""Small studies on the list, beside the two."""
NAME: Final = r"Case\d\d"
"""A name on the list, as a regular expression."""
_RADIOGRAPH: Final = "RG1_UNCR.dcm"
_CINE: Final = "color3d_jpeg_baseline.dcm"
_SIDE: Final = 64


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A study that is opened, and how it should look."""

    study_instance_uid: str
    file: bytes
    expected: NDArray[np.uint8]
    """Its first frame in its window, as the reference makes it."""


def radiograph() -> Shown:
    """Return a chest of 1955 rows and 1841 columns in 15 bits, MONOCHROME1, uncompressed, 7.2 MB."""
    dataset = _sample(
        _RADIOGRAPH,
        "radiograph",
        Modality="DX",
        SOPClassUID=DigitalXRayImageStorageForPresentation,
        # The sample states 0, of which OHIF makes an image without width (docs/ohif.md).
        PixelSpacing=[0.2, 0.2],
    )
    white = 2**dataset.BitsStored - 1
    windowed = apply_windowing(pixel_array(_path(_RADIOGRAPH)), dataset)
    return _shown(dataset, np.rint(255 * (1 - windowed / white)).astype(np.uint8))


def cine() -> Shown:
    """Return a heart of 120 frames of 640x480 in colour, baseline JPEG, 6.1 MB, 30 frames a second."""
    return _shown(_sample(_CINE, "cine", Modality="US"), pixel_array(_path(_CINE), index=0))


def small_study(number: int) -> bytes:
    """Return one small picture, the whole study of this number."""
    shades = np.arange(_SIDE * _SIDE, dtype=np.uint16).tobytes()
    dataset = _sample(
        _RADIOGRAPH,
        f"listed {number}",
        Modality="DX",
        SOPClassUID=DigitalXRayImageStorageForPresentation,
        Rows=_SIDE,
        Columns=_SIDE,
        PixelSpacing=[0.2, 0.2],
        PixelData=shades,
        PatientName=f"Li^Case{number:02d}",
        PatientID=f"LISTED{number:02d}",
        AccessionNumber=f"L{number:02d}",
        StudyDescription="Chest",
    )
    return _file(dataset)


def _shown(dataset: FileDataset, expected: NDArray[np.uint8]) -> Shown:
    return Shown(study_instance_uid=str(dataset.StudyInstanceUID), file=_file(dataset), expected=expected)


def _sample(name: str, words: str, **values: Any) -> FileDataset:
    """Return a sample under UIDs of our own; `values` replace what it says."""
    with warnings.catch_warnings():
        # Samples are as devices wrote them.
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(_path(name))
        plain = {
            "StudyInstanceUID": uid_of("web", words, "study"),
            "SeriesInstanceUID": uid_of("web", words, "series"),
            "SOPInstanceUID": uid_of("web", words, "instance"),
            "PatientName": f"Shown^{words.title()}",
            "PatientID": words.upper(),
        }
        for keyword, value in (plain | values).items():
            setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        if name == _RADIOGRAPH:
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return dataset


def _path(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


def _file(dataset: FileDataset) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
