"""A server that is stopped, silent or full is storage that is unavailable, and works again by itself."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import Connection, text

from core.errors import StorageUnavailable
from database import postgresql
from database.engine import Database, is_reachable
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.counter import add_one, look, value_of
from tests.fixtures.postgresql import LOGIN, PostgreSQLServer, running_server

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
SOON = 5.0
"""Seconds; a sender gives up after thirty."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQLServer]:
    """A server that nobody else needs."""
    with running_server() as running:
        running.order(f"CREATE ROLE {LOGIN} LOGIN", f"CREATE DATABASE counted OWNER {LOGIN}")
        running.order(f"CREATE ROLE {postgresql.ROLE}", f"GRANT {postgresql.ROLE} TO {LOGIN}")
        yield running


@pytest.fixture
def counter(server: PostgreSQLServer) -> Iterator[Database]:
    """A catalogue with one number in it."""
    database = open_catalogue(server.url("counted"))
    with database.alter() as connection:
        connection.execute(text("DROP TABLE IF EXISTS counter"))
        connection.execute(text("CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES ('n', 0)"))
        connection.execute(text(f"GRANT ALL ON counter TO {postgresql.ROLE}"))
    yield database
    database.close()


def number(database: Database) -> int:
    with database.read() as connection:
        return value_of(connection)


def refused_soon(database: Database) -> None:
    """Every way in says so, before anybody's patience ends."""
    for act in (look, add_one):
        begun = time.monotonic()
        with pytest.raises(StorageUnavailable):
            act(database)
        assert time.monotonic() - begun < SOON
    assert not is_reachable(database)


def test_a_server_that_was_stopped_at_once_is_used_again_when_it_is_back(
    counter: Database, server: PostgreSQLServer
) -> None:
    add_one(counter)
    server.stop()
    refused_soon(counter)
    server.start()
    add_one(counter)
    assert number(counter) == 2


def test_a_server_stopped_inside_a_transaction_leaves_nothing_of_it(
    counter: Database, server: PostgreSQLServer
) -> None:
    def fall() -> None:
        with counter.write() as connection:
            connection.execute(text("UPDATE counter SET value = 99"))
            server.stop()

    with pytest.raises(StorageUnavailable):
        fall()
    server.start()
    assert number(counter) == 0


def test_a_server_that_falls_silent_is_not_waited_for(
    server: PostgreSQLServer, counter: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql.PatientConnection, "patience", 0.5)
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 2)
    impatient = open_catalogue(counter.url)
    add_one(impatient)
    server.signal_all(signal.SIGSTOP)
    try:
        refused_soon(impatient)
    finally:
        server.signal_all(signal.SIGCONT)
    add_one(impatient)
    assert number(impatient) == 2
    impatient.close()


def test_connections_that_were_cut_are_replaced_unseen(counter: Database, server: PostgreSQLServer) -> None:
    with counter.read() as one, counter.read() as two:
        assert value_of(one) == value_of(two) == 0
    server.order(CUT)
    add_one(counter)
    assert number(counter) == 1


def test_a_connection_cut_inside_a_transaction_is_an_outage_and_no_bug(
    counter: Database, server: PostgreSQLServer
) -> None:
    def lose() -> None:
        with counter.write() as connection:
            connection.execute(text("UPDATE counter SET value = 99"))
            server.order(CUT)
            connection.execute(text("UPDATE counter SET value = 100"))

    with pytest.raises(StorageUnavailable):
        lose()
    assert number(counter) == 0


@pytest.mark.parametrize(
    ("closed", "opened"),
    [
        (f"ALTER ROLE {LOGIN} CONNECTION LIMIT 0", f"ALTER ROLE {LOGIN} CONNECTION LIMIT -1"),
        (f"ALTER ROLE {LOGIN} NOLOGIN", f"ALTER ROLE {LOGIN} LOGIN"),
        ("ALTER DATABASE counted RENAME TO moved", "ALTER DATABASE moved RENAME TO counted"),
    ],
    ids=["no connection left", "not let in", "no such database"],
)
def test_a_server_that_lets_nobody_in_is_storage_unavailable(
    counter: Database, server: PostgreSQLServer, closed: str, opened: str
) -> None:
    counter.close()
    server.order(closed)
    try:
        refused_soon(counter)
    finally:
        server.order(opened)
    add_one(counter)


