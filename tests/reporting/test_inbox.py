"""The clinic's side: who gets which report in which form, and the receipt that proves it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from core.access import Actor, Grant, Role
from core.errors import NotFound, ReportStateConflict, StorageUnavailable
from core.limits import SEARCH_LIMIT
from reporting.desk import Words
from reporting.document import ReportStatus
from reporting.inbox_filter import InboxFilter
from reporting.report import Report, ReportForm
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, at_site, reader

LI = reader("李建国")
CLINIC, TECHNICIAN = at_site("clinic"), at_site("technician")
Get = Callable[[Consultation, Actor, str], object]

FORMS: dict[ReportForm, Get] = {
    ReportForm.JSON: lambda hub, actor, report_id: hub.inbox.report(actor, report_id),
    ReportForm.PDF: lambda hub, actor, report_id: hub.inbox.pdf(actor, report_id),
    ReportForm.SR: lambda hub, actor, report_id: hub.inbox.structured_report(actor, report_id),
}


@pytest.fixture
def published(consultation: Consultation) -> Report:
    """A report that lies in its study."""
    report = consultation.signed(LI)
    assert consultation.publisher.run() == []
    return report


def receipts(consultation: Consultation, report: Report) -> list[tuple[str, ReportForm, datetime]]:
    return [
        (receipt.username, receipt.form, receipt.received_at)
        for receipt in consultation.inbox.find(LI, report.report_id).receipts
    ]


def told(consultation: Consultation, report: Report) -> list[tuple[str, dict[str, Any]]]:
    return [
        (change.actor, change.body)
        for change in consultation.reading_list.timeline(LI, report.case_id)
        if change.kind.value == "report.received"
    ]


def test_the_clinic_gets_the_signed_words_in_three_forms(
    consultation: Consultation, published: Report
) -> None:
    report = consultation.inbox.report(CLINIC, published.report_id)
    assert (report.document, report.digest) == (published.document, published.digest)
    pdf = consultation.inbox.pdf(CLINIC, published.report_id)
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip(b"\n").endswith(b"%%EOF"), "without the padding of the DICOM object"
    dataset = dcmread(BytesIO(consultation.inbox.structured_report(CLINIC, published.report_id)))
    structured = {form.form: form.sop_instance_uid for form in published.publications}
    assert structured[ReportForm.SR] == dataset.SOPInstanceUID
    assert published.document.impression in str(dataset)


@pytest.mark.parametrize("form", FORMS)
def test_the_first_form_that_a_person_of_the_clinic_takes_is_the_receipt(
    consultation: Consultation, published: Report, form: ReportForm
) -> None:
    consultation.clock.advance(minutes=1)
    first_at = consultation.clock.now()
    for other in (form, *FORMS):
        FORMS[other](consultation, CLINIC, published.report_id)
        consultation.clock.advance(minutes=1)
    second_at = consultation.clock.now()
    FORMS[form](consultation, TECHNICIAN, published.report_id)
    assert receipts(consultation, published) == [
        (CLINIC.username, form, first_at),
        (TECHNICIAN.username, form, second_at),
    ]
    body = {"case_id": published.case_id, "report_id": published.report_id, "form": form.value}
    assert told(consultation, published) == [(CLINIC.username, body), (TECHNICIAN.username, body)]


NO_RECEIPT: list[tuple[str, Actor]] = [
    ("the reader", LI),
    ("an administrator of the site", at_site("admin")),
    ("an administrator of all", at_site("admin", None)),
    (
        "a reader who works at another clinic",
        Actor(
            account_id="both",
            username="both",
            display_name="both",
            grants=(*LI.grants, Grant(role=Role.CLINIC, site_id=QINGSHAN)),
            routes=LI.routes,
        ),
    ),
]


def test_nobody_outside_the_clinic_gives_its_receipt(
    consultation: Consultation, published: Report, subtests: pytest.Subtests
) -> None:
    for (who, actor), form in product(NO_RECEIPT, FORMS):
        with subtests.test(f"{who} takes {form}"):
            assert FORMS[form](consultation, actor, published.report_id)
            assert receipts(consultation, published) == []
            assert told(consultation, published) == []


FOREIGN = [
    at_site("clinic", QINGSHAN),
    at_site("technician", QINGSHAN),
    at_site("admin", QINGSHAN),
    at_site("auditor"),
    at_site("auditor", None),
    reader("r1", (QINGSHAN, None)),
    reader("r2", (XINGLONG, "ECG")),
    Actor(account_id="x", username="x", display_name="x", grants=()),
]


def test_another_places_report_does_not_exist(
    consultation: Consultation, published: Report, subtests: pytest.Subtests
) -> None:
    for actor in FOREIGN:
        with subtests.test(actor.username):
            assert consultation.inbox.reports(actor) == []
            for get in (*FORMS.values(), lambda hub, who, report_id: hub.inbox.find(who, report_id)):
                with pytest.raises(NotFound):
                    get(consultation, actor, published.report_id)
            assert receipts(consultation, published) == []


def test_what_was_never_signed_is_not_found(consultation: Consultation) -> None:
    for get in FORMS.values():
        with pytest.raises(NotFound):
            get(consultation, CLINIC, "01M7W179T0781RSAEB37YJKEY6")


def test_looking_at_the_list_is_no_receipt(consultation: Consultation, published: Report) -> None:
    assert [report.report_id for report in consultation.inbox.reports(CLINIC)] == [published.report_id]
    consultation.inbox.find(CLINIC, published.report_id)
    assert receipts(consultation, published) == []


def test_the_newest_report_comes_first_and_each_clinic_sees_its_own(consultation: Consultation) -> None:
    signed = []
    for site_id in (XINGLONG, QINGSHAN, XINGLONG):
        signed.append(consultation.signed(LI, site_id=site_id).report_id)
        consultation.clock.advance(minutes=1)
    inbox = consultation.inbox
    assert [report.report_id for report in inbox.reports(CLINIC)] == [signed[2], signed[0]]
    assert [report.report_id for report in inbox.reports(at_site("clinic", QINGSHAN))] == [signed[1]]
    assert [report.report_id for report in inbox.reports(LI)] == signed[::-1]
    assert [report.report_id for report in inbox.reports(LI, InboxFilter(limit=2))] == signed[:0:-1]


def test_no_list_is_longer_than_was_asked_for(consultation: Consultation, subtests: pytest.Subtests) -> None:
    for _ in range(3):
        consultation.signed(LI)
    for limit, shown in [(0, 0), (-1, 0), (1, 1), (SEARCH_LIMIT + 1, 3)]:
        with subtests.test(f"at most {limit}"):
            assert len(consultation.inbox.reports(CLINIC, InboxFilter(limit=limit))) == shown


def test_a_report_in_print_is_given_in_words_and_asked_for_again_on_paper(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    for form in (ReportForm.PDF, ReportForm.SR):
        with pytest.raises(ReportStateConflict, match="again"):
            FORMS[form](consultation, CLINIC, report.report_id)
    assert receipts(consultation, report) == [], "nothing was received"
    assert consultation.inbox.report(CLINIC, report.report_id).document == report.document
    assert len(receipts(consultation, report)) == 1


def test_a_preliminary_report_is_given_in_words_only(consultation: Consultation) -> None:
    case = consultation.claimed(LI)
    version = consultation.write(LI, case).version
    uid = case.workitem.workitem_uid
    seen, status = consultation.seen(case), ReportStatus.PRELIMINARY
    report = consultation.desk.sign(LI, case.case_id, uid, version=version, seen=seen, status=status)
    consultation.publisher.run()
    for form in (ReportForm.PDF, ReportForm.SR):
        with pytest.raises(NotFound):
            FORMS[form](consultation, CLINIC, report.report_id)
    assert consultation.inbox.report(CLINIC, report.report_id).status is ReportStatus.PRELIMINARY


def test_an_addendum_is_received_for_itself(consultation: Consultation, published: Report) -> None:
    consultation.inbox.report(CLINIC, published.report_id)
    words = Words(findings="", impression="补充")
    addendum = consultation.desk.add_addendum(LI, published.report_id, words, reason="复阅")
    assert receipts(consultation, addendum) == []
    consultation.inbox.report(CLINIC, addendum.report_id)
    assert len(receipts(consultation, addendum)) == len(receipts(consultation, published)) == 1


def test_damaged_bytes_are_neither_given_nor_received(
    consultation: Consultation, published: Report, tmp_path: Path
) -> None:
    for path in (tmp_path / "blobs").rglob("*"):
        if path.is_file():
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            path.write_bytes(content)
    for form in (ReportForm.PDF, ReportForm.SR):
        with pytest.raises(StorageUnavailable, match="damaged"):
            FORMS[form](consultation, CLINIC, published.report_id)
    assert receipts(consultation, published) == []


def test_a_report_fetched_twenty_times_at_once_is_received_once(
    consultation: Consultation, published: Report
) -> None:
    with ThreadPoolExecutor(20) as pool:
        fetched = [
            pool.submit(FORMS[form], consultation, CLINIC, published.report_id) for form in list(FORMS) * 7
        ]
    assert all(one.result() for one in fetched)
    assert len(receipts(consultation, published)) == 1
    assert len(told(consultation, published)) == 1
