"""Whoever changes a row raises its topics, in the transaction of the change, by whatever statement."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Executable,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from database import rules
from database.engine import Database
from database.schema import Moment, metadata
from database.topics import EVERYTHING, RAISED_BY, revisions, site_topics, study_topic
from tests.fixtures.catalogue import declare_tables

declare_tables()
TABLES = [table for table in metadata.sorted_tables if table is not revisions]
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SITE, STUDY = "x", "x"
"""What every text of a row is."""


def row_of(table: Table) -> dict[str, Any]:
    """Return a row with something in each column that needs it, the same in every table."""
    values: dict[type, Any] = {
        Boolean: False,
        Integer: 1,
        LargeBinary: b"x",
        Moment: AT,
        String: "x",
    }
    return {
        column.name: next((value for kind, value in values.items() if isinstance(column.type, kind)), {})
        for column in table.columns
        if not column.nullable
    }


def marks(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {row.topic: row.mark for row in connection.execute(select(revisions))}


def raised(database: Database, before: dict[str, int]) -> set[str]:
    return {topic for topic, mark in marks(database).items() if before.get(topic) != mark}


def raised_by_each(
    database: Database, tables: list[Table], statement: Callable[[Table], Executable]
) -> dict[str, set[str]]:
    """Return what a statement on each table raises; one that is refused raises nothing."""
    found = {}
    for table in tables:
        before = marks(database)
        with suppress(DBAPIError), database.write() as connection:
            connection.execute(statement(table))
        found[table.name] = raised(database, before)
    return found


def topics_of(name: str) -> set[str]:
    kinds = RAISED_BY.get(name, ())
    if isinstance(kinds, str):
        return {kinds}
    of = {"study ": study_topic(STUDY), "site ": site_topics([SITE])[0]}
    return {of[kind] for kind in kinds}


def test_a_row_that_comes_changes_or_goes_raises_its_topics_and_no_others(database: Database) -> None:
    expected = {table.name: topics_of(table.name) for table in TABLES}
    assert raised_by_each(database, TABLES, lambda table: insert(table).values(row_of(table))) == expected
    assert raised_by_each(database, TABLES, lambda table: update(table).values(row_of(table))) == expected
    assert raised_by_each(database, TABLES[::-1], delete) == expected


def test_a_row_that_moves_raises_the_topics_of_both_places(database: Database) -> None:
    table = metadata.tables["preparations"]
    with database.write() as connection:
        connection.execute(insert(table).values(row_of(table)))
    before = marks(database)
    with database.write() as connection:
        connection.execute(update(table).values(study_instance_uid="another"))
    assert raised(database, before) == {study_topic(STUDY), study_topic("another")}


def test_what_was_taken_back_raised_nothing(database: Database) -> None:
    before = marks(database)
    accounts = metadata.tables["accounts"]
    twice = [row_of(accounts), row_of(accounts)]
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(accounts).values(twice))
    assert raised(database, before) == set()


def test_a_mark_never_comes_back(database: Database) -> None:
    table = metadata.tables["accounts"]
    seen = set()
    with database.write() as connection:
        connection.execute(insert(table).values(row_of(table)))
    for _ in range(5):
        with database.write() as connection:
            connection.execute(update(table).values(username="y"))
        seen.add(marks(database)[RAISED_BY["accounts"]])
    assert len(seen) == 5


def test_rules_without_their_triggers_are_noticed_and_everything_is_asked_anew(database: Database) -> None:
    before = marks(database)
    with database.alter() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER hub_raises_update_accounts"))
            assert not rules.is_secured(connection, metadata)
        rules.secure(connection, metadata)
        assert rules.is_secured(connection, metadata)
    assert raised(database, before) == {EVERYTHING}
