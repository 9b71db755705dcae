"""What was answered is given again exactly until something is committed, by whomever."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from core.errors import StorageUnavailable
from database.engine import Database
from database.recollection import LARGEST, SMALL, Recollection
from database.tallies import tallies
from tests.fixtures.catalogue import open_catalogue


def count(database: Database) -> int:
    """Count rows, or recall it."""

    def ask() -> int:
        with database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(tallies)) or 0)

    return database.recalled("rows", ask)


def add(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(insert(tallies).values(name=name, word="", number=1))


def test_a_commit_of_this_process_is_seen_at_once(database: Database) -> None:
    assert count(database) == 0
    for number in range(1, 4):
        add(database, str(number))
        assert count(database) == number


def test_a_commit_of_another_is_seen_at_once(database: Database, catalogue_url: str) -> None:
    assert count(database) == 0
    other = open_catalogue(catalogue_url)
    try:
        add(other, "of another")
    finally:
        other.close()
    assert count(database) == 1


def test_nothing_is_asked_again_while_nothing_is_committed(database: Database) -> None:
    asked = []

    def ask() -> int:
        asked.append("asked")
        return len(asked)

    for _ in range(3):
        with database.read() as connection:
            connection.scalar(select(func.count()).select_from(tallies))
        assert database.recalled("key", ask) == 1


def test_what_is_not_committed_is_not_seen(database: Database) -> None:
    assert count(database) == 0
    with database.write() as connection:
        connection.execute(insert(tallies).values(name="still open", word="", number=1))
        assert count(database) == 0
    assert count(database) == 1


def test_what_could_not_be_answered_is_asked_again(database: Database) -> None:
    def refuse() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        database.recalled("key", refuse)
    assert database.recalled("key", lambda: "answered") == "answered"


def test_an_answer_asked_before_a_commit_is_not_taken_for_a_newer_one() -> None:
    """The commit falls between the look at the revision and the question."""
    revision = ["before"]
    kept = Recollection(lambda: revision[0])

    def ask() -> str:
        revision[0] = "after"
        return "old or new"

    assert kept.recalled("key", ask) == "old or new"
    assert kept.recalled("key", lambda: "new") == "new"
    assert kept.recalled("key", lambda: "never asked") == "new"


def test_no_more_is_kept_than_is_allowed() -> None:
    kept = Recollection(lambda: "always", at_most=2 * SMALL)
    for key in "abac":
        kept.recalled(key, lambda key=key: f"first {key}")
    assert [kept.recalled(key, lambda: "again") for key in "acb"] == ["first a", "first c", "again"]


def test_large_answers_give_way_sooner_and_the_largest_are_not_kept() -> None:
    kept = Recollection(lambda: "always", at_most=2 * LARGEST)
    for key, weight in (("small", 1), ("half", LARGEST), ("too large", LARGEST + 1), ("other half", LARGEST)):
        kept.recalled(key, lambda: "first", lambda _answer, weight=weight: weight)
    asked_again = {
        key: kept.recalled(key, lambda: "again", lambda _answer: 0)
        for key in ("half", "other half", "small", "too large")
    }
    assert asked_again == {"half": "first", "other half": "first", "small": "again", "too large": "again"}


@pytest.mark.sqlite_only("a file that is replaced under a process that has it open")
def test_a_catalogue_that_was_put_in_its_place_is_another(database: Database, tmp_path: Path) -> None:
    path = Path(str(database.engine.url.database))
    copy = Path(shutil.copy(path, tmp_path / "restored.sqlite"))
    add(database, "lost with the restore")
    assert count(database) == 1
    for journal in path.parent.glob(f"{path.name}-*"):
        journal.unlink()
    copy.replace(path)
    assert count(database) == 0


@pytest.mark.sqlite_only("a file that is gone")
def test_a_catalogue_that_is_gone_is_not_remembered(database: Database) -> None:
    assert count(database) == 0
    Path(str(database.engine.url.database)).unlink()
    with pytest.raises(StorageUnavailable):
        count(database)
