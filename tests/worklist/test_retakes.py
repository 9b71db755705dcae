"""Better images are asked for, waited for and answered: what becomes of the case, on a real catalogue."""

from collections.abc import Callable
from typing import Any

import pytest

from core.access import EVERY_SITE, Actor
from core.errors import AlreadySettled, InvalidRequest, NotFound, WorkitemStateConflict
from core.uids import new_uid
from database.audit import audit_of_study
from database.change_feed import changes_of_study
from reporting.desk import Words
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, at_site, reader
from worklist.case import Case
from worklist.retake import Retake, RetakeReason, RetakeState, Wish
from worklist.workitem import EndReason, InputReadinessState, ProcedureStepState

LI, CHEN = reader("李建国"), reader("陈晓燕")
TECHNICIAN, CLINIC = at_site("technician"), at_site("clinic")
NOTE = "张三左侧没有拍到"


def ask(hub: Consultation, case: Case, *, end_turn: bool, by: Actor = LI, **wish: Any) -> Retake:
    wanted = Wish(**{"reason": RetakeReason.MOTION, "note": NOTE} | wish)
    return hub.retakes.ask(by, case.case_id, case.workitem.workitem_uid, wanted, end_turn=end_turn)


def waiting(hub: Consultation, **values: Any) -> tuple[Case, Retake]:
    """Return a case whose reader has ended the turn to wait for better images."""
    held = hub.claimed(LI, **values)
    hub.clock.advance(seconds=1)
    retake = ask(hub, held, end_turn=True)
    hub.clock.advance(seconds=1)
    return hub.again(held), retake


def state_of(hub: Consultation, retake: Retake) -> RetakeState:
    [found] = [each for each in hub.retakes.retakes(LI) if each.retake_id == retake.retake_id]
    return found.state


def recorded(hub: Consultation, case: Case) -> list[tuple[str, str]]:
    with hub.database.read(within=EVERY_SITE) as connection:
        records = audit_of_study(connection, case.site_id, case.study_instance_uid)
    return [(each.action, each.actor) for each in records if each.action.startswith("retake")]


def is_claimable(case: Case) -> bool:
    return (case.workitem.procedure_step_state, case.workitem.input_readiness_state) == (
        ProcedureStepState.SCHEDULED,
        InputReadinessState.READY,
    )


def test_a_reader_who_asks_may_go_on_and_sign(consultation: Consultation) -> None:
    held = consultation.claimed(LI)
    retake = ask(consultation, held, end_turn=False)
    now = consultation.again(held)
    assert now.workitem.is_held_by(LI)
    assert now.open_retake == retake
    consultation.sign(LI, held)
    assert state_of(consultation, retake) is RetakeState.WITHDRAWN, "who signs has done without"
    assert consultation.again(held).open_retake is None
    assert "retake.withdrawn" in consultation.kinds(held)


def test_a_turn_that_ends_for_better_images_leaves_a_case_that_waits(consultation: Consultation) -> None:
    held = consultation.claimed(LI)
    words = Words(findings="half", impression="")
    consultation.desk.save_draft(LI, held.case_id, held.workitem.workitem_uid, words, version=0)
    consultation.clock.advance(seconds=5)
    ask(consultation, held, end_turn=True)
    case = consultation.again(held)
    assert case.workitem.awaits_retake
    assert case.due_at == held.due_at, "the patient has not waited less"
    [_, ended] = consultation.reading_list.turns(LI, case.case_id)
    assert (ended.end_reason, ended.end_note) == (EndReason.AWAITS_RETAKE, "motion")
    assert ended.procedure_step_state is ProcedureStepState.CANCELED
    assert ended.ended_by_name == LI.display_name
    with pytest.raises(WorkitemStateConflict, match="waits for better images"):
        consultation.reading_list.claim(CHEN, case.workitem.workitem_uid)
    assert consultation.desk.draft(CHEN, case.case_id).findings == "half"
    assert consultation.kinds(case)[-3:] == ["retake.asked", "workitem.awaits-retake", "workitem.created"]
    assert recorded(consultation, case) == [("retake asked", LI.username)]
    with consultation.database.read(within=EVERY_SITE) as connection:
        feed = changes_of_study(connection, case.site_id, case.study_instance_uid)
    assert NOTE not in str(feed), "words may name a patient"


