"""What is only ever added: acts, reports, the feed. One list; each engine refuses the rest in its own way.

On PostgreSQL the rooms' role may not (`database.row_security`). On SQLite, which knows no roles, triggers
refuse every connection; only who takes the triggers away, as a migration does, can change such a row.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, MetaData, Table

ONLY_ADDED: Final[dict[str, tuple[str, ...]]] = {
    "audit_events": ("chain_number", "chain_hash"),
    "case_acts": (),
    "changes": (),
    "kept_drafts": (),
    "patient_acts": (),
    "report_confirmations": (),
    "report_marks": (),
    "report_receipts": (),
    "reports": (),
}
"""The tables whose rows are never changed nor deleted, with the columns that are filled once, later."""
REFUSAL: Final = "What is written down stays as it is."

_PRESENT: Final = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'hub_only_added_*'"
)


def is_guarded(connection: Connection, metadata: MetaData) -> bool:
    """Whether a file has just the triggers that the tables ask for."""
    return {sql for _, sql in connection.exec_driver_sql(_PRESENT)} == set(triggers(metadata))


def guard(connection: Connection, metadata: MetaData) -> None:
    """Give a file its triggers, whatever triggers of ours there are already."""
    lift(connection)
    for statement in triggers(metadata):
        connection.exec_driver_sql(statement)


def lift(connection: Connection) -> None:
    """Take the triggers away, for a step of the schema that has to move rows; `guard` puts them back."""
    for name, _ in connection.exec_driver_sql(_PRESENT).all():
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')


def triggers(metadata: MetaData) -> Iterator[str]:
    """Yield the statements that make the triggers."""
    for name, filled_later in ONLY_ADDED.items():
        if name not in metadata.tables:
            continue
        yield _trigger(f"delete_{name}", f"DELETE ON {name}")
        if not filled_later:
            yield _trigger(f"update_{name}", f"UPDATE ON {name}")
            continue
        fixed = ", ".join(_columns_but(metadata.tables[name], filled_later))
        yield _trigger(f"update_{name}", f"UPDATE OF {fixed} ON {name}")
        filled = " OR ".join(f"OLD.{column} IS NOT NULL" for column in filled_later)
        yield _trigger(f"refill_{name}", f"UPDATE OF {', '.join(filled_later)} ON {name} WHEN {filled}")


def _columns_but(table: Table, left_out: tuple[str, ...]) -> list[str]:
    return [column.name for column in table.columns if column.name not in left_out]


def _trigger(name: str, before: str) -> str:
    return f"CREATE TRIGGER hub_only_added_{name} BEFORE {before} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
