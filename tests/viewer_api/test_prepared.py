"""What was prepared is what readers are served from: over HTTP, counted at the blob store."""

import io

import pytest
from PIL import Image

from core.uids import new_uid
from database.change_feed import follow
from renditions.preparation import CURSOR, PreparationFollower, Preparer
from renditions.rendition_store import RenditionStore
from tests.fixtures.counting_blobs import CountingBlobs
from tests.fixtures.instances import DIGITAL_XRAY
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
    store = RenditionStore(database=rooms.database, archive=rooms.archive, clock=rooms.clock)
    preparer = Preparer(database=rooms.database, archive=rooms.archive, store=store, clock=rooms.clock)
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


def test_a_picture_of_one_frame_reads_its_head_and_that_frame(edge: Edge, blobs: CountingBlobs) -> None:
    stored = store(edge.rooms.archive, edge.consultation.clock, native_cine())
    prepare(edge)
    blobs.forget()
    answer = edge.client("reader").get(f"{path_of(stored)}/frames/17/rendered?window=16,32,linear")
    assert (answer.status_code, blobs.opened) == (200, [])
    (_, start, length), (_, frame, of_frame) = blobs.ranges
    assert (frame, of_frame) == (start + length + 16 * 64, 64)


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


def test_thumbnails_are_had_of_a_study_a_series_an_instance_and_a_frame(edge: Edge) -> None:
    study, series = new_uid(), new_uid()
    same = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    archive, clock = edge.rooms.archive, edge.consultation.clock
    store(archive, clock, part10(small(**same, Rows=None, Columns=None, PixelData=None)))
    pixels = bytes(64) + bytes([255]) * 64
    cine = small(**same, NumberOfFrames=2, PixelData=pixels, WindowCenter=128, WindowWidth=256)
    image = store(archive, clock, part10(cine))
    reader, url = edge.client("reader"), f"/dicom-web/studies/{study}"
    own = path_of(image)

    def greys(path: str) -> set[int]:
        answer = reader.get(path, headers={"Accept": "image/jpeg"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg"), path
        return set(Image.open(io.BytesIO(answer.content)).convert("L").tobytes())

    paths = [url, f"{url}/series/{series}", own, f"{own}/frames/1"]
    first = [greys(f"{path}/thumbnail") for path in paths]
    assert first == [greys(f"{own}/preview")] * 4
    assert greys(f"{own}/frames/2/thumbnail") != first[0]
    assert reader.get(f"{own}/frames/3/thumbnail").status_code == 404
    assert reader.get(f"{own}/thumbnail", headers={"Accept": "text/html"}).status_code == 406


def test_a_study_without_images_has_no_thumbnail(edge: Edge) -> None:
    file = part10(small(Rows=None, Columns=None, PixelData=None))
    stored = store(edge.rooms.archive, edge.consultation.clock, file)
    reader = edge.client("reader")
    for path in (f"/dicom-web/studies/{stored.study_instance_uid}", path_of(stored)):
        assert reader.get(f"{path}/thumbnail").status_code == 404


def test_a_radiograph_is_given_in_jpeg_ls_to_who_asks_for_it(edge: Edge) -> None:
    archive, clock, reader = edge.rooms.archive, edge.consultation.clock, edge.client("reader")
    radiograph, ultrasound, lossy = (
        f"{path_of(store(archive, clock, part10(dataset)))}/frames/1"
        for dataset in (small(SOPClassUID=DIGITAL_XRAY, Modality="DX"), small(), sample(CINE))
    )
    wanted = {"Accept": "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"}
    answer = reader.get(radiograph, headers=wanted)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"
    assert answer.content.startswith(b"\xff\xd8\xff\xf7")
    plain = reader.get(radiograph, headers={"Accept": OCTETS})
    assert plain.headers["content-type"].startswith("application/octet-stream")
    assert reader.get(ultrasound, headers=wanted).status_code == 200
    assert reader.get(lossy, headers=wanted).status_code == 406
