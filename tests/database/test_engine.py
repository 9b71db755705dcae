"""Transactions on a real SQLite file: durable, one writer at a time, and honest when the file is away."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError

from core.errors import StorageUnavailable
from database.engine import Database, is_reachable, sqlite_url

WRITERS = 8
ROUNDS = 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "engine.sqlite"


@pytest.fixture
def counter(path: Path) -> Iterator[Database]:
    """A catalogue with one number in it."""
    database = Database(sqlite_url(path))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES ('n', 0)"))
    yield database
    database.close()


def value_of(connection: Connection) -> int:
    return int(connection.execute(text("SELECT value FROM counter")).scalar_one())


def add_one(database: Database) -> None:
    """Read and write back, so that a lost lock loses a count."""
    with database.write() as connection:
        value = value_of(connection)
        connection.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("PRAGMA journal_mode", "wal"),
        ("PRAGMA synchronous", 2),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA busy_timeout", 10_000),
        ("SELECT 'a' LIKE 'A'", 0),
        ("SELECT 'a' LIKE 'a'", 1),
    ],
)
def test_every_connection_is_set_up_to_lose_nothing(
    counter: Database, question: str, answer: str | int
) -> None:
    with counter.read() as first, counter.read() as second, counter.write() as third:
        for connection in (first, second, third):
            assert connection.execute(text(question)).scalar() == answer


def test_a_write_begins_immediate_and_a_read_does_not(counter: Database) -> None:
    said: list[str] = []
    event.listen(counter.engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    with counter.read() as connection:
        value_of(connection)
    with counter.write() as connection:
        value_of(connection)
    assert [statement for statement in said if statement.startswith("BEGIN")] == ["BEGIN", "BEGIN IMMEDIATE"]


def test_a_read_keeps_its_snapshot_while_another_writes(counter: Database) -> None:
    with counter.read() as connection:
        assert value_of(connection) == 0
        add_one(counter)
        assert value_of(connection) == 0
    with counter.read() as connection:
        assert value_of(connection) == 1


def test_a_write_that_fails_leaves_nothing_and_frees_its_turn(counter: Database) -> None:
    def fail() -> None:
        with counter.write() as connection:
            connection.execute(text("UPDATE counter SET value = 99"))
            raise LookupError("half way")

    with pytest.raises(LookupError, match="half way"):
        fail()
    add_one(counter)
    with counter.read() as connection:
        assert value_of(connection) == 1


def test_ddl_is_part_of_its_transaction(counter: Database) -> None:
    def create() -> None:
        with counter.write() as connection:
            connection.execute(text("CREATE TABLE half (a INTEGER)"))
            raise LookupError

    with pytest.raises(LookupError):
        create()
    with counter.read() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE name = 'half'")).all()
    assert names == []


def test_writers_of_many_threads_take_turns(counter: Database) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda _: add_one(counter), range(WRITERS * ROUNDS)))
    with counter.read() as connection:
        assert value_of(connection) == WRITERS * ROUNDS


ADD_MANY = """
import sys, pathlib
from sqlalchemy import text
from database.engine import Database, sqlite_url
database = Database(sqlite_url(pathlib.Path(sys.argv[1])))
for _ in range(int(sys.argv[2])):
    with database.write() as connection:
        value = connection.execute(text("SELECT value FROM counter")).scalar_one()
        connection.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})
    print(value + 1, flush=True)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_writers_of_several_processes_take_turns(counter: Database, path: Path) -> None:
    workers = [start(ADD_MANY, path, ROUNDS) for _ in range(4)]
    for _ in range(ROUNDS):
        add_one(counter)
    complaints = [worker.communicate(timeout=60)[1] for worker in workers]
    assert complaints == [""] * 4
    with counter.read() as connection:
        assert value_of(connection) == 5 * ROUNDS


OPEN_FRESH = """
import sys, pathlib
from sqlalchemy import text
from database.engine import Database, sqlite_url
print("ready", flush=True)
for line in sys.stdin:
    database = Database(sqlite_url(pathlib.Path(line.strip())))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS counter (name TEXT, value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES ('n', 1)"))
    database.close()
    print("done", flush=True)
"""


