"""The publisher's process is killed, at the worst points and at any: each report is in its study once."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reporting.publication import LEASE
from tests.failures.dying_publisher import POINTS
from tests.fixtures.consultation import Consultation, reader
from tests.fixtures.publications import assert_published_once

pytestmark = pytest.mark.sqlite_only("each starts a process, for what the archive's own tests ask on both")

REPOSITORY = Path(__file__).resolve().parents[2]
LI = reader("李建国")


def start(folder: Path, consultation: Consultation, point: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.failures.dying_publisher",
            str(folder),
            consultation.clock.now().isoformat(),
            point,
        ],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("point", POINTS)
def test_a_publisher_killed_at_the_worst_point_leaves_a_report_that_is_published_once(
    consultation: Consultation, tmp_path: Path, point: str
) -> None:
    report = consultation.signed(LI)
    process = start(tmp_path, consultation, point)
    said, _ = process.communicate(timeout=90)
    assert (process.returncode, said) == (-signal.SIGKILL, "ready\n")
    assert consultation.publisher.run() == [], "the lease of the dead still holds"
    consultation.clock.advance(seconds=LEASE.total_seconds())
    assert consultation.publisher.run() == []
    assert_published_once(consultation, report)


def test_a_publisher_killed_at_any_moment_loses_and_doubles_no_report(
    consultation: Consultation, tmp_path: Path
) -> None:
    reports, rounds = [consultation.signed(LI) for _ in range(8)], 2
    chance = random.Random(20261120)
    for _ in range(rounds):
        process = start(tmp_path, consultation, "none")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.05, 1.0))
        process.kill()
        process.communicate()
        assert process.returncode in {-signal.SIGKILL, 0}
        consultation.clock.advance(seconds=LEASE.total_seconds())
    for _ in reports:
        assert consultation.publisher.run() == []
        consultation.clock.advance(seconds=LEASE.total_seconds())
    for report in reports:
        assert_published_once(consultation, report)
