"""Where frames lie: as pydicom parts them on every compressed file it ships, and where tables lie."""

import io
import struct
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import data_store
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate, encapsulate_extended, get_frame
from pydicom.uid import UID

from core.errors import UnsupportedTransferSyntax
from imaging.frames import FrameRange, encapsulated_frames, frame_of, native_frame

SHIPPED = sorted(Path(str(get_testdata_file("CT_small.dcm"))).parent.glob("*.dcm")) + sorted(
    (Path(data_store.__file__).parent / "data").glob("*.dcm")
)
FRAMES = [b"\xff\xd8first\xff\xd9\0", b"\xff\xd8second", b"\xff\xd8t\xff\xd9"]


def is_compressed(file: Path) -> bool:
    """Whether a file says that its pixels are encapsulated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            meta = pydicom.dcmread(file, specific_tags=["TransferSyntaxUID"], force=True).file_meta
        except (AttributeError, ValueError, EOFError):
            return False
    uid = UID(str(meta.get("TransferSyntaxUID", "")))
    return uid.is_transfer_syntax and not uid.is_private and uid.is_encapsulated


def pixel_data_of(file: Path) -> tuple[bytes, int, tuple[bytes, bytes] | None]:
    """Return the Pixel Data of a file with its items, Number of Frames and the extended tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(file, force=True)
        number_of_frames = int(dataset.get("NumberOfFrames") or 1)
        tables = (dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths"))
    extended = (tables[0], tables[1]) if tables[0] and tables[1] else None
    return dataset.get("PixelData", b""), number_of_frames, extended


def parted(
    pixels: bytes, number_of_frames: int, extended: tuple[bytes, bytes] | None = None, before: bytes = b""
) -> list[bytes]:
    """Return the frames that the ranges hold, read as one piece each."""
    whole = before + pixels
    ranges = encapsulated_frames(
        io.BytesIO(whole),
        start=len(before),
        end=len(whole),
        number_of_frames=number_of_frames,
        extended=extended,
    )
    return [frame_of(whole[each.offset : each.offset + each.length], each) for each in ranges]


def assert_parted_as_pydicom_does(file: Path) -> int:
    pixels, number_of_frames, extended = pixel_data_of(file)
    if not pixels:
        return 0
    found = parted(pixels, number_of_frames, extended, before=b"what stands before")
    assert len(found) == number_of_frames, file.name
    for index, frame in enumerate(found):
        told = get_frame(pixels, index, extended_offsets=extended, number_of_frames=number_of_frames)
        assert frame == told, f"{file.name}, frame {index + 1}"
    return len(found)


def test_every_compressed_file_of_pydicom_is_parted_as_pydicom_does() -> None:
    compressed = [file for file in SHIPPED if is_compressed(file) and file.stat().st_size < 8_000_000]
    counted = sum(map(assert_parted_as_pydicom_does, compressed))
    assert len(compressed) > 40
    assert counted > 150


def test_the_public_samples_are_parted_as_pydicom_does(sample_data: Path) -> None:
    files = {file.name: file for file in sorted(sample_data.rglob("*.dcm"))}
    known = {file.name for file in SHIPPED}
    small = [file for name, file in files.items() if name not in known and file.stat().st_size < 20_000_000]
    assert sum(assert_parted_as_pydicom_does(file) for file in small if is_compressed(file)) > 0


def in_fragments(frames: Sequence[bytes], count: int, *, table: bool) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return encapsulate(list(frames), fragments_per_frame=count, has_bot=table)


def even(frame: bytes) -> bytes:
    return frame + b"\0" * (len(frame) % 2)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("table", [True, False])
def test_fragments_belong_to_frames_by_table_by_number_or_by_end_of_image(count: int, table: bool) -> None:
    frames = [frame + b"\xff\xd9" for frame in FRAMES]
    pixels = in_fragments(frames, count, table=table)
    assert [frame.rstrip(b"\0") for frame in parted(pixels, 3)] == [frame.rstrip(b"\0") for frame in frames]
    one = in_fragments(frames[:1], count, table=table)
    assert parted(one, 1) == [even(frames[0])]


def test_an_extended_table_gives_frames_without_their_padding() -> None:
    odd = [b"one", b"three", b"seven!!"]
    pixels, offsets, _ = encapsulate_extended(odd)
    assert parted(pixels, 3, (offsets, struct.pack("<3Q", *map(len, odd)))) == odd


def wrong_tables() -> Iterator[tuple[bytes, bytes]]:
    _, offsets, lengths = encapsulate_extended(FRAMES)
    yield struct.pack("<3Q", 0, 2, 4), lengths
    yield struct.pack("<3Q", 0, 2**63, 2**64 - 1), lengths
    yield offsets, struct.pack("<3Q", 1, 2**40, 1)
    yield offsets[:8], lengths
    yield b"\0", b""


@pytest.mark.parametrize("extended", list(wrong_tables()), ids=range(5))
def test_an_extended_table_that_points_at_no_fragment_is_not_followed(extended: tuple[bytes, bytes]) -> None:
    pixels = in_fragments(FRAMES, 1, table=False)
    assert parted(pixels, 3, extended) == [even(frame) for frame in FRAMES]


@pytest.mark.parametrize("offsets", [(0, 2, 4), (8, 0, 4), (0, 0, 0), (2**32 - 1,), (4,)])
def test_a_basic_table_that_points_at_no_fragment_is_not_followed(offsets: tuple[int, ...]) -> None:
    table = struct.pack(f"<{len(offsets)}L", *offsets)
    items = in_fragments(FRAMES, 1, table=False)[8:]
    pixels = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(table)) + table + items
    assert parted(pixels, 3) == [even(frame) for frame in FRAMES]


@pytest.mark.parametrize(
    "pixels",
    [
        b"",
        b"\xfe\xff\x00\xe0\0\0\0\0",
        b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0",
        b"\xfe\xff\x00\xe0\0\0\0\0" + bytes(16),
        in_fragments(FRAMES[:2], 1, table=False),
    ],
)
def test_what_cannot_be_parted_is_refused(pixels: bytes) -> None:
    with pytest.raises(UnsupportedTransferSyntax):
        parted(pixels, 3)


def test_a_last_fragment_that_was_cut_is_as_long_as_there_are_bytes() -> None:
    pixels = in_fragments(FRAMES, 1, table=False)
    cut = pixels[: pixels.rindex(b"t\xff\xd9")]
    assert parted(cut, 3) == [even(FRAMES[0]), even(FRAMES[1]), b"\xff\xd8"]


@pytest.mark.parametrize(
    ("number", "bits", "frames", "expected"),
    [
        (1, 64, 2, FrameRange(offset=100, length=8)),
        (2, 64, 2, FrameRange(offset=108, length=8)),
        (1, 121, 1, FrameRange(offset=100, length=16)),
        (3, 64, 3, None),
        (1, 65, 2, None),
        (1, 0, 1, None),
        (2**31, 2**40, 2**31, None),
    ],
)
def test_a_native_frame_lies_where_its_attributes_say(
    number: int, bits: int, frames: int, expected: FrameRange | None
) -> None:
    def found() -> FrameRange:
        return native_frame(number, start=100, length=16, bits=bits, number_of_frames=frames)

    if expected is None:
        with pytest.raises(UnsupportedTransferSyntax):
            found()
    else:
        assert found() == expected
