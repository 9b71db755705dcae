"""Pictures kept ready: the same as if made now, durable before their row, known to the sweep."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from core.access import EVERY_SITE
from core.errors import NotFound, QuotaExceeded, StorageUnavailable, UnsupportedTransferSyntax
from renditions import rendition_store
from renditions.rendition import RenditionKind
from renditions.tables import renditions
from renditions.working_off import LEASE
from storage.instance import Instance
from storage.sweep import sweep
from tests.renditions.conftest import Room
from tests.viewer_api.stored import PALETTE, RADIOGRAPH, part10, sample, small

THUMBNAIL, PREVIEW = RenditionKind.THUMBNAIL, RenditionKind.PREVIEW


def keys_of(room: Room) -> set[str]:
    """Return the blobs that rows of renditions name."""
    with room.database.read(within=EVERY_SITE) as connection:
        return set(connection.scalars(select(renditions.c.blob_key)))


def blobs_of(room: Room) -> set[str]:
    """Return the blobs that are there, but for instances."""
    return {key for key, _ in room.blobs.keys() if "/renditions/" in key}  # noqa: SIM118 - no mapping


def given(room: Room, instance: Instance, kind: RenditionKind) -> bytes:
    """Return a picture as whoever asks gets it."""
    return room.pictures().kept(instance, kind) or room.pictures().made(instance, kind)


def both(room: Room, instance: Instance) -> tuple[bytes, bytes]:
    return given(room, instance, THUMBNAIL), given(room, instance, PREVIEW)


@pytest.mark.sqlite_only("about pixels")
@pytest.mark.parametrize(
    ("file", "size", "thumbnail"), [(RADIOGRAPH, (964, 1024), (241, 256)), (PALETTE, (800, 600), (256, 192))]
)
def test_a_picture_kept_is_the_picture_made_and_needs_no_instance(
    room: Room, file: Path, size: tuple[int, int], thumbnail: tuple[int, int]
) -> None:
    instance = room.store(part10(sample(file)))
    made = both(room, instance)
    assert [Image.open(io.BytesIO(each)).size for each in made] == [thumbnail, size]
    assert room.draw() == []
    room.blobs.forget()
    assert both(room, instance) == made
    assert room.blobs.opened == []
    assert {key for key, _, _ in room.blobs.ranges} <= keys_of(room) == blobs_of(room)


def moving(**values: Any) -> bytes:
    """Return three frames of one grey each, darker to lighter."""
    pixels = b"".join(bytes([grey]) * 64 for grey in (0, 100, 200))
    window = {"WindowCenter": 128, "WindowWidth": 256}
    return part10(small(NumberOfFrames=3, PixelData=pixels, **window, **values))


@pytest.mark.sqlite_only("about pixels")
@pytest.mark.parametrize(
    ("values", "milliseconds"),
    [
        ({"FrameTime": 40}, 40),
        ({"CineRate": 50, "FrameTime": 40}, 20),
        ({"RecommendedDisplayFrameRate": 10, "CineRate": 50}, 100),
        ({"FrameTimeVector": [0, 30, 50]}, 40),
        ({"CineRate": 0, "FrameTime": 0.001}, 10),
        ({"FrameTime": 99_999}, 1000),
    ],
)
def test_a_cine_moves_as_fast_as_it_says(room: Room, values: dict[str, Any], milliseconds: int) -> None:
    instance = room.store(moving(**values))
    made = given(room, instance, RenditionKind.CINE)
    film = Image.open(io.BytesIO(made))
    assert (film.format, film.n_frames, film.size) == ("WEBP", 3, (8, 8))
    greys = []
    for number in range(3):
        film.seek(number)
        greys.append(film.convert("L").getpixel((4, 4)))
        assert film.info["duration"] == milliseconds
    assert [abs(found - grey) <= 3 for found, grey in zip(greys, (0, 100, 200), strict=True)] == [True] * 3
    assert room.draw() == []
    room.blobs.forget()
    assert given(room, instance, RenditionKind.CINE) == made
    assert room.blobs.opened == []


@pytest.mark.sqlite_only("about pixels")
@pytest.mark.parametrize("values", [{}, {"CineRate": 0}, {"FrameTimeVector": [0]}])
def test_slices_are_no_cine(room: Room, values: dict[str, Any]) -> None:
    instance = room.store(moving(**values))
    assert room.draw() == []
    assert room.kept().kinds(instance) == {THUMBNAIL, PREVIEW}
    with pytest.raises(NotFound):
        given(room, instance, RenditionKind.CINE)


def test_what_shows_nothing_leaves_nothing_and_its_job_is_done(room: Room) -> None:
    empty = room.store(part10(small(PixelData=None)))
    broken = room.store(part10(small(Rows=3000)))
    assert room.draw() == []
    assert blobs_of(room) == set()
    with pytest.raises(NotFound):
        both(room, empty)
    with pytest.raises(UnsupportedTransferSyntax):
        both(room, broken)


def test_a_picture_that_is_damaged_or_gone_is_made_anew(room: Room) -> None:
    instance = room.store(part10(small()))
    room.draw()
    kept = both(room, instance)
    folder = room.archive.incoming.directory.parent / "blobs"
    damaged, gone = [folder / key for key in sorted(keys_of(room))]
    damaged.write_bytes(b"\0" * damaged.stat().st_size)
    gone.unlink()
    assert both(room, instance) == kept


def test_the_sweep_knows_pictures_and_takes_what_a_killed_worker_left(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = room.store(part10(small()))

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(rendition_store, "write_rendition", die)
        with pytest.raises(Killed):
            room.draw()
    assert keys_of(room) == set()
    left = blobs_of(room)
    assert len(left) == 1
    room.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert room.draw() == []
    assert blobs_of(room) == left | keys_of(room)
    later = room.clock.now() + timedelta(days=3650)
    report = sweep(room.archive, now=later, grace=timedelta(hours=1), named_elsewhere=room.kept().named)
    assert report.orphans_deleted == 1
    assert blobs_of(room) == keys_of(room)
    assert len(keys_of(room)) == 2
    assert both(room, instance)


def test_pictures_wait_while_there_is_no_room(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.store(part10(small()))

    def full() -> None:
        raise QuotaExceeded

    with monkeypatch.context() as tight:
        tight.setattr(room.archive, "require_room", full)
        assert len(room.draw()) == 1
    assert blobs_of(room) == set()
    room.clock.advance(seconds=11)
    assert room.draw() == []
    assert len(blobs_of(room)) == 2


def test_a_blob_that_cannot_be_put_leaves_no_row(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.store(part10(small()))

    def away(*_: object) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(room.blobs, "put", away)
        assert len(room.draw()) == 1
    assert keys_of(room) == set()
    assert list(room.archive.incoming.directory.iterdir()) == []


def test_a_picture_made_twice_is_kept_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = room.store(part10(small()))
    room.draw()
    before = keys_of(room)
    room.pictures().keep_ready(instance)
    assert keys_of(room) == before
    monkeypatch.setattr(rendition_store, "find_renditions", lambda *_: {})
    room.pictures().keep_ready(instance)
    assert keys_of(room).isdisjoint(before)
    assert blobs_of(room) == keys_of(room)


@pytest.mark.sqlite_only("about pixels")
def test_a_radiograph_is_kept_without_loss(room: Room) -> None:
    instance = room.store(part10(sample(RADIOGRAPH)))
    made = room.pictures().lossless(instance, 1)
    assert room.draw() == []
    room.blobs.forget()
    assert room.pictures().lossless(instance, 1) == made
    assert room.blobs.opened == []
    assert len(made) < instance.size / 1.5
    assert np.array_equal(imagecodecs.jpegls_decode(made), sample(RADIOGRAPH).pixel_array)
