"""What `imaging-hub import` says, and the exit status: nobody takes what is kept aside for what is in."""

from pathlib import Path

import pytest

from core.access import Grant, Role, Route
from hub.import_account import NAMED_AT_MOST, ImportAccount
from hub.import_files import run_import
from hub.operator import operating_actor
from hub.register import open_register
from hub.settings import Settings, load
from hub.wiring import open_house
from storage.aside_records import AsideFilter
from storage.file_taking import LeftOut, Taken
from storage.instance import StoreOutcome
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.migrated import Migrated

SITE = "xinglong"
STORED, HELD = StoreOutcome.STORED, StoreOutcome.ALREADY_HELD
BESIDE, ENCODING = StoreOutcome.KEPT_AS_CONFLICT, StoreOutcome.KEPT_AS_REPRESENTATION
QUARANTINED, FAILED = LeftOut.QUARANTINED, LeftOut.FAILED
NOT_DICOM, DICOMDIR = LeftOut.NOT_DICOM, LeftOut.DIRECTORY


def account_of(*outcomes: StoreOutcome | LeftOut) -> ImportAccount:
    account = ImportAccount()
    for number, outcome in enumerate(outcomes):
        account.note(f"file {number}", Taken(outcome=outcome))
    return account


@pytest.mark.parametrize(
    ("outcomes", "status", "waits"),
    [
        ((STORED,), 0, False),
        ((HELD,), 0, False),
        ((ENCODING,), 0, False),
        ((STORED, NOT_DICOM, DICOMDIR), 0, False),
        ((), 1, False),
        ((NOT_DICOM, DICOMDIR), 1, False),
        ((STORED, FAILED), 1, False),
        ((STORED, QUARANTINED), 1, True),
        ((STORED, BESIDE), 1, True),
        ((BESIDE,), 1, True),
    ],
)
def test_the_status_says_whether_all_is_in(
    outcomes: tuple[StoreOutcome | LeftOut, ...], status: int, waits: bool
) -> None:
    account = account_of(*outcomes)
    assert account.status == status
    told = account.what_waits(SITE, Path("a hub"))
    command = f"imaging-hub admin quarantine list --site {SITE} --data 'a hub'"
    assert told == (f"What is kept aside until a person decides is listed by: {command}" if waits else None)


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ((), "There was nothing to import."),
        ((NOT_DICOM,), "There was nothing to import."),
        ((QUARANTINED, QUARANTINED), "Nothing could be taken in; 2 files are kept in quarantine."),
        ((FAILED, NOT_DICOM), "Nothing could be taken in; 1 file failed."),
        ((BESIDE,), "Nothing could be taken in; 1 file is kept beside another data set of the same UID."),
        (
            (QUARANTINED, FAILED, FAILED),
            "Nothing could be taken in; 1 file is kept in quarantine, 2 files failed.",
        ),
    ],
)
def test_where_nothing_is_in_it_says_what_happened(
    outcomes: tuple[StoreOutcome | LeftOut, ...], said: str
) -> None:
    assert list(account_of(*outcomes).lines())[-1] == said


@pytest.mark.parametrize("outcome", [NOT_DICOM, BESIDE, ENCODING])
def test_the_first_files_of_a_kind_are_named_and_the_others_counted(outcome: StoreOutcome | LeftOut) -> None:
    account = ImportAccount()
    named = [account.note(f"file {number}", Taken(outcome=outcome)) for number in range(NAMED_AT_MOST + 2)]
    assert [line is not None for line in named] == [True] * NAMED_AT_MOST + [False] * 2
    assert str(named[0]).endswith(": file 0")
    assert next(account.lines()).endswith(": and 2 more")


def test_every_file_that_is_amiss_is_named_with_what_does_not_print_escaped() -> None:
    account = ImportAccount()
    for outcome in [QUARANTINED, FAILED]:
        for _ in range(NAMED_AT_MOST + 1):
            line = account.note("a\x1b[2J\udc80", Taken(outcome=outcome, detail="cut\n"))
            assert line is not None
            assert line.endswith(": a\\x1b[2J\\udc80 (cut\\n)")
    assert account.note("well", Taken(outcome=STORED)) is None


@pytest.fixture
def settings(tmp_path: Path, migrated: Migrated) -> Settings:
    """A migrated hub with one site, which nobody reads."""
    settings = load(data=migrated(tmp_path / "data"), disk_reserve=0)
    register = open_register(settings)
    register.directory.add_site(SITE, "兴隆镇卫生院")
    register.directory.add_reading_group("county", "县医院")
    register.database.close()
    return settings


def test_another_data_set_under_one_uid_is_named_and_is_amiss_as_long_as_it_waits(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = data_set()
    (tmp_path / "first").write_bytes(encoded(first))
    first.Rows, first.Columns = 4, 16
    (tmp_path / "second").write_bytes(encoded(first))
    (tmp_path / "notes.txt").write_text("no exam")
    files = [tmp_path / name for name in ("first", "second", "notes.txt")]
    assert run_import(settings, files, SITE) == 1
    told = capsys.readouterr().out.splitlines()
    assert "not DICOM: notes.txt" in told
    assert "kept beside another data set of the same UID: second" in told
    assert f"imaging-hub admin quarantine list --site {SITE} --data {settings.data}" in told[-1]

    assert run_import(settings, files, SITE) == 1
    assert f"{1:6} of the UIDs held already wait for a decision" in capsys.readouterr().out.splitlines()
    house = open_house(settings)
    [kept] = house.shelf.items(operating_actor(), AsideFilter())
    house.shelf.keep_apart(operating_actor(), kept.kept_key, reason="Sent twice.")
    house.close()
    assert run_import(settings, files, SITE) == 0
    assert "quarantine" not in capsys.readouterr().out


def test_studies_that_nobody_can_read_are_told_with_the_command_until_somebody_can(
    quick_passwords: None, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*, are_priors: bool = False, **values: str) -> str:
        (tmp_path / "image").write_bytes(encoded(data_set(**values)))
        assert run_import(settings, [tmp_path / "image"], SITE, are_priors=are_priors) == 0
        return capsys.readouterr().out

    unread = "Nobody can read 1 of the studies that came: no route for US."
    end = f"--data {settings.data}`"
    assert unread in told()
    assert f"`imaging-hub admin group route GROUP {SITE}:US {end}" in told()
    assert unread not in told(are_priors=True)
    register = open_register(settings)
    register.directory.add_route(Route(reading_group_id="county", site_id=SITE, modality="US"))
    assert "no reader in the reading groups for US" in told()
    register.accounts.add("reader", "Reader", [Grant(role=Role.READER, reading_group_id="county")])
    register.database.close()
    assert told() == f"{1:6} stored\n"
    assert "no route for DX" in told(Modality="DX")
