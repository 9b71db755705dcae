"""What the clock alone does: studies become claimable, silent readers lose their claim."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from core.errors import WorkitemStateConflict
from core.uids import new_uid
from reporting.desk import Words
from tests.fixtures.consultation import IMPRESSION, QINGSHAN, XINGLONG, Consultation, at_site, reader
from worklist import timers
from worklist.case import Case
from worklist.timers import WorklistTimers
from worklist.urgency import Urgency
from worklist.workitem import InputReadinessState, ProcedureStepState

LI, CHEN = reader("李建国"), reader("陈晓燕")


def test_each_site_has_its_own_quiet_time(consultation: Consultation) -> None:
    consultation.quiet |= {XINGLONG: timedelta(seconds=20), QINGSHAN: timedelta(minutes=3)}
    here, there = consultation.arrive(), consultation.arrive(site_id=QINGSHAN)
    for seconds, expected in [
        (19, (True, True)),
        (1, (False, True)),
        (159, (False, True)),
        (1, (False, False)),
    ]:
        consultation.clock.advance(seconds=seconds)
        consultation.timers.run()
        arriving = (consultation.again(here).is_arriving, consultation.again(there).is_arriving)
        assert arriving == expected
    assert consultation.kinds(here).count("workitem.ready") == 1


def test_another_instance_begins_the_quiet_time_anew(consultation: Consultation) -> None:
    case = consultation.arrive()
    consultation.clock.advance(seconds=59)
    consultation.arrive(case.study_instance_uid)
    consultation.clock.advance(seconds=59)
    consultation.timers.run()
    assert consultation.again(case).is_arriving
    consultation.clock.advance(seconds=1)
    consultation.timers.run()
    assert not consultation.again(case).is_arriving


def test_no_quiet_time_makes_a_study_claimable_at_the_next_look(consultation: Consultation) -> None:
    consultation.quiet[XINGLONG] = timedelta(0)
    case = consultation.arrive()
    assert consultation.timers.run() == 1
    assert not consultation.again(case).is_arriving


def test_an_instance_in_transfer_keeps_its_study_and_no_other_waiting(consultation: Consultation) -> None:
    case, other = consultation.arrive(), consultation.arrive()
    same_study_elsewhere = consultation.arrive(case.study_instance_uid, site_id=QINGSHAN)
    for _ in range(30):
        consultation.clock.advance(seconds=19)
        consultation.archive.note_transfer("transfer", XINGLONG, case.study_instance_uid)
        consultation.timers.run()
    assert consultation.again(case).is_arriving, "570 s, all of them in transfer"
    assert not consultation.again(other).is_arriving
    assert not consultation.again(same_study_elsewhere).is_arriving
    consultation.clock.advance(seconds=29)
    consultation.archive.note_transfer("transfer", XINGLONG, case.study_instance_uid)
    consultation.timers.run()
    assert consultation.again(case).is_arriving
    consultation.clock.advance(seconds=1)
    consultation.timers.run()
    assert not consultation.again(case).is_arriving, "ten minutes are enough"


def test_a_transfer_whose_process_died_stops_counting(consultation: Consultation) -> None:
    case = consultation.arrive()
    consultation.clock.advance(seconds=50)
    consultation.archive.note_transfer("transfer", XINGLONG, case.study_instance_uid)
    consultation.clock.advance(seconds=29)
    consultation.timers.run()
    assert consultation.again(case).is_arriving
    consultation.clock.advance(seconds=1)
    consultation.timers.run()
    assert not consultation.again(case).is_arriving


def test_an_instance_that_the_follower_has_not_seen_yet_counts_all_the_same(
    consultation: Consultation,
) -> None:
    """A long transfer ends: it is durable, no longer in transfer, and the reading list has not seen it."""
    case = consultation.arrive()
    consultation.clock.advance(seconds=90)
    consultation.send(case.study_instance_uid)
    consultation.timers.run()
    assert consultation.again(case).is_arriving, "the last instance came this moment"
    consultation.take_in()
    consultation.clock.advance(seconds=60)
    consultation.timers.run()
    assert not consultation.again(case).is_arriving


def test_an_instance_that_ends_its_transfer_while_the_timer_looks_is_not_missed(
    consultation: Consultation,
) -> None:
    case = consultation.arrive()
    consultation.clock.advance(seconds=90)
    consultation.archive.note_transfer("transfer", XINGLONG, case.study_instance_uid)

    def looks_late() -> set[tuple[str, str]]:
        in_transfer = consultation.archive.studies_in_transfer()
        consultation.send(case.study_instance_uid)
        consultation.archive.end_transfer("transfer")
        return in_transfer

    timers_over(consultation, looks_late).run()
    assert consultation.again(case).is_arriving

    def ended_already() -> set[tuple[str, str]]:
        consultation.archive.end_transfer("transfer")
        return consultation.archive.studies_in_transfer()

    consultation.clock.advance(seconds=59)
    timers_over(consultation, ended_already).run()
    assert consultation.again(case).is_arriving, "the last instance came 59 s ago"


def timers_over(
    consultation: Consultation, studies_in_transfer: Callable[[], set[tuple[str, str]]]
) -> WorklistTimers:
    return WorklistTimers(
        database=consultation.database,
        clock=consultation.clock,
        quiet_time=lambda site_id: consultation.quiet[site_id],
        studies_in_transfer=studies_in_transfer,
    )


@pytest.mark.parametrize(("urgency", "seconds"), [(Urgency.ROUTINE, 120), (Urgency.EMERGENCY, 60)])
def test_a_silent_reader_loses_the_claim_at_the_end_of_the_lease(
    consultation: Consultation, urgency: Urgency, seconds: int
) -> None:
    study = new_uid()
    consultation.ask(
        at_site("clinic"),
        site_id=XINGLONG,
        urgency=urgency,
        clinical_question="",
        history="",
        study_instance_uid=study,
    )
    claimed = consultation.claimed(LI, study_instance_uid=study)
    consultation.clock.advance(seconds=20)
    consultation.reading_list.heartbeat(LI, claimed.workitem.workitem_uid)
    consultation.clock.advance(seconds=seconds - 1)
    assert consultation.timers.run() == 0
    consultation.clock.advance(seconds=1)
    assert consultation.timers.run() == 1
    freed = consultation.again(claimed)
    assert freed.workitem.procedure_step_state is ProcedureStepState.SCHEDULED
    assert freed.workitem.input_readiness_state is InputReadinessState.READY
    assert freed.due_at == claimed.due_at
    [lapsed] = [
        change
        for change in consultation.reading_list.timeline(LI, claimed.case_id)
        if change.kind.value == "workitem.lapsed"
    ]
    assert lapsed.subject == claimed.workitem.workitem_uid
    assert lapsed.body["held_by"] == LI.display_name
    assert consultation.timers.run() == 0


def between_look_and_act(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once, after the timers have looked for lapsed claims and before they act."""
    looked = timers.lapsed_cases

    def look(connection: Connection, now: datetime) -> list[Case]:
        found = looked(connection, now)
        monkeypatch.setattr(timers, "lapsed_cases", looked)
        happens()
        return found

    monkeypatch.setattr(timers, "lapsed_cases", look)


