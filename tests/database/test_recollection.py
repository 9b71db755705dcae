"""What was answered is given again exactly until something is committed that it depends on, by whomever."""

import shutil
from collections.abc import Collection
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from core.errors import StorageUnavailable
from database.engine import Database
from database.recollection import LARGEST, SMALL, Marks, Recollection, Revision
from database.tallies import tallies
from database.topics import EVERYTHING
from tests.fixtures.catalogue import open_catalogue


def count(database: Database) -> int:
    """Count rows, or recall it."""

    def ask() -> int:
        with database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(tallies)) or 0)

    return database.recalled("rows", ask, on=None)


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
        assert database.recalled("key", ask, on=None) == 1


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
        database.recalled("key", refuse, on=())
    assert database.recalled("key", lambda: "answered", on=()) == "answered"


class Catalogue:
    """A catalogue that is nothing but its revision and marks."""

    def __init__(self) -> None:
        self.place = "here"
        self.commits = 0
        self.raised: dict[str, int] = {}
        self.looks: list[set[str]] = []

    def commit(self, *topics: str) -> None:
        self.commits += 1
        self.raised |= dict.fromkeys(topics, self.commits)

    def now(self) -> Revision:
        return Revision(catalogue=self.place, state=self.commits)

    def marks(self, topics: Collection[str]) -> Marks:
        self.looks.append({*topics} - {EVERYTHING})
        return {topic: self.raised.get(topic) for topic in topics}


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


def test_an_answer_is_asked_anew_only_for_what_it_depends_on(catalogue: Catalogue) -> None:
    kept = Recollection(catalogue)
    on = {"a": ("a",), "a and b": ("a", "b"), "nothing": (), "anything": None}

    def answers() -> dict[str, int]:
        return {key: kept.recalled(key, lambda: catalogue.commits, on=topics) for key, topics in on.items()}

    assert set(answers().values()) == {0}
    catalogue.commit("b")
    assert answers() == {"a": 0, "a and b": 1, "nothing": 0, "anything": 1}
    catalogue.commit("c")
    assert answers() == {"a": 0, "a and b": 1, "nothing": 0, "anything": 2}
    catalogue.commit(EVERYTHING)
    assert set(answers().values()) == {3}


def test_marks_are_looked_at_once_for_each_commit(catalogue: Catalogue) -> None:
    kept = Recollection(catalogue)
    for _ in range(3):
        for key in ("one", "other"):
            kept.recalled(key, lambda: "answer", on=("a",))
    catalogue.commit()
    for _ in range(3):
        for key in ("one", "other"):
            kept.recalled(key, lambda: "never asked", on=("a",))
    assert catalogue.looks == [{"a"}, {"a"}]


@pytest.mark.parametrize("on", [None, ("a",)])
def test_an_answer_asked_before_a_commit_is_not_taken_for_a_newer_one(
    catalogue: Catalogue, on: tuple[str, ...] | None
) -> None:
    """The commit falls between the look at the revision and the question."""
    kept = Recollection(catalogue)

    def ask() -> str:
        catalogue.commit("a")
        return "old or new"

    assert kept.recalled("key", ask, on=on) == "old or new"
    assert kept.recalled("key", lambda: "new", on=on) == "new"
    assert kept.recalled("key", lambda: "never asked", on=on) == "new"


def test_nothing_is_known_of_a_catalogue_that_took_the_place_of_another(catalogue: Catalogue) -> None:
    kept = Recollection(catalogue)
    kept.recalled("key", lambda: "of the first", on=())
    catalogue.place = "elsewhere"
    assert kept.recalled("key", lambda: "of the second", on=()) == "of the second"


def test_what_is_of_no_use_any_more_is_neither_kept_nor_given_again(catalogue: Catalogue) -> None:
    kept = Recollection(catalogue)

    def recalled(answer: int, least: int) -> int:
        return kept.recalled("key", lambda: answer, on=(), still=lambda number: number >= least)

    assert [recalled(1, 2), recalled(2, 2), recalled(3, 2), recalled(4, 3), recalled(5, 3)] == [1, 2, 2, 4, 4]


def test_no_more_is_kept_than_is_allowed(catalogue: Catalogue) -> None:
    kept = Recollection(catalogue, at_most=2 * SMALL)
    for key in "abac":
        kept.recalled(key, lambda key=key: f"first {key}", on=None)
    assert [kept.recalled(key, lambda: "again", on=None) for key in "acb"] == ["first a", "first c", "again"]


def test_large_answers_give_way_sooner_and_the_largest_are_not_kept(catalogue: Catalogue) -> None:
    kept = Recollection(catalogue, at_most=2 * LARGEST)
    for key, weight in (("small", 1), ("half", LARGEST), ("too large", LARGEST + 1), ("other half", LARGEST)):
        kept.recalled(key, lambda: "first", on=None, weigh=lambda _answer, weight=weight: weight)
    asked_again = {
        key: kept.recalled(key, lambda: "again", on=None, weigh=lambda _answer: 0)
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