def test_several_processes_may_open_a_fresh_file_at_once(path: Path) -> None:
    workers = [start(OPEN_FRESH) for _ in range(4)]
    assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n"] * 4
    files = [path.with_name(f"fresh-{number}.sqlite") for number in range(10)]
    for file in files:
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(f"{file}\n")
            worker.stdin.flush()
        assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["done\n"] * 4
    assert [worker.communicate(timeout=60) for worker in workers] == [("", "")] * 4
    for file in files:
        database = Database(sqlite_url(file))
        with database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM counter")).scalar() == 4
        database.close()


def test_what_a_killed_process_had_committed_is_there(counter: Database, path: Path) -> None:
    worker = start(ADD_MANY, path, 10**6)
    assert worker.stdout is not None
    acknowledged = [int(worker.stdout.readline()) for _ in range(20)]
    worker.kill()
    rest, _ = worker.communicate(timeout=60)
    acknowledged += [int(line) for line in rest.split("\n")[:-1]]
    with counter.read() as connection:
        assert value_of(connection) in {acknowledged[-1], acknowledged[-1] + 1}
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


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


def look(database: Database) -> None:
    with database.read() as connection:
        value_of(connection)


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


def test_a_lock_held_for_too_long_is_storage_unavailable(counter: Database) -> None:
    other = Database(counter.url)
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
    copy = Database(sqlite_url(backup))
    with copy.write() as connection:
        connection.execute(text("CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES ('n', 41)"))
    copy.close()
    for name in path.parent.glob(path.name + "-*"):
        name.unlink()
    backup.replace(path)
    add_one(counter)
    fresh = Database(sqlite_url(path))
    with fresh.read() as connection:
        assert value_of(connection) == 42
    fresh.close()


FILL = """
import resource, sys, pathlib
from sqlalchemy import text
from core.errors import StorageUnavailable
from database.engine import Database, sqlite_url
database = Database(sqlite_url(pathlib.Path(sys.argv[1])))
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


def require_full_and_whole(path: Path, worker: subprocess.Popen[str]) -> None:
    """The process was refused, and just what it was told to be kept is there."""
    said, complaint = worker.communicate(timeout=60)
    assert complaint == ""
    kept = int(said)
    assert 0 < kept < 1000
    database = Database(sqlite_url(path))
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM counter")).scalar() == kept + 1
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    database.close()


def test_a_full_disk_is_storage_unavailable_and_damages_nothing(counter: Database, path: Path) -> None:
    require_full_and_whole(path, start(FILL, path, 1_000_000))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs to mount a tmpfs, which this user may not")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_really_full_disk_is_storage_unavailable_and_damages_nothing(tiny_disk: Path) -> None:
    path = tiny_disk / "catalogue.sqlite"
    database = Database(sqlite_url(path))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES ('n', 0)"))
    database.close()
    worker = start(FILL, path, 0)
    worker.wait(60)
    require_full_and_whole(path, worker)


def test_a_read_only_disk_is_storage_unavailable_for_writes(tiny_disk: Path) -> None:
    path = tiny_disk / "catalogue.sqlite"
    database = Database(sqlite_url(path))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES ('n', 0)"))
    database.close()
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(StorageUnavailable):
        add_one(database)
    subprocess.run(["mount", "-o", "remount,rw", str(tiny_disk)], check=True)
    add_one(database)
    look(database)
    database.close()


def test_a_broken_rule_of_a_table_is_no_outage(counter: Database) -> None:
    def add_twice() -> None:
        with counter.write() as connection:
            connection.execute(text("INSERT INTO counter VALUES ('n', 5)"))

    with pytest.raises(IntegrityError):
        add_twice()


def test_the_health_of_the_catalogue_is_told_without_raising(counter: Database, path: Path) -> None:
    assert is_reachable(counter)
    counter.close()
    path.parent.rename(path.parent.with_name("moved"))
    assert not is_reachable(counter)
    path.parent.with_name("moved").rename(path.parent)
    assert is_reachable(counter)


def test_no_connection_is_left_borrowed_behind_transactions(counter: Database) -> None:
    for _ in range(50):
        add_one(counter)
        look(counter)
    assert counter.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # a queue pool counts
