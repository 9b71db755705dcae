"""Every image file that the tests can reach, and frames of them as the edge hands them to the decoder."""

import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import data_store
import numpy as np
import pydicom
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRBigEndian

from core.limits import FRAME_PIXELS
from imaging.decoding import DECODER_ERRORS, Decoded, decode

LIBRARY = Path(data_store.__file__).parent / "data"


def of_the_library() -> Iterator[Path]:
    """Yield the files that come with the library, and with its data package."""
    yield from sorted({Path(name) for name in get_testdata_files()})
    yield from sorted(LIBRARY.glob("*.dcm"))


def below(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder."""
    yield from sorted(Path(where) / name for where, _, names in os.walk(folder) for name in names)


def images(paths: Iterable[Path], *, but: Iterable[Path] = ()) -> Iterator[tuple[Path, Dataset]]:
    """Yield each image once, however often its file lies about, with its data set; `but` are not wanted."""
    seen: set[tuple[str, int]] = {(path.name, path.stat().st_size) for path in but}
    for path in paths:
        key = (path.name, path.stat().st_size)
        if key in seen:
            continue
        seen.add(key)
        image = read(path)
        if image is not None:
            yield path, image


def read(path: Path) -> Dataset | None:
    """Return a data set with pixel data, None where the file holds none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = pydicom.dcmread(path, force=path.suffix == ".dcm")
            is_image = "PixelData" in image and "TransferSyntaxUID" in image.file_meta
        except (InvalidDicomError, *DECODER_ERRORS):
            return None
    return image if is_image else None


def one_frame(image: Dataset) -> tuple[Dataset, bytes]:
    """Return the first frame as the only one, and its bytes as they are compressed."""
    if not image["PixelData"].is_undefined_length:
        if image.file_meta.TransferSyntaxUID == ExplicitVRBigEndian:
            _swap_palettes(image)
        return image, b""
    count = int(image.get("NumberOfFrames") or 1)
    frame = get_frame(image.PixelData, 0, number_of_frames=count)
    image.NumberOfFrames = 1
    image.PixelData = encapsulate([frame])
    image["PixelData"].is_undefined_length = True
    return image, frame


def _swap_palettes(image: Dataset) -> None:
    """Turn what the library leaves in big endian, as the hub's reader does."""
    for element in image.group_dataset(0x0028):
        if element.VR == "OW":
            element.value = np.frombuffer(element.value, "<u2").byteswap().tobytes()


def decoded(image: Dataset, *, as_coded: bool = False) -> Decoded:
    """Return the first frame as the hub decodes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image, frame = one_frame(image)
        return decode(image, frame, most_pixels=FRAME_PIXELS, as_coded=as_coded)
