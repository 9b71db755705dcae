"""A colleague takes a case over: with a reason, seen by both, and not a word lost or written over."""

from collections.abc import Callable
from typing import Any

import pytest

from core.access import Actor
from core.errors import InvalidRequest, NotFound, WorkitemStateConflict
from database.audit import audit_of_study
from reporting.desk import Words
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, at_site, reader
from worklist.reading_list import LONGEST_TURN_REASON
from worklist.urgency import Urgency
from worklist.workitem import EndReason, ProcedureStepState

LI, CHEN, ZHAO = reader("李建国"), reader("陈晓燕"), reader("赵敏")
REASON = "胸痛病人，陈医生已下班"


def save(consultation: Consultation, by: Actor, case: Any, text: str, version: int) -> int:
    words = Words(findings=text, impression=text)
    uid = case.workitem.workitem_uid
    return consultation.desk.save_draft(by, case.case_id, uid, words, version=version).version


def test_the_draft_goes_with_the_case_and_both_see_who_and_why(consultation: Consultation) -> None:
    held = consultation.claimed(LI)
    save(consultation, LI, held, "half a report", 0)
    consultation.clock.advance(seconds=5)
    taken = consultation.reading_list.take_over(CHEN, held.workitem.workitem_uid, reason=f" {REASON}\n")
    assert taken.workitem.workitem_uid != held.workitem.workitem_uid
    assert taken.workitem.claimed_by_name == CHEN.display_name
    assert taken.workitem.due_from == held.workitem.due_from, "the patient has not waited less"
    assert consultation.desk.draft(CHEN, held.case_id).impression == "half a report"
    for who in (LI, CHEN, at_site("clinic")):
        [now, before] = consultation.reading_list.turns(who, held.case_id)
        assert now.procedure_step_state is ProcedureStepState.IN_PROGRESS
        assert before.procedure_step_state is ProcedureStepState.CANCELED
        assert before.end_reason is EndReason.TAKEN_OVER
        assert (before.ended_by_name, before.end_note) == (CHEN.display_name, REASON)
        assert before.claimed_by_name == LI.display_name
    assert consultation.kinds(held)[-3:] == [
        "workitem.taken-over",
        "workitem.created",
        "workitem.claimed",
    ]
    with consultation.database.read() as connection:
        [record] = [
            record
            for record in audit_of_study(connection, held.site_id, held.study_instance_uid)
            if record.action == "case taken over"
        ]
    assert (record.actor, record.subject) == (CHEN.username, held.workitem.workitem_uid)


def test_the_former_reader_is_told_who_has_it_and_keeps_the_words(consultation: Consultation) -> None:
    held = consultation.claimed(LI)
    save(consultation, LI, held, "seen", 0)
    taken = consultation.reading_list.take_over(CHEN, held.workitem.workitem_uid, reason=REASON)
    save(consultation, CHEN, taken, "by the next reader", 1)
    with pytest.raises(WorkitemStateConflict, match=CHEN.display_name) as refused:
        save(consultation, LI, held, "too late", 1)
    assert REASON not in str(refused.value), "a reason may name a patient, and a message is not the place"
    uid = held.workitem.workitem_uid
    with pytest.raises(WorkitemStateConflict, match=CHEN.display_name):
        consultation.desk.sign(LI, held.case_id, uid, version=1, seen=consultation.seen(held))
    assert [kept.impression for kept in consultation.desk.kept_drafts(LI, held.case_id)] == ["too late"]
    assert consultation.desk.draft(CHEN, held.case_id).impression == "by the next reader"
    for act in (consultation.reading_list.heartbeat, consultation.reading_list.release):
        with pytest.raises(WorkitemStateConflict):
            act(LI, held.workitem.workitem_uid)


def _signed(consultation: Consultation) -> str:
    case = consultation.claimed(LI)
    consultation.sign(LI, case)
    return case.workitem.workitem_uid


def _released(consultation: Consultation) -> str:
    held = consultation.claimed(LI)
    consultation.reading_list.release(LI, held.workitem.workitem_uid)
    return held.workitem.workitem_uid


CANNOT: dict[str, Callable[[Consultation], str]] = {
    "it is one's own": lambda hub: hub.claimed(CHEN).workitem.workitem_uid,
    "nobody holds it": lambda hub: hub.ready().workitem.workitem_uid,
    "it is still arriving": lambda hub: hub.arrive().workitem.workitem_uid,
    "it is signed": _signed,
    "the turn is over": _released,
}


@pytest.mark.parametrize("why", CANNOT)
def test_there_is_nothing_to_take_over_where(consultation: Consultation, why: str) -> None:
    workitem_uid = CANNOT[why](consultation)
    with pytest.raises(WorkitemStateConflict):
        consultation.reading_list.take_over(CHEN, workitem_uid, reason=REASON)


@pytest.mark.parametrize(
    "actor",
    [
        reader("elsewhere", (QINGSHAN, None)),
        reader("ECG only", (XINGLONG, "ECG")),
        at_site("clinic"),
        at_site("technician"),
        at_site("admin", None),
        at_site("auditor"),
    ],
    ids=lambda actor: actor.username,
)
def test_who_may_not_read_the_case_takes_nothing_over(consultation: Consultation, actor: Actor) -> None:
    held = consultation.claimed(LI, Modality="US")
    with pytest.raises(NotFound):
        consultation.reading_list.take_over(actor, held.workitem.workitem_uid, reason=REASON)
    assert consultation.again(held).workitem == held.workitem


@pytest.mark.parametrize("reason", ["", " \n", "x\x00", "\ud800", "x" * (LONGEST_TURN_REASON + 1)])
def test_nobody_takes_over_without_words_that_can_be_kept(consultation: Consultation, reason: str) -> None:
    held = consultation.claimed(LI)
    with pytest.raises(InvalidRequest):
        consultation.reading_list.take_over(CHEN, held.workitem.workitem_uid, reason=reason)
    assert consultation.again(held).workitem == held.workitem


def test_a_silent_readers_case_is_taken_over_too_and_an_emergency_has_its_short_lease(
    consultation: Consultation,
) -> None:
    held = consultation.claimed(LI)
    consultation.clock.advance(minutes=10)
    consultation.ask(
        at_site("clinic"),
        site_id=held.site_id,
        urgency=Urgency.EMERGENCY,
        clinical_question="",
        history="",
        study_instance_uid=held.study_instance_uid,
    )
    taken = consultation.reading_list.take_over(
        CHEN, held.workitem.workitem_uid, reason="x" * LONGEST_TURN_REASON
    )
    assert taken.workitem.lease_expires_at is not None
    assert (taken.workitem.lease_expires_at - consultation.clock.now()).total_seconds() == 60
    # Taken over from whoever took over: the turn that Li knew is long over.
    with pytest.raises(WorkitemStateConflict):
        consultation.reading_list.take_over(ZHAO, held.workitem.workitem_uid, reason=REASON)
    assert (
        consultation.reading_list.take_over(
            LI, taken.workitem.workitem_uid, reason=REASON
        ).workitem.claimed_by_name
        == LI.display_name
    )
