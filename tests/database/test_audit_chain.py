"""A11: whatever is done to the record of what was done is found, and named."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from database import audit_chain
from database.audit import AuditEvent, AuditRecord, append_audit
from database.audit_chain import Anchor, Verdict, chain_hash, heads, link, verify
from database.engine import Database, sqlite_url
from tests.fixtures import tampering
from tests.fixtures.catalogue import new_database, open_catalogue

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
SITE, OTHER = "xinglong", "qingshan"
ROWS = 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.sqlite"


@pytest.fixture
def chained(path: Path) -> Iterator[Database]:
    """Twelve rows in each of three chains."""
    database = new_database(path)
    write(database, ROWS)
    assert link(database) == 3 * ROWS
    yield database
    database.close()


def write(database: Database, count: int, sites: tuple[str, ...] = (SITE, OTHER, "")) -> None:
    with database.write() as connection:
        for number in range(count):
            for site_id in sites:
                append_audit(
                    connection,
                    AuditRecord(
                        at=AT + timedelta(seconds=number, microseconds=7),
                        event=AuditEvent.INSTANCES_ACCESSED,
                        action="retrieve",
                        actor="reader 医师",
                        site_id=site_id,
                        study_instance_uid=f"1.2.{number}",
                    ),
                )


def anchors_of(database: Database) -> dict[str, dict[int, Anchor]]:
    with database.read() as connection:
        found = heads(connection)
    return {
        head.site_id: {head.chain_number: Anchor(chain_hash=head.chain_hash, at="2026-11-20T09:00:00Z")}
        for head in found
    }


def look(database: Database, anchors: audit_chain.Anchors | None = None) -> Verdict:
    return verify(database, now=LATER, anchors=anchors)


def by_hand(path: Path, *statements: str) -> None:
    """Do what somebody with the file in their hands could do; CHAIN is the number in Xinglong's."""
    in_chain = "site_id = 'xinglong' AND chain_number"
    tampering.by_hand(path, *(statement.replace("CHAIN", in_chain) for statement in statements))


def rehash(path: Path, site_id: str = SITE) -> None:
    """Make a chain anew from what its rows say now, as somebody who knows how would."""
    database = open_catalogue(sqlite_url(path))
    with database.alter() as connection, tampering.without_triggers(connection):
        chained = audit_chain.audit_events.c
        rows = connection.execute(
            audit_chain.select(audit_chain.audit_events)
            .where(chained.site_id == site_id, chained.chain_number.is_not(None))
            .order_by(chained.chain_number)
        ).mappings()
        previous = ""
        for number, row in enumerate(rows.all(), 1):
            previous = chain_hash(row, number, previous)
            connection.execute(
                audit_chain.update(audit_chain.audit_events)
                .where(chained.audit_number == row["audit_number"])
                .values(chain_number=number, chain_hash=previous)
            )
    database.close()


def test_a_chain_that_nobody_touched_is_whole(chained: Database) -> None:
    verdict = look(chained, anchors_of(chained))
    assert (verdict.rows, verdict.chains, verdict.anchored, verdict.findings) == (3 * ROWS, 3, 3, [])
    only = verify(chained, now=LATER, site_id=SITE, anchors=anchors_of(chained))
    assert (only.rows, only.chains, only.anchored, only.findings) == (ROWS, 1, 1, [])


