"""Nothing is asked again and again of a catalogue in which nothing happens, and nothing waits for long."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import StorageUnavailable
from hub.bell import ASKED_EVERY_SECONDS, Bell
from hub.settings import load
from hub.wiring import House, open_house
from hub.worker import FOLLOWER_IDLE_SECONDS, Worker
from tests.fixtures.migrated import Migrated


@pytest.fixture
def house(tmp_path: Path, migrated: Migrated) -> Iterator[House]:
    """A hub of which nothing runs yet."""
    opened = open_house(load(data=migrated(tmp_path / "data")))
    yield opened
    opened.close()


def test_it_rings_for_a_commit_of_anybody_and_for_nothing_else(house: House) -> None:
    now = 0.0
    bell = Bell(house.database.revision, seconds=lambda: now)
    before = bell.state()
    now += ASKED_EVERY_SECONDS
    assert bell.state() == before is not None
    house.directory.add_site("xinglong", "Xinglong")
    now += ASKED_EVERY_SECONDS
    assert bell.state() != before


def test_all_that_listen_ask_together_and_a_catalogue_that_is_away_tells_nothing() -> None:
    asked, now = 0, 0.0

    def revision() -> int:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise StorageUnavailable
        return 7

    bell = Bell(revision, seconds=lambda: now)
    assert [bell.state() for _ in range(5)] == [7] * 5
    assert asked == 1
    now = ASKED_EVERY_SECONDS
    assert bell.state() is None
    now = 2 * ASKED_EVERY_SECONDS
    assert bell.state() == 7


def test_an_idle_worker_rests_and_takes_up_its_work_with_the_next_commit(house: House) -> None:
    worker = Worker(house)

    def runs(duty: str) -> float:
        (counted,) = (figure for figure in worker.figures() if figure.name == "hub_worker_runs")
        return counted.values[duty]

    worker.start()
    try:
        assert within(5, lambda: runs("intake") >= 1 and runs("clock") >= 2)
        done, ticks = runs("intake"), runs("clock")
        assert within(5, lambda: runs("clock") >= ticks + 2)
        assert runs("intake") <= done + 1
        done = runs("intake")
        house.directory.add_site("xinglong", "Xinglong")
        assert within(FOLLOWER_IDLE_SECONDS / 4, lambda: runs("intake") > done)
    finally:
        worker.stop()


def within(seconds: float, seen: Callable[[], bool]) -> bool:
    """Whether something is seen in time."""
    deadline = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
