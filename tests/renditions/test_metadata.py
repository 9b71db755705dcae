"""Metadata that is kept ready is what it would be if it were written now."""

import json
from pathlib import Path

import pytest

from core.errors import StorageUnavailable
from renditions import metadata
from storage.character_set_decision import TextSource
from storage.character_sets import AS_DECLARED
from storage.rereading import Rereading
from tests.renditions.conftest import SITE, Room
from tests.viewer_api.stored import BIG_ENDIAN, CINE, DEFLATED, ECG, part10, sample, small

CHINESE = "肝脏".encode("gb18030").decode("latin_1")


@pytest.mark.sqlite_only("about what documents hold")
@pytest.mark.parametrize("file", [ECG, CINE, BIG_ENDIAN, DEFLATED])
def test_it_is_one_small_read_and_the_same_as_before(room: Room, file: Path) -> None:
    instance = room.store(part10(sample(file)))
    before = room.documents(instance)
    assert b'"BulkDataURI":"http://hub/bulk/' in before[0]
    room.prepare()
    room.blobs.forget()
    assert room.documents(instance) == before
    assert room.blobs.opened == []


def test_only_addresses_of_bulk_data_are_put_in(room: Room) -> None:
    text = '"BulkDataURI":"/7FE00010","'
    instance = room.store(part10(small(StudyDescription=text)))
    room.prepare()
    [document] = room.documents(instance)
    assert json.loads(document)["00081030"]["Value"] == [text]


def test_instances_come_in_the_order_asked_for_prepared_or_not(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "_BATCH", 2)
    prepared = [room.store(part10(small(InstanceNumber=number))) for number in range(1, 4)]
    room.prepare()
    mixed = [prepared[2], room.store(part10(small(InstanceNumber=9))), prepared[0], prepared[1]]
    numbers = [json.loads(each)["00200013"]["Value"][0] for each in room.documents(*mixed)]
    assert numbers == [3, 9, 1, 2]


def test_text_is_given_as_was_decided_last_though_prepared_before(room: Room) -> None:
    instance = room.store(part10(small(SpecificCharacterSet="ISO_IR 100", StudyDescription=CHINESE)))
    room.prepare()

    def text() -> str:
        return str(json.loads(room.documents(instance)[0])["00081030"]["Value"][0])

    assert text() == "肝脏"
    room.archive.character_sets.set_by_administrator(
        TextSource(site_id=SITE, origin_kind=instance.origin_kind, source=instance.source),
        "ISO_IR 100",
        AS_DECLARED,
        username="admin",
    )
    assert text() == CHINESE, "what was kept is not read any more"
    rereading = Rereading(database=room.database, blobs=room.archive.blobs, clock=room.clock)
    while rereading.run():
        pass
    assert room.prepare() == []
    room.blobs.forget()
    assert text() == CHINESE
    assert room.blobs.opened == []


def test_what_is_too_long_to_be_kept_is_written_each_time(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "KEPT_LIMIT", 10)
    instance = room.store(part10(small()))
    before = room.documents(instance)
    assert room.prepare() == []
    room.blobs.forget()
    assert room.documents(instance) == before
    assert room.blobs.opened


def test_it_cannot_be_had_while_the_store_is_away_unless_it_is_kept(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = room.store(part10(small()))
    room.prepare()
    other = room.store(part10(small()))

    def away(_: str) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(room.blobs, "open", away)
    assert room.documents(kept)
    with pytest.raises(StorageUnavailable):
        room.documents(other)
