"""An amended report stands in place of one that stays as it was signed, and the clinic hears of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from core.access import Actor
from core.errors import (
    HubError,
    InvalidRequest,
    NotFound,
    ReportStateConflict,
    StaleVersion,
    VersionRequired,
    WorkitemStateConflict,
)
from reporting.canonical import digest_of_words
from reporting.desk import Words
from reporting.document import ReportStatus
from reporting.report import Report, ReportForm
from reporting.tables import reports
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, at_site, reader
from tests.fixtures.publications import assert_published_once

LI, CHEN = reader("李建国"), reader("陈晓燕")
CLINIC = at_site("clinic")


def words(text: str) -> Words:
    return Words(findings=f"findings {text}", impression=text)


def amend(consultation: Consultation, report: Report, text: str, by: Actor = LI, **more: Any) -> Report:
    seen = consultation.seen(consultation.case(report.study_instance_uid))
    given: dict[str, Any] = {"reason": "侧别写反", "seen": seen, **more}
    return consultation.desk.amend(by, report.report_id, words(text), **given)


def test_the_first_stays_readable_and_verifies_and_the_new_one_stands(consultation: Consultation) -> None:
    first = consultation.signed(LI)
    consultation.clock.advance(hours=2)
    second = amend(consultation, first, "left", by=CHEN)
    assert (second.number, second.status, second.signed_by) == (2, ReportStatus.AMENDED, CHEN.account_id)
    assert (second.supersedes, second.superseded_by) == (first.report_id, None)
    assert second.document.reason == "侧别写反"
    assert second.document.previous_impression == first.document.impression
    [sr] = [form for form in first.publications if form.form is ReportForm.SR]
    assert [named.sop_instance_uid for named in second.document.predecessors] == [sr.sop_instance_uid]
    [before, now] = consultation.desk.reports_of_case(LI, first.case_id)
    assert before == replace(first, superseded_by=second.report_id)
    assert now == second
    with consultation.database.read() as connection:
        stored = connection.scalar(select(reports.c.document).filter_by(report_id=first.report_id))
    assert stored is not None
    assert digest_of_words(stored) == first.digest
    assert before.is_as_signed
    assert consultation.kinds(consultation.case(first.study_instance_uid))[-1] == "report.amended"
    assert consultation.publisher.run() == []
    assert_published_once(consultation, first)
    assert_published_once(consultation, second)
    third = amend(consultation, second, "left, below")
    chain = [
        (report.supersedes, report.superseded_by)
        for report in consultation.desk.reports_of_case(LI, first.case_id)
    ]
    assert chain == [
        (None, second.report_id),
        (first.report_id, third.report_id),
        (second.report_id, None),
    ]


def test_the_clinic_takes_note_of_the_new_version(consultation: Consultation) -> None:
    first = consultation.signed(LI)
    unheard = consultation.signed(LI)
    consultation.inbox.report(CLINIC, first.report_id)
    second = amend(consultation, first, "left")
    amend(consultation, unheard, "left")
    inbox = consultation.inbox.reports(CLINIC)
    assert [report.report_id for report in inbox if report.needs_notice] == [second.report_id]
    assert [report.report_id for report in inbox if report.superseded_by] == [
        unheard.report_id,
        first.report_id,
    ]
    # Reading the old one again is no receipt of the new one.
    consultation.inbox.report(CLINIC, first.report_id)
    assert consultation.inbox.find(CLINIC, second.report_id).needs_notice
    consultation.inbox.report(CLINIC, second.report_id)
    assert not consultation.inbox.find(CLINIC, second.report_id).needs_notice


def test_a_report_after_late_images_stands_in_place_of_the_one_before(consultation: Consultation) -> None:
    first = consultation.signed(LI)
    addendum = consultation.desk.add_addendum(LI, first.report_id, words("more"), reason="r")
    case = consultation.arrive(first.study_instance_uid)
    consultation.clock.advance(minutes=1)
    consultation.timers.run()
    held = consultation.reading_list.claim(CHEN, case.workitem.workitem_uid)
    second = consultation.sign(CHEN, held)
    assert second.supersedes == first.report_id
    [named] = second.document.predecessors
    assert named.sop_instance_uid == first.publications[0].sop_instance_uid
    assert second.document.previous_impression == ""
    found = consultation.inbox.find(CLINIC, addendum.report_id)
    assert found.superseded_by == second.report_id, "an addendum goes with what it was added to"
    with pytest.raises(ReportStateConflict, match="newer"):
        consultation.desk.add_addendum(LI, first.report_id, words("x"), reason="r")


def test_of_two_who_amend_one_version_one_wins_and_no_word_is_lost(consultation: Consultation) -> None:
    first = consultation.signed(LI)
    second = amend(consultation, first, "Li's", by=LI)
    with pytest.raises(ReportStateConflict, match="newer"):
        amend(consultation, first, "Chen's", by=CHEN)
    assert consultation.inbox.find(CLINIC, second.report_id).superseded_by is None
    assert [kept.impression for kept in consultation.desk.kept_drafts(CHEN, first.case_id)] == ["Chen's"]


def test_nobody_amends_past_a_colleague_who_reads(consultation: Consultation) -> None:
    first = consultation.signed(LI)
    case = consultation.arrive(first.study_instance_uid)
    consultation.clock.advance(minutes=1)
    consultation.timers.run()
    consultation.reading_list.claim(CHEN, case.workitem.workitem_uid)
    with pytest.raises(WorkitemStateConflict, match=CHEN.display_name):
        amend(consultation, first, "left")
    assert [kept.impression for kept in consultation.desk.kept_drafts(LI, first.case_id)] == ["left"]


def test_the_next_reader_goes_on_from_the_amended_words_and_no_draft_is_lost(
    consultation: Consultation,
) -> None:
    first = consultation.signed(LI)
    case = consultation.arrive(first.study_instance_uid)
    consultation.clock.advance(minutes=1)
    consultation.timers.run()
    held = consultation.reading_list.claim(CHEN, case.workitem.workitem_uid)
    consultation.write(CHEN, held, impression="half of the late images")
    consultation.reading_list.release(CHEN, held.workitem.workitem_uid)
    amend(consultation, first, "left")
    assert consultation.desk.draft(CHEN, first.case_id).impression == "left"
    [kept] = consultation.desk.kept_drafts(CHEN, first.case_id)
    assert kept.impression == "half of the late images"
    again = consultation.reading_list.claim(LI, consultation.again(case).workitem.workitem_uid)
    assert consultation.sign(LI, again).number == 3


REFUSED: dict[str, tuple[dict[str, Any], type[HubError]]] = {
    "no reason": ({"reason": " "}, InvalidRequest),
    "a reason without bound": ({"reason": "x" * 1001}, InvalidRequest),
    "not said what was seen": ({"seen": None}, VersionRequired),
    "nothing that the hub gave": ({"seen": "2"}, InvalidRequest),
    "other images": ({"seen": f"1-{'0' * 32}"}, StaleVersion),
    "fewer images": ({"seen": f"0-{'0' * 32}"}, StaleVersion),
}


def test_there_is_no_amendment_with(consultation: Consultation, subtests: pytest.Subtests) -> None:
    report = consultation.signed(LI)
    for why, (more, error) in REFUSED.items():
        with subtests.test(why):
            with pytest.raises(error):
                amend(consultation, report, "x", **more)
            assert consultation.desk.reports_of_case(LI, report.case_id) == [report]


def _preliminary(consultation: Consultation) -> Report:
    case = consultation.claimed(LI)
    version = consultation.write(LI, case).version
    uid, seen = case.workitem.workitem_uid, consultation.seen(case)
    status = ReportStatus.PRELIMINARY
    return consultation.desk.sign(LI, case.case_id, uid, version=version, seen=seen, status=status)


def _addendum(consultation: Consultation) -> Report:
    return consultation.desk.add_addendum(LI, consultation.signed(LI).report_id, words("more"), reason="r")


@pytest.mark.parametrize("make", [_preliminary, _addendum])
def test_only_a_final_report_is_amended(
    consultation: Consultation, make: Callable[[Consultation], Report]
) -> None:
    with pytest.raises(ReportStateConflict):
        amend(consultation, make(consultation), "x")


MAY_AMEND = {
    "a colleague": reader("a colleague"),
    "the signer, whose route ended since": reader("李建国", (QINGSHAN, None)),
}
MAY_NOT_AMEND = {
    "a reader of another site": reader("elsewhere", (QINGSHAN, None)),
    "a reader of another modality": reader("ECG", (XINGLONG, "ECG")),
    "the clinic": at_site("clinic"),
    "an administrator": at_site("admin", None),
    "the signer, who reads no more": replace(at_site("clinic"), account_id=LI.account_id),
}


@pytest.mark.parametrize("who", MAY_AMEND)
def test_who_may_amend(consultation: Consultation, who: str) -> None:
    actor, report = MAY_AMEND[who], consultation.signed(LI)
    assert amend(consultation, report, "x", by=actor).signed_by == actor.account_id


def test_who_may_not_amend(consultation: Consultation, subtests: pytest.Subtests) -> None:
    report = consultation.signed(LI)
    for who, actor in MAY_NOT_AMEND.items():
        with subtests.test(who), pytest.raises(NotFound):
            amend(consultation, report, "x", by=actor)
    assert consultation.desk.reports_of_case(LI, report.case_id) == [report]
