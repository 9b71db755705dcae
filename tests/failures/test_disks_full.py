"""A disk that is really full, whichever: every door asks to come again, and with room a resend is enough."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from database.engine import sqlite_url
from hub.settings import load
from hub.wiring import open_house
from tests.fixtures.chaos import SUCCESS
from tests.fixtures.disk import full
from tests.fixtures.doors import Doors, opened_doors
from tests.fixtures.held import held
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.object_store import ObjectStore, fresh_bucket

OUT_OF_RESOURCES = 0xA700
RESERVE = 1_000_000
DISKS = ("instances", "incoming before an object store", "catalogue")


@pytest.mark.parametrize("reserve", [RESERVE, 0], ids=["with a reserve", "without a reserve"])
@pytest.mark.parametrize("disk", DISKS)
def test_a_full_disk_is_never_success_and_once_there_is_room_the_resend_is_stored(
    disk: str, reserve: int, small_disk: Path, doors_on: "DoorsOn"
) -> None:
    http_status = 503 if (disk, reserve) == ("catalogue", 0) else 507
    sent = [data_set(PixelData=bytes(50_000)) for _ in range(4)]
    with doors_on(disk, reserve) as doors:
        assert doors.is_ready()
        assert doors.c_store(encoded(sent[0]), sent[0].SOPInstanceUID).status == SUCCESS
        with full(small_disk):
            for each in sent[1:3]:
                status = doors.c_store(encoded(each), each.SOPInstanceUID).status
                assert status == OUT_OF_RESOURCES
            answer = doors.stow(encoded(sent[3]))
            assert (answer.status_code, "Retry-After" in answer.headers) == (http_status, True)
            assert doors.is_ready() is (reserve == 0)
        assert doors.is_ready()
        assert len(held(doors.house.archive).instances) == 1
        for each in sent:
            assert doors.c_store(encoded(each), each.SOPInstanceUID).status == SUCCESS
        assert doors.stow(encoded(sent[3])).status_code == 200
        now = held(doors.house.archive)
        assert (len(now.instances), len(now.changes), now.aside) == (4, 4, [])
        assert len(now.orphans) == (3 if http_status == 503 else 0), "blobs whose row found no room"
        assert list(doors.house.archive.incoming.directory.iterdir()) == []


class DoorsOn:
    """Opens the doors of a hub that has one of its disks small."""

    def __init__(self, small: Path, roomy: Path, empty_catalogue: Path, object_store: ObjectStore) -> None:
        self._small = small
        self._roomy = roomy
        self._empty_catalogue = empty_catalogue
        self._object_store = object_store

    @contextmanager
    def __call__(self, disk: str, reserve: int) -> Iterator[Doors]:
        data, catalogue = (self._small, self._roomy) if disk != "catalogue" else (self._roomy, self._small)
        file = shutil.copy(self._empty_catalogue, catalogue / "catalogue.sqlite")
        with fresh_bucket(self._object_store) as bucket:
            store = self._object_store
            address = f"s3://{bucket}?endpoint={store.endpoint}&tls=false"
            settings = load(
                data=data,
                database_url=sqlite_url(Path(file)),
                disk_reserve=reserve,
                dicom_port=0,
                object_store=address if "store" in disk else None,
                s3_access_key=store.access_key,
                s3_secret_key=store.secret_key,
            )
            with closing(open_house(settings)) as house, opened_doors(house) as doors:
                yield doors


@pytest.fixture
def doors_on(small_disk: Path, tmp_path: Path, empty_catalogue: Path, object_store: ObjectStore) -> DoorsOn:
    roomy = tmp_path / "roomy"
    roomy.mkdir()
    return DoorsOn(small_disk, roomy, empty_catalogue, object_store)
