"""What a clinic asks finds its study, before or after it has come, by UID or by accession number."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.access import Actor
from core.errors import InvalidRequest, NotFound
from core.uids import new_uid
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, at_site, reader
from worklist.reading_list import ListFilter
from worklist.request import Request
from worklist.request_records import requests_of_case
from worklist.requests import LONGEST_TEXT
from worklist.urgency import Urgency
from worklist.workitem import InputReadinessState, ProcedureStepState

LI = reader("李建国")
CLINIC = at_site("clinic")
ACCESSION = "A-2001"
Ask = Callable[..., Request]


@pytest.fixture
def ask(consultation: Consultation) -> Ask:
    def asked(by: Actor = CLINIC, *, site_id: str = XINGLONG, **values: Any) -> Request:
        ordinary = {"urgency": Urgency.URGENT, "clinical_question": "结石？", "history": "腹痛三天"}
        return consultation.ask(by, site_id=site_id, **ordinary | values)

    return asked


def named(study: str, how: str) -> dict[str, str]:
    return {"study_instance_uid": study} if how == "uid" else {"accession_number": ACCESSION}


@pytest.mark.parametrize("how", ["uid", "accession"])
@pytest.mark.parametrize("first", ["request", "study"])
def test_a_request_finds_its_study(consultation: Consultation, ask: Ask, how: str, first: str) -> None:
    study = new_uid()
    if first == "request":
        assert ask(**named(study, how)).case_id is None
        case = consultation.arrive(study, AccessionNumber=ACCESSION)
    else:
        opened = consultation.arrive(study, AccessionNumber=ACCESSION)
        assert (opened.urgency, opened.clinical_question) == (Urgency.ROUTINE, "")
        assert ask(**named(study, how)).case_id == opened.case_id
        case = consultation.again(opened)
    assert (case.urgency, case.clinical_question, case.history) == (Urgency.URGENT, "结石？", "腹痛三天")
    assert case.due_at == case.first_received_at + timedelta(minutes=20)
    assert consultation.kinds(case).count("case.requested") == 1
    with consultation.database.read() as connection:
        assert [asked.requested_by for asked in requests_of_case(connection, case)] == [CLINIC.username]


def test_two_cases_under_one_accession_number_are_not_guessed_between(
    consultation: Consultation, ask: Ask
) -> None:
    both = [consultation.arrive(AccessionNumber=ACCESSION) for _ in range(2)]
    assert ask(accession_number=ACCESSION).case_id is None
    for case in both:
        assert consultation.again(case).urgency is Urgency.ROUTINE
    # A third study under the number makes it no clearer.
    assert consultation.arrive(AccessionNumber=ACCESSION).urgency is Urgency.ROUTINE


def test_a_request_that_names_its_study_waits_for_that_one(consultation: Consultation, ask: Ask) -> None:
    meant, other = new_uid(), new_uid()
    ask(study_instance_uid=meant, accession_number=ACCESSION)
    assert consultation.arrive(other, AccessionNumber=ACCESSION).urgency is Urgency.ROUTINE
    assert consultation.arrive(meant, AccessionNumber=ACCESSION).urgency is Urgency.URGENT


def test_no_accession_number_matches_none(consultation: Consultation, ask: Ask) -> None:
    ask(study_instance_uid=new_uid())
    assert consultation.arrive(AccessionNumber="").urgency is Urgency.ROUTINE


def test_an_accession_number_is_not_its_surrounding_spaces(consultation: Consultation, ask: Ask) -> None:
    ask(accession_number=f" {ACCESSION} ")
    assert consultation.arrive(AccessionNumber=ACCESSION).urgency is Urgency.URGENT


def test_another_sites_request_is_another_sites(consultation: Consultation, ask: Ask) -> None:
    study = new_uid()
    ask(at_site("clinic", QINGSHAN), site_id=QINGSHAN, study_instance_uid=study)
    ask(at_site("clinic", QINGSHAN), site_id=QINGSHAN, accession_number=ACCESSION)
    case = consultation.arrive(study, AccessionNumber=ACCESSION)
    assert (case.urgency, case.clinical_question) == (Urgency.ROUTINE, "")


@pytest.mark.parametrize("how", ["uid", "accession"])
def test_the_newest_waiting_request_counts_and_the_others_are_not_left_for_another_study(
    consultation: Consultation, ask: Ask, how: str
) -> None:
    study = new_uid()
    for question, urgency in (("first", Urgency.EMERGENCY), ("second", Urgency.URGENT)):
        ask(**named(study, how), clinical_question=question, urgency=urgency)
        consultation.clock.advance(seconds=1)
    case = consultation.arrive(study, AccessionNumber=ACCESSION)
    assert (case.clinical_question, case.urgency) == ("second", Urgency.URGENT)
    with consultation.database.read() as connection:
        asked = requests_of_case(connection, case)
    assert [request.clinical_question for request in asked] == ["first", "second"]
    other = consultation.arrive(AccessionNumber=ACCESSION)
    assert (other.clinical_question, other.urgency) == ("", Urgency.ROUTINE)


def test_the_newest_request_about_a_case_counts(consultation: Consultation, ask: Ask) -> None:
    case = consultation.arrive()
    for question, urgency in (("first", Urgency.EMERGENCY), ("second", Urgency.ROUTINE)):
        ask(study_instance_uid=case.study_instance_uid, clinical_question=question, urgency=urgency)
        consultation.clock.advance(seconds=1)
    asked = consultation.again(case)
    assert (asked.clinical_question, asked.urgency) == ("second", Urgency.ROUTINE)


@pytest.mark.parametrize("first", ["request", "study"])
def test_an_emergency_is_claimable_at_once_and_goes_first(
    consultation: Consultation, ask: Ask, first: str
) -> None:
    ecg = consultation.arrive(Modality="ECG")
    consultation.clock.advance(minutes=20)
    study = new_uid()
    if first == "study":
        assert consultation.arrive(study).is_arriving
    ask(study_instance_uid=study, urgency=Urgency.EMERGENCY)
    if first == "request":
        consultation.arrive(study)
    case = consultation.case(study)
    assert case.workitem.input_readiness_state is InputReadinessState.READY
    assert case.due_at == case.first_received_at + timedelta(minutes=15)
    listed = consultation.reading_list.cases(LI, ListFilter())
    assert [line.case_id for line in listed] == [case.case_id, ecg.case_id]
    held = consultation.reading_list.claim(LI, case.workitem.workitem_uid)
    assert held.workitem.lease_expires_at == consultation.clock.now() + timedelta(seconds=60)


def test_a_request_about_a_claimed_case_leaves_the_claim(consultation: Consultation, ask: Ask) -> None:
    claimed = consultation.claimed(LI)
    ask(study_instance_uid=claimed.study_instance_uid, urgency=Urgency.EMERGENCY)
    asked = consultation.again(claimed)
    assert asked.workitem == claimed.workitem
    assert asked.urgency is Urgency.EMERGENCY
    beaten = consultation.reading_list.heartbeat(LI, asked.workitem.workitem_uid)
    assert beaten.workitem.lease_expires_at == consultation.clock.now() + timedelta(seconds=60)


def test_a_request_after_the_report_keeps_the_report_and_the_finished_turn(
    consultation: Consultation, ask: Ask
) -> None:
    report = consultation.signed(LI)
    ask(study_instance_uid=report.study_instance_uid, clinical_question="late")
    case = consultation.case(report.study_instance_uid)
    assert case.workitem.procedure_step_state is ProcedureStepState.COMPLETED
    [kept] = consultation.desk.reports_of_case(LI, case.case_id)
    assert kept == report


@pytest.mark.parametrize(
    "by",
    [
        at_site("clinic", QINGSHAN),
        at_site("technician", QINGSHAN),
        at_site("auditor"),
        at_site("auditor", None),
        reader("陈晓燕"),
    ],
    ids=lambda actor: actor.username,
)
def test_who_may_not_ask_for_a_site_learns_nothing_of_it(
    consultation: Consultation, ask: Ask, by: Actor
) -> None:
    case = consultation.arrive()
    with pytest.raises(NotFound):
        ask(by, study_instance_uid=case.study_instance_uid)
    with pytest.raises(NotFound):
        ask(by, site_id="nowhere", study_instance_uid=case.study_instance_uid)
    assert consultation.again(case) == case


@pytest.mark.parametrize("role", ["technician", "clinic", "admin"])
def test_those_of_the_site_may_ask(ask: Ask, role: str) -> None:
    assert ask(at_site(role), study_instance_uid="1.2.3").requested_by == f"{role}@{XINGLONG}"


REFUSED: list[tuple[str, dict[str, str]]] = [
    ("no study is named", {}),
    ("only spaces are named", {"accession_number": "  "}),
    ("not a UID", {"study_instance_uid": "1.2.x"}),
    ("a path", {"study_instance_uid": "../../etc"}),
    ("a UID too long", {"study_instance_uid": "1" * 65}),
    ("an accession number too long", {"accession_number": "A" * 65}),
    ("a question too long", {"accession_number": "A", "clinical_question": "?" * (LONGEST_TEXT + 1)}),
    ("a history too long", {"accession_number": "A", "history": "?" * (LONGEST_TEXT + 1)}),
    ("half a character", {"accession_number": "A", "history": "\ud83d"}),
    ("half a character in the number", {"accession_number": "\ud83d"}),
    ("a character no database keeps", {"accession_number": "A", "clinical_question": "a\0b"}),
]


@pytest.mark.parametrize("values", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_request_that_cannot_be_kept_is_refused(ask: Ask, values: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        ask(**values)


def test_the_longest_request_is_kept_whole(consultation: Consultation, ask: Ask) -> None:
    study = "1" * 64
    words = {"clinical_question": "问" * LONGEST_TEXT, "history": "史" * LONGEST_TEXT}
    ask(study_instance_uid=study, accession_number="A" * 64, **words)
    case = consultation.arrive(study)
    assert (case.clinical_question, case.history) == (words["clinical_question"], words["history"])
