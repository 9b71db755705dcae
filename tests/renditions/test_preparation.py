"""What reading needs is prepared after storing: urgent things first, once, whatever dies on the way."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, JPEGBaseline8Bit

from core.access import EVERY_SITE
from core.errors import NotFound, StorageUnavailable, UnsupportedTransferSyntax
from core.origin import Origin, OriginKind
from database.change_feed import Change, ChangeKind, append_change
from database.jobs import ATTEMPTS, claim_jobs
from renditions import metadata_records, preparation, preparation_records
from renditions.frame_image import FrameImage
from renditions.preparation import PICTURE_JOB, PREPARE_JOB
from renditions.rendition import RenditionKind
from renditions.rendition_records import find_renditions
from renditions.working_off import LEASE
from storage.instance import Instance
from tests.fixtures.instances import TWELVE_LEAD_ECG
from tests.renditions.conftest import Room
from tests.viewer_api.stored import BIG_ENDIAN, DEFLATED, PALETTE, part10, sample, small

RLE, JPEG_2000, GROUPS = (
    Path(str(get_testdata_file(name)))
    for name in ("SC_rgb_rle_2frame.dcm", "emri_small_jpeg_2k_lossless.dcm", "eCT_Supplemental.dcm")
)
CINE = {"NumberOfFrames": 40, "PixelData": b"".join(bytes([number]) * 64 for number in range(40))}


def cine(**values: Any) -> bytes:
    """Return a native cine: every byte of frame N is N - 1."""
    return part10(small(**(CINE | values)))


def every_frame(room: Room, instance: Instance) -> list[bytes | str]:
    """Return the frames that a reader gets, or why there is none."""
    got: list[bytes | str] = []
    with room.frames(instance) as frames:
        for number in range(1, min(frames.number_of_frames, 200) + 1):
            try:
                got.append(frames.stored(number))
            except UnsupportedTransferSyntax as error:
                got.append(str(error))
    return got


def image_of(room: Room, instance: Instance) -> FrameImage:
    """Return the last frame with all that says how to show it."""
    with room.frames(instance) as frames:
        return frames.image(frames.number_of_frames)


def test_all_that_shows_a_frame_of_a_prepared_cine_is_two_reads(room: Room) -> None:
    instance = room.store(cine(WindowCenter=40, WindowWidth=80))
    room.prepare()
    room.blobs.forget()
    assert image_of(room, instance).attributes.WindowCenter == 40
    assert room.blobs.opened == []
    head, frame = room.blobs.ranges
    assert head[1:] == (instance.data_set_offset, frame[1] - instance.data_set_offset - 39 * 64)


def test_a_frame_of_a_prepared_cine_is_one_ranged_read(room: Room) -> None:
    instance = room.store(cine())
    assert room.prepare() == []
    room.blobs.forget()
    with room.frames(instance, first=17) as frames:
        assert frames.stored(17) == bytes([16]) * 64
    assert room.blobs.opened == []
    [(key, offset, length)] = room.blobs.ranges
    assert (key, length) == (instance.blob_key, 64)
    assert offset > instance.data_set_offset


@pytest.mark.sqlite_only("about where frames lie")
@pytest.mark.parametrize("file", [RLE, JPEG_2000, GROUPS, PALETTE, BIG_ENDIAN, DEFLATED])
def test_a_reader_gets_the_same_before_and_after(room: Room, file: Path) -> None:
    instance = room.store(part10(sample(file)))
    before = every_frame(room, instance)
    shown = image_of(room, instance)
    assert room.prepare() == []
    room.blobs.forget()
    assert every_frame(room, instance) == before
    assert room.blobs.ranges
    assert room.blobs.opened == []
    assert image_of(room, instance) == shown


def in_fragments(frames: list[bytes]) -> Dataset:
    """Return a cine of two fragments a frame, behind a Basic Offset Table."""
    return compressed(PixelData=encapsulate(frames, fragments_per_frame=2))


def without_a_table(frames: list[bytes]) -> Dataset:
    """Return a cine of three fragments a frame: only the frames themselves say where one ends."""
    return compressed(PixelData=encapsulate(frames, fragments_per_frame=3, has_bot=False))


def by_extended_table(frames: list[bytes]) -> Dataset:
    """Return a cine with an Extended Offset Table (PS3.3 C.7.6.3.1.8)."""
    pixels, offsets, lengths = encapsulate_extended(frames)
    return compressed(PixelData=pixels, ExtendedOffsetTable=offsets, ExtendedOffsetTableLengths=lengths)


def compressed(**values: Any) -> Dataset:
    dataset = small(NumberOfFrames=5, **values)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


@pytest.mark.sqlite_only("about where frames lie")
@pytest.mark.parametrize("made", [in_fragments, without_a_table, by_extended_table])
def test_a_frame_is_one_range_however_it_was_wrapped(
    room: Room, made: Callable[[list[bytes]], Dataset]
) -> None:
    frames = [b"\xff\xd8" + bytes([number]) * 95 + b"\xff\xd9" + b"\0" for number in range(5)]
    instance = room.store(part10(made(frames)))
    assert room.prepare() == []
    for number in (4, 1, 5):
        room.blobs.forget()
        with room.frames(instance, first=number) as found:
            assert found.stored(number) == frames[number - 1]
        assert (len(room.blobs.ranges), room.blobs.opened) == (1, [])


@pytest.mark.sqlite_only("about where frames lie")
def test_a_deflated_instance_is_read_as_it_came_where_its_inflated_copy_is_gone_or_damaged(
    room: Room,
) -> None:
    instance = room.store(part10(sample(DEFLATED)))
    before = every_frame(room, instance)
    assert room.prepare() == []
    with room.database.read(within=EVERY_SITE) as connection:
        copy = find_renditions(connection, instance)[RenditionKind.INFLATED]
    file = room.archive.incoming.directory.parent / "blobs" / copy.blob_key
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert every_frame(room, instance) == before
    file.unlink()
    assert every_frame(room, instance) == before
    assert image_of(room, instance).frame == before[-1]


@pytest.mark.sqlite_only("about where frames lie")
def test_what_inflates_to_very_much_is_not_kept_inflated(room: Room) -> None:
    bomb = small(NumberOfFrames=40, PixelData=bytes(40 * 400 * 400), Rows=400, Columns=400)
    bomb.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    instance = room.store(part10(bomb))
    assert room.prepare() == []
    assert RenditionKind.INFLATED not in room.kept().kinds(instance)
    assert every_frame(room, instance) == [bytes(400 * 400)] * 40


@pytest.mark.sqlite_only("about where frames lie")
@pytest.mark.parametrize("side", [2, 3])
def test_frames_in_words_of_big_endian_are_turned_also_where_one_begins_within_a_word(
    room: Room, side: int
) -> None:
    """PS3.5 7.3: bytes of OW in pairs; of nine pixels of a byte each every second frame begins within one."""
    frames = [bytes([number]) * (side * side - 1) + b"\xff" for number in range(4)]
    together = b"".join(frames)
    pairs = b"".join(
        together[place + 1 : place + 2] + together[place : place + 1]
        for place in range(0, 4 * side * side, 2)
    )
    dataset = small(NumberOfFrames=4, Rows=side, Columns=side, PixelData=pairs)
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    instance = room.store(part10(dataset))
    assert every_frame(room, instance) == frames
    assert room.prepare() == []
    room.blobs.forget()
    assert every_frame(room, instance) == frames
    assert (room.blobs.opened == []) == (side == 2)


@pytest.mark.sqlite_only("about where frames lie")
@pytest.mark.parametrize(
    "values",
    [
        {"NumberOfFrames": 300, "PixelData": bytes(range(256)) * 75},
        {"NumberOfFrames": 41},
        {"NumberOfFrames": 2**31 - 1},
        {"NumberOfFrames": 2, "BitsAllocated": 1, "Rows": 3, "Columns": 3, "PixelData": b"\1\2\3\4"},
        {"Rows": 0},
        {"PixelData": b"\0\0"},
    ],
    ids=["pages", "one frame short", "absurd", "bits", "no rows", "cut"],
)
def test_what_attributes_claim_changes_nothing(room: Room, values: dict[str, Any]) -> None:
    instance = room.store(cine(**values))
    before = every_frame(room, instance)
    assert room.prepare() == []
    assert every_frame(room, instance) == before


def test_what_holds_no_pixels_says_so_without_being_opened(room: Room) -> None:
    instance = room.store(part10(small(PixelData=None)))
    with pytest.raises(NotFound), room.frames(instance) as frames:
        frames.require_frames([1])
    assert room.prepare() == []
    room.blobs.forget()
    with pytest.raises(NotFound):
        room.frames(instance)
    assert room.blobs.opened == []


def damage(room: Room, instance: Instance) -> None:
    """Change one byte of the last frame, below the hub's hands."""
    file = room.archive.incoming.directory.parent / "blobs" / instance.blob_key
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def test_a_damaged_frame_is_not_given_out(room: Room) -> None:
    instance = room.store(cine())
    room.prepare()
    damage(room, instance)
    with room.frames(instance) as frames:
        assert frames.stored(39) == bytes([38]) * 64
        with pytest.raises(StorageUnavailable):
            frames.stored(40)


