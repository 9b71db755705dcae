"""Which schema the catalogue has, and which this program needs. Bringing it up to date is `hub.migrate`'s.

Alembic takes a second to import, and every process asks this when it starts: so it is asked without it.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from core.errors import Misconfigured
from database import rules
from database.address import embedded_file
from database.engine import Database
from hub.data_folder import is_there, refused_by_name
from hub.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"


def require_made(settings: Settings) -> None:
    """Refuse a data directory without a catalogue before anything is made in it: its name may be mistyped.

    Raises:
        Misconfigured: it says which directory was meant, and which command makes one, or why it is none.
    """
    file = embedded_file(settings.database_url)
    with refused_by_name(settings.data):
        is_missing = file is not None and not is_there(file)
    if is_missing:
        raise Misconfigured(
            f"There is no hub in {settings.data}. Is --data (or HUB_DATA) right?"
            f" A new one is made by: imaging-hub migrate --data {settings.data}"
        )


def require_current(settings: Settings, database: Database) -> None:
    """Refuse to work on another schema than this program's.

    Raises:
        Misconfigured: it says which command to run.
    """
    present = current_revision(database)
    if present == head_revision() and has_its_rules(database):
        return
    require_known(present)
    if present == head_revision():
        state = "without the rules that this program keeps it under"
    else:
        state = "empty" if present is None else "older than this program"
    raise Misconfigured(
        f"The catalogue in {settings.data} is {state}. Run: imaging-hub migrate --data {settings.data}"
    )


def has_its_rules(database: Database) -> bool:
    """Whether what stands under the queries is what the tables ask for."""
    from hub.tables import metadata  # imports every room

    with database.survey() as connection:
        return rules.is_secured(connection, metadata)


def current_revision(database: Database) -> str | None:
    """Return the revision of the catalogue, None while it is empty."""
    with database.survey() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the catalogue that a transaction looks at, None while it is empty."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
    return None if version is None else str(version)


def head_revision() -> str:
    """Return the revision that this program works on."""
    return known_revisions()[-1]


def known_revisions() -> list[str]:
    """Return the revisions in order; each step's file begins with its number."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def require_known(revision: str | None) -> None:
    """Refuse a catalogue made by a newer hub. Raises Misconfigured."""
    if revision is not None and revision not in known_revisions():
        raise Misconfigured(
            f"The catalogue has schema {revision}, which this program does not know:"
            " it was made by a newer hub. Install that version again, or restore a backup."
        )
