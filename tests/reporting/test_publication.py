"""A signed report becomes part of its study: once, whatever fails, however often it is tried."""

import importlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from core.errors import QuotaExceeded, StorageUnavailable
from database.jobs import ATTEMPTS, resting_jobs
from reporting import publication
from reporting.desk import Words
from reporting.document import ReportDocument, ReportStatus
from reporting.publication import LEASE, Publisher
from reporting.report import ReportForm
from storage.instance import Instance
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.consultation import XINGLONG, Consultation, at_site, new_consultation, reader
from tests.fixtures.publications import assert_published_once, published_instances
from worklist.urgency import Urgency

LI = reader("李建国")
CLINIC = at_site("clinic")


def read(consultation: Consultation, instance: Instance) -> Dataset:
    return dcmread(BytesIO(b"".join(consultation.archive.whole(instance))))


def test_sr_and_pdf_lie_in_the_study_and_the_job_is_gone(consultation: Consultation) -> None:
    report = consultation.signed(LI, PatientID="0077")
    assert [form.form for form in report.publications] == [ReportForm.SR, ReportForm.PDF]
    signed_at = consultation.clock.now()
    consultation.clock.advance(seconds=3)
    assert consultation.publisher.run() == []
    assert_published_once(consultation, report)
    for instance in published_instances(consultation, report):
        dataset = read(consultation, instance)
        assert dataset.StudyInstanceUID == report.study_instance_uid
        assert dataset.PatientID == "0077"
        assert instance.site_id == XINGLONG
    [now] = consultation.desk.reports_of_case(LI, report.case_id)
    assert {form.published_at for form in now.publications} == {signed_at + timedelta(seconds=3)}
    consultation.clock.advance(hours=5)
    assert consultation.publisher.run() == []
    assert consultation.desk.reports_of_case(LI, report.case_id) == [now], "marked once"
    assert_published_once(consultation, report)


