"""`imaging-hub admin quarantine`, as an engineer types it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import HubError, InvalidInstance, NotFound
from hub.cli import app
from hub.settings import load
from hub.wiring import open_house
from tests.fixtures.archive import device_at
from tests.fixtures.instances import data_set, receive
from tests.fixtures.migrated import Migrated

Admin = Callable[..., str]


@pytest.fixture
def data(tmp_path: Path, migrated: Migrated) -> Path:
    """A hub with one thing in quarantine and one of another patient."""
    folder = migrated(tmp_path / "data")
    house = open_house(load(data=folder))
    first = data_set()
    other = data_set(StudyInstanceUID=first.StudyInstanceUID, PatientID="0002", PatientName="Li\x1b[2J")
    for sent in (first, other):
        house.archive.store(receive(house.archive.incoming, sent), device_at("township"))
    with pytest.raises(InvalidInstance):
        house.archive.store(receive(house.archive.incoming, b"no DICOM", header=b""), device_at("station"))
    house.close()
    return folder


@pytest.fixture
def admin(data: Path) -> Admin:
    """Runs one command and returns what it printed."""

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["admin", "quarantine", *arguments, "--data", str(data)])
        if isinstance(done.exception, HubError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def key_of(admin: Admin, *arguments: str) -> str:
    (line,) = admin("list", *arguments).splitlines()
    return line.partition("\t")[0]


def test_a_conflict_is_listed_shown_and_let_in(admin: Admin) -> None:
    assert len(admin("list").splitlines()) == 2
    key = key_of(admin, "--reason", "patient-conflict")
    shown = admin("show", key)
    assert "\tPatientID\t0002\t0001" in shown
    assert "\tRows\t" not in shown
    assert "\x1b" not in shown
    assert "\tRows\t8\t8" in admin("show", key, "--all")
    assert admin("readmit", key, "--reason", "typed anew") == f"{key}: stored\n"
    assert "\treadmitted" in admin("list", "--settled", "--reason", "patient-conflict")


def test_the_bytes_are_written_to_a_file_that_was_not_there(admin: Admin, tmp_path: Path) -> None:
    key, file = key_of(admin, "--site", "station"), tmp_path / "kept.dcm"
    admin("download", key, str(file))
    assert file.read_bytes() == b"no DICOM"
    with pytest.raises(AssertionError):
        admin("download", key, str(file))


def test_a_decision_is_taken_and_taken_back(admin: Admin) -> None:
    key = key_of(admin, "--site", "station")
    for act in ("discard", "keep-apart"):
        admin(act, key, "--reason", "a text file")
        assert admin("list", "--site", "station") == ""
        admin("reopen", key, "--reason", "a mistake")
        assert key_of(admin, "--site", "station") == key
    with pytest.raises(NotFound):
        admin("discard", "0" * 26, "--reason", "unknown")
