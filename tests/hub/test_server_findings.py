"""Which PostgreSQL servers the doctor trusts with exams."""

from dataclasses import replace
from typing import Any

import pytest

from database.engine import Database
from database.server_settings import ServerSettings, server_settings
from hub.finding import Standing
from hub.server_findings import server_findings
from tests.fixtures.postgresql import PostgreSQLServer, empty_copy

DURABLE = ServerSettings(
    version="15.4",
    version_number=150_004,
    encoding="UTF8",
    fsync=True,
    full_page_writes=True,
    synchronous_commit="on",
)
LINES = ("version", "encoding", "fsync", "full_page_writes", "synchronous_commit")


def test_a_durable_server_is_well_in_each_of_its_lines() -> None:
    found = list(server_findings(DURABLE))
    assert [finding.what for finding in found] == [f"PostgreSQL {what}" for what in LINES]
    assert {finding.standing for finding in found} == {Standing.WELL}


@pytest.mark.parametrize(
    ("changed", "what", "standing"),
    [
        ({"version": "14.11", "version_number": 140_011}, "version", Standing.BAD),
        ({"encoding": "SQL_ASCII"}, "encoding", Standing.BAD),
        ({"fsync": False}, "fsync", Standing.BAD),
        ({"full_page_writes": False}, "full_page_writes", Standing.NOTE),
        ({"synchronous_commit": "off"}, "synchronous_commit", Standing.BAD),
        ({"synchronous_commit": "local"}, "synchronous_commit", Standing.NOTE),
    ],
)
def test_only_what_can_lose_an_exam_is_bad(changed: dict[str, Any], what: str, standing: Standing) -> None:
    found = [each for each in server_findings(replace(DURABLE, **changed)) if each.standing != Standing.WELL]
    assert [(each.what, each.standing) for each in found] == [(f"PostgreSQL {what}", standing)]
    assert found[0].is_good == (standing is Standing.NOTE)
    assert str(found[0]).startswith(f"{standing} " if standing is Standing.NOTE else "BAD  PostgreSQL")


def asked(database: Database) -> ServerSettings:
    with database.survey() as connection:
        return server_settings(connection)


def test_a_real_server_is_asked_and_its_commits_are_waited_for_whatever_it_does_by_itself(
    postgresql_server: PostgreSQLServer,
) -> None:
    with empty_copy(postgresql_server) as copy:
        lax = asked(copy.database)
        assert (lax.fsync, lax.full_page_writes) == (False, False)
        assert (lax.encoding, lax.synchronous_commit) == ("UTF8", "on")
        assert lax.version.startswith(str(lax.version_number // 10_000))
        with postgresql_server.set(fsync="on", full_page_writes="on", synchronous_commit="off"):
            copy.database.engine.dispose()
            assert asked(copy.database) == replace(lax, fsync=True, full_page_writes=True)