def test_an_addendum_is_published_beside_its_report_under_its_own_numbers(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    words = Words(findings="", impression="补充")
    addendum = consultation.desk.add_addendum(LI, report.report_id, words, reason="复阅")
    assert consultation.publisher.run() == []
    assert_published_once(consultation, report)
    assert_published_once(consultation, addendum)
    numbers = {
        read(consultation, instance).SeriesNumber for instance in published_instances(consultation, report)
    }
    assert numbers == {9001, 9002, 9501, 9502}


def test_a_preliminary_report_is_not_published(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    version = consultation.write(LI, case).version
    uid = case.workitem.workitem_uid
    preliminary = consultation.desk.sign(
        LI,
        case.case_id,
        uid,
        version=version,
        seen=consultation.seen(case),
        status=ReportStatus.PRELIMINARY,
    )
    assert consultation.publisher.run() == []
    assert published_instances(consultation, preliminary) == []


class Crash(BaseException):
    """The process dies here; nobody catches it."""


def crash(*_: object, **__: object) -> Any:
    raise Crash


IN_TRANSACTION = 7
"""From this point on: a write transaction of one process excludes another's, nothing happens in between."""
POINTS: dict[str, tuple[str, int]] = {
    # name: what is called, the number of the call that does not return
    "before anything is printed": ("reporting.publication.structured_report", 1),
    "before the SR's bytes are kept": ("storage.filesystem_blobs.FilesystemBlobs.put", 1),
    "between the SR's bytes and its row": ("storage.catalogue.Catalogue.admit", 1),
    "after the SR, before the PDF is printed": ("reporting.publication.report_pdf", 1),
    "before the PDF's bytes are kept": ("storage.filesystem_blobs.FilesystemBlobs.put", 2),
    "between the PDF's bytes and its row": ("storage.catalogue.Catalogue.admit", 2),
    "after both, before the mark": ("reporting.publication.Database.write", 4),
    "before the first mark": ("reporting.report_records.mark_published", 1),
    "between the two marks": ("reporting.report_records.mark_published", 2),
    "before the change": ("reporting.publication.append_change", 1),
    "before the job's end": ("reporting.publication.complete", 1),
}


def patched_at(monkeypatch: pytest.MonkeyPatch, point: str, act: Callable[..., Any]) -> None:
    """Let the call that a point names be replaced by `act(target)`."""
    name, number = POINTS[point]
    module, _, attribute = name.rpartition(".")
    owner = _owner(module)
    target = getattr(owner, attribute)
    calls = iter(range(1, 100))

    def called(*arguments: object, **words: object) -> Any:
        if next(calls) == number:
            return act(lambda: target(*arguments, **words))
        return target(*arguments, **words)

    monkeypatch.setattr(owner, attribute, called)


def _owner(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("point", POINTS)
def test_a_publisher_that_dies_is_followed_by_one_that_finishes(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    report = consultation.signed(LI)
    with monkeypatch.context() as patched:
        patched_at(patched, point, crash)
        with pytest.raises(Crash):
            consultation.publisher.run()
    [unfinished] = consultation.desk.reports_of_case(LI, report.case_id)
    assert not any(form.published_at for form in unfinished.publications), "marked together or not at all"
    assert consultation.publisher.run() == [], "the lease of the dead still holds"
    assert not consultation.desk.reports_of_case(LI, report.case_id)[0].is_published
    consultation.clock.advance(seconds=LEASE.total_seconds())
    assert consultation.publisher.run() == []
    assert_published_once(consultation, report)


@pytest.mark.parametrize("point", list(POINTS)[:IN_TRANSACTION])
def test_a_publisher_that_was_thought_dead_does_no_harm_when_it_wakes(
    consultation: Consultation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """It stops at a point for longer than its lease; another does the job; it goes on."""
    report = consultation.signed(LI)
    another = new_consultation(consultation.database, tmp_path, consultation.clock).publisher

    def sleeps(go_on: Callable[[], Any]) -> Any:
        consultation.clock.advance(seconds=LEASE.total_seconds())
        assert another.run() == []
        return go_on()

    with monkeypatch.context() as patched:
        patched_at(patched, point, sleeps)
        assert consultation.publisher.run() == []
    assert_published_once(consultation, report)
    consultation.clock.advance(hours=3)
    assert consultation.publisher.run() == []
    assert_published_once(consultation, report)


def test_two_publishers_at_once_share_the_work_and_double_none(
    consultation: Consultation, tmp_path: Path
) -> None:
    reports = [consultation.signed(LI) for _ in range(6)]
    start = threading.Barrier(2)
    failures: list[object] = []

    def work(publisher: Publisher) -> None:
        start.wait()
        for _ in range(4):
            failures.extend(publisher.run())

    others = [open_catalogue(consultation.database.url) for _ in range(2)]
    threads = [
        threading.Thread(
            target=work, args=(new_consultation(database, tmp_path, consultation.clock).publisher,)
        )
        for database in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in others:
        database.close()
    assert failures == []
    for report in reports:
        assert_published_once(consultation, report)


def failing_with(error: Exception) -> Callable[..., None]:
    def fails(*_: object) -> None:
        raise error

    return fails


@pytest.mark.parametrize("error", [StorageUnavailable("away"), QuotaExceeded("full")], ids=["away", "full"])
def test_a_report_waits_for_the_store_however_long_it_is_away(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    report = consultation.signed(LI)

    with monkeypatch.context() as patched:
        patched.setattr(consultation.archive.blobs, "put", failing_with(error))
        for _ in range(3 * ATTEMPTS):
            assert consultation.publisher.run() == [(report.report_id, str(error))]
            assert consultation.publisher.run() == [], "put off, not tried again at once"
            consultation.clock.advance(minutes=20)
    with consultation.database.read() as connection:
        assert resting_jobs(connection) == [], "a night without a store loses no report"
    assert consultation.publisher.run() == []
    assert_published_once(consultation, report)
    assert list(consultation.archive.incoming.directory.iterdir()) == []


def test_the_store_is_back_and_the_report_goes_out_within_seconds(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = consultation.signed(LI)
    with monkeypatch.context() as patched:
        patched.setattr(consultation.archive, "require_room", failing_with(QuotaExceeded()))
        for _ in range(30):
            consultation.publisher.run()
            consultation.clock.advance(minutes=1)
    consultation.clock.advance(seconds=10)
    consultation.publisher.run()
    assert_published_once(consultation, report)


def test_a_report_that_cannot_be_printed_holds_up_no_other_and_is_named_in_the_end(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, whole = consultation.signed(LI), consultation.signed(LI)
    prints = publication.RENDER[ReportForm.PDF]

    def prints_all_but_one(document: Any, *rest: Any) -> bytes:
        if document.report_id == broken.report_id:
            raise ValueError("no such glyph")
        return prints(document, *rest)

    monkeypatch.setitem(publication.RENDER, ReportForm.PDF, prints_all_but_one)
    with pytest.raises(ValueError, match="glyph"):
        consultation.publisher.run()
    assert consultation.publisher.run() == []
    assert_published_once(consultation, whole)
    tried = 1
    while True:
        consultation.clock.advance(hours=3)
        try:
            consultation.publisher.run()
        except ValueError:
            tried += 1
            continue
        break
    assert tried == ATTEMPTS
    with consultation.database.read() as connection:
        assert [kind for _job, kind, _error in resting_jobs(connection)] == ["report.publish"]


def test_an_emergencys_report_is_printed_first(consultation: Consultation) -> None:
    routine = consultation.signed(LI)
    case = consultation.claimed(LI)
    consultation.ask(
        CLINIC,
        site_id=XINGLONG,
        urgency=Urgency.EMERGENCY,
        clinical_question="",
        history="",
        study_instance_uid=case.study_instance_uid,
    )
    emergency = consultation.sign(LI, consultation.again(case))
    assert consultation.publisher.run(limit=1) == []
    assert_published_once(consultation, emergency)
    assert published_instances(consultation, routine) == []


def test_an_upgrade_between_two_attempts_prints_nothing_anew(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SR is in the study, the process dies, and the next version of the hub would write it otherwise."""
    report = consultation.signed(LI)
    with monkeypatch.context() as patched:
        patched_at(patched, "after the SR, before the PDF is printed", crash)
        with pytest.raises(Crash):
            consultation.publisher.run()
    [structured] = published_instances(consultation, report)
    prints = publication.RENDER[ReportForm.SR]

    def prints_otherwise(document: ReportDocument, *rest: Any) -> bytes:
        return prints(replace(document, reading_organization="县医院"), *rest)

    monkeypatch.setitem(publication.RENDER, ReportForm.SR, prints_otherwise)
    consultation.clock.advance(seconds=LEASE.total_seconds())
    assert consultation.publisher.run() == []
    assert_published_once(consultation, report)
    assert structured in published_instances(consultation, report)


def test_what_is_kept_is_what_a_second_printing_gives(consultation: Consultation) -> None:
    """A repeated attempt after a crash between row and mark must never find other bytes under the UID."""
    report = consultation.signed(LI)
    consultation.publisher.run()
    consultation.clock.advance(days=400)
    [again] = consultation.desk.reports_of_case(LI, report.case_id)
    kept = {
        instance.sop_instance_uid: b"".join(consultation.archive.whole(instance))
        for instance in published_instances(consultation, report)
    }
    for form in again.publications:
        number = publication.FIRST_SERIES_NUMBER[form.form] + again.number
        assert publication.RENDER[form.form](again.document, form, number) == kept[form.sop_instance_uid]
