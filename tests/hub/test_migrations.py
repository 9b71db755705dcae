"""The schema: made by migrations, equal to the declared tables, backed up first, and never guessed at."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from core.access import EVERY_SITE
from core.clock import SystemClock
from core.errors import Misconfigured
from hub.migrate import Migration, back_up, configuration, copy_command, migrate
from hub.register import open_register
from hub.schema import MIGRATIONS, current_revision, head_revision, known_revisions, require_current
from hub.settings import Settings, load
from hub.tables import metadata
from tests.fixtures.catalogue import open_catalogue


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A hub's settings on an empty directory."""
    return load(data=tmp_path / "data")


def _migrate(settings: Settings) -> Migration:
    database = open_catalogue(settings.database_url)
    try:
        return migrate(settings, database, SystemClock())
    finally:
        database.close()


def _set_revision(settings: Settings, revision: str) -> None:
    with closing(sqlite3.connect(settings.data / "hub.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])


def test_migrations_reach_the_declared_tables(settings: Settings) -> None:
    _migrate(settings)
    register = open_register(settings)
    with register.database.read(within=EVERY_SITE) as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    register.database.close()
    assert differences == [], 'write the next step: .venv/bin/python -m hub.migrations "What changes"'


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert known_revisions() == [f"{number:04}" for number in range(1, len(known_revisions()) + 1)]


def test_an_empty_catalogue_needs_no_backup_and_a_second_migration_does_nothing(settings: Settings) -> None:
    first = _migrate(settings)
    assert (first.before, first.after, first.backup) == (None, head_revision(), None)
    assert not _migrate(settings).was_needed


def test_a_backup_holds_what_the_catalogue_held(settings: Settings) -> None:
    _migrate(settings)
    register = open_register(settings)
    register.directory.add_site("xinglong", "兴隆镇卫生院")
    path = back_up(settings, register.database, head_revision(), SystemClock())
    register.database.close()
    assert path is not None
    assert path.parent == settings.data / "backups"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT site_id FROM sites").fetchall() == [("xinglong",)]


def test_an_older_catalogue_is_backed_up_before_it_is_migrated(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a first step alone nothing is older yet: a step is named that this program does not have."""
    _migrate(settings)
    asked: list[str | None] = []
    monkeypatch.setattr("hub.migrate.head_revision", lambda: "0099")
    monkeypatch.setattr(
        "hub.migrate.back_up", lambda _settings, _database, before, _clock: asked.append(before)
    )
    _migrate(settings)
    assert asked == [head_revision()]


@pytest.mark.parametrize(
    ("address", "command"),
    [
        (
            "postgresql+psycopg://hub:canary@db:5433/hub",
            "pg_dump --format=custom --host=db --port=5433 --username=hub --file=catalogue-0009.dump hub",
        ),
        (
            "postgresql+psycopg://hub%20a:can%2Fary@db/the%20hub",
            "pg_dump --format=custom --host=db '--username=hub a' --file=catalogue-0009.dump 'the hub'",
        ),
    ],
)
def test_the_command_that_copies_a_catalogue_on_a_server_can_be_pasted_and_has_no_password(
    address: str, command: str
) -> None:
    assert copy_command(make_url(address), "0009") == command


@pytest.mark.parametrize("prepare", ["empty", "newer"])
def test_a_process_refuses_another_schema_and_names_what_to_do(settings: Settings, prepare: str) -> None:
    if prepare == "newer":
        _migrate(settings)
        _set_revision(settings, "9999")
    register = open_register(settings)
    with pytest.raises(Misconfigured) as refused:
        require_current(settings, register.database)
    register.database.close()
    expected = {"empty": "imaging-hub migrate --data", "newer": "newer hub"}
    assert expected[prepare] in str(refused.value)


def test_a_catalogue_without_its_rules_is_refused_until_a_migration_has_made_them(settings: Settings) -> None:
    _migrate(settings)
    with closing(sqlite3.connect(settings.data / "hub.sqlite3")) as connection, connection:
        connection.execute("DROP TRIGGER hub_only_added_delete_reports")
    register = open_register(settings)
    with pytest.raises(Misconfigured, match=r"without the rules .* Run: imaging-hub migrate"):
        require_current(settings, register.database)
    assert not _migrate(settings).was_needed
    require_current(settings, register.database)
    register.database.close()


def test_a_catalogue_of_a_newer_hub_is_left_alone(settings: Settings) -> None:
    _migrate(settings)
    _set_revision(settings, "9999")
    with pytest.raises(Misconfigured, match="newer hub"):
        _migrate(settings)
    database = open_catalogue(settings.database_url)
    assert current_revision(database) == "9999"
    database.close()


def test_several_that_migrate_at_once_wait_for_each_other(settings: Settings) -> None:
    done: list[Migration] = []
    threads = [threading.Thread(target=lambda: done.append(_migrate(settings))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(migration.was_needed for migration in done) == [False, False, False, True]


def test_a_hub_may_lie_in_a_folder_whose_name_means_something_in_an_ini_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "100% %(here)s").symlink_to(MIGRATIONS)
    monkeypatch.setattr("hub.migrate.MIGRATIONS", tmp_path / "100% %(here)s")
    assert ScriptDirectory.from_config(configuration()).dir == str(tmp_path / "100% %(here)s")
