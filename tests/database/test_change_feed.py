"""The feed: in order, and each effect in the catalogue once, whoever follows and whatever fails."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from threading import Thread

import pytest
from sqlalchemy import Connection, delete, insert, select

from database.audit import audit_events
from database.change_feed import (
    Change,
    ChangeKind,
    append_change,
    changes,
    changes_of_study,
    cursor_position,
    follow,
    newest_sequence,
)
from database.engine import Database
from database.jobs import enqueue, jobs
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.processes import Launcher
from tests.fixtures.tampering import without_triggers

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def change(subject: str, **values: object) -> Change:
    ordinary = {
        "kind": ChangeKind.INSTANCE_STORED,
        "site_id": "township",
        "study_instance_uid": "1.2.3",
        "subject": subject,
        "actor": "device:d",
        "at": AT,
    }
    return Change(**(ordinary | values))  # type: ignore[arg-type] # a table of cases varies any field


def happen(database: Database, *subjects: str) -> list[int]:
    with database.write() as connection:
        return [append_change(connection, change(subject)) for subject in subjects]


def note(connection: Connection, seen: Change) -> None:
    """An effect in the catalogue."""
    enqueue(connection, kind="seen", body={"sequence": seen.sequence}, due_at=seen.at)


def noted(database: Database) -> list[int]:
    with database.read() as connection:
        return [body["sequence"] for body in connection.scalars(select(jobs.c.body).order_by(jobs.c.job_id))]


def position(database: Database, name: str) -> int:
    with database.read() as connection:
        return cursor_position(connection, name)


def test_a_change_is_read_back_as_it_was_written(database: Database) -> None:
    shanghai = timezone(timedelta(hours=8))
    written = [
        change(
            "1",
            body={"modality": "ECG", "nested": {"a": [1, None, True]}},
            kind=kind,
            at=AT.astimezone(shanghai),
        )
        for kind in ChangeKind
    ]
    with database.write() as connection:
        sequences = [append_change(connection, each) for each in written]
    with database.read() as connection:
        read = changes_of_study(connection, "township", "1.2.3")
        assert newest_sequence(connection) == sequences[-1]
    assert [each.kind for each in read] == list(ChangeKind)
    assert [each.sequence for each in read] == sequences == sorted(set(sequences))
    assert all(each.at == AT and each.at.tzinfo is UTC and each.body == written[0].body for each in read)


def test_the_changes_of_a_study_are_those_of_its_site(database: Database) -> None:
    with database.write() as connection:
        append_change(connection, change("mine"))
        append_change(connection, change("of another site", site_id="station"))
        append_change(connection, change("of another study", study_instance_uid="1.2.4"))
    with database.read() as connection:
        assert [each.subject for each in changes_of_study(connection, "township", "1.2.3")] == ["mine"]


def test_nothing_happened_yet(database: Database) -> None:
    with database.read() as connection:
        assert newest_sequence(connection) == 0
        assert cursor_position(connection, "anyone") == 0
    assert follow(database, "anyone", note) == 0


def test_a_change_of_an_act_that_failed_never_happened(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            append_change(connection, change("half"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with database.read() as connection:
        assert newest_sequence(connection) == 0


def test_a_follower_sees_everything_once_in_order_page_by_page(database: Database) -> None:
    sequences = happen(database, *map(str, range(7)))
    handled = [follow(database, "list", note, limit=3) for _ in range(4)]
    assert handled == [3, 3, 1, 0]
    assert noted(database) == sequences
    assert position(database, "list") == sequences[-1]
    later = happen(database, "8")
    assert follow(database, "list", note) == 1
    assert noted(database) == sequences + later


def test_followers_of_different_names_do_not_know_each_other(database: Database) -> None:
    sequences = happen(database, "a", "b")
    follow(database, "list", note)
    follow(database, "previews", note)
    assert noted(database) == sequences * 2


def test_a_handler_that_raises_leaves_the_cursor_and_nothing_of_its_own(database: Database) -> None:
    first, second, third = happen(database, "a", "b", "c")

    def stumble(connection: Connection, seen: Change) -> None:
        note(connection, seen)
        if seen.subject == "b":
            raise LookupError("cannot")

    for _ in range(3):
        with pytest.raises(LookupError):
            follow(database, "list", stumble)
        assert position(database, "list") == first
        assert noted(database) == [first]
    assert follow(database, "list", note) == 2
    assert noted(database) == [first, second, third]


def test_a_handler_may_write_changes_and_meets_them_later(database: Database) -> None:
    happen(database, "a")

    def answer(connection: Connection, seen: Change) -> None:
        note(connection, seen)
        if seen.kind is ChangeKind.INSTANCE_STORED:
            append_change(connection, change("case", kind=ChangeKind.CASE_OPENED))

    assert [follow(database, "list", answer) for _ in range(3)] == [1, 1, 0]
    assert noted(database) == [1, 2]


def test_two_followers_under_one_name_share_the_work_and_double_nothing(database: Database) -> None:
    sequences = happen(database, *map(str, range(60)))

    def work(_: int) -> None:
        while follow(database, "list", note, limit=7):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert noted(database) == sequences


FOLLOW = """
import sys
from tests.fixtures.catalogue import declare_tables
from database.engine import Database
from tests.fixtures.catalogue import open_catalogue
from database.change_feed import follow, newest_sequence, cursor_position
from database.jobs import enqueue
declare_tables()
database = open_catalogue(sys.argv[1])
def note(connection, seen):
    enqueue(connection, kind="seen", body={"sequence": seen.sequence}, due_at=seen.at)
