"""What is only ever added stays as it was, whatever the hub's own connections are told to do with it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Date, Integer, Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from database import append_only, rules
from database.append_only import ONLY_ADDED
from database.audit import audit_events
from database.engine import Database
from database.schema import Moment, metadata
from tests.fixtures.catalogue import declare_tables

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
declare_tables()
REFUSED = "permission denied|stays as it is"


def add_row(connection: Connection, table: Table) -> dict[str, Any]:
    """Add a row with something in each column that needs it, and the rows that it belongs to."""
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.nullable or column.autoincrement is True:
            continue
        if column.foreign_keys:
            [key] = column.foreign_keys
            row[column.name] = add_row(connection, key.column.table)[key.column.name]
        elif isinstance(column.type, Moment | Date):
            row[column.name] = AT if isinstance(column.type, Moment) else date(2026, 11, 20)
        else:
            row[column.name] = 1 if isinstance(column.type, Integer) else "x"
    connection.execute(insert(table).values(row))
    return row


def rows_of(database: Database, table: Table) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(table)).all())


@pytest.mark.parametrize("name", ONLY_ADDED)
def test_a_row_is_neither_changed_nor_deleted_nor_replaced(database: Database, name: str) -> None:
    table = metadata.tables[name]
    with database.write() as connection:
        add_row(connection, table)
    before = rows_of(database, table)
    fixed = [column.name for column in table.columns if column.name not in ONLY_ADDED[name]]
    statements = [update(table).values({column: table.c[column]}) for column in fixed]
    statements += [delete(table)]
    if database.is_sqlite:
        statements += [insert(table).prefix_with("OR REPLACE").values(**dict(before[0]._mapping))]
    else:
        statements += [text(f"TRUNCATE {name} CASCADE")]
    for statement in statements:
        with pytest.raises(DBAPIError, match=REFUSED), database.write() as connection:
            connection.execute(statement)
    assert rows_of(database, table) == before != []


def test_a_record_of_the_audit_gets_its_place_in_the_chain_once(database: Database) -> None:
    with database.write() as connection:
        add_row(connection, audit_events)
        connection.execute(update(audit_events).values(chain_number=1, chain_hash="0" * 64))
    for other in ({"chain_number": None}, {"chain_hash": ""}, {"chain_number": 1, "chain_hash": "0" * 64}):
        with pytest.raises(DBAPIError, match=REFUSED), database.write() as connection:
            connection.execute(update(audit_events).values(other))


def test_rules_that_are_not_those_of_the_tables_are_noticed_and_made_anew(database: Database) -> None:
    with database.alter() as connection:
        assert rules.is_secured(connection, metadata)
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER hub_only_added_delete_reports"))
        else:
            connection.execute(text("COMMENT ON TABLE alembic_version IS 'older'"))
        assert not rules.is_secured(connection, metadata)
        rules.secure(connection, metadata)
        assert rules.is_secured(connection, metadata)


@pytest.mark.sqlite_only
def test_a_trigger_that_was_weakened_is_noticed(database: Database) -> None:
    with database.alter() as connection:
        connection.execute(text("DROP TRIGGER hub_only_added_delete_reports"))
        connection.execute(
            text("CREATE TRIGGER hub_only_added_delete_reports BEFORE DELETE ON reports BEGIN SELECT 1; END")
        )
        assert not append_only.is_guarded(connection, metadata)
