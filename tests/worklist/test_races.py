"""Many at once: one claim wins, a feed is followed once, however the racers are spread over processes."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.errors import WorkitemStateConflict
from core.uids import new_uid
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.chaos import IS_LONG
from tests.fixtures.consultation import XINGLONG, Consultation, at_site, reader
from tests.fixtures.processes import Launcher
from tests.worklist.racing import WON, claim_all
from worklist.reading_list import ReadingList
from worklist.tables import workitems
from worklist.urgency import Urgency
from worklist.workitem import ProcedureStepState

READERS = [f"reader-{number:02}" for number in range(50)]


def race(acts: list[Callable[[], Any]]) -> list[Any]:
    """Do all at once, each in a thread of its own; return what each returned."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def claiming(reading_list: ReadingList, name: str, workitem_uid: str) -> Callable[[], str]:
    """Return the act of claiming a turn under a name; it returns what came of it."""
    return lambda: claim_all(reading_list, name, [workitem_uid])[0]


def happens(act: Callable[[], object]) -> Callable[[], bool]:
    """Return the act as one that says whether it happened, or came too late."""

    def tried() -> bool:
        try:
            act()
        except WorkitemStateConflict:
            return False
        return True

    return tried


def holders(consultation: Consultation, case_id: str) -> list[str]:
    with consultation.database.read() as connection:
        return list(
            connection.scalars(
                select(workitems.c.claimed_by).where(
                    workitems.c.case_id == case_id,
                    workitems.c.procedure_step_state == ProcedureStepState.IN_PROGRESS.value,
                )
            )
        )


def test_fifty_claims_give_one_winner_and_the_losers_its_name(consultation: Consultation) -> None:
    for _ in range(5):
        case = consultation.ready()
        uid = case.workitem.workitem_uid
        came = race([claiming(consultation.reading_list, name, uid) for name in READERS])
        [winner] = [name for name, outcome in zip(READERS, came, strict=True) if outcome == WON]
        assert Counter(came) == {WON: 1, f"{winner}医师 is reading this case.": 49}
        assert holders(consultation, case.case_id) == [f"account-{winner}"]
        assert consultation.kinds(case).count("workitem.claimed") == 1


ROUNDS = 50 if IS_LONG else 1


@pytest.mark.timeout(120 + 15 * ROUNDS)
def test_fifty_readers_claim_twenty_cases_and_each_has_one_owner(consultation: Consultation) -> None:
    for _ in range(ROUNDS):
        _fifty_claim_twenty(consultation)


def _fifty_claim_twenty(consultation: Consultation) -> None:
    cases = [consultation.ready(Modality="ECG") for _ in range(20)]
    uids = [case.workitem.workitem_uid for case in cases]
    # Each begins with another case and tries half of them: all are fought for at once, in no common order.
    orders = [(uids[number % 20 :] + uids[: number % 20])[:10] for number in range(len(READERS))]

    def claiming_all(name: str, order: list[str]) -> Callable[[], list[str]]:
        return lambda: claim_all(consultation.reading_list, name, order)

    came = race([claiming_all(name, order) for name, order in zip(READERS, orders, strict=True)])
    for case in cases:
        uid = case.workitem.workitem_uid
        tried = [(name, order) for name, order in zip(READERS, orders, strict=True) if uid in order]
        outcomes = [came[READERS.index(name)][order.index(uid)] for name, order in tried]
        assert len(tried) >= 20
        winner, _ = tried[outcomes.index(WON)]
        refusals = {f"{winner}医师 is reading this case.": len(tried) - 1}
        assert Counter(outcomes) == {WON: 1} | refusals
        assert holders(consultation, case.case_id) == [f"account-{winner}"]


def test_fifty_claims_of_a_lapsed_case_give_one_who_takes_over(consultation: Consultation) -> None:
    claimed = consultation.claimed(reader("silent"))
    uid = claimed.workitem.workitem_uid
    consultation.clock.advance(minutes=2)
    acts = [claiming(consultation.reading_list, name, uid) for name in READERS]
    came = race([*acts, consultation.timers.run])
    # The timer may have been first: then the turn they all asked for is over, and nobody has won.
    assert came.count(WON) <= 1
    assert len(holders(consultation, claimed.case_id)) == came.count(WON)
    assert consultation.kinds(claimed).count("workitem.lapsed") == 1
    assert consultation.kinds(claimed).count("workitem.created") == 1


