"""What both archives are filled with: the same files, made anew, with the same UIDs each time."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

FRAMES: Final = 40
STILLS: Final = 19
STUDIES_A_DAY: Final = 50
_ROWS, _COLUMNS, _CHANNELS = 480, 640, 3
_DX_ROWS, _DX_COLUMNS, _DX_MAXIMUM = 2_500, 2_048, 4_095
_FIRST_DAY: Final = date(2025, 1, 1)
_ULTRASOUND, _ULTRASOUND_CINE = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1"
_DIGITAL_XRAY, _BASIC_TEXT = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.88.11"
_SEED: Final = 20_250_101


@dataclass(frozen=True, kw_only=True)
class Place:
    """By which UIDs an instance is asked for."""

    study: str
    series: str
    instance: str

    @property
    def path(self) -> str:
        """Its path below a DICOMweb root."""
        return f"/studies/{self.study}/series/{self.series}/instances/{self.instance}"


def place_of(name: str, number: int = 1) -> Place:
    """Return the UIDs of the instance of this number in the one series of a study."""
    return Place(
        study=uid_of(name, "study"), series=uid_of(name, "series"), instance=uid_of(name, str(number))
    )


def uid_of(*words: str) -> str:
    """Return the UID that belongs to these words."""
    return str(generate_uid(entropy_srcs=list(words)))


def ultrasound_study() -> Iterator[bytes]:
    """Yield a cine of FRAMES frames in RGB, 36 MB, and STILLS pictures of one frame each."""
    noise = np.random.default_rng(_SEED)
    yield _ultrasound(noise, 1, FRAMES, _ULTRASOUND_CINE)
    for number in range(2, STILLS + 2):
        yield _ultrasound(noise, number, 1, _ULTRASOUND)


def _ultrasound(noise: np.random.Generator, number: int, frames: int, sop_class_uid: str) -> bytes:
    shape = (frames, _ROWS, _COLUMNS, _CHANNELS)
    pixels = noise.integers(0, 256, shape, dtype=np.uint8)
    values = {"NumberOfFrames": frames, "FrameTime": 40} if frames > 1 else {}
    return _file(
        place_of("ultrasound", number),
        SOPClassUID=sop_class_uid,
        Modality="US",
        StudyDescription="Abdomen",
        InstanceNumber=number,
        SamplesPerPixel=_CHANNELS,
        PlanarConfiguration=0,
        PhotometricInterpretation="RGB",
        Rows=_ROWS,
        Columns=_COLUMNS,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        PixelData=pixels.tobytes(),
        **values,
    )


def radiograph() -> bytes:
    """Return a DX of 5 megapixels in 12 bits: a body's shadow with some noise."""
    noise = np.random.default_rng(_SEED)
    rows, columns = np.mgrid[-1 : 1 : _DX_ROWS * 1j, -1 : 1 : _DX_COLUMNS * 1j]
    shadow = 3_000 * np.exp(-2 * (rows**2 + columns**2)) + 400 * np.sin(40 * rows) * np.exp(-4 * columns**2)
    pixels = np.clip(shadow + noise.normal(300, 25, shadow.shape), 0, _DX_MAXIMUM).astype("<u2")
    return _file(
        place_of("radiograph"),
        SOPClassUID=_DIGITAL_XRAY,
        Modality="DX",
        StudyDescription="Chest",
        InstanceNumber=1,
        PresentationIntentType="FOR PRESENTATION",
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=_DX_ROWS,
        Columns=_DX_COLUMNS,
        BitsAllocated=16,
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=0,
        WindowCenter=1_800,
        WindowWidth=3_000,
        PixelData=pixels.tobytes(),
    )


def day_of(number: int) -> str:
    """Return the Study Date of the small study of this number, from 0: STUDIES_A_DAY on each day."""
    return (_FIRST_DAY + timedelta(days=number // STUDIES_A_DAY)).strftime("%Y%m%d")


def small_study(number: int) -> bytes:
    """Return the one instance, without pixels, of the small study of this number."""
    return _file(
        place_of(f"small {number}"),
        SOPClassUID=_BASIC_TEXT,
        Modality="SR",
        StudyDescription=f"Report {number}",
        StudyDate=day_of(number),
        StudyTime="083000",
        AccessionNumber=f"A{number:06d}",
        StudyID=str(number),
        PatientID=f"P{number:06d}",
        PatientName=f"Number^{number:06d}",
        ReferringPhysicianName="Wang^Fang",
        InstanceNumber=1,
    )


def _file(place: Place, **values: Any) -> bytes:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.StudyInstanceUID = place.study
    dataset.SeriesInstanceUID = place.series
    dataset.SOPInstanceUID = place.instance
    plain = {
        "PatientName": "Bench^Reading",
        "PatientID": "BENCH",
        "PatientBirthDate": "19700102",
        "PatientSex": "F",
        "StudyDate": "20241231",
        "StudyTime": "120000",
        "AccessionNumber": "BENCH",
        "StudyID": "1",
        "ReferringPhysicianName": "Wang^Fang",
        "SeriesNumber": 1,
    }
    for keyword, value in (plain | values).items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
