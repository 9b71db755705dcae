"""A whole file that arrives with its own header: what it says of itself, and what it was announced for."""

import hashlib
from pathlib import Path

import pytest

from core.access import Scope
from core.errors import DataSetMismatch, InvalidInstance, TooLarge
from core.uids import new_uid
from storage.archive import Archive
from storage.incoming import EncodedInstance, Incoming
from storage.part10 import part10_header
from tests.fixtures.archive import device_at
from tests.fixtures.instances import RECEIVED, ULTRASOUND_IMAGE, data_set, encoded

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
EVERYTHING = Scope(everything=True)


def arrived(incoming: Incoming, *fragments: bytes, study: str | None = None) -> EncodedInstance:
    file = incoming.new_file(RECEIVED)
    for fragment in fragments:
        file.write_part10(fragment)
    return file.sealed_part10(study_instance_uid=study)


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "landing")


def test_a_file_tells_what_it_is_and_is_digested_without_its_header(incoming: Incoming) -> None:
    header, body = part10_header(ULTRASOUND_IMAGE, "1.2.3", EXPLICIT), encoded(data_set())
    found = arrived(incoming, (header + body)[:200], (header + body)[200:])
    assert found.path.read_bytes() == header + body
    assert (found.data_set_offset, found.size) == (len(header), len(header + body))
    assert found.digest == hashlib.sha256(body).hexdigest()
    assert found.transfer_syntax_uid == EXPLICIT
    assert found.announced_sop_class_uid == ULTRASOUND_IMAGE
    assert found.announced_sop_instance_uid == "1.2.3"
    assert found.announced_study_instance_uid is None


def test_two_headers_before_one_data_set_make_one_digest(incoming: Incoming) -> None:
    body = encoded(data_set())
    digests = {
        arrived(incoming, part10_header(ULTRASOUND_IMAGE, uid, EXPLICIT), body).digest
        for uid in ("1.2", "1.23")
    }
    assert digests == {hashlib.sha256(body).hexdigest()}


@pytest.mark.parametrize(
    ("raw", "transfer_syntax_uid"),
    [
        (encoded(data_set()), EXPLICIT),
        (b"", IMPLICIT),
        (b"no DICOM at all", IMPLICIT),
        (bytes(128) + b"DICM\x02\x00\x10\x00UI\xff\x00", IMPLICIT),
    ],
)
def test_a_file_without_a_header_is_taken_whole(
    incoming: Incoming, raw: bytes, transfer_syntax_uid: str
) -> None:
    found = arrived(incoming, raw)
    assert (found.data_set_offset, found.transfer_syntax_uid) == (0, transfer_syntax_uid)
    assert found.digest == hashlib.sha256(raw).hexdigest()
    assert found.announced_sop_instance_uid is None


def test_what_is_no_dicom_goes_to_quarantine_whole(archive: Archive) -> None:
    raw = b"no DICOM at all" * 100
    with pytest.raises(InvalidInstance):
        archive.store(arrived(archive.incoming, raw), device_at("xinglong"))
    ((key, _),) = archive.blobs.keys()
    with archive.blobs.open(key) as kept:
        assert kept.read() == raw


@pytest.mark.parametrize(("announced", "is_taken"), [(None, True), ("1.2.840.1", True), ("1.2.840.2", False)])
def test_an_instance_is_stored_only_in_the_study_it_was_announced_for(
    archive: Archive, announced: str | None, *, is_taken: bool
) -> None:
    uid = new_uid()
    body = encoded(data_set(StudyInstanceUID="1.2.840.1", SOPInstanceUID=uid))
    found = arrived(archive.incoming, part10_header(ULTRASOUND_IMAGE, uid, EXPLICIT), body, study=announced)
    if is_taken:
        archive.store(found, device_at("xinglong"))
        assert len(archive.instances_of("1.2.840.1", visible_to=EVERYTHING)) == 1
        return
    with pytest.raises(DataSetMismatch):
        archive.store(found, device_at("xinglong"))
    assert len(list(archive.blobs.keys())) == 1


def test_a_file_longer_than_its_limit_is_refused_as_it_arrives(incoming: Incoming) -> None:
    with incoming.new_file(RECEIVED, 100) as file:
        file.write_part10(bytes(100))
        with pytest.raises(TooLarge):
            file.write_part10(b"x")
    assert list(incoming.directory.iterdir()) == []