PUT_IN = """
    INSERT INTO audit_events
    (at, event, action, outcome, actor, granted_by, site_id, study_instance_uid, subject, chain_number,
     chain_hash)
    SELECT at, event, action, outcome, 'x', granted_by, site_id, study_instance_uid, subject, 4, chain_hash
    FROM audit_events WHERE CHAIN = 3
"""
TAMPERED: dict[str, tuple[list[str], str]] = {
    "edited": (
        ["UPDATE audit_events SET actor = 'other' WHERE CHAIN = 5"],
        "broken at row 5 (audit number 13",
    ),
    "outcome edited": (
        ["UPDATE audit_events SET outcome = 'failure' WHERE CHAIN = 1"],
        "broken at row 1 (",
    ),
    "backdated": (
        ["UPDATE audit_events SET at = '2026-11-20 08:00:00' WHERE CHAIN = 7"],
        "broken at row 7 (",
    ),
    "deleted": (["DELETE FROM audit_events WHERE CHAIN = 6"], "a gap: row 6 is missing before row 7"),
    "deleted two": (
        ["DELETE FROM audit_events WHERE CHAIN IN (6, 7)"],
        "rows 6 to 7 are missing before row 8",
    ),
    "first deleted": (["DELETE FROM audit_events WHERE CHAIN = 1"], "row 1 is missing before row 2"),
    "deleted and closed up": (
        [
            "DELETE FROM audit_events WHERE CHAIN = 6",
            "UPDATE audit_events SET chain_number = -chain_number + 1 WHERE CHAIN > 6",
            "UPDATE audit_events SET chain_number = -chain_number WHERE CHAIN < 0",
        ],
        "broken at row 6 (audit number 19",
    ),
    "reordered": (
        [
            "UPDATE audit_events SET chain_number = -1 WHERE CHAIN = 4",
            "UPDATE audit_events SET chain_number = 4 WHERE CHAIN = 9",
            "UPDATE audit_events SET chain_number = 9 WHERE CHAIN = -1",
        ],
        "broken at row 4 (audit number 25",
    ),
    "inserted": (
        [
            "UPDATE audit_events SET chain_number = -chain_number - 1 WHERE CHAIN > 3",
            "UPDATE audit_events SET chain_number = -chain_number WHERE CHAIN < 0",
            PUT_IN,
        ],
        "broken at row 4 (audit number 37",
    ),
    "moved to another chain": (
        ["UPDATE audit_events SET site_id = 'station' WHERE CHAIN = 12"],
        "The chain of station has a gap: rows 1 to 11 are missing",
    ),
    "hash removed": (["UPDATE audit_events SET chain_hash = NULL WHERE CHAIN = 2"], "broken at row 2 ("),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_is_done_to_a_row_is_found_without_any_anchor(chained: Database, path: Path, how: str) -> None:
    statements, words = TAMPERED[how]
    by_hand(path, *statements)
    findings = look(chained).findings
    assert any(words in finding for finding in findings), findings
    assert all(OTHER not in finding for finding in findings)


def cut_the_tail(path: Path) -> None:
    by_hand(path, "DELETE FROM audit_events WHERE CHAIN > 9")


def cut_a_whole_chain(path: Path) -> None:
    by_hand(path, "DELETE FROM audit_events WHERE site_id = 'xinglong'")


def cut_and_grow_again(path: Path) -> None:
    cut_the_tail(path)
    database = open_catalogue(sqlite_url(path))
    write(database, 5, (SITE,))
    link(database)
    database.close()


def rewrite(path: Path) -> None:
    by_hand(path, "UPDATE audit_events SET actor = 'other' WHERE CHAIN = 2")
    rehash(path)


def delete_and_rewrite(path: Path) -> None:
    by_hand(path, "DELETE FROM audit_events WHERE CHAIN = 2")
    rehash(path)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (cut_the_tail, "ends with row 9, but row 12 was anchored at 2026-11-20T09:00:00Z"),
        (cut_a_whole_chain, "ends with row 0, but row 12 was anchored"),
        (cut_and_grow_again, "was written anew: row 12 (audit number 39"),
        (rewrite, "was written anew: row 12 (audit number 34"),
        (delete_and_rewrite, "ends with row 11, but row 12 was anchored"),
    ],
)
def test_what_leaves_a_whole_chain_behind_is_told_by_the_anchor(
    chained: Database, path: Path, how: Callable[[Path], None], words: str
) -> None:
    anchors = anchors_of(chained)
    how(path)
    assert look(chained).findings == []
    findings = look(chained, anchors).findings
    assert len(findings) == 1
    assert f"The chain of {SITE} {words}" in findings[0]


def test_a_database_that_was_put_back_is_told_by_the_anchor(chained: Database, path: Path) -> None:
    with closing(sqlite3.connect(path)) as now, closing(sqlite3.connect(path.with_suffix(".old"))) as old:
        now.backup(old)
    write(chained, 3)
    link(chained)
    anchors = anchors_of(chained)
    with closing(sqlite3.connect(path)) as now, closing(sqlite3.connect(path.with_suffix(".old"))) as old:
        old.backup(now)
    assert look(chained).findings == []
    assert len(look(chained, anchors).findings) == 3


def test_a_row_that_no_worker_links_is_an_alarm(chained: Database) -> None:
    write(chained, 1)
    young = verify(chained, now=AT + timedelta(seconds=5))
    assert (young.unchained, young.findings) == (3, [])
    late = look(chained)
    assert late.unchained == 3
    assert late.findings[0].startswith(
        "3 rows have no place in their chain yet, the oldest since 2026-11-20T08:30"
    )


def test_new_rows_are_linked_after_the_old_ones_in_batches(chained: Database) -> None:
    write(chained, 4)
    assert [link(chained, limit=5) for _ in range(4)] == [5, 5, 2, 0]
    verdict = look(chained)
    assert (verdict.rows, verdict.findings) == (3 * (ROWS + 4), [])


def test_progress_is_told_while_many_rows_are_read(
    chained: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "PROGRESS_EVERY", 10)
    told: list[int] = []
    verify(chained, now=LATER, progress=told.append)
    assert told == [10, 20, 30]


def test_several_workers_give_each_row_one_place(chained: Database, path: Path) -> None:
    write(chained, 200)
    others = [open_catalogue(sqlite_url(path)) for _ in range(3)]

    def work(database: Database) -> int:
        done = 0
        while count := link(database, limit=20):
            done += count
        return done

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, others)) == 600
    for database in others:
        database.close()
    verdict = look(chained)
    assert (verdict.rows, verdict.findings) == (3 * (ROWS + 200), [])
