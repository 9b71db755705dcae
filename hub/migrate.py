"""Brings the catalogue's schema up to date: one process at a time, after a backup."""

import fcntl
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

from core.clock import Clock
from database import rules
from database.engine import Database
from hub.data_folder import open_lock, require_usable
from hub.schema import (
    MIGRATIONS,
    current_revision,
    has_its_rules,
    head_revision,
    require_known,
    revision_of,
)
from hub.settings import Settings
from hub.tables import metadata


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


def migrate(
    settings: Settings, database: Database, clock: Clock, *, tell: Callable[[str], None] | None = None
) -> Migration:
    """Bring the schema up to date; several at once wait for each other, also those of other machines.

    `tell` hears, before an older schema on a server is changed, how a copy of it is made.

    Raises:
        Misconfigured: the data directory cannot be used, the catalogue was made by a newer hub, or its server
            does not let us set up the rules.
    """
    require_usable(settings)
    with _lock(settings.data / "migrate.lock"):
        before, after = current_revision(database), head_revision()
        if before == after and has_its_rules(database):
            return Migration(before=before, after=after, backup=None)
        require_known(before)
        is_older = before not in {None, after}
        backup = back_up(settings, database, before, clock) if is_older else None
        if is_older and backup is None and tell is not None:
            tell(
                f"The catalogue has schema {before} and gets {after}. No copy is made first on a server;"
                f" one is made by: {copy_command(database.engine.url, before)}"
            )
        alembic = configuration()
        with database.alter() as connection:
            # Another machine may have been first, and this one has waited for it.
            before = revision_of(connection)
            require_known(before)
            alembic.attributes["connection"] = connection
            rules.lift(connection)
            command.upgrade(alembic, "head")
            rules.secure(connection, metadata)
        return Migration(before=before, after=after, backup=backup)


def configuration() -> Config:
    """Return Alembic's configuration; the connection is given as an attribute."""
    alembic = Config()
    # It reads its values as those of an ini file, where a single % begins a reference.
    alembic.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return alembic


def back_up(settings: Settings, database: Database, revision: str | None, clock: Clock) -> Path | None:
    """Copy the catalogue's file into DATA/backups; None where the catalogue is no file of ours."""
    source_path = database.engine.url.database
    if not database.is_sqlite or source_path is None:
        return None
    folder = settings.data / "backups"
    folder.mkdir(exist_ok=True)
    path = folder / f"catalogue-{revision}-{clock.now():%Y%m%dT%H%M%SZ}.sqlite3"
    with closing(sqlite3.connect(source_path)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    return path


def copy_command(url: URL, revision: str | None) -> str:
    """Return the command that copies a catalogue on a server to a file; it asks for the password itself."""
    where = {"host": url.host, "port": url.port, "username": url.username}
    options = [f"--{name}={value}" for name, value in where.items() if value is not None]
    file = f"--file=catalogue-{revision}.dump"
    return shlex.join(["pg_dump", "--format=custom", *options, file, url.database or ""])


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with open_lock(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
