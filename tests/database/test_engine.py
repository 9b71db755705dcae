"""Transactions on a real SQLite file: durable, and one writer at a time, of threads and of processes."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from database.engine import Database, sqlite_url
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.counter import add_one, look, value_of
from tests.fixtures.processes import Launcher

WRITERS = 8
ROUNDS = 40


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
from tests.fixtures.catalogue import open_catalogue
database = open_catalogue(sqlite_url(pathlib.Path(sys.argv[1])))
for _ in range(int(sys.argv[2])):
    with database.write() as connection:
        value = connection.execute(text("SELECT value FROM counter")).scalar_one()
        connection.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})
    print(value + 1, flush=True)
"""


def test_writers_of_several_processes_take_turns(counter: Database, launcher: Launcher, path: Path) -> None:
    writers = [launcher.start(ADD_MANY, path, ROUNDS) for _ in range(4)]
    for _ in range(ROUNDS):
        add_one(counter)
    assert [writer.wait() for writer in writers] == [0] * 4, [writer.lines() for writer in writers]
    with counter.read() as connection:
        assert value_of(connection) == 5 * ROUNDS


def test_opening_a_new_file_waits_for_one_who_writes_it_with_its_old_journal(path: Path) -> None:
    """So it is where two processes open a new file at once; SQLite itself answers that it is locked."""
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    ends = threading.Timer(0.3, writer.execute, ["COMMIT"])
    ends.start()
    database = open_catalogue(sqlite_url(path))
    with database.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    database.close()
    ends.join()
    writer.close()


OPEN_FRESH = """
import sys, pathlib
from sqlalchemy import text
from database.engine import Database, sqlite_url
from tests.fixtures.catalogue import open_catalogue
path, go = map(pathlib.Path, sys.argv[1:])
while not go.exists():
    pass
database = open_catalogue(sqlite_url(path))
with database.write() as connection:
    connection.execute(text("CREATE TABLE IF NOT EXISTS counter (name TEXT, value INTEGER)"))
    connection.execute(text("INSERT INTO counter VALUES ('n', 1)"))
database.close()
"""


def test_several_processes_may_open_a_fresh_file_at_once(launcher: Launcher, path: Path) -> None:
    for number in range(10):
        file, go = path.with_name(f"fresh-{number}.sqlite"), path.with_name(f"go-{number}")
        openers = [launcher.start(OPEN_FRESH, file, go) for _ in range(4)]
        go.touch()
        assert [opener.wait() for opener in openers] == [0] * 4, [opener.lines() for opener in openers]
        database = open_catalogue(sqlite_url(file))
        with database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM counter")).scalar() == 4
        database.close()


def test_what_a_killed_process_had_committed_is_there(
    counter: Database, launcher: Launcher, path: Path
) -> None:
    with launcher.start(ADD_MANY, path, 10**6) as writer:
        writer.lines(20)
        writer.kill()
        acknowledged = [int(line) for line in writer.lines()]
    with counter.read() as connection:
        assert value_of(connection) in {acknowledged[-1], acknowledged[-1] + 1}
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_broken_rule_of_a_table_is_no_outage(counter: Database) -> None:
    def add_twice() -> None:
        with counter.write() as connection:
            connection.execute(text("INSERT INTO counter VALUES ('n', 5)"))

    with pytest.raises(IntegrityError):
        add_twice()


def test_no_connection_is_left_borrowed_behind_transactions(counter: Database) -> None:
    for _ in range(50):
        add_one(counter)
        look(counter)
    assert counter.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # a queue pool counts
