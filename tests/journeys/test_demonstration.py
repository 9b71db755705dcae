"""The demonstration must really happen: it is the first thing that anybody sees of the hub."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.running_hub import running_hub

pytestmark = pytest.mark.timeout(400)  # whole processes start, on a machine that may be busy


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The journey played once; where its data is and what it printed."""
    data = tmp_path_factory.mktemp("demo") / "data"
    return data, _play(data)


def _play(data: Path) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "hub",
            "demo",
            "--once",
            "--data",
            str(data),
            "--dicom-port",
            "0",
            "--http-port",
            "0",
            "--api-processes",
            "1",
        ],
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_journey_plays_every_step_for_ultrasound_radiograph_and_ecg(played: tuple[Path, str]) -> None:
    _, printed = played
    steps = re.findall(r"^\[ *(\d+)/(\d+)\]", printed, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, int(steps[0][1]) + 1))
    for title in ("ultrasound cine", "chest radiograph", "12-lead ECG"):
        for what in ("is on the list", "is claimed", "is looked at", "is signed"):
            assert f"{title} {what}" in printed
        assert f"the clinic has the report of the {title}" in printed


def test_the_log_ins_are_written_for_their_owner_only(played: tuple[Path, str]) -> None:
    path = played[0] / "demo-credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    credentials = json.loads(path.read_text(encoding="utf-8"))
    assert set(credentials) == {"technician", "reader", "clinic", "admin"}
    for login in credentials.values():
        assert set(login) == {"username", "password", "token"}


def test_it_leaves_one_file_of_catalogue_and_nothing_for_every_account_of_the_machine(
    played: tuple[Path, str],
) -> None:
    data, _ = played
    assert [path.name for path in data.glob("hub.sqlite3*")] == ["hub.sqlite3"]
    for path in data.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o007, path.name


def test_the_journey_can_be_played_again_on_the_same_data(played: tuple[Path, str]) -> None:
    assert "Every step of the journey happened." in _play(played[0])


def test_serve_carries_on_from_what_the_demonstration_left(played: tuple[Path, str]) -> None:
    data, _ = played
    with running_hub(data) as hub, hub.client("demo-clinic") as clinic:
        assert not any("no administrator" in line for line in hub.printed)
        reports = clinic.get("/api/v1/reports").json()["items"]
        assert len(reports) >= 3
        assert clinic.get(f"/api/v1/reports/{reports[0]['report_id']}/pdf").content.startswith(b"%PDF-")
        assert hub.stop() == 0
