"""The publisher's process is killed, at the worst points and at any: each report is in its study once."""

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reporting.publication import LEASE
from tests.failures.dying_publisher import POINTS
from tests.fixtures.consultation import Consultation, reader
from tests.fixtures.processes import Child, Launcher
from tests.fixtures.publications import assert_published_once

pytestmark = pytest.mark.sqlite_only("each starts a process, for what the archive's own tests ask on both")

LI = reader("李建国")


PUBLISHER = "import sys; from tests.failures.dying_publisher import main; main(*sys.argv[1:])"


@pytest.fixture
def start(launcher: Launcher, consultation: Consultation, tmp_path: Path) -> Callable[[str], Child]:
    """Starts a publisher that dies at a point."""
    launcher.prepare("tests.failures.dying_publisher")
    return lambda point: launcher.start(PUBLISHER, tmp_path, consultation.clock.now().isoformat(), point)


@pytest.mark.parametrize("point", POINTS)
def test_a_publisher_killed_at_the_worst_point_leaves_a_report_that_is_published_once(
    consultation: Consultation, start: Callable[[str], Child], point: str
) -> None:
    report = consultation.signed(LI)
    with start(point) as process:
        assert (process.wait(), process.lines()) == (-signal.SIGKILL, ["ready"])
    assert consultation.publisher.run() == [], "the lease of the dead still holds"
    consultation.clock.advance(seconds=LEASE.total_seconds())
    assert consultation.publisher.run() == []
    assert_published_once(consultation, report)


def test_a_publisher_killed_at_any_moment_loses_and_doubles_no_report(
    consultation: Consultation, start: Callable[[str], Child]
) -> None:
    reports, rounds = [consultation.signed(LI) for _ in range(8)], 2
    chance = random.Random(20261120)
    for _ in range(rounds):
        with start("none") as process:
            process.lines(1)
            time.sleep(chance.uniform(0.05, 1.0))
            process.kill()
            assert process.lines() in (["ready"], ["ready", "done"])
        consultation.clock.advance(seconds=LEASE.total_seconds())
    for _ in reports:
        assert consultation.publisher.run() == []
        consultation.clock.advance(seconds=LEASE.total_seconds())
    for report in reports:
        assert_published_once(consultation, report)
