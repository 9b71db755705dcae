"""A process that is stopped while others take its work over overwrites nothing when it wakes."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import StaleVersion
from reporting.desk import Words
from reporting.publication import LEASE as PUBLISHER_LEASE
from tests.fixtures.consultation import Consultation, reader
from tests.fixtures.processes import PATIENCE_SECONDS, Child, Launcher
from tests.fixtures.publications import assert_published_once
from worklist.case import Case
from worklist.urgency import LONGEST_LEASE as LEASE

MODULE = "tests.failures.sleeping"
SCRIPT = f"import sys; from {MODULE} import main; main(*sys.argv[1:])"
ASLEEP, AWAKE = reader("asleep"), reader("awake")


class Sleepers:
    """Processes that were stopped in the middle of an act about one case."""

    def __init__(
        self, consultation: Consultation, launcher: Launcher, folder: Path, until: ExitStack
    ) -> None:
        self._consultation, self._launcher = consultation, launcher
        self._folder, self._until = folder, until

    def fall_asleep(self, act: str, case: Case, lease: timedelta) -> tuple[int, Child]:
        """Start an act now and wait until its process is stopped; it wakes when the lease is over."""
        child = self._launcher.start(
            SCRIPT,
            self._consultation.database.url,
            self._folder,
            self._consultation.clock.now().isoformat(),
            lease.total_seconds(),
            act,
            case.case_id,
            case.workitem.workitem_uid,
        )
        self._until.enter_context(child)
        pid = int(child.lines(1)[0])
        deadline = time.monotonic() + PATIENCE_SECONDS
        while Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline
            time.sleep(0.002)
        return pid, child

    @staticmethod
    def wake(sleeper: tuple[int, Child]) -> str:
        """Let a process go on; return what came of its act."""
        pid, child = sleeper
        os.kill(pid, signal.SIGCONT)
        assert child.wait() == 0, child.lines()
        return child.lines()[1]


@pytest.fixture
def sleepers(consultation: Consultation, launcher: Launcher, tmp_path: Path) -> Iterator[Sleepers]:
    launcher.prepare(MODULE)
    with ExitStack() as until:
        yield Sleepers(consultation, launcher, tmp_path, until)


@contextmanager
def nothing_changes(consultation: Consultation, case: Case) -> Iterator[None]:
    """What everybody sees of a case is afterwards what it was."""

    def look() -> object:
        reports = consultation.desk.reports_of_case(AWAKE, case.case_id)
        return consultation.again(case), consultation.desk.draft(AWAKE, case.case_id), reports

    before, kinds = look(), consultation.kinds(case)
    yield
    assert look() == before
    assert consultation.kinds(case) == kinds


def test_a_reader_who_wakes_after_a_colleague_took_over_changes_nothing_and_loses_no_words(
    consultation: Consultation, sleepers: Sleepers
) -> None:
    case = consultation.claimed(ASLEEP)
    consultation.write(ASLEEP, case, findings="early", impression="early")
    asleep = [sleepers.fall_asleep(act, case, LEASE) for act in ("write", "sign", "heartbeat", "release")]
    consultation.clock.advance(seconds=LEASE.total_seconds())
    assert consultation.timers.run() == 1
    taken = consultation.reading_list.claim(AWAKE, consultation.again(case).workitem.workitem_uid)
    consultation.write(AWAKE, taken)
    with nothing_changes(consultation, case):
        assert [sleepers.wake(each) for each in asleep] == ["WorkitemStateConflict"] * len(asleep)
    [kept] = consultation.desk.kept_drafts(ASLEEP, case.case_id)
    assert (kept.findings, kept.workitem_uid) == ("too late", case.workitem.workitem_uid)
    words = Words(findings="another page", impression="another page")
    with pytest.raises(StaleVersion):
        consultation.desk.save_draft(AWAKE, case.case_id, taken.workitem.workitem_uid, words, version=1)
    consultation.sign(AWAKE, taken)


def test_a_timer_that_wakes_after_its_look_takes_nothing_from_who_claimed_since(
    consultation: Consultation, sleepers: Sleepers
) -> None:
    case = consultation.claimed(ASLEEP)
    consultation.clock.advance(seconds=LEASE.total_seconds())
    asleep = sleepers.fall_asleep("watch the clock", case, LEASE)
    consultation.reading_list.claim(AWAKE, case.workitem.workitem_uid)
    with nothing_changes(consultation, case):
        assert sleepers.wake(asleep) == "0"
    assert consultation.kinds(case).count("workitem.lapsed") == 1


def test_a_publisher_that_wakes_after_another_did_its_job_adds_nothing(
    consultation: Consultation, sleepers: Sleepers
) -> None:
    case = consultation.claimed(ASLEEP)
    report = consultation.sign(ASLEEP, case)
    asleep = sleepers.fall_asleep("publish", case, PUBLISHER_LEASE)
    assert consultation.publisher.run() == []
    consultation.clock.advance(seconds=PUBLISHER_LEASE.total_seconds())
    assert consultation.publisher.run() == []
    consultation.take_in()
    with nothing_changes(consultation, case):
        assert sleepers.wake(asleep) == "[]"
        consultation.take_in()
    assert_published_once(consultation, report)