def test_a_server_that_became_a_standby_is_storage_unavailable(
    counter: Database, server: PostgreSQLServer
) -> None:
    counter.close()
    server.order("ALTER DATABASE counted SET default_transaction_read_only = on")
    try:
        with pytest.raises(StorageUnavailable):
            add_one(counter)
        look(counter)
    finally:
        server.order("ALTER DATABASE counted RESET default_transaction_read_only")
        counter.close()
    add_one(counter)


def limited(connection: Connection, what: str, milliseconds: int = 100) -> None:
    connection.execute(text(f"SET LOCAL {what} = {milliseconds}"))


def test_a_row_that_somebody_holds_too_long_is_not_waited_for(
    counter: Database, server: PostgreSQLServer
) -> None:
    def wait() -> None:
        with counter.write() as connection:
            limited(connection, "lock_timeout")
            connection.execute(text("UPDATE counter SET value = 1"))

    with psycopg.connect(host="127.0.0.1", port=server.port, user=LOGIN, dbname="counted") as other:
        other.execute("UPDATE counter SET value = 7")
        with pytest.raises(StorageUnavailable):
            wait()
    assert number(counter) == 7


def test_a_statement_without_end_is_ended(counter: Database) -> None:
    def sleep() -> None:
        with counter.read() as connection:
            limited(connection, "statement_timeout")
            connection.execute(text("SELECT pg_sleep(60)"))

    with pytest.raises(StorageUnavailable):
        sleep()


def test_a_writer_that_fell_silent_loses_its_turn(counter: Database) -> None:
    """As a process that was stopped: the others go on, and what it had written is gone."""
    other = open_catalogue(counter.url)

    def fall_silent() -> None:
        with counter.write() as connection:
            limited(connection, "idle_in_transaction_session_timeout", 200)
            connection.execute(text("UPDATE counter SET value = 99"))
            add_one(other)
            connection.execute(text("UPDATE counter SET value = 100"))

    with pytest.raises(StorageUnavailable):
        fall_silent()
    assert number(other) == 1
    other.close()


def test_writers_of_two_processes_deadlock_never_and_lose_no_count(counter: Database) -> None:
    others = [open_catalogue(counter.url) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, others * 25))
    assert number(counter) == 100
    for other in others:
        other.close()


def test_every_connection_is_set_up_to_lose_nothing_and_to_end(
    counter: Database, server: PostgreSQLServer
) -> None:
    for setting in ("synchronous_commit = off", "timezone = 'PRC'"):
        server.order(f"ALTER ROLE {LOGIN} SET {setting}")
    counter.close()
    settings = ("synchronous_commit", "statement_timeout", "lock_timeout", "timezone")
    with counter.read() as connection:
        assert [connection.scalar(text(f"SHOW {name}")) for name in settings] == ["on", "10s", "10s", "UTC"]
        assert connection.scalar(text("SHOW transaction_read_only")) == "on"
    server.order(f"ALTER ROLE {LOGIN} RESET ALL")


def test_no_password_is_in_any_words(server: PostgreSQLServer) -> None:
    secret = f"s3cret{os.getpid()}"
    database = open_catalogue(f"postgresql+psycopg://nobody:{secret}@127.0.0.1:{server.port}/counted")
    with pytest.raises(StorageUnavailable) as refusal:
        look(database)
    told: BaseException | None = refusal.value
    while told is not None:
        assert secret not in f"{told!s}{told!r}"
        told = told.__cause__
    assert secret not in repr(database.engine)
