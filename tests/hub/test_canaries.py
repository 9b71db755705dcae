"""Marked words go in through every door, and stand in no log line, no figure, no refusal and no crash."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.canary_journey import MARK, MARK_IN_CHARACTERS, STRANGER

REPOSITORY = Path(__file__).resolve().parents[2]
OWN_WORDS_BACK = {"asked wrongly", "adopted nowhere"}
"""Refusals that name to a sender, in its own answer, the field or the site that it named itself."""
REFUSED_WITH = {
    "stored damaged": 0xC000,
    "stored with a wild UID": 0xC000,
    "stowed damaged": 409,
    "searched by a wrong day": 400,
    "searched for no number": 400,
    "looked by a wrong path": 400,
    "went nowhere": 404,
    "searched the list wrongly": 400,
    "logged in wrongly": 401,
    "logged in with another's password": 401,
    "logged in shapelessly": 400,
    "logged in with half a body": 400,
    "a wrong token": 401,
    "asked wrongly": 400,
    "asked too much": 400,
    "written too late": 412,
    "written wildly": 400,
    "adopted nowhere": 404,
    "a bug in a route": 500,
    "a bug in the gateway": 0x0110,
}
DONE = {0, 200, 201}


@dataclass(frozen=True)
class Journeyed:
    """What the process left behind."""

    lines: list[str]
    steps: dict[str, int]
    told: dict[str, str]
    metrics: list[str]
    secrets: list[str]
    """Tokens that it gave out."""

    def shows(self, text: str) -> bool:
        """Whether a text holds what was marked, or a token, plain or as JSON escapes it."""
        escaped = json.dumps(MARK_IN_CHARACTERS).strip('"')
        return any(
            word.lower() in text.lower() for word in (MARK, MARK_IN_CHARACTERS, escaped, *self.secrets)
        )


@pytest.fixture(scope="module")
def journeyed(tmp_path_factory: pytest.TempPathFactory) -> Journeyed:
    data, medium = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("medium")
    done = subprocess.run(
        [sys.executable, "-m", "tests.fixtures.canary_journey", str(data), str(medium)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 1, "it ends by its last bug"
    assert done.stdout, done.stderr[-3000:]
    return Journeyed(lines=done.stderr.splitlines(), **json.loads(done.stdout))


def test_every_door_was_gone_through(journeyed: Journeyed) -> None:
    refused = {step: status for step, status in journeyed.steps.items() if status not in DONE}
    assert refused == REFUSED_WITH
    assert {"stored", "stowed", "found", "logged in", "asked", "signed", "fetched/sr", "adopted"} <= set(
        journeyed.steps
    )


def test_the_log_tells_of_all_of_it_and_holds_none_of_the_words(journeyed: Journeyed) -> None:
    events: list[dict[str, Any]] = [json.loads(line) for line in journeyed.lines]
    assert {
        "association",
        "instance refused",
        "request",
        "request failed",
        "a duty failed",
        "the process ended by an unexpected error",
    } <= {event["event"] for event in events}
    strangers = [event for event in events if event.get("calling_ae_title") == STRANGER]
    assert strangers, "which device is turned away is told, by its own title in the association's line alone"
    for event in strangers:
        del event["calling_ae_title"]
    assert [event for event in events if journeyed.shows(json.dumps(event, ensure_ascii=False))] == []


def test_no_refusal_and_no_figure_holds_them(journeyed: Journeyed) -> None:
    assert len(journeyed.told) >= len(REFUSED_WITH)
    assert {step for step, text in journeyed.told.items() if journeyed.shows(text)} == OWN_WORDS_BACK
    assert len(journeyed.metrics) == 2
    assert not any(journeyed.shows(text) for text in journeyed.metrics)