def test_no_digest_is_made_of_damaged_bytes(room: Room) -> None:
    instance = room.store(cine())
    damage(room, instance)
    room.follow()
    for _ in range(ATTEMPTS):
        [(uid, error)] = room.preparer().run().failures
        assert (uid, "damaged" in error) == (instance.sop_instance_uid, True)
        room.clock.advance(hours=3)
    assert room.preparer().run().failures == []
    assert room.resting() == 1


def test_an_instance_waits_while_the_store_is_away(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = room.store(cine())
    room.follow()

    def away(_: str) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(room.blobs, "open", away)
        for _ in range(ATTEMPTS + 1):
            assert len(room.preparer().run().failures) == 1
            room.clock.advance(seconds=10)
    assert room.prepare() == []
    room.blobs.forget()
    every_frame(room, instance)
    assert room.blobs.opened == []


class Killed(BaseException):
    """The process ends here; nobody catches it."""


@pytest.mark.parametrize("where", ["_indexed", "write_preparations", "complete_all"])
def test_what_a_killed_worker_left_is_done_by_another(
    room: Room, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    instance = room.store(cine())
    room.follow()

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(preparation, where, die)
        with pytest.raises(Killed):
            room.preparer().run()
    assert room.preparer().run().failures == []
    room.blobs.forget()
    assert every_frame(room, instance)[3] == bytes([3]) * 64
    assert room.blobs.opened, "nobody else has the job while the lease lasts"
    room.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert room.preparer().run().failures == []
    room.blobs.forget()
    assert every_frame(room, instance)[3] == bytes([3]) * 64
    assert room.blobs.opened == []


def test_ecgs_and_emergencies_go_first_also_when_it_is_asked_later(room: Room) -> None:
    def stored(**values: Any) -> str:
        return room.store(part10(small(**values))).study_instance_uid

    plain, late = stored(), stored()
    ecg = stored(Modality="ECG", SOPClassUID=TWELVE_LEAD_ECG)
    emergency = stored(StudyInstanceUID="1.2.3.99")
    imported = Origin(kind=OriginKind.PRIOR, site_id="township", source="import")
    old_ecg = room.store(part10(small(Modality="ECG", SOPClassUID=TWELVE_LEAD_ECG)), origin=imported)
    room.emergencies |= {emergency}
    room.follow()
    room.emergencies |= {late}
    with room.database.write() as connection:
        append_change(
            connection,
            Change(
                kind=ChangeKind.CASE_REQUESTED,
                site_id="township",
                study_instance_uid=late,
                subject="x",
                actor="hub",
                at=room.clock.now(),
            ),
        )
    room.follow()
    claimed = claim_jobs(
        room.database, kinds=[PREPARE_JOB], now=room.clock.now(), lease=timedelta(1), limit=10
    )
    assert [job.body["study_instance_uid"] for job in claimed][:3] == [late, ecg, emergency]
    assert [job.body["study_instance_uid"] for job in claimed][3:] == [plain, old_ecg.study_instance_uid]


def test_pictures_are_asked_for_of_what_may_have_some(room: Room) -> None:
    classes = {
        "report": "1.2.840.10008.5.1.4.1.1.88.33",
        "document": "1.2.840.10008.5.1.4.1.1.104.1",
        "presentation": "1.2.840.10008.5.1.4.1.1.11.1",
        "unknown": "1.2.840.113619.4.30",
        "ecg": TWELVE_LEAD_ECG,
    }
    stored = {name: room.store(part10(small(SOPClassUID=uid))) for name, uid in classes.items()}
    room.follow()
    claimed = claim_jobs(
        room.database, kinds=[PICTURE_JOB], now=room.clock.now(), lease=timedelta(1), limit=10
    )
    asked = {job.body["sop_instance_uid"] for job in claimed}
    assert asked == {stored[name].sop_instance_uid for name in ("unknown", "ecg")}


def test_a_new_version_is_made_anew_and_the_old_is_not_read(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = room.store(cine())
    room.prepare()
    for records in (preparation_records, metadata_records):
        monkeypatch.setattr(records, "VERSION", 10**6)
    room.blobs.forget()
    every_frame(room, instance)
    assert room.blobs.opened
    monkeypatch.setattr("tests.renditions.conftest.CURSOR", "renditions.of another version")
    assert room.prepare() == []
    room.blobs.forget()
    every_frame(room, instance)
    assert room.blobs.opened == []


def test_an_instance_at_two_sites_is_prepared_for_each(room: Room) -> None:
    file = cine()
    here, there = room.store(file), room.store(file, "station")
    room.prepare()
    assert here.digest == there.digest
    room.blobs.forget()
    for instance in (here, there):
        assert every_frame(room, instance)[0] == bytes(64)
    assert {key for key, _, _ in room.blobs.ranges} == {here.blob_key, there.blob_key}
    assert room.blobs.opened == []


def test_small_instances_are_prepared_together_and_what_fails_by_itself(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [room.store(cine()) for _ in range(5)]
    damage(room, held[2])
    room.follow()
    opened = []
    write = room.database.write
    monkeypatch.setattr(room.database, "write", lambda **words: (opened.append(1), write(**words))[1])
    [(uid, error)] = room.preparer().run(urgent=False).failures
    assert (uid, "damaged" in error) == (held[2].sop_instance_uid, True)
    assert len(opened) == 5, "claimed, written down and given back; claimed and put off by itself"
    room.blobs.forget()
    for instance in held[:2] + held[3:]:
        assert every_frame(room, instance)[3] == bytes([3]) * 64
    assert room.blobs.opened == []


def test_what_is_urgent_or_too_large_is_prepared_by_itself(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [room.store(cine()) for _ in range(3)]
    room.emergencies |= {held[1].study_instance_uid}
    room.follow()
    monkeypatch.setattr(preparation, "SMALL_TOGETHER", held[0].size)
    assert room.preparer().run(urgent=True).failures == []
    room.blobs.forget()
    every_frame(room, held[1])
    assert room.blobs.opened == []
    assert room.preparer().run(urgent=False).failures == []
    room.blobs.forget()
    for instance in held:
        every_frame(room, instance)
    assert room.blobs.opened == []
