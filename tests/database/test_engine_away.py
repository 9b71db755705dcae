"""A catalogue that is removed, damaged, full or locked is storage that is unavailable, and says no more."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event, text

from core.errors import StorageUnavailable
from database.engine import Database, is_reachable, sqlite_url
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.counter import add_one, look, new_counter, value_of
from tests.fixtures.processes import Child, Launcher


def folder_gone(database: Database, path: Path) -> None:
    database.close()
    path.parent.rename(path.parent.with_name("moved"))


def file_gone(_: Database, path: Path) -> None:
    """Removed under open connections: SQLite itself would go on writing to a file without a name."""
    for name in path.parent.glob(path.name + "*"):
        name.unlink()


def file_gone_and_reopened(database: Database, path: Path) -> None:
    file_gone(database, path)
    database.close()


def overwritten(database: Database, path: Path) -> None:
    database.close()
    path.write_bytes(b"not a catalogue" * 500)


def a_folder_instead(database: Database, path: Path) -> None:
    file_gone(database, path)
    database.close()
    path.mkdir()


def pages_used_up(database: Database, _: Path) -> None:
    def limit(raw: object, _: object) -> None:
        raw.execute("PRAGMA max_page_count=1")

    database.close()
    event.listen(database.engine, "connect", limit)


def nothing_left_in_the_pool(database: Database, _: Path) -> None:
    pool = database.engine.pool
    pool._timeout = 0.05
    database.borrowed = [database.engine.connect() for _ in range(15)]


def fill(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO counter VALUES (:name, 1)"), {"name": "x" * 100_000})


@pytest.mark.parametrize(
    ("damage", "act"),
    [
        (folder_gone, fill),
        (folder_gone, look),
        (file_gone, fill),
        (file_gone, look),
        (file_gone_and_reopened, fill),
        (file_gone_and_reopened, look),
        (overwritten, fill),
        (overwritten, look),
        (a_folder_instead, fill),
        (a_folder_instead, look),
        (pages_used_up, fill),
        (nothing_left_in_the_pool, fill),
        (nothing_left_in_the_pool, look),
    ],
)
def test_a_catalogue_that_is_away_is_storage_unavailable(
    counter: Database,
    path: Path,
    damage: Callable[[Database, Path], None],
    act: Callable[[Database], None],
) -> None:
    damage(counter, path)
    with pytest.raises(StorageUnavailable) as refusal:
        act(counter)
    assert str(path) not in str(refusal.value)
    for connection in getattr(counter, "borrowed", []):
        connection.close()


@pytest.mark.parametrize("act", [fill, look, is_reachable])
def test_a_removed_catalogue_is_not_made_anew(
    counter: Database, path: Path, act: Callable[[Database], bool | None]
) -> None:
    """An empty one in its place would look like a hub that never received anything."""
    file_gone(counter, path)
    try:
        assert act(counter) is False
    except StorageUnavailable:
        assert act is not is_reachable
    assert not path.exists()


def test_a_lock_held_for_too_long_is_storage_unavailable(counter: Database) -> None:
    other = open_catalogue(counter.url)
    event.listen(other.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=50"))
    with counter.write():
        with pytest.raises(StorageUnavailable):
            add_one(other)
        look(other)
    add_one(other)
    other.close()


def test_a_file_restored_under_a_running_process_is_the_one_written_to(counter: Database, path: Path) -> None:
    add_one(counter)
    with counter.read() as connection:
        connection.execute(text("SELECT 1"))
    backup = path.with_name("backup.sqlite")
    copy = new_counter(backup)
    with copy.write() as connection:
        connection.execute(text("UPDATE counter SET value = 41"))
    copy.close()
    for name in path.parent.glob(path.name + "-*"):
        name.unlink()
    backup.replace(path)
    add_one(counter)
    fresh = open_catalogue(sqlite_url(path))
    with fresh.read() as connection:
        assert value_of(connection) == 42
    fresh.close()


FILL = """
import resource, sys, pathlib
from sqlalchemy import text
from core.errors import StorageUnavailable
from database.engine import Database, sqlite_url
from tests.fixtures.catalogue import open_catalogue
database = open_catalogue(sqlite_url(pathlib.Path(sys.argv[1])))
limit = int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
kept = 0
try:
    for number in range(1000):
        with database.write() as connection:
            connection.execute(
                text("INSERT INTO counter VALUES (:name, 1)"), {"name": f"{number}" + "x" * 20_000}
            )
        kept += 1
except StorageUnavailable:
    print(kept)
"""


def require_full_and_whole(path: Path, writer: Child) -> None:
    """The process was refused, and just what it was told to be kept is there."""
    assert writer.wait() == 0
    (said,) = writer.lines()
    kept = int(said)
    assert 0 < kept < 1000
    database = open_catalogue(sqlite_url(path))
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM counter")).scalar() == kept + 1
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    database.close()


def test_a_full_disk_is_storage_unavailable_and_damages_nothing(
    counter: Database, launcher: Launcher, path: Path
) -> None:
    require_full_and_whole(path, launcher.start(FILL, path, 1_000_000))


def test_a_really_full_disk_is_storage_unavailable_and_damages_nothing(
    launcher: Launcher, tiny_disk: Path
) -> None:
    path = tiny_disk / "catalogue.sqlite"
    new_counter(path).close()
    require_full_and_whole(path, launcher.start(FILL, path, 0))


def test_a_read_only_disk_is_storage_unavailable_for_writes(tiny_disk: Path) -> None:
    path = tiny_disk / "catalogue.sqlite"
    database = new_counter(path)
    database.close()
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(StorageUnavailable):
        add_one(database)
    subprocess.run(["mount", "-o", "remount,rw", str(tiny_disk)], check=True)
    add_one(database)
    look(database)
    database.close()


def test_the_health_of_the_catalogue_is_told_without_raising(counter: Database, path: Path) -> None:
    assert is_reachable(counter)
    counter.close()
    path.parent.rename(path.parent.with_name("moved"))
    assert not is_reachable(counter)
    path.parent.with_name("moved").rename(path.parent)
    assert is_reachable(counter)