def test_an_image_answers_the_ask_and_the_case_comes_back(consultation: Consultation) -> None:
    case, retake = waiting(consultation)
    consultation.retakes.acknowledge(TECHNICIAN, retake.retake_id)
    consultation.clock.advance(minutes=10)
    came_at = consultation.clock.now()
    arriving = consultation.arrive(case.study_instance_uid)
    assert arriving.is_arriving
    assert arriving.open_retake is None
    assert arriving.workitem.due_from == came_at
    assert state_of(consultation, retake) is RetakeState.ANSWERED
    consultation.clock.advance(seconds=60)
    consultation.timers.run()
    again = consultation.again(case)
    assert is_claimable(again)
    claimed = consultation.reading_list.claim(CHEN, again.workitem.workitem_uid)
    assert claimed.number_of_instances == 2
    [shown] = consultation.retakes.retakes(CLINIC)
    assert shown.acknowledged_by_name == TECHNICIAN.display_name
    assert "device" in str(shown.closed_by_name)


def test_an_ecg_that_is_sent_again_can_be_claimed_at_once(consultation: Consultation) -> None:
    case, _ = waiting(consultation, Modality="ECG")
    assert is_claimable(consultation.arrive(case.study_instance_uid, Modality="ECG"))


def test_an_image_answers_also_while_the_reader_goes_on(consultation: Consultation) -> None:
    held = consultation.claimed(LI)
    retake = ask(consultation, held, end_turn=False)
    consultation.clock.advance(seconds=5)
    after = consultation.arrive(held.study_instance_uid)
    assert after.workitem.is_held_by(LI)
    assert after.instances_since_claim == 1
    assert state_of(consultation, retake) is RetakeState.ANSWERED


def test_an_image_that_came_before_the_ask_is_no_answer(consultation: Consultation) -> None:
    held = consultation.claimed(LI)
    consultation.send(held.study_instance_uid)
    consultation.clock.advance(seconds=1)
    retake = ask(consultation, held, end_turn=True)
    consultation.take_in()
    assert consultation.again(held).workitem.awaits_retake
    assert state_of(consultation, retake) is RetakeState.ASKED


def test_a_study_of_its_own_answers_once_it_is_linked_in(consultation: Consultation) -> None:
    case, retake = waiting(consultation)
    other = consultation.arrive()
    with pytest.raises(WorkitemStateConflict, match="better images"):
        consultation.linking.link(TECHNICIAN, other.case_id, case.case_id, reason="the wrong way round")
    linked = consultation.linking.link(TECHNICIAN, case.case_id, other.case_id, reason="taken again")
    assert len(linked.studies) == 2
    assert not consultation.again(case).workitem.awaits_retake
    assert state_of(consultation, retake) is RetakeState.ANSWERED


def test_nobody_waits_for_ever_and_the_ask_stays_open(consultation: Consultation) -> None:
    case, retake = waiting(consultation)
    consultation.clock.advance(minutes=60, seconds=-2)
    assert consultation.timers.run() == 0
    consultation.clock.advance(seconds=1)
    assert consultation.timers.run() == 1
    again = consultation.again(case)
    assert is_claimable(again)
    assert again.due_at == case.due_at
    assert again.open_retake == retake
    assert consultation.timers.run() == 0
    consultation.retakes.acknowledge(TECHNICIAN, retake.retake_id)
    consultation.retakes.decline(TECHNICIAN, retake.retake_id, why="gone home")
    assert is_claimable(consultation.again(case))


def _decline(hub: Consultation, retake: Retake) -> Retake:
    return hub.retakes.decline(TECHNICIAN, retake.retake_id, why=" 病人已离院 ")


def _withdraw(hub: Consultation, retake: Retake) -> Retake:
    return hub.retakes.withdraw(CHEN, retake.retake_id)


@pytest.mark.parametrize(
    ("close", "state", "by"),
    [(_decline, RetakeState.DECLINED, TECHNICIAN), (_withdraw, RetakeState.WITHDRAWN, CHEN)],
)
def test_the_case_is_claimable_at_once_when_the_ask_is(
    consultation: Consultation,
    close: Callable[[Consultation, Retake], Retake],
    state: RetakeState,
    by: Actor,
) -> None:
    case, retake = waiting(consultation)
    closed = close(consultation, retake)
    assert (closed.state, closed.closed_by_name) == (state, by.display_name)
    assert closed.answer == ("病人已离院" if state is RetakeState.DECLINED else "")
    again = consultation.again(case)
    assert is_claimable(again)
    assert again.open_retake is None
    assert consultation.kinds(case)[-2:] == [f"retake.{state.value}", "workitem.ready"]
    assert recorded(consultation, case)[-1] == (f"retake {state.value}", by.username)
    for act in (_decline, _withdraw):
        with pytest.raises(AlreadySettled):
            act(consultation, retake)
    # And it may be asked once more.
    held = consultation.reading_list.claim(LI, again.workitem.workitem_uid)
    assert ask(consultation, held, end_turn=False).state is RetakeState.ASKED


