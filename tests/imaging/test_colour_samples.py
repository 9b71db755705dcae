"""Every image in colour against a decoder and a conversion that are not the hub's: within 2 of 255."""

import struct
import warnings
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import get_frame

from imaging.decoding import DECODER_ERRORS
from imaging.picture import PNG, picture
from tests.imaging.images import below, decoded, images, of_the_library

LARGEST_DIFFERENCE = 2
WITHOUT_WITNESS = frozenset({"will-jxl.dcm"})
"""JPEG XL: there is one decoder for it here, which the hub uses."""
JPEG_BASELINE, RLE, BIG_ENDIAN = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.2"


def witnessed(image: Dataset) -> NDArray[np.uint8]:
    """Return the first frame as RGB of eight bits, by other means than the hub's."""
    coded = coded_samples(image)
    interpretation = str(image.PhotometricInterpretation)
    if interpretation == "PALETTE COLOR":
        return by_palette(coded, image)
    if interpretation.startswith("YBR_FULL") and not str(image.file_meta.TransferSyntaxUID).endswith(".50"):
        return np.asarray(Image.fromarray(coded.astype(np.uint8), "YCbCr").convert("RGB"))
    scaled = coded / float(2**image.BitsStored - 1) * 255
    return np.asarray(np.floor(scaled + 0.5).astype(np.uint8))


def coded_samples(image: Dataset) -> NDArray[Any]:
    """Return rows x columns (x samples) of the first frame."""
    transfer_syntax = str(image.file_meta.TransferSyntaxUID)
    if not image["PixelData"].is_undefined_length:
        return native(image)
    frame = get_frame(image.PixelData, 0, number_of_frames=int(image.get("NumberOfFrames") or 1))
    if transfer_syntax == RLE:
        return run_lengths(frame, image)
    if transfer_syntax == JPEG_BASELINE:
        if image.PhotometricInterpretation == "RGB" and b"\xff\xee\x00\x0eAdobe" not in frame:
            # Nothing in the stream says what it holds: only the data set knows that nothing was transformed.
            return np.asarray(imagecodecs.jpeg8_decode(frame, colorspace="RGB", outcolorspace="RGB"))
        # Otherwise the stream's own markers count, whatever the data set calls the colours.
        with Image.open(BytesIO(frame)) as opened:
            return np.asarray(opened.convert("RGB"))
    decoders = {"80": imagecodecs.jpegls_decode, "81": imagecodecs.jpegls_decode}
    decoders |= {"70": imagecodecs.ljpeg_decode, "90": imagecodecs.jpeg2k_decode}
    # OpenJPH lets what is brighter than white come round to black in a lossy image, OpenJPEG does not.
    decoders |= {"91": imagecodecs.jpeg2k_decode, "203": imagecodecs.jpeg2k_decode}
    decode = decoders.get(transfer_syntax.rsplit(".", 1)[-1], imagecodecs.htj2k_decode)
    return np.asarray(decode(frame))


def native(image: Dataset) -> NDArray[Any]:
    order = "<" if image.file_meta.TransferSyntaxUID != BIG_ENDIAN else ">"
    raw = image.PixelData
    if order == ">" and image.BitsAllocated == 8 and image["PixelData"].VR == "OW":
        raw = np.frombuffer(raw, "<u2").byteswap().tobytes()
    samples = np.frombuffer(raw, f"{order}u{image.BitsAllocated // 8}")
    rows, columns, count = image.Rows, image.Columns, image.SamplesPerPixel
    if image.PhotometricInterpretation == "YBR_FULL_422":
        pairs = samples[: rows * columns * 2].reshape(-1, 4)
        blue, red = pairs[:, 2], pairs[:, 3]
        pixels = np.stack([pairs[:, 0], blue, red, pairs[:, 1], blue, red], axis=-1)
        return np.asarray(pixels.reshape(rows, columns, 3))
    samples = samples[: rows * columns * count]
    if count == 1:
        return np.asarray(samples.reshape(rows, columns))
    if image.PlanarConfiguration == 1:
        return np.asarray(samples.reshape(count, rows, columns).transpose(1, 2, 0))
    return np.asarray(samples.reshape(rows, columns, count))