def test_a_heartbeat_between_the_timers_look_and_its_act_keeps_the_claim(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = consultation.claimed(LI)
    uid = claimed.workitem.workitem_uid
    consultation.clock.advance(seconds=120)
    between_look_and_act(monkeypatch, lambda: consultation.reading_list.heartbeat(LI, uid))
    assert consultation.timers.run() == 0
    kept = consultation.again(claimed)
    assert kept.workitem.workitem_uid == uid
    assert kept.workitem.is_held_by(LI)
    assert "workitem.lapsed" not in consultation.kinds(kept)


@pytest.mark.parametrize("first", ["another worker", "a colleague"])
def test_one_lapse_makes_one_successor_whoever_is_first(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    claimed = consultation.claimed(LI)
    consultation.clock.advance(seconds=120)
    acts = {
        "another worker": consultation.timers.run,
        "a colleague": lambda: consultation.reading_list.claim(CHEN, claimed.workitem.workitem_uid),
    }
    between_look_and_act(monkeypatch, acts[first])
    assert consultation.timers.run() == 0
    assert consultation.kinds(claimed).count("workitem.lapsed") == 1
    assert consultation.kinds(claimed).count("workitem.created") == 1
    assert consultation.again(claimed).workitem.is_held_by(CHEN) is (first == "a colleague")


def test_one_case_that_cannot_be_moved_does_not_hold_up_the_others(consultation: Consultation) -> None:
    cases = [consultation.arrive() for _ in range(3)]
    consultation.clock.advance(seconds=60)
    held = cases[1]

    def claims_meanwhile() -> set[tuple[str, str]]:
        consultation.ask(
            at_site("clinic"),
            site_id=XINGLONG,
            urgency=Urgency.EMERGENCY,
            clinical_question="",
            history="",
            study_instance_uid=held.study_instance_uid,
        )
        consultation.reading_list.claim(LI, held.workitem.workitem_uid)
        return set()

    timers_over(consultation, claims_meanwhile).run()
    assert consultation.again(held).workitem.is_held_by(LI)
    assert [consultation.again(case).is_arriving for case in cases] == [False] * 3


def test_a_clock_set_back_keeps_no_dead_reader_for_hours(consultation: Consultation) -> None:
    dead, alive = consultation.claimed(LI), consultation.claimed(CHEN)
    consultation.clock.advance(hours=-2)
    consultation.timers.run()
    assert consultation.again(dead).workitem.is_held_by(LI), "nobody is thrown out for the clock's sake"
    assert consultation.again(alive).workitem.is_held_by(CHEN)
    for _ in range(6):
        consultation.clock.advance(seconds=20)
        consultation.reading_list.heartbeat(CHEN, alive.workitem.workitem_uid)
        consultation.timers.run()
    assert consultation.again(dead).workitem.procedure_step_state is ProcedureStepState.SCHEDULED
    assert consultation.again(alive).workitem.is_held_by(CHEN)


def test_a_clock_set_forward_takes_the_case_back_but_not_the_words(consultation: Consultation) -> None:
    claimed = consultation.claimed(LI)
    consultation.write(LI, claimed)
    consultation.clock.advance(hours=2)
    consultation.timers.run()
    words = Words(findings="f", impression="mine")
    with pytest.raises(WorkitemStateConflict):
        consultation.desk.save_draft(LI, claimed.case_id, claimed.workitem.workitem_uid, words, version=1)
    assert [kept.impression for kept in consultation.desk.kept_drafts(LI, claimed.case_id)] == ["mine"]
    again = consultation.reading_list.claim(LI, consultation.again(claimed).workitem.workitem_uid)
    assert consultation.desk.draft(LI, again.case_id).impression == IMPRESSION
