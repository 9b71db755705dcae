"""What a demonstration does not do, and how it ends."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from core.access import Grant, Role
from core.errors import HubError, Misconfigured
from hub.demo import CREDENTIALS, Credentials, prepare, require_demonstration, run_demo
from hub.demo_journey import Journey
from hub.ports import free_port
from hub.settings import Settings, load
from hub.supervisor import Supervisor
from hub.wiring import open_house
from tests.fixtures.migrated import Migrated

BEGUN: list[Supervisor] = []


def test_a_hub_that_people_work_with_is_no_place_for_a_demonstration(
    tmp_path: Path, migrated: Migrated, quick_passwords: None
) -> None:
    settings = load(data=migrated(tmp_path / "data"), disk_reserve=0)
    house = open_house(settings)
    require_demonstration(house)
    prepare(house)
    require_demonstration(house)
    house.accounts.add("chief", "Chief", [Grant(role=Role.ADMIN)], password="a-long-password")
    with pytest.raises(Misconfigured, match="--data"):
        require_demonstration(house)
    assert (settings.data / CREDENTIALS).exists()


@contextmanager
def _serving_nothing(settings: Settings, *, when_ready: Callable[[Settings], None]) -> Iterator[Supervisor]:
    """A supervisor that has no processes to wait for."""
    BEGUN.append(Supervisor([], when_ready=lambda: when_ready(settings)))
    yield BEGUN[-1]


def _stopped_meanwhile(_settings: Settings, _credentials: Credentials, _console: Console) -> bool:
    os.kill(os.getpid(), signal.SIGTERM)
    while not BEGUN[-1].is_stopping:
        time.sleep(0.01)
    raise HubError("The hub did not answer: Connection refused")


def _failing(_settings: Settings, _credentials: Credentials, _console: Console) -> bool:
    raise HubError("GET /readyz answered 503.")


def _happening(_settings: Settings, _credentials: Credentials, _console: Console) -> bool:
    return True


@pytest.mark.parametrize(
    ("play", "status", "words"),
    [
        (_stopped_meanwhile, 1, ["The demonstration was stopped before its end."]),
        (_failing, 1, ["The demonstration stopped: GET /readyz answered 503."]),
        (_happening, 0, []),
    ],
)
def test_a_demonstration_ends_in_one_line_that_says_why(
    tmp_path: Path,
    migrated: Migrated,
    quick_passwords: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    play: Callable[[Settings, Credentials, Console], bool],
    status: int,
    words: list[str],
) -> None:
    settings = load(data=migrated(tmp_path / "data"), disk_reserve=0, dicom_port=0, http_port=0)
    monkeypatch.setattr("hub.demo.logs.configure", lambda *_, **__: None)
    monkeypatch.setattr("hub.demo.serving", _serving_nothing)
    monkeypatch.setattr("hub.demo._play", play)

    assert run_demo(settings, once=True) == status
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("level='info'")]
    assert said == words


def test_a_hub_that_has_gone_is_no_surprise_to_the_journey() -> None:
    login = {"username": "demo-reader", "password": "x", "token": "x"}
    settings = load(http_port=free_port("127.0.0.1"))
    journey = Journey(settings, {"reader": login, "clinic": login}, Console(quiet=True), steps=1)
    with pytest.raises(HubError, match="The hub did not answer"):
        journey.step("the hub is ready", journey.hub_is_ready)
    journey.close()
