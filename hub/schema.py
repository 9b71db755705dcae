"""The catalogue's schema: brought up to date by one process, under a lock, after a backup; checked by all."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.clock import Clock
from core.errors import Misconfigured
from database.engine import Database
from hub.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, kw_only=True)
class Migration:
    """What was done: from which revision (None: an empty catalogue) to which, and where the backup lies."""

    before: str | None
    after: str
    backup: Path | None

    @property
    def was_needed(self) -> bool:
        """Whether anything changed."""
        return self.before != self.after


def migrate(settings: Settings, database: Database, clock: Clock) -> Migration:
    """Bring the schema up to date; several at once wait for each other.

    Raises:
        Misconfigured: the catalogue was made by a newer hub.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    with _lock(settings.data / "migrate.lock"):
        before = current_revision(database)
        after = _script().get_current_head() or ""
        if before == after:
            return Migration(before=before, after=after, backup=None)
        _require_known(before)
        backup = _back_up(settings, database, before, clock) if before else None
        alembic = configuration()
        with database.write() as connection:
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")
        return Migration(before=before, after=after, backup=backup)


def require_current(settings: Settings, database: Database) -> None:
    """Refuse to work on another schema than this program's.

    Raises:
        Misconfigured: it says which command to run.
    """
    present = current_revision(database)
    if present == _script().get_current_head():
        return
    _require_known(present)
    state = "empty" if present is None else "older than this program"
    raise Misconfigured(
        f"The catalogue in {settings.data} is {state}. Run: imaging-hub migrate --data {settings.data}"
    )


def current_revision(database: Database) -> str | None:
    """Return the revision of the catalogue, None while it is empty."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _require_known(revision: str | None) -> None:
    if revision is not None and revision not in {script.revision for script in _script().walk_revisions()}:
        raise Misconfigured(
            f"The catalogue has schema {revision}, which this program does not know:"
            " it was made by a newer hub. Install that version again, or restore a backup."
        )


def _back_up(settings: Settings, database: Database, revision: str, clock: Clock) -> Path | None:
    if not database.is_sqlite:
        return None
    folder = settings.data / "backups"
    folder.mkdir(exist_ok=True)
    path = folder / f"catalogue-{revision}-{clock.now():%Y%m%dT%H%M%SZ}.sqlite3"
    source_path = database.engine.url.database
    if source_path is None:
        return None
    with closing(sqlite3.connect(source_path)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    return path


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def configuration() -> Config:
    """Return Alembic's configuration; the connection is given as an attribute."""
    alembic = Config()
    alembic.set_main_option("script_location", str(MIGRATIONS))
    return alembic
