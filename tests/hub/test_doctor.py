"""The doctor tells a well hub from a sick one."""

from pathlib import Path

import pytest

from core.clock import SystemClock
from database.engine import Database
from database.jobs import ATTEMPTS, enqueue, jobs
from hub.doctor import examine
from hub.migrate import migrate
from hub.ports import free_port
from hub.settings import Settings, load
from hub.wiring import open_house


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A migrated hub that is not running."""
    settings = load(
        data=tmp_path / "data",
        disk_reserve=0,
        dicom_port=free_port("127.0.0.1"),
        http_port=free_port("127.0.0.1"),
    )
    database = Database(settings.database_url)
    migrate(settings, database, SystemClock())
    database.close()
    return settings


def test_a_well_hub_is_found_well_and_opens_no_case(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(settings) == 0
    told = capsys.readouterr().out
    for what in ("clock", "disk space", "database", "object store", "DICOM port", "HTTP port", "round trip"):
        assert f"ok   {what}:" in told
    house = open_house(settings)
    intake = house.intake()
    from database.change_feed import follow
    from worklist.case_records import arriving_cases

    assert follow(house.database, "test", intake.handle) == 1
    with house.database.read() as connection:
        assert arriving_cases(connection) == []
    house.close()


def test_it_can_be_called_again_and_again(settings: Settings) -> None:
    assert [examine(settings), examine(settings)] == [0, 0]


def test_a_hub_without_schema_is_sick_and_the_cure_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(data=tmp_path / "none", disk_reserve=0)
    assert examine(settings) == 1
    assert "imaging-hub migrate" in capsys.readouterr().out


def test_a_full_disk_is_sick(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert examine(settings.model_copy(update={"disk_reserve": 2**60})) == 1
    assert "BAD  disk space" in capsys.readouterr().out


def test_a_job_that_gave_up_is_named(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    house = open_house(settings)
    now = house.clock.now()
    with house.database.write() as connection:
        enqueue(connection, kind="report.publish", body={}, due_at=now)
        connection.execute(jobs.update().values(attempts=ATTEMPTS, rested_at=now, last_error="no paper"))
    house.close()
    assert examine(settings) == 1
    assert "report.publish (no paper)" in capsys.readouterr().out
