"""Writes the next step of the schema: `.venv/bin/python -m hub.migrations "What changes"`.

It compares the declared tables with what the present steps make of an empty catalogue. Read the file that it
writes before you commit it: what no table tells (a rename, a value to fill in) is yours to add.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from database.engine import Database, sqlite_url
from hub.migrate import configuration
from hub.schema import MIGRATIONS


def write_next_step(message: str) -> None:
    """Write hub/migrations/versions/NNNN_….py."""
    steps = len(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sqlite_url(Path(folder) / "empty.sqlite3"))
        alembic = configuration()
        with database.alter() as connection:
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")
            command.revision(alembic, message=message, autogenerate=True, rev_id=f"{steps + 1:04}")
        database.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write_next_step(sys.argv[1])
