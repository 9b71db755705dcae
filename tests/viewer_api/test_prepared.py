"""What was prepared is what readers are served from: over HTTP, counted at the blob store."""

import pytest

from core.uids import new_uid
from database.change_feed import follow
from renditions.preparation import CURSOR, PreparationFollower, Preparer
from tests.fixtures.counting_blobs import CountingBlobs
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import CINE, part10, parts_of, path_of, sample, small, store

OCTETS = 'application/octet-stream; transfer-syntax="*"'


@pytest.fixture
def blobs(edge: Edge) -> CountingBlobs:
    """The edge's blob store, counting."""
    counting = CountingBlobs(edge.rooms.archive.blobs)
    edge.rooms.archive.blobs = counting
    return counting


def prepare(edge: Edge) -> None:
    """Do what the worker does."""
    rooms = edge.rooms
    follower = PreparationFollower(is_emergency=lambda *_: False)
    while follow(rooms.database, CURSOR, follower.handle):
        pass
    preparer = Preparer(database=rooms.database, archive=rooms.archive, clock=rooms.clock)
    while (run := preparer.run()).has_more:
        pass
    assert run.failures == []


def native_cine() -> bytes:
    """Return 40 frames, every byte of frame N being N - 1."""
    pixels = b"".join(bytes([number]) * 64 for number in range(40))
    return part10(small(NumberOfFrames=40, PixelData=pixels))


@pytest.mark.parametrize("file", [native_cine(), part10(sample(CINE))], ids=["native", "JPEG"])
def test_one_frame_of_a_cine_is_one_ranged_read(edge: Edge, blobs: CountingBlobs, file: bytes) -> None:
    stored = store(edge.rooms.archive, edge.consultation.clock, file)
    url = f"{path_of(stored)}/frames/17"
    reader = edge.client("reader")
    unprepared = reader.get(url, headers={"Accept": OCTETS})
    assert unprepared.status_code == 200
    prepare(edge)
    blobs.forget()
    prepared = reader.get(url, headers={"Accept": OCTETS})
    assert (prepared.status_code, prepared.content) == (200, unprepared.content)
    assert blobs.opened == []
    [(_, _, length)] = blobs.ranges
    assert length == len(prepared.content)


def test_several_frames_are_as_many_reads(edge: Edge, blobs: CountingBlobs) -> None:
    stored = store(edge.rooms.archive, edge.consultation.clock, native_cine())
    prepare(edge)
    blobs.forget()
    answer = edge.client("reader").get(f"{path_of(stored)}/frames/3,40,1")
    parts = parts_of(answer.headers["content-type"], answer.content)
    assert [body for _, body in parts] == [bytes([number]) * 64 for number in (2, 39, 0)]
    assert blobs.opened == []
    assert len(blobs.ranges) == 3


def test_a_frame_that_is_not_there_is_not_looked_for(edge: Edge, blobs: CountingBlobs) -> None:
    stored = store(edge.rooms.archive, edge.consultation.clock, native_cine())
    prepare(edge)
    blobs.forget()
    assert edge.client("reader").get(f"{path_of(stored)}/frames/41").status_code == 404
    assert (blobs.opened, blobs.ranges) == ([], [])


def test_the_metadata_of_a_study_needs_no_instance(edge: Edge, blobs: CountingBlobs) -> None:
    study, series = new_uid(), new_uid()
    same = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    for number in (1, 2, 3):
        file = part10(small(**same, InstanceNumber=number))
        stored = store(edge.rooms.archive, edge.consultation.clock, file)
    reader, url = edge.client("reader"), f"/dicom-web/studies/{study}"
    paths = [f"{url}/metadata", f"{url}/series/{series}/metadata", f"{path_of(stored)}/metadata"]
    before = [reader.get(path).content for path in paths]
    prepare(edge)
    blobs.forget()
    assert [reader.get(path).content for path in paths] == before
    assert blobs.opened == []
    bulk = reader.get(paths[2]).json()[0]["7FE00010"]["BulkDataURI"]
    assert bulk.startswith("http://127.0.0.1/dicom-web/sites/xinglong/studies/")
    assert reader.get(bulk).status_code == 200
