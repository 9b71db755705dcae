"""Raises the topics of `database.topics` from inside the catalogue, whoever writes and by whatever statement.

A mark has to differ from every earlier one, also after a copy was put back: on SQLite it is drawn by lot, on
PostgreSQL it is the transaction's number, which also keeps a transaction from raising a topic twice. Writers
of either engine take turns anyway (`database.engine`), so nobody waits for a topic's row.
"""

# ruff: noqa: S608 - every word of these statements is the hub's own

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, MetaData, Table, text

from database.topics import COLUMNS, EVERYTHING, RAISED_BY, Of

_PRESENT: Final = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'hub_raises_*'"
_IN_SQLITE: Final = "ON CONFLICT (topic) DO UPDATE SET mark = excluded.mark"
_ROWS: Final = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
_TRANSACTION: Final = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
_ONCE: Final = "ON CONFLICT (topic) DO UPDATE SET mark = excluded.mark WHERE revisions.mark <> excluded.mark"
_OF_A_TABLE: Final = f"""
CREATE OR REPLACE FUNCTION hub_raise() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO revisions (topic, mark) VALUES (TG_ARGV[0], {_TRANSACTION}) {_ONCE};
    RETURN NULL;
END $$
"""


def is_guarded(connection: Connection, metadata: MetaData) -> bool:
    """Whether a file has just the triggers that the tables ask for."""
    return {sql for _, sql in connection.exec_driver_sql(_PRESENT)} == set(triggers(metadata))


def guard(connection: Connection, metadata: MetaData) -> None:
    """Give a file its triggers, and let nothing be recalled from before."""
    lift(connection)
    for statement in triggers(metadata):
        connection.exec_driver_sql(statement)
    drawn = f"INSERT INTO revisions (topic, mark) VALUES (:topic, random()) {_IN_SQLITE}"
    connection.execute(text(drawn), {"topic": EVERYTHING})


def lift(connection: Connection) -> None:
    """Take the triggers away, for a step of the schema; `guard` puts them back."""
    for name, _ in connection.exec_driver_sql(_PRESENT).all():
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')


def triggers(metadata: MetaData) -> Iterator[str]:
    """Yield the statements that make a file's triggers."""
    for table in _tables(metadata):
        raised = RAISED_BY[table.name]
        for event, rows in _ROWS.items():
            if isinstance(raised, str):
                topics = f"SELECT '{raised}' AS topic"
            else:
                each = (
                    f"SELECT '{kind}' || {row}.{COLUMNS[kind]} AS topic" for kind in raised for row in rows
                )
                topics = " UNION ".join(each)
            yield (
                f"CREATE TRIGGER hub_raises_{event.lower()}_{table.name} AFTER {event} ON {table.name} BEGIN"
                f" INSERT INTO revisions (topic, mark) SELECT topic, random() FROM ({topics}) WHERE true"
                f" {_IN_SQLITE}; END"
            )


def statements(metadata: MetaData) -> Iterator[str]:
    """Yield all that makes a server's triggers, whatever triggers of ours there are already."""
    yield _OF_A_TABLE
    for kinds in sorted({raised for raised in RAISED_BY.values() if not isinstance(raised, str)}):
        yield _of_rows(kinds)
    for table in _tables(metadata):
        raised = RAISED_BY[table.name]
        yield _trigger(table, "truncate", "TRUNCATE", f"hub_raise('{EVERYTHING}')")
        for event, rows in _ROWS.items():
            if isinstance(raised, str):
                yield _trigger(table, event.lower(), event, f"hub_raise('{raised}')")
                continue
            for row in rows:
                seen = f" REFERENCING {row} TABLE AS changed"
                name = f"{event.lower()}_{row.lower()}"
                yield _trigger(table, name, event, f"{_function(raised)}()", seen)


def raise_everything(connection: Connection) -> None:
    """Let nothing be recalled from before, on a server."""
    drawn = f"INSERT INTO revisions (topic, mark) VALUES (:topic, {_TRANSACTION}) {_ONCE}"
    connection.execute(text(drawn), {"topic": EVERYTHING})


def _of_rows(kinds: tuple[Of, ...]) -> str:
    """Return the function that raises the topics of the rows that a statement changed, each once."""
    topics = " UNION ".join(f"SELECT '{kind}' || {COLUMNS[kind]} AS topic FROM changed" for kind in kinds)
    return f"""
CREATE OR REPLACE FUNCTION {_function(kinds)}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO revisions (topic, mark) SELECT topic, {_TRANSACTION} FROM ({topics}) AS raised {_ONCE};
    RETURN NULL;
END $$
"""


def _function(kinds: tuple[Of, ...]) -> str:
    return "_".join(("hub_raise", *(kind.strip() for kind in kinds)))


def _trigger(table: Table, name: str, event: str, call: str, seen: str = "") -> str:
    return (
        f'CREATE OR REPLACE TRIGGER hub_raises_{name} AFTER {event} ON "{table.name}"{seen}'
        f" FOR EACH STATEMENT EXECUTE FUNCTION {call}"
    )


def _tables(metadata: MetaData) -> list[Table]:
    return [metadata.tables[name] for name in RAISED_BY if name in metadata.tables]