while follow(database, "list", note, limit=5):
    print("page", flush=True)
"""


def test_a_follower_killed_anywhere_is_carried_on_by_another_process(
    database: Database, launcher: Launcher
) -> None:
    sequences = happen(database, *map(str, range(150)))
    for pages in (1, 4, 9):
        with launcher.start(FOLLOW, database.url) as follower:
            follower.lines(pages)
            follower.kill()
    while follow(database, "list", note):
        pass
    assert noted(database) == sequences


def test_a_sequence_is_never_given_twice(database: Database) -> None:
    """Cursors point at sequences: one given again would be skipped by whoever passed it."""
    before = happen(database, "a", "b")
    with database.alter() as connection, without_triggers(connection):
        connection.execute(delete(changes))
    assert happen(database, "c")[0] > before[-1]


def test_changes_of_racing_writers_get_different_sequences_without_a_gap_for_a_follower(
    database: Database,
) -> None:
    seen: list[int] = []

    def watch(_: Connection, each: Change) -> None:
        seen.append(each.sequence)

    def write(number: int) -> None:
        happen(database, f"{number}")

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(write, number) for number in range(80)]
        while not all(each.done() for each in done):
            follow(database, "list", watch)
    while follow(database, "list", watch):
        pass
    assert len(seen) == 80
    assert max(Counter(seen).values()) == 1
    assert all(one < other for one, other in pairwise(seen))


def test_a_follower_passes_no_change_that_is_committed_after_a_later_one(database: Database) -> None:
    """Numbers are given out before the commit: one who dawdles would be overtaken, and never be seen."""
    other = open_catalogue(database.url)
    seen: list[int] = []

    def watch(_: Connection, each: Change) -> None:
        seen.append(each.sequence)

    overtaking = Thread(target=happen, args=(other, "later"))
    with database.write() as connection:
        first = append_change(connection, change("dawdles"))
        overtaking.start()
        overtaking.join(0.2)
        follow(other, "list", watch)
    overtaking.join()
    follow(other, "list", watch)
    other.close()
    assert seen == [first, first + 1]


def test_a_feed_of_other_tables_rows_is_not_touched(database: Database) -> None:
    """The audit table counts for itself."""
    with database.write() as connection:
        connection.execute(
            insert(audit_events).values(
                at=AT,
                event="Export",
                action="a",
                outcome="success",
                actor="u",
                granted_by="",
                site_id="township",
                study_instance_uid="1.2.3",
                subject="",
            )
        )
    with database.read() as connection:
        assert changes_of_study(connection, "township", "1.2.3") == []
