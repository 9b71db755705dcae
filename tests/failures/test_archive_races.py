"""Many senders, one UID: one winner, nothing lost, nothing doubled."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from core.errors import InvalidInstance
from core.uids import new_uid
from storage.archive import Archive
from storage.instance import StoreOutcome
from tests.fixtures.archive import device_at
from tests.fixtures.held import held
from tests.fixtures.instances import data_set, encoded, receive
from tests.fixtures.processes import Launcher

SENDERS = 64
PAYLOADS = 4


def store(
    archive: Archive, sent: Dataset | bytes, site_id: str = "township", **announced: Any
) -> StoreOutcome:
    arrived = receive(archive.incoming, sent, **announced)
    try:
        return archive.store(arrived, device_at(site_id)).outcome
    finally:
        arrived.path.unlink()


def digests(payloads: list[bytes]) -> list[str]:
    return sorted(sha256(payload).hexdigest() for payload in payloads)


def payloads_under(uid: str) -> list[bytes]:
    return [encoded(data_set(SOPInstanceUID=uid, InstanceNumber=number)) for number in range(PAYLOADS)]


def test_of_racing_payloads_under_one_uid_one_wins_and_the_others_are_kept(archive: Archive) -> None:
    payloads = payloads_under("1.2.3")
    with ThreadPoolExecutor(16) as pool:
        outcomes = Counter(
            pool.map(lambda number: store(archive, payloads[number % PAYLOADS]), range(SENDERS))
        )
    assert outcomes == {
        StoreOutcome.STORED: 1,
        StoreOutcome.KEPT_AS_CONFLICT: PAYLOADS - 1,
        StoreOutcome.ALREADY_HELD: SENDERS - PAYLOADS,
    }
    now = held(archive)
    assert len(now.instances) == 1
    assert digests(payloads) == sorted([*now.instances, *(digest for _, digest in now.aside)])
    assert Counter(now.changes) == {"instance.stored": 1, "instance.conflict": PAYLOADS - 1}
    assert (len(now.blobs), now.orphans) == (PAYLOADS, set())
    assert list(archive.incoming.directory.iterdir()) == []


def test_racing_resends_of_one_instance_leave_one_row_and_one_blob(archive: Archive) -> None:
    payload = encoded(data_set())
    with ThreadPoolExecutor(16) as pool:
        outcomes = Counter(pool.map(lambda _: store(archive, payload), range(SENDERS)))
    assert outcomes == {StoreOutcome.STORED: 1, StoreOutcome.ALREADY_HELD: SENDERS - 1}
    now = held(archive)
    assert (len(now.instances), len(now.blobs), now.aside, now.orphans) == (1, 1, [], set())
    assert now.changes == ["instance.stored"]


def test_racing_sites_hold_one_each(archive: Archive) -> None:
    payload = encoded(data_set())
    with ThreadPoolExecutor(16) as pool:
        outcomes = Counter(
            pool.map(lambda number: store(archive, payload, f"site-{number % 8}"), range(SENDERS))
        )
    assert outcomes == {StoreOutcome.STORED: 8, StoreOutcome.ALREADY_HELD: SENDERS - 8}
    assert len(held(archive).instances) == len(held(archive).blobs) == 8


def test_racing_instances_of_one_new_study_and_series_are_all_stored(archive: Archive) -> None:
    same = {"StudyInstanceUID": new_uid(), "SeriesInstanceUID": new_uid()}
    payloads = [encoded(data_set(**same, InstanceNumber=number)) for number in range(SENDERS)]
    with ThreadPoolExecutor(16) as pool:
        outcomes = Counter(pool.map(lambda payload: store(archive, payload), payloads))
    assert outcomes == {StoreOutcome.STORED: SENDERS}
    assert sorted(held(archive).instances) == digests(payloads)


def test_racing_resends_of_what_cannot_be_read_fill_no_disk(archive: Archive) -> None:
    def refused(number: int) -> bool:
        with pytest.raises(InvalidInstance):
            store(archive, b"garbage %d" % (number % PAYLOADS))
        return True

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(refused, range(SENDERS)))
    now = held(archive)
    assert (len(now.aside), len(now.blobs), now.orphans) == (PAYLOADS, PAYLOADS, set())


STORE_ALL = """
import sys
from pathlib import Path
from core.clock import SystemClock
from database.engine import Database
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.archive import device_at, new_archive
from tests.fixtures.catalogue import declare_tables
from tests.fixtures.instances import receive
declare_tables()
archive = new_archive(open_catalogue(sys.argv[1]), Path(sys.argv[2]), SystemClock())
payloads = [path.read_bytes() for path in sorted(Path(sys.argv[3]).iterdir())]
for payload in payloads:
    arrived = receive(archive.incoming, payload)
    print(archive.store(arrived, device_at("township")).outcome)
    arrived.path.unlink()
"""


def test_racing_processes_lose_and_double_nothing(
    archive: Archive, launcher: Launcher, tmp_path: Path
) -> None:
    folder = tmp_path / "payloads"
    folder.mkdir()
    uids = [new_uid() for _ in range(12)]
    payloads = [payload for uid in uids for payload in payloads_under(uid)]
    for number, payload in enumerate(payloads):
        (folder / f"{number:03}").write_bytes(payload)
    url = archive.catalogue.database.url
    senders = [launcher.start(STORE_ALL, url, tmp_path, folder) for _ in range(4)]
    assert [sender.wait() for sender in senders] == [0] * 4, [sender.lines() for sender in senders]
    assert Counter(line for sender in senders for line in sender.lines()) == {
        "stored": len(uids),
        "kept-as-conflict": len(uids) * (PAYLOADS - 1),
        "already-held": 3 * len(payloads),
    }
    now = held(archive)
    assert (len(now.instances), now.orphans) == (len(uids), set())
    assert sorted([*now.instances, *(digest for _, digest in now.aside)]) == digests(payloads)
