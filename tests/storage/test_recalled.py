"""Where an instance lies is recalled while other studies arrive, and never beyond a change to its own."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from core.errors import NotFound
from database.engine import Database
from storage import archive as module
from storage.archive import Archive
from storage.tables import instances
from tests.fixtures.searching import EVERYTHING


def numbers(archive: Archive, study: str) -> list[int | None]:
    return [each.instance_number for each in archive.instances_of(study, visible_to=EVERYTHING)]


def test_another_study_that_arrives_makes_nobody_ask_again(
    archive: Archive, keep: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = keep(InstanceNumber=7)
    assert numbers(archive, study) == [7]
    keep(InstanceNumber=8)
    monkeypatch.delattr(module.search, "search_instances")
    assert numbers(archive, study) == [7]


def test_what_happens_to_the_study_is_seen_at_once(
    archive: Archive, database: Database, keep: Callable[..., str]
) -> None:
    with pytest.raises(NotFound):
        numbers(archive, "1.2.3")
    keep(StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1", InstanceNumber=1)
    assert numbers(archive, "1.2.3") == [1]
    keep(StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1", InstanceNumber=2)
    assert numbers(archive, "1.2.3") == [1, 2]
    with database.write() as connection:
        connection.execute(update(instances).values(instance_number=9))
    assert numbers(archive, "1.2.3") == [9, 9]
