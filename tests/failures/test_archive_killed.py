"""The process dies at a named point of a store: what was acknowledged is there, a resend doubles nothing."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from core.clock import SystemClock
from database.engine import Database
from storage.archive import Archive
from storage.instance import StoreOutcome
from tests.fixtures.archive import device_at, new_archive
from tests.fixtures.held import held
from tests.fixtures.instances import data_set, encoded, receive
from tests.fixtures.processes import Launcher

STORE_AND_DIE = """
import os, sys
from pathlib import Path
from sqlalchemy import event
from core.clock import SystemClock
from database.engine import Database
from tests.fixtures.archive import device_at, new_archive
from tests.fixtures.catalogue import declare_tables
from tests.fixtures.instances import receive

point, url, folder, payload = sys.argv[1:]
declare_tables()
database = Database(url)
archive = new_archive(database, Path(folder), SystemClock())

def dying(call, *, after):
    def act(*arguments, **options):
        if not after:
            os._exit(9)
        call(*arguments, **options)
        os._exit(9)
    return act

arrived = None
if point == "before the file is synced":
    os.fsync = dying(os.fsync, after=False)
if point == "after the file is synced":
    os.fsync = dying(os.fsync, after=True)
arrived = receive(archive.incoming, Path(payload).read_bytes())
if point == "before the blob has its name":
    os.link = dying(os.link, after=False)
if point == "after the blob has its name":
    os.link = dying(os.link, after=True)
if point == "after the put":
    archive.blobs.put = dying(archive.blobs.put, after=True)
if point == "inside the transaction":
    event.listen(database.engine, "before_cursor_execute",
                 lambda *call: os._exit(9) if "INTO changes" in call[2] else None)
if point == "before the commit":
    event.listen(database.engine, "commit", lambda connection: os._exit(9)
                 if connection.get_execution_options().get("hub_writes") else None)
if point == "after the commit":
    archive.catalogue.admit = dying(archive.catalogue.admit, after=True)
archive.store(arrived, device_at("township"))
print("acknowledged", flush=True)
os._exit(9)
"""
POINTS = {
    # point: whether a row, whether an orphan is left
    "before the file is synced": (False, False),
    "after the file is synced": (False, False),
    "before the blob has its name": (False, False),
    "after the blob has its name": (False, True),
    "after the put": (False, True),
    "inside the transaction": (False, True),
    "before the commit": (False, True),
    "after the commit": (True, False),
    "after the answer": (True, False),
}


def store(archive: Archive, sent: Dataset | bytes) -> StoreOutcome:
    return archive.store(receive(archive.incoming, sent), device_at("township")).outcome


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_loses_nothing_acknowledged_and_a_resend_is_enough(
    archive: Archive, launcher: Launcher, tmp_path: Path, point: str
) -> None:
    store(archive, data_set())
    before = held(archive)
    payload = encoded(data_set())
    sent = tmp_path / "sent"
    sent.write_bytes(payload)
    url = archive.catalogue.database.url
    with launcher.start(STORE_AND_DIE, point, url, tmp_path, sent) as dying:
        assert dying.wait() == 9
        assert dying.lines() == (["acknowledged"] if point == "after the answer" else [])

    has_row, has_orphan = POINTS[point]
    after = held(archive)
    assert len(after.instances) - len(before.instances) == has_row
    assert len(after.orphans) == has_orphan
    assert set(before.instances) <= set(after.instances)
    assert store(archive, payload) is (StoreOutcome.ALREADY_HELD if has_row else StoreOutcome.STORED)
    now = held(archive)
    assert len(now.instances) == 2
    assert now.changes == ["instance.stored"] * 2
    assert now.orphans == after.orphans


STORE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from core.clock import SystemClock
from database.engine import Database
from tests.fixtures.archive import device_at, new_archive
from tests.fixtures.catalogue import declare_tables
from tests.fixtures.instances import data_set, encoded, receive
declare_tables()
archive = new_archive(Database(sys.argv[1]), Path(sys.argv[2]), SystemClock())
for number in itertools.count():
    arrived = receive(archive.incoming, data_set(InstanceNumber=number))
    receipt = archive.store(arrived, device_at("township"))
    arrived.path.unlink()
    print(receipt.sop_instance_uid, arrived.digest, flush=True)
"""


@pytest.mark.sqlite_only("it asks the file whether it is whole")
def test_thirty_kills_at_random_moments_lose_nothing_acknowledged(
    archive: Archive, launcher: Launcher, tmp_path: Path
) -> None:
    acknowledged: dict[str, str] = {}
    for kill in range(30):
        with launcher.start(STORE_FOR_EVER, archive.catalogue.database.url, tmp_path) as sender:
            sender.lines(3 + 7 * kill % 10)
            sender.kill()
            acknowledged |= dict(line.split() for line in sender.lines())
    database = Database(archive.catalogue.database.url)
    again = new_archive(database, tmp_path, SystemClock())  # type: ignore[arg-type] # any clock will do
    now = held(again)
    assert len(acknowledged) > 150
    assert set(acknowledged.values()) <= set(now.instances)
    assert len(now.instances) <= len(acknowledged) + 30
    assert len(now.orphans) <= 30
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()