def test_who_has_seen_it_is_known_by_name_and_time(consultation: Consultation) -> None:
    case, retake = waiting(consultation)
    consultation.clock.advance(minutes=3)
    seen = consultation.retakes.acknowledge(TECHNICIAN, retake.retake_id)
    assert (seen.acknowledged_by_name, seen.acknowledged_at) == (
        TECHNICIAN.display_name,
        consultation.clock.now(),
    )
    assert consultation.again(case).workitem.awaits_retake
    assert recorded(consultation, case)[-1] == ("retake acknowledged", TECHNICIAN.username)
    with pytest.raises(AlreadySettled):
        consultation.retakes.acknowledge(at_site("admin", None), retake.retake_id)


@pytest.mark.parametrize(
    "actor",
    [
        at_site("technician", QINGSHAN),
        CLINIC,
        LI,
        at_site("auditor"),
    ],
    ids=lambda actor: actor.username,
)
def test_only_those_who_take_images_at_the_site_answer(consultation: Consultation, actor: Actor) -> None:
    _, retake = waiting(consultation)
    with pytest.raises(NotFound):
        consultation.retakes.acknowledge(actor, retake.retake_id)
    with pytest.raises(NotFound):
        consultation.retakes.decline(actor, retake.retake_id, why="x")
    assert state_of(consultation, retake) is RetakeState.ASKED


def test_the_list_shows_what_is_in_reach_and_the_oldest_first(consultation: Consultation) -> None:
    first, second = (waiting(consultation, Modality=modality)[1] for modality in ("US", "ECG"))
    _decline(consultation, second)
    elsewhere = consultation.claimed(LI, site_id=QINGSHAN)
    third = ask(consultation, elsewhere, end_turn=False)
    for actor, expected in [
        (LI, [first, second, third]),
        (TECHNICIAN, [first, second]),
        (CLINIC, [first, second]),
        (reader("ECG only", (XINGLONG, "ECG")), [second]),
        (at_site("technician", QINGSHAN), [third]),
        (at_site("auditor"), []),
    ]:
        shown = consultation.retakes.retakes(actor)
        assert [each.retake_id for each in shown] == [each.retake_id for each in expected]
    opened = consultation.retakes.retakes(LI, is_open=True)
    assert [each.retake_id for each in opened] == [first.retake_id, third.retake_id]
    closed = consultation.retakes.retakes(LI, is_open=False)
    assert [each.retake_id for each in closed] == [second.retake_id]
    [page] = consultation.retakes.retakes(LI, limit=1, offset=1)
    assert page.retake_id == second.retake_id


def test_only_who_holds_the_case_asks_and_only_once(consultation: Consultation) -> None:
    held = consultation.claimed(LI)
    with pytest.raises(WorkitemStateConflict):
        ask(consultation, held, end_turn=False, by=CHEN)
    with pytest.raises(NotFound):
        ask(consultation, held, end_turn=False, by=TECHNICIAN)
    ask(consultation, held, end_turn=False)
    with pytest.raises(WorkitemStateConflict, match="already"):
        ask(consultation, held, end_turn=True)
    taken = consultation.reading_list.take_over(CHEN, held.workitem.workitem_uid, reason="x")
    with pytest.raises(WorkitemStateConflict):
        ask(consultation, held, end_turn=True)
    assert consultation.again(held).workitem == taken.workitem


def test_instances_that_are_named_are_of_the_case(consultation: Consultation) -> None:
    sop_instance_uid = new_uid()
    held = consultation.claimed(LI, SOPInstanceUID=sop_instance_uid)
    other = consultation.send(new_uid()).sop_instance_uid
    for named in ((other,), (sop_instance_uid, "1.2.3")):
        with pytest.raises(InvalidRequest):
            ask(consultation, held, end_turn=False, sop_instance_uids=named)
    retake = ask(consultation, held, end_turn=False, sop_instance_uids=(sop_instance_uid,))
    [shown] = consultation.retakes.retakes(TECHNICIAN)
    assert shown == retake
    assert shown.sop_instance_uids == (sop_instance_uid,)


@pytest.mark.parametrize("why", ["", " ", "\x00", "x" * 1_001])
def test_nobody_declines_without_words_that_can_be_kept(consultation: Consultation, why: str) -> None:
    _, retake = waiting(consultation)
    with pytest.raises(InvalidRequest):
        consultation.retakes.decline(TECHNICIAN, retake.retake_id, why=why)
