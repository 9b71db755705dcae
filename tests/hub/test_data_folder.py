"""A data directory that cannot be is told in one line: which, why, and what to do."""

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.clock import SystemClock
from core.errors import Misconfigured
from database.engine import Database
from hub.child import CANNOT_START
from hub.cli import main
from hub.migrate import migrate
from hub.register import open_register
from hub.serve import settled
from hub.settings import Settings, load
from hub.wiring import open_house
from tests.fixtures.ordinary_user import as_an_ordinary_user


def _serve(settings: Settings) -> None:
    with settled(settings):
        pytest.fail("it serves")


def _migrate(settings: Settings) -> None:
    migrate(settings, Database(settings.database_url), SystemClock())


OPENERS: list[Callable[[Settings], object]] = [_serve, _migrate, open_house, open_register]
"""What the commands begin with: serve and demo; migrate; gateway, api, worker and watch; admin."""


@pytest.fixture
def umask() -> Iterator[None]:
    """The command line sets it for the process."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def _refused(open_it: Callable[[Settings], object], data: Path) -> str:
    settings = load(data=data, dicom_port=0, http_port=0)
    with pytest.raises(Misconfigured) as refused:
        open_it(settings)
    return str(refused.value)


@pytest.mark.parametrize("open_it", OPENERS)
def test_a_file_in_its_place_is_said_and_another_place_asked_for(
    tmp_path: Path, open_it: Callable[[Settings], object]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for data in (file, file / "below"):
        why = f"{data} cannot be the data directory: Not a directory. Choose another with --data."
        assert _refused(open_it, data) == why


@pytest.mark.parametrize("open_it", OPENERS)
def test_what_an_ordinary_user_may_not_make_comes_with_the_command_that_makes_it(
    tmp_path: Path, open_it: Callable[[Settings], object]
) -> None:
    data = tmp_path / "a place" / "hub"
    data.parent.mkdir()
    settings = load(data=data, dicom_port=0, http_port=0)
    with as_an_ordinary_user(may_not_write=data.parent), pytest.raises(Misconfigured) as refused:
        open_it(settings)
    said = str(refused.value)
    assert said.startswith(f"{data} cannot be the data directory: Permission denied. Choose another with")
    assert "sudo install -d -o " in said
    assert shlex.split(said)[-1] == str(data)
    assert "\n" not in said


@pytest.mark.parametrize("open_it", OPENERS[:3])
def test_a_directory_that_is_there_has_to_be_writable(open_it: Callable[[Settings], object]) -> None:
    with TemporaryDirectory() as name:  # which others may look into, unlike those that pytest makes
        data = Path(name)
        settings = load(data=data, dicom_port=0, http_port=0)
        with as_an_ordinary_user(may_not_write=data), pytest.raises(Misconfigured, match="Permission denied"):
            open_it(settings)
        assert list(data.iterdir()) == []


def test_a_file_of_another_user_in_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "serve.lock"
    lock.write_bytes(b"")

    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    said = _refused(_serve, tmp_path)
    assert f"{tmp_path} cannot be the data directory: {lock}: Permission denied." in said
    assert said.endswith(f" {lock}")
    assert "sudo chown " in said


@pytest.mark.usefixtures("umask")
def test_the_command_ends_with_one_line_and_the_status_of_other_settings_that_cannot_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["imaging-hub", "migrate", "--data", "/proc/nowhere"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == CANNOT_START
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("/proc/nowhere cannot be the data directory: No such file or directory.")
