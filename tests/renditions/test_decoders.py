"""Decoding in children: what they give back, and that whatever they do the hub goes on."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless

from core.errors import StorageUnavailable, UnsupportedTransferSyntax
from core.limits import FRAME_PIXELS, MIB
from imaging.picture import PNG, picture
from renditions.allowance import Allowance, allowance_for
from renditions.decoders import Decoders
from renditions.decoding_tasks import octets_of, picture_of
from renditions.frame_image import FrameImage
from tests.fixtures.decoders import shared_decoders
from tests.renditions import hungry_tasks
from tests.renditions.conftest import Room
from tests.viewer_api.stored import PALETTE, part10, sample

SMALL = Allowance(address_space=64 * MIB, cpu_seconds=1)


@pytest.fixture
def decoders() -> Decoders:
    """The children of this run."""
    return shared_decoders()


@pytest.mark.sqlite_only("decoding knows no catalogue")
@pytest.mark.parametrize(
    "file", [PALETTE, *(Path(str(get_testdata_file(name))) for name in ("MR_small.dcm", "SC_rgb_rle.dcm"))]
)
def test_a_child_decodes_as_this_process_would(room: Room, decoders: Decoders, file: Path) -> None:
    instance = room.store(part10(sample(file)))
    with room.frames(instance) as frames:
        image = frames.image(1)
        given = decoders.run(picture_of, image, PNG, allowance=image.allowance())
        octets = decoders.run(octets_of, image, allowance=image.allowance())
        decoded = frames.image(1).decoded()
    assert given == [picture(decoded, PNG)]
    assert octets == [decoded.pixels.tobytes()]


@pytest.mark.parametrize(
    ("task", "arguments"),
    [
        (hungry_tasks.eat, (256 * MIB,)),
        (hungry_tasks.spin, (30,)),
        (hungry_tasks.doze, (30,)),
        (hungry_tasks.crash, ()),
        (hungry_tasks.refuse, ()),
    ],
)
def test_a_task_that_takes_too_much_is_refused_and_the_next_is_done(
    decoders: Decoders, task: Callable[..., list[bytes]], arguments: tuple[Any, ...]
) -> None:
    begun = time.monotonic()
    with pytest.raises(UnsupportedTransferSyntax):
        decoders.run(task, *arguments, allowance=SMALL)
    assert time.monotonic() - begun < 20
    assert decoders.run(hungry_tasks.echo, b"a", b"", b"bc", allowance=SMALL) == [b"a", b"", b"bc"]


def test_what_is_within_its_allowance_is_done_many_times(decoders: Decoders) -> None:
    for _ in range(5):
        assert decoders.run(hungry_tasks.eat, 32 * MIB, allowance=SMALL) == [b"%d" % (32 * MIB)]


def test_children_are_there_again_after_all_of_them_were_killed(decoders: Decoders) -> None:
    decoders.start()
    [*_, nursery] = decoders.run(hungry_tasks.environment, allowance=SMALL)
    os.kill(int(nursery), signal.SIGKILL)
    os.waitid(os.P_PID, int(nursery), os.WEXITED | os.WNOWAIT)
    # Whether a task asked for too much is not known where its nursery has gone: it is to be tried again.
    with pytest.raises(StorageUnavailable):
        decoders.run(hungry_tasks.crash, allowance=SMALL)
    for _ in range(2):
        with pytest.raises(UnsupportedTransferSyntax):
            decoders.run(hungry_tasks.crash, allowance=SMALL)
    assert decoders.run(hungry_tasks.echo, b"there", allowance=SMALL) == [b"there"]


def test_a_nursery_that_cannot_begin_is_no_fault_of_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    own = Decoders(at_once=1)
    with pytest.raises(StorageUnavailable):
        own.run(picture_of, PNG, allowance=SMALL)
    own.close()


def test_an_answer_that_is_longer_than_there_was_room_for_is_not_taken(decoders: Decoders) -> None:
    with pytest.raises(UnsupportedTransferSyntax):
        decoders.run(
            hungry_tasks.echo, bytes(MIB), bytes(MIB), allowance=Allowance(address_space=MIB, cpu_seconds=1)
        )


def test_a_bug_is_told_as_one_without_the_words_of_a_data_set(decoders: Decoders) -> None:
    with pytest.raises(RuntimeError, match=r"KeyError at hungry_tasks.py:\d+") as raised:
        decoders.run(hungry_tasks.fail, "Zhang^San", allowance=SMALL)
    assert "Zhang" not in str(raised.value)


def test_a_child_knows_no_setting_and_writes_no_file(
    decoders: Decoders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = decoders.run(hungry_tasks.environment, allowance=SMALL)[:-1]
    assert {b"PYTHONPATH", b"OPENBLAS_NUM_THREADS"} <= set(known)
    assert not any(name.startswith((b"HUB", b"PATH", b"HOME")) for name in known)
    with pytest.raises((RuntimeError, UnsupportedTransferSyntax)):
        decoders.run(hungry_tasks.write_a_file, str(tmp_path / "left"), allowance=SMALL)
    assert (tmp_path / "left").stat().st_size == 0


def test_nothing_is_left_when_they_are_closed() -> None:
    own = Decoders(at_once=1)
    own.start()
    [*_, nursery] = own.run(hungry_tasks.environment, allowance=SMALL)
    own.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(nursery), 0)


def image_of(rows: int, columns: int, frame: bytes, transfer_syntax_uid: str) -> FrameImage:
    attributes = Dataset()
    attributes.Rows, attributes.Columns, attributes.SamplesPerPixel = rows, columns, 1
    attributes.file_meta = FileMetaDataset()
    attributes.file_meta.TransferSyntaxUID = transfer_syntax_uid
    return FrameImage(attributes=attributes, frame=frame, is_encapsulated=True, bits_allocated=16)


JPEG_2000_OF_4096 = b"\xff\x4f\xff\x51\x00\x29\x00\x00" + b"\x00\x00\x10\x00" * 2 + bytes(40)
JPEG_LS_OF_4096 = b"\xff\xd8\xff\xf7\x00\x0b\x10\x10\x00\x10\x00" + bytes(40)


@pytest.mark.parametrize(
    ("rows", "columns", "frame", "uid"),
    [
        (6_400, 6_300, b"", JPEGLSLossless),
        (65_535, 65_535, b"", JPEGLSLossless),
        (64, 64, JPEG_2000_OF_4096, JPEG2000Lossless),
        (64, 64, JPEG_LS_OF_4096, JPEGLSLossless),
        (4_096, 4_095, JPEG_LS_OF_4096, JPEGLSLossless),
    ],
)
def test_a_pixel_bomb_is_refused_before_a_child_sees_it(
    rows: int, columns: int, frame: bytes, uid: str
) -> None:
    with pytest.raises(UnsupportedTransferSyntax):
        image_of(rows, columns, frame, uid).allowance()


def test_what_is_as_large_as_it_says_gets_an_allowance() -> None:
    assert image_of(4_096, 4_096, JPEG_LS_OF_4096, JPEGLSLossless).allowance().address_space > 700 * MIB
    small = allowance_for(rows=512, columns=512, samples=1, encoded=10_000)
    large = allowance_for(rows=1, columns=FRAME_PIXELS, samples=65_535, encoded=2**31)
    assert small.address_space < 300 * MIB < large.address_space <= 3 * 1024 * MIB
