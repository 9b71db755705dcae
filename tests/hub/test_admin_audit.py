"""`imaging-hub admin audit` as an auditor types it, on what a worker has linked and anchored."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from database.audit_chain import Head
from hub.audit_anchors import AnchorFolder, read_anchors
from hub.cli import app
from hub.settings import load
from hub.wiring import House, open_house
from hub.worker import Worker
from tests.fixtures.instances import RECEIVED
from tests.fixtures.migrated import Migrated
from tests.fixtures.tampering import by_hand


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def run(data: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments, "--data", str(data)])
    return done.exit_code, done.output


@pytest.fixture
def worked(data: Path, migrated: Migrated) -> House:
    """A hub in which somebody was registered, linked and anchored by a worker that was stopped again."""
    migrated(data)
    for command in (("site", "add", "xinglong", "兴隆"), ("audit", "show"), ("audit", "show")):
        assert run(data, "admin", *command)[0] == 0
    return _work(data)


def _work(data: Path) -> House:
    """Let a worker start and stop: what it does last is to link and to anchor."""
    house = open_house(load(data=data))
    worker = Worker(house)
    worker.start()
    worker.stop()
    house.close()
    return house


def test_a_good_record_is_whole_and_says_of_how_many_rows(worked: House, data: Path) -> None:
    status, said = run(data, "admin", "audit", "verify")
    assert status == 0
    assert "rows in 2 chains are whole; 2 anchors fit." in said


def test_a_bad_one_is_named_and_the_exit_status_is_1(worked: House, data: Path) -> None:
    by_hand(data / "hub.sqlite3", "UPDATE audit_events SET actor = 'other' WHERE chain_number = 1")
    status, said = run(data, "admin", "audit", "verify", "--site", "")
    assert status == 1
    assert "The chain of what belongs to no site is broken at row 1 (audit number 2, " in said


def test_an_end_that_was_cut_off_is_told_by_the_anchors_of_the_worker(worked: House, data: Path) -> None:
    by_hand(data / "hub.sqlite3", "DELETE FROM audit_events WHERE chain_number > 1")
    kept = data / "audit-anchors"
    status, said = run(data, "admin", "audit", "verify", "--anchor", str(kept))
    assert (status, "its end was cut off" in said) == (1, True)
    kept.rename(data / "elsewhere")
    status, said = run(data, "admin", "audit", "verify")
    assert (status, "an end that was cut off cannot be seen" in said) == (0, True)
    status, said = run(data, "admin", "audit", "verify", "--anchor", str(kept))
    assert status == 1


def test_whoever_looks_is_on_record(worked: House, data: Path) -> None:
    run(data, "admin", "audit", "verify")
    _, said = run(data, "admin", "audit", "show", "--since", "2026-01-01")
    uses = [line.split("\t") for line in said.splitlines() if "\tAudit Log Used\t" in line]
    assert [use[3] for use in uses] == ["show", "show", "verify", "show"]
    assert all(use[5].startswith("console:") for use in uses)
    _, said = run(data, "admin", "audit", "show", "--actor", "nobody")
    [heading] = said.splitlines()
    assert heading.startswith("number\t")
    assert len(run(data, "admin", "audit", "show", "--limit", "2")[1].splitlines()) == 3


def test_a_head_is_written_once_and_a_cut_line_is_left_out(tmp_path: Path) -> None:
    folder = AnchorFolder(tmp_path / "anchors")
    heads = [Head(site_id=site, chain_number=7, chain_hash="a" * 64) for site in ("", "xinglong")]
    assert [folder.write(heads, RECEIVED), folder.write(heads, RECEIVED)] == [2, 0]
    (file,) = (tmp_path / "anchors").iterdir()
    assert file.name == "audit-anchors-2026-11.jsonl"
    with file.open("a") as lines:
        lines.write('{"at": "2026-11-20T09:')
    moved = [Head(site_id="xinglong", chain_number=9, chain_hash="b" * 64)]
    assert AnchorFolder(tmp_path / "anchors").write(moved, RECEIVED) == 1
    found = read_anchors(tmp_path / "anchors")
    assert {site: list(rows) for site, rows in found.items()} == {"": [7], "xinglong": [7, 9]}
    lines_kept: list[Any] = [line for line in file.read_text().splitlines() if line]
    assert json.loads(lines_kept[0])["hash"] == "a" * 64