@pytest.mark.parametrize("round_number", range(5))
def test_release_heartbeat_and_sign_at_once_end_a_turn_once(
    consultation: Consultation, round_number: int
) -> None:
    li = reader("李建国")
    claimed = consultation.claimed(li)
    version = consultation.write(li, claimed).version
    uid = claimed.workitem.workitem_uid

    seen = consultation.seen(claimed)

    def sign() -> object:
        return consultation.desk.sign(li, claimed.case_id, uid, version=version, seen=seen)

    released, signed, signed_too, _beaten = race(
        [
            happens(lambda: consultation.reading_list.release(li, uid)),
            happens(sign),
            happens(sign),
            happens(lambda: consultation.reading_list.heartbeat(li, uid)),
        ]
    )
    assert [released, signed, signed_too].count(True) == 1
    reports = consultation.desk.reports_of_case(li, claimed.case_id)
    assert len(reports) == (0 if released else 1)


def test_a_heartbeat_and_the_lapse_at_once_leave_one_holder_or_none(consultation: Consultation) -> None:
    li = reader("李建国")
    for _ in range(10):
        claimed = consultation.claimed(li)
        uid = claimed.workitem.workitem_uid
        consultation.clock.advance(minutes=2)
        kept, lapsed = race(
            [happens(lambda uid=uid: consultation.reading_list.heartbeat(li, uid)), consultation.timers.run]
        )
        assert (kept, lapsed) in {(True, 0), (False, 1)}
        assert len(holders(consultation, claimed.case_id)) == int(kept)
        if kept:
            consultation.reading_list.release(li, uid)


def test_a_request_and_instances_at_once_lose_neither(consultation: Consultation) -> None:
    study = new_uid()
    consultation.arrive(study)
    for _ in range(20):
        consultation.send(study)

    def ask() -> None:
        consultation.ask(
            at_site("clinic"),
            site_id=XINGLONG,
            urgency=Urgency.EMERGENCY,
            clinical_question="?",
            history="",
            study_instance_uid=study,
        )

    race([consultation.take_in, ask, consultation.take_in, consultation.timers.run])
    case = consultation.case(study)
    assert (case.urgency, case.number_of_instances, case.is_arriving) == (Urgency.EMERGENCY, 21, False)


RACER = "import sys; from tests.worklist.racing import main; main(*sys.argv[1:])"


def race_processes(launcher: Launcher, start: Path, commands: list[list[str]]) -> list[Any]:
    """Start all, wait until each is ready, let them go; return what each printed."""
    launcher.prepare("tests.worklist.racing")
    with ExitStack() as stack:
        processes = [stack.enter_context(launcher.start(RACER, start, *words)) for words in commands]
        for process in processes:
            assert process.lines(1) == ["ready"]
        start.touch()
        printed = [process.lines(2)[1] for process in processes]
        assert [process.wait() for process in processes] == [0] * len(processes)
    return [json.loads(text) for text in printed]


def test_processes_that_claim_the_same_cases_give_each_one_reader(
    consultation: Consultation, launcher: Launcher, tmp_path: Path
) -> None:
    cases = [consultation.arrive(Modality="ECG") for _ in range(20)]
    uids = [case.workitem.workitem_uid for case in cases]
    names = [f"process-{number}" for number in range(3)]
    url = consultation.database.url
    came = race_processes(launcher, tmp_path / "start", [["claim", url, name, *uids] for name in names])
    for case, outcomes in zip(cases, zip(*came, strict=True), strict=True):
        [winner] = [name for name, outcome in zip(names, outcomes, strict=True) if outcome == WON]
        assert Counter(outcomes) == {WON: 1, f"{winner}医师 is reading this case.": len(names) - 1}
        assert holders(consultation, case.case_id) == [f"account-{winner}"]


def test_processes_that_follow_one_feed_open_each_case_once(
    consultation: Consultation, launcher: Launcher, tmp_path: Path
) -> None:
    studies = [new_uid() for _ in range(15)]
    for study in studies:
        for _ in range(3):
            consultation.send(study)
    follower = ["follow", consultation.database.url]
    looked = race_processes(launcher, tmp_path / "start", [follower, follower])
    assert max(looked) >= len(studies)
    assert [consultation.case(study).number_of_instances for study in studies] == [3] * len(studies)
    with consultation.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(workitems)) == len(studies)


def test_two_engines_on_one_catalogue_race_as_two_processes_do(consultation: Consultation) -> None:
    """Without the queue that one process has in front of the catalogue's lock."""
    databases = [open_catalogue(consultation.database.url) for _ in range(4)]
    lists = [ReadingList(database=database, clock=consultation.clock) for database in databases]
    for _ in range(5):
        uid = consultation.ready().workitem.workitem_uid
        came = race([claiming(one, f"reader-{number}", uid) for number, one in enumerate(lists * 3)])
        assert came.count(WON) == 1
    for database in databases:
        database.close()
