"""The reading physician's desk: no word is lost, and signing happens whole or not at all."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import OperationalError

from core.access import Actor
from core.errors import (
    InvalidRequest,
    NotFound,
    ReportStateConflict,
    StaleVersion,
    StorageUnavailable,
    VersionRequired,
    WorkitemStateConflict,
)
from database.audit import audit_of_study
from database.jobs import jobs
from database.schema import metadata
from reporting.desk import LONGEST_TEXT, Words
from reporting.document import ReportStatus
from reporting.publication import PUBLISH_JOB
from reporting.report import Report
from tests.fixtures.consultation import GROUP, QINGSHAN, XINGLONG, Consultation, at_site, reader
from worklist.case import Case
from worklist.urgency import Urgency
from worklist.workitem import ProcedureStepState

LI, CHEN = reader("李建国"), reader("陈晓燕")


def words(text: str) -> Words:
    return Words(findings=f"findings {text}", impression=text)


def save(consultation: Consultation, case: Case, text: str, version: int | None, by: Actor = LI) -> int:
    draft = consultation.desk.save_draft(
        by, case.case_id, case.workitem.workitem_uid, words(text), version=version
    )
    return draft.version


def sign(consultation: Consultation, case: Case, version: int | None, by: Actor = LI, **more: Any) -> Report:
    uid, seen = case.workitem.workitem_uid, consultation.seen(case)
    return consultation.desk.sign(by, case.case_id, uid, version=version, **{"seen": seen, **more})


def kept(consultation: Consultation, case: Case, by: Actor = LI) -> list[str]:
    return [draft.impression for draft in consultation.desk.kept_drafts(by, case.case_id)]


def test_a_draft_begins_as_an_empty_page_and_counts_its_versions(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    empty = consultation.desk.draft(LI, case.case_id)
    assert (empty.version, empty.findings, empty.impression, empty.written_at) == (0, "", "", None)
    for number in (1, 2, 3):
        assert save(consultation, case, f"version {number}", number - 1) == number
    draft = consultation.desk.draft(LI, case.case_id)
    assert (draft.version, draft.findings, draft.impression) == (3, "findings version 3", "version 3")
    assert draft.written_at == consultation.clock.now()
    assert kept(consultation, case) == []


STALE = [
    # versions saved so far, the one named
    (0, 1),
    (0, -1),
    (2, 0),
    (2, 1),
    (2, 3),
]


@pytest.mark.parametrize(("saved", "named"), STALE)
def test_a_save_over_another_version_is_refused_and_kept(
    consultation: Consultation, saved: int, named: int
) -> None:
    case = consultation.claimed(LI)
    for version in range(saved):
        save(consultation, case, "held", version)
    with pytest.raises(StaleVersion):
        save(consultation, case, "refused", named)
    assert consultation.desk.draft(LI, case.case_id).version == saved
    assert kept(consultation, case) == ["refused"]


def test_a_save_without_a_version_is_refused(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    with pytest.raises(VersionRequired):
        save(consultation, case, "unversioned", None)
    with pytest.raises(VersionRequired):
        sign(consultation, case, None)
    assert consultation.desk.draft(LI, case.case_id).version == 0


def test_two_tabs_of_one_reader_overwrite_nothing(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    assert save(consultation, case, "first tab", 0) == 1
    with pytest.raises(StaleVersion):
        save(consultation, case, "second tab", 0)
    assert consultation.desk.draft(LI, case.case_id).impression == "first tab"
    assert kept(consultation, case) == ["second tab"]
    # Having read what the first tab wrote, the second goes on from there.
    assert save(consultation, case, "both", 1) == 2
    # What the first tab saw is not what would be signed.
    with pytest.raises(StaleVersion):
        sign(consultation, case, 1)
    assert sign(consultation, case, 2).document.impression == "both"
    consultation.clock.advance(seconds=1)
    with pytest.raises(WorkitemStateConflict):
        save(consultation, case, "still typing", 2)
    with pytest.raises(WorkitemStateConflict):
        sign(consultation, case, 2)
    assert kept(consultation, case) == ["still typing", "second tab"]


def released(consultation: Consultation, case: Case) -> None:
    consultation.reading_list.release(LI, case.workitem.workitem_uid)


def lapsed(consultation: Consultation, case: Case) -> None:
    consultation.clock.advance(minutes=2)
    assert consultation.timers.run() == 1


def taken_over(consultation: Consultation, case: Case) -> None:
    consultation.clock.advance(minutes=2)
    consultation.reading_list.claim(CHEN, case.workitem.workitem_uid)


def signed_elsewhere(consultation: Consultation, case: Case) -> None:
    sign(consultation, case, consultation.desk.draft(LI, case.case_id).version)


def reopened(consultation: Consultation, case: Case) -> None:
    signed_elsewhere(consultation, case)
    consultation.arrive(case.study_instance_uid)


LOST: list[Callable[[Consultation, Case], None]] = [released, lapsed, taken_over, signed_elsewhere, reopened]


@pytest.mark.parametrize("lose", LOST, ids=lambda lose: lose.__name__)
def test_a_reader_who_lost_the_case_cannot_sign_and_loses_no_word(
    consultation: Consultation, lose: Callable[[Consultation, Case], None]
) -> None:
    case = consultation.claimed(LI)
    save(consultation, case, "saved in time", 0)
    lose(consultation, case)
    reports_before = consultation.desk.reports_of_case(LI, case.case_id)
    with pytest.raises(WorkitemStateConflict):
        save(consultation, case, "too late", 1)
    with pytest.raises(WorkitemStateConflict):
        sign(consultation, case, 1)
    assert kept(consultation, case) == ["too late"]
    assert kept(consultation, case, by=CHEN) == [], "another's words are their own"
    assert consultation.desk.draft(CHEN, case.case_id).impression == "saved in time"
    assert consultation.desk.reports_of_case(LI, case.case_id) == reports_before
    [late] = consultation.desk.kept_drafts(LI, case.case_id)
    assert (late.workitem_uid, late.findings) == (case.workitem.workitem_uid, "findings too late")
    assert late.written_at == consultation.clock.now()


def test_who_never_held_the_case_writes_nothing_on_it(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    for uid in (case.workitem.workitem_uid, "2.25.999", "x" * 500):
        with pytest.raises(WorkitemStateConflict):
            consultation.desk.save_draft(CHEN, case.case_id, uid, words("other"), version=0)
        with pytest.raises(WorkitemStateConflict):
            consultation.desk.sign(CHEN, case.case_id, uid, version=0, seen=consultation.seen(case))
    assert consultation.desk.draft(LI, case.case_id).version == 0
    assert save(consultation, case, "mine", 0) == 1


def test_a_tab_that_saves_the_same_words_for_ever_keeps_them_once(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    released(consultation, case)
    for _ in range(5):
        with pytest.raises(WorkitemStateConflict):
            save(consultation, case, "again and again", 0)
        consultation.clock.advance(seconds=5)
    with pytest.raises(WorkitemStateConflict):
        save(consultation, case, "one word more", 0)
    assert kept(consultation, case) == ["one word more", "again and again"]


def test_the_draft_stays_with_the_case_for_the_next_reader(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    save(consultation, case, "half done", 0)
    renewed = consultation.reading_list.release(LI, case.workitem.workitem_uid)
    taken = consultation.reading_list.claim(CHEN, renewed.workitem.workitem_uid)
    assert consultation.desk.draft(CHEN, case.case_id).impression == "half done"
    assert save(consultation, taken, "done", 1, by=CHEN) == 2
    report = sign(consultation, taken, 2, by=CHEN)
    assert (report.document.impression, report.document.reading_physician) == ("done", "陈晓燕医师")


FOREIGN = [
    at_site("technician"),
    at_site("clinic"),
    at_site("admin", None),
    at_site("auditor", None),
    reader("r1", (QINGSHAN, None)),
    reader("r2", (XINGLONG, "ECG")),
]


def test_the_desk_does_not_exist_for_who_may_not_read(
    consultation: Consultation, subtests: pytest.Subtests
) -> None:
    case = consultation.claimed(LI)
    save(consultation, case, "words", 0)
    report_id = sign(consultation, case, 1).report_id
    acts: dict[str, Callable[[Actor], object]] = {
        "draft": lambda actor: consultation.desk.draft(actor, case.case_id),
        "kept": lambda actor: consultation.desk.kept_drafts(actor, case.case_id),
        "save": lambda actor: save(consultation, case, "x", 1, by=actor),
        "sign": lambda actor: sign(consultation, case, 1, by=actor),
        "add": lambda actor: consultation.desk.add_addendum(actor, report_id, words("x"), reason="x"),
    }
    for actor, act in product(FOREIGN, acts):
        with subtests.test(f"{actor.username}: {act}"), pytest.raises(NotFound):
            acts[act](actor)
    for unknown in (
        lambda: consultation.desk.draft(LI, "no such case"),
        lambda: consultation.desk.reports_of_case(LI, "no such case"),
        lambda: consultation.desk.add_addendum(LI, "no such report", words("x"), reason="x"),
    ):
        with pytest.raises(NotFound):
            unknown()


def test_a_reader_whose_route_ended_finishes_the_case_they_hold(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    save(consultation, case, "begun", 0)
    moved_on = reader("李建国", (QINGSHAN, None))
    assert consultation.desk.draft(moved_on, case.case_id).impression == "begun"
    assert save(consultation, case, "finished", 1, by=moved_on) == 2
    assert consultation.desk.reports_of_case(moved_on, case.case_id) == []
    assert sign(consultation, case, 2, by=moved_on).document.impression == "finished"
    with pytest.raises(NotFound):
        consultation.desk.draft(moved_on, case.case_id)


@pytest.mark.parametrize("lose", LOST, ids=lambda lose: lose.__name__)
def test_a_reader_whose_route_ended_and_who_lost_the_case_still_finds_their_words(
    consultation: Consultation, lose: Callable[[Consultation, Case], None]
) -> None:
    case = consultation.claimed(LI)
    save(consultation, case, "begun", 0)
    lose(consultation, case)
    moved_on = reader("李建国", (QINGSHAN, None))
    with pytest.raises(WorkitemStateConflict):
        save(consultation, case, "too late", 1, by=moved_on)
    with pytest.raises(WorkitemStateConflict):
        sign(consultation, case, 1, by=moved_on)
    assert kept(consultation, case, by=moved_on) == ["too late"]
    with pytest.raises(NotFound):
        consultation.desk.draft(moved_on, case.case_id)
    with pytest.raises(NotFound):
        consultation.reading_list.case(moved_on, case.case_id)


def test_who_is_no_reader_any_more_signs_nothing_and_loses_no_word(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    save(consultation, case, "begun", 0)
    clinic = at_site("clinic").grants
    demoted = Actor(account_id=LI.account_id, username=LI.username, display_name="Li", grants=clinic)
    with pytest.raises(WorkitemStateConflict):
        sign(consultation, case, 1, by=demoted)
    with pytest.raises(WorkitemStateConflict):
        save(consultation, case, "unsaved", 1, by=demoted)
    assert kept(consultation, case, by=demoted) == ["unsaved"]
    assert consultation.desk.reports_of_case(LI, case.case_id) == []
    assert consultation.desk.draft(LI, case.case_id).impression == "begun"


UNKEEPABLE: list[tuple[str, Words]] = [
    ("findings too long", Words(findings="f" * (LONGEST_TEXT + 1), impression="i")),
    ("impression too long", Words(findings="f", impression="i" * (LONGEST_TEXT + 1))),
    ("half a character", Words(findings="\ud83d", impression="i")),
    ("a character no database keeps", Words(findings="f", impression="a\0b")),
]


def test_words_that_cannot_be_kept_are_refused(consultation: Consultation, subtests: pytest.Subtests) -> None:
    case = consultation.claimed(LI)
    uid = case.workitem.workitem_uid
    for why, wrong in UNKEEPABLE:
        with subtests.test(f"draft: {why}"), pytest.raises(InvalidRequest):
            consultation.desk.save_draft(LI, case.case_id, uid, wrong, version=0)
    report = sign(consultation, case, save(consultation, case, "i", 0))
    for why, wrong in UNKEEPABLE:
        with subtests.test(f"addendum: {why}"), pytest.raises(InvalidRequest):
            consultation.desk.add_addendum(LI, report.report_id, wrong, reason="r")


def test_the_longest_words_are_signed_whole(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    longest = Words(findings="所" * LONGEST_TEXT, impression="😀" * LONGEST_TEXT)
    consultation.desk.save_draft(LI, case.case_id, case.workitem.workitem_uid, longest, version=0)
    document = sign(consultation, case, 1).document
    assert (document.findings, document.impression) == (longest.findings, longest.impression)


@pytest.mark.parametrize("impression", ["", " ", "\n\t\u3000"])
@pytest.mark.parametrize("status", [ReportStatus.FINAL, ReportStatus.PRELIMINARY])
def test_nothing_is_signed_without_an_impression(
    consultation: Consultation, impression: str, status: ReportStatus
) -> None:
    case = consultation.claimed(LI)
    with pytest.raises(InvalidRequest, match="impression"):
        sign(consultation, case, 0, status=status)
    consultation.desk.save_draft(
        LI,
        case.case_id,
        case.workitem.workitem_uid,
        Words(findings="much", impression=impression),
        version=0,
    )
    with pytest.raises(InvalidRequest, match="impression"):
        sign(consultation, case, 1, status=status)
    assert consultation.again(case).workitem.is_held_by(LI)


def test_an_addendum_is_not_signed_as_a_report(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    save(consultation, case, "i", 0)
    with pytest.raises(InvalidRequest):
        sign(consultation, case, 1, status=ReportStatus.ADDENDUM)
    assert consultation.desk.reports_of_case(LI, case.case_id) == []


def test_a_preliminary_report_leaves_the_case_with_its_reader_until_the_final_one(
    consultation: Consultation,
) -> None:
    case = consultation.claimed(LI)
    save(consultation, case, "preliminary words", 0)
    preliminary = sign(consultation, case, 1, status=ReportStatus.PRELIMINARY)
    assert (preliminary.number, preliminary.status) == (1, ReportStatus.PRELIMINARY)
    assert preliminary.publications == ()
    assert not preliminary.is_published
    assert publication_jobs(consultation) == []
    assert consultation.again(case).workitem == case.workitem
    save(consultation, case, "final words", 1)
    final = sign(consultation, case, 2)
    assert (final.number, final.status, final.document.impression) == (2, ReportStatus.FINAL, "final words")
    superseded = replace(preliminary, superseded_by=final.report_id)
    assert consultation.desk.reports_of_case(LI, case.case_id) == [superseded, final]
    assert publication_jobs(consultation) == [final.report_id]
    assert consultation.kinds(case)[-3:] == ["report.preliminary", "report.signed", "workitem.completed"]
    with pytest.raises(ReportStateConflict):
        consultation.desk.add_addendum(LI, preliminary.report_id, words("x"), reason="x")


def publication_jobs(consultation: Consultation) -> list[str]:
    with consultation.database.read() as connection:
        rows = connection.execute(select(jobs).order_by(jobs.c.job_id)).mappings().all()
    assert {row["kind"] for row in rows} <= {PUBLISH_JOB}
    return [row["body"]["report_id"] for row in rows]


def test_a_final_report_ends_the_turn_and_asks_for_its_publication(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    consultation.clock.advance(minutes=5)
    save(consultation, case, "normal", 0)
    report = sign(consultation, case, 1)
    assert (report.number, report.status, report.addendum_to) == (1, ReportStatus.FINAL, None)
    assert (report.signed_by, report.signed_at) == (LI.account_id, consultation.clock.now())
    assert report.site_id == XINGLONG
    assert [form.published_at for form in report.publications] == [None, None]
    uids = {form.sop_instance_uid for form in report.publications}
    assert len(uids | {form.series_instance_uid for form in report.publications}) == 4
    turn = consultation.again(case).workitem
    assert turn.procedure_step_state is ProcedureStepState.COMPLETED
    assert (turn.claimed_by, turn.ended_at) == (LI.account_id, consultation.clock.now())
    assert publication_jobs(consultation) == [report.report_id]
    with consultation.database.read() as connection:
        audited = audit_of_study(connection, XINGLONG, case.study_instance_uid)
    actions = [record.action for record in audited]
    assert actions == ["store", "case claimed", "draft saved", "report signed: final"]
    assert (audited[-1].actor, audited[-1].subject) == (LI.username, report.report_id)
    assert {record.granted_by for record in audited[1:]} == {f"reader in {GROUP}"}
    assert consultation.kinds(case)[-2:] == ["report.signed", "workitem.completed"]


def test_an_emergencys_report_is_published_first(consultation: Consultation) -> None:
    order = []
    for urgency in (Urgency.ROUTINE, Urgency.EMERGENCY, Urgency.URGENT):
        case = consultation.claimed(LI)
        consultation.ask(
            at_site("clinic"),
            site_id=XINGLONG,
            urgency=urgency,
            clinical_question="",
            history="",
            study_instance_uid=case.study_instance_uid,
        )
        order.append(consultation.sign(LI, consultation.again(case)).report_id)
    with consultation.database.read() as connection:
        first = connection.scalars(select(jobs.c.body).order_by(jobs.c.priority.desc())).all()
    assert [body["report_id"] for body in first] == [order[1], order[2], order[0]]


def everything(consultation: Consultation) -> dict[str, list[tuple[Any, ...]]]:
    with consultation.database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


@contextmanager
def failing_at(consultation: Consultation, number: int) -> Iterator[list[str]]:
    """Let the catalogue fail at the n-th writing statement; at the one after the last, at the commit."""
    written: list[str] = []

    def executes(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if re.match("INSERT|UPDATE|DELETE", statement):
            written.append(" ".join(statement.split()[:3]))
            if len(written) == number:
                raise OperationalError(statement, {}, Exception("disk I/O error"))

    engine = consultation.database.engine
    event.listen(engine, "before_cursor_execute", executes)
    try:
        yield written
    finally:
        event.remove(engine, "before_cursor_execute", executes)


def signing(consultation: Consultation) -> Callable[[], Report]:
    case = consultation.claimed(LI)
    save(consultation, case, "words", 0)
    return lambda: sign(consultation, case, 1)


def adding(consultation: Consultation) -> Callable[[], Report]:
    report = consultation.signed(LI)
    return lambda: consultation.desk.add_addendum(LI, report.report_id, words("more"), reason="late finding")


@pytest.mark.parametrize("prepare", [signing, adding], ids=["signing", "adding an addendum"])
def test_a_failure_at_any_write_leaves_nothing_of_the_report(
    consultation: Consultation, prepare: Callable[[Consultation], Callable[[], Report]]
) -> None:
    act = prepare(consultation)
    before, number = everything(consultation), 0
    while True:
        number += 1
        with failing_at(consultation, number) as written:
            try:
                report = act()
            except StorageUnavailable:
                assert everything(consultation) == before, f"something was left by: {written}"
                continue
        break
    # Report, two publications, change, audit, job; for a signature the workitem, its change, the study too.
    assert len(written) == number - 1 == (9 if prepare is signing else 6)
    assert report.report_id in publication_jobs(consultation)
    assert everything(consultation) != before


def test_a_failure_of_the_commit_leaves_nothing_of_the_report(consultation: Consultation) -> None:
    act = signing(consultation)
    before = everything(consultation)

    def fails(_connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    event.listen(consultation.database.engine, "commit", fails)
    with pytest.raises(StorageUnavailable):
        act()
    event.remove(consultation.database.engine, "commit", fails)
    assert everything(consultation) == before
    assert act().number == 1


STEPS = {
    "insert_report": "reporting.report_records",
    "tell": "reporting.signing",
    "append_audit": "reporting.signing",
    "enqueue": "reporting.signing",
    "end_signed": "reporting.desk",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_dies_leaves_nothing_of_the_report(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    act = signing(consultation)
    before = everything(consultation)
    module = STEPS[step]

    def dies(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(f"{module}.{step}", dies)
        with pytest.raises(MemoryError):
            act()
    assert everything(consultation) == before
    assert act().number == 1


def test_an_addendum_is_new_text_with_a_reason_and_changes_nothing_signed(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    before = everything(consultation)
    consultation.clock.advance(hours=3)
    addendum = consultation.desk.add_addendum(CHEN, report.report_id, words("more"), reason="会诊")
    assert (addendum.number, addendum.status) == (2, ReportStatus.ADDENDUM)
    assert (addendum.addendum_to, addendum.signed_by) == (report.report_id, CHEN.account_id)
    assert addendum.document.reason == "会诊"
    assert addendum.digest != report.digest
    assert len(addendum.publications) == 2
    assert publication_jobs(consultation) == [report.report_id, addendum.report_id]
    again = consultation.desk.add_addendum(LI, report.report_id, words("yet more"), reason="r")
    assert consultation.desk.reports_of_case(LI, report.case_id) == [report, addendum, again]
    after = everything(consultation)
    assert set(before["reports"]) <= set(after["reports"])
    for untouched in ("workitems", "cases", "drafts"):
        assert after[untouched] == before[untouched]


WITHOUT: list[tuple[str, Words, str]] = [
    ("an impression", Words(findings="f", impression=" "), "reason"),
    ("a reason", words("i"), " "),
    ("a bounded reason", words("i"), "r" * (LONGEST_TEXT + 1)),
    ("a reason in whole characters", words("i"), "\ud83d"),
]


def test_there_is_no_addendum_without(consultation: Consultation, subtests: pytest.Subtests) -> None:
    report = consultation.signed(LI)
    for what, text, reason in WITHOUT:
        with subtests.test(what):
            with pytest.raises(InvalidRequest):
                consultation.desk.add_addendum(LI, report.report_id, text, reason=reason)
            assert consultation.desk.reports_of_case(LI, report.case_id) == [report]


def test_an_addendum_is_added_to_the_report_and_not_to_an_addendum(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    addendum = consultation.desk.add_addendum(LI, report.report_id, words("more"), reason="r")
    with pytest.raises(ReportStateConflict):
        consultation.desk.add_addendum(LI, addendum.report_id, words("x"), reason="r")


def test_an_addendum_may_come_while_a_colleague_reads_the_late_images(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    case = consultation.arrive(report.study_instance_uid)
    consultation.clock.advance(minutes=1)
    consultation.timers.run()
    held = consultation.reading_list.claim(CHEN, case.workitem.workitem_uid)
    addendum = consultation.desk.add_addendum(LI, report.report_id, words("more"), reason="r")
    second = consultation.sign(CHEN, held)
    assert [version.number for version in (report, addendum, second)] == [1, 2, 3]
    assert consultation.again(held).workitem.is_over


def test_reports_are_shown_to_those_who_may_receive_them(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    for actor in (LI, at_site("clinic"), at_site("technician"), at_site("admin", None)):
        assert consultation.desk.reports_of_case(actor, report.case_id) == [report]
    for actor in (at_site("clinic", QINGSHAN), at_site("auditor", None), reader("r", (XINGLONG, "ECG"))):
        with pytest.raises(NotFound):
            consultation.desk.reports_of_case(actor, report.case_id)
