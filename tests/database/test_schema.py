"""Moments keep their instant whatever zone they were told in, and every table is declared properly."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from database.engine import Database
from database.postgresql import ROLE
from database.schema import Moment, metadata
from tests.fixtures.catalogue import declare_tables

moments = Table("moments", MetaData(), Column("n", Integer, primary_key=True), Column("at", Moment))
NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def kept(database: Database) -> Database:
    with database.alter() as connection:
        moments.metadata.create_all(connection)
        if not database.is_sqlite:
            connection.execute(text(f"GRANT ALL ON moments, moments_n_seq TO {ROLE}"))
    return database


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON.astimezone(timezone(timedelta(hours=8))),
        NOON.astimezone(timezone(timedelta(hours=-11, minutes=-30))),
        NOON.replace(microsecond=0),
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 30, tzinfo=UTC),
        None,
    ],
)
def test_a_moment_comes_back_as_the_same_instant_in_utc(kept: Database, moment: datetime | None) -> None:
    with kept.write() as connection:
        connection.execute(insert(moments).values(at=moment))
    with kept.read() as connection:
        found = connection.execute(select(moments.c.at)).scalar()
    assert found == moment
    assert found is None or found.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(kept: Database) -> None:
    def write() -> None:
        with kept.write() as connection:
            connection.execute(insert(moments).values(at=datetime(2026, 11, 20)))  # noqa: DTZ001 - that is the case

    with pytest.raises(StatementError, match="needs its time zone"):
        write()


def test_moments_sort_by_instant_not_by_what_the_clock_on_the_wall_said(kept: Database) -> None:
    told = [
        NOON.astimezone(timezone(timedelta(hours=8))),
        NOON - timedelta(microseconds=1),
        NOON + timedelta(microseconds=1),
        (NOON - timedelta(hours=1)).replace(microsecond=0),
    ]
    with kept.write() as connection:
        connection.execute(insert(moments), [{"at": moment} for moment in told])
    with kept.read() as connection:
        found = connection.scalars(select(moments.c.at).order_by(moments.c.at)).all()
        later = connection.scalars(select(moments.c.n).where(moments.c.at > NOON)).all()
    assert found == sorted(told)
    assert later == [3]


def test_every_declared_moment_is_aware_and_every_table_has_a_key(database: Database) -> None:
    declare_tables()
    for table in metadata.sorted_tables:
        assert list(table.primary_key), table.name
        for column in table.columns:
            written = column.type.compile(database.engine.dialect)
            is_moment = "DATETIME" in written or "TIMESTAMP" in written
            assert is_moment is isinstance(column.type, Moment), f"{table.name}.{column.name}"