def run_lengths(frame: bytes, image: Dataset) -> NDArray[Any]:
    """Decode RLE (PS3.5 annex G): a segment for each byte of each sample, the highest first."""
    count, *offsets = struct.unpack("<16L", frame[:64])
    ends = [*offsets[1:count], len(frame)]
    size = image.Rows * image.Columns
    segments = [
        np.frombuffer(imagecodecs.packbits_decode(frame[start:end]), np.uint8)[:size]
        for start, end in zip(offsets[:count], ends, strict=True)
    ]
    depth = image.BitsAllocated // 8
    samples = [
        np.stack(segments[first : first + depth], axis=-1).copy().view(f">u{depth}").reshape(image.Rows, -1)
        for first in range(0, count, depth)
    ]
    return np.stack(samples, axis=-1) if len(samples) > 1 else samples[0]


def by_palette(indices: NDArray[Any], image: Dataset) -> NDArray[np.uint8]:
    """Look colours up one list at a time; segments are expanded by hand (PS3.3 C.7.9.2)."""
    order = ">" if image.file_meta.TransferSyntaxUID == BIG_ENDIAN else "<"
    entries, first, _ = image.RedPaletteColorLookupTableDescriptor
    channels = []
    for name in ("Red", "Green", "Blue"):
        data = image.get(f"{name}PaletteColorLookupTableData")
        if data is None:
            segments = image[f"Segmented{name}PaletteColorLookupTableData"].value
            table = expanded(np.frombuffer(segments, f"{order}u2"))
        elif len(data) >= 2 * (entries or 65536):
            table = np.frombuffer(data, f"{order}u2")
        else:
            table = np.frombuffer(data, np.uint8)
        shades = table / 257 if table.max() > 255 else table.astype(float)
        places = np.clip(indices.astype(int) - first, 0, (entries or 65536) - 1)
        channels.append(np.floor(shades[places] + 0.5))
    return np.stack(channels, axis=-1).astype(np.uint8)


def expanded(units: NDArray[Any]) -> NDArray[Any]:
    table: list[float] = []
    at = 0
    while at + 2 < len(units):
        kind, length = int(units[at]), int(units[at + 1])
        if kind == 0:
            table += units[at + 2 : at + 2 + length].tolist()
            at += 2 + length
        else:
            assert kind == 1
            table += np.linspace(table[-1], float(units[at + 2]), length + 1)[1:].tolist()
            at += 3
    return np.array(table)


def compared(paths: Iterable[Path], *, but: Iterable[Path] = ()) -> tuple[set[str], dict[str, int]]:
    """Return which images were compared, and the difference of those that differ by too much."""
    shown, different = set(), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path, image in images(paths, but=but):
            interpretation = str(image.get("PhotometricInterpretation", ""))
            if interpretation.startswith("MONOCHROME") or path.name in WITHOUT_WITNESS or not interpretation:
                continue
            try:
                wanted = witnessed(image).astype(int)
                made = np.asarray(Image.open(BytesIO(picture(decoded(image), PNG))))
            except DECODER_ERRORS as error:
                different[f"{path.name}: {error!r}"] = -1
                continue
            shown.add(path.name)
            difference = int(np.abs(made - wanted).max()) if made.shape == wanted.shape else 999
            if difference > LARGEST_DIFFERENCE:
                different[path.name] = difference
    return shown, different


def test_every_colour_of_the_library_is_that_of_another_decoder() -> None:
    shown, different = compared(of_the_library())
    assert not different
    assert len(shown) > 60


def test_every_colour_of_the_samples_is_that_of_another_decoder(sample_data: Path) -> None:
    shown, different = compared(below(sample_data), but=of_the_library())
    assert not different
    assert len(shown) > 10
