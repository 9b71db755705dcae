"""One hub a data directory: a second one is told so, and whoever comes later finds nothing in its way."""

import errno
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Misconfigured
from hub.occupancy import LOCK, Occupant, occupant_of, occupied
from hub.serve import settled
from hub.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A hub on ports of its own, which waits for nobody."""
    monkeypatch.setattr("hub.occupancy.PATIENCE_SECONDS", 0.0)
    return load(data=tmp_path / "data", dicom_port=0, http_port=0)


@pytest.fixture
def serving(settings: Settings) -> Iterator[Settings]:
    """A hub that serves the directory."""
    with settled(settings) as served:
        yield served


def test_a_second_hub_on_the_same_directory_is_told_which_and_what_to_do(
    serving: Settings, settings: Settings
) -> None:
    with pytest.raises(Misconfigured) as refused, settled(settings):
        pytest.fail("both serve")
    assert str(refused.value) == (
        f"{serving.data} is in use by another hub (process {os.getpid()}):"
        " stop that one, or name another directory with --data"
    )


def test_who_serves_is_told_with_its_real_ports_and_only_while_it_does(settings: Settings) -> None:
    assert occupant_of(settings.data) is None
    with settled(settings) as served:
        assert occupant_of(settings.data) == Occupant(
            pid=os.getpid(),
            ae_title="HUB",
            dicom_host="127.0.0.1",
            dicom_port=served.dicom_port,
            http_host="127.0.0.1",
            http_port=served.http_port,
        )
        assert 0 not in {served.dicom_port, served.http_port}
    assert occupant_of(settings.data) is None
    with occupied(settings):
        assert occupant_of(settings.data) is None, "nothing is said of an earlier one"


def test_what_a_hub_started_does_not_hold_its_directory(settings: Settings) -> None:
    with settled(settings):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    with child, settled(settings):
        assert child.poll() is None


def test_hubs_on_a_server_may_share_a_directory(serving: Settings) -> None:
    on_server = serving.model_copy(update={"database_url": "postgresql+psycopg://hub:x@127.0.0.1:1/hub"})
    told = occupant_of(serving.data)
    with occupied(on_server) as occupancy:
        occupancy.tell(Occupant.of(on_server.model_copy(update={"http_port": 1})))
    assert occupant_of(serving.data) == told


def test_a_file_system_without_locks_is_used_without_a_word(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with settled(settings), settled(settings):
        assert occupant_of(settings.data) is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("words", [b"", b"{", b"[]", b'{"pid": 1}'])
def test_a_file_that_says_nothing_whole_names_nobody(serving: Settings, words: bytes) -> None:
    (serving.data / LOCK).write_bytes(words)
    assert occupant_of(serving.data) is None
