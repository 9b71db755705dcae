"""Several studies of one visit are read as one case, and can be taken apart again; what was begun stays."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.access import Actor
from core.errors import InvalidRequest, NotFound, WorkitemStateConflict
from core.uids import new_uid
from database.audit import audit_of_study
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, at_site, reader
from worklist.act_records import acts_of_case
from worklist.case import Case
from worklist.reading_list import ListFilter
from worklist.urgency import Urgency
from worklist.workitem import ProcedureStepState

LI, CHEN = reader("李建国"), reader("陈晓燕")
TECHNICIAN = at_site("technician")
WHY = "同一次就诊"


def by_key(consultation: Consultation, case_id: str) -> Case:
    return consultation.reading_list.case(LI, case_id)


def listed(consultation: Consultation, who: Actor = LI) -> list[str]:
    return [case.case_id for case in consultation.reading_list.cases(who, ListFilter())]


def linked(consultation: Consultation, case: Case, other: Case) -> Case:
    return consultation.linking.link(TECHNICIAN, case.case_id, other.case_id, reason=WHY)


def test_two_studies_of_one_visit_are_one_line_and_one_report(consultation: Consultation) -> None:
    ultrasound = consultation.ready()
    radiograph = consultation.ready(Modality="DX", AccessionNumber="A-101", StudyDescription="胸部")
    case = linked(consultation, ultrasound, radiograph)
    studies = [ultrasound.study_instance_uid, radiograph.study_instance_uid]
    assert [study.study_instance_uid for study in case.studies] == studies
    assert case.number_of_instances == 2
    assert listed(consultation) == [case.case_id]
    moved = by_key(consultation, radiograph.case_id)
    assert (moved.linked_into, moved.workitem.procedure_step_state) == (case.case_id, "CANCELED")
    with pytest.raises(WorkitemStateConflict):
        consultation.reading_list.claim(LI, radiograph.workitem.workitem_uid)
    report = consultation.sign(LI, consultation.reading_list.claim(LI, case.workitem.workitem_uid))
    read = {instance.study_instance_uid for instance in report.document.instances}
    assert read == {"", radiograph.study_instance_uid}, "the report's own study goes without saying"
    assert report.study_instance_uid == ultrasound.study_instance_uid
    [covered] = report.document.linked_studies
    assert vars(covered) == {
        "study_instance_uid": radiograph.study_instance_uid,
        "accession_number": "A-101",
        "study_description": "胸部",
    }
    assert consultation.publisher.run() == []
    consultation.take_in()
    signed = by_key(consultation, case.case_id)
    assert (signed.late_instances, signed.is_covered) == (0, True)


def test_an_instance_of_a_linked_study_comes_to_the_case_that_reads_it(consultation: Consultation) -> None:
    ultrasound, radiograph = consultation.ready(), consultation.ready(Modality="DX")
    case = linked(consultation, ultrasound, radiograph)
    consultation.sign(LI, consultation.reading_list.claim(LI, case.workitem.workitem_uid))
    late = consultation.arrive(radiograph.study_instance_uid, Modality="DX")
    assert late.case_id == case.case_id
    assert late.late_instances == 1
    assert late.workitem.procedure_step_state is ProcedureStepState.SCHEDULED
    assert [study.number_of_instances for study in late.studies] == [1, 2]


def test_a_linked_case_is_due_when_its_first_was_and_as_urgent_as_its_most_urgent(
    consultation: Consultation,
) -> None:
    radiograph = consultation.ready(Modality="DX")
    consultation.clock.advance(minutes=5)
    ultrasound = consultation.ready()
    asked = {"site_id": XINGLONG, "history": ""}
    for case, question in ((radiograph, "骨折？"), (ultrasound, "结石？")):
        consultation.ask(
            TECHNICIAN,
            study_instance_uid=case.study_instance_uid,
            urgency=Urgency.URGENT if case is ultrasound else Urgency.ROUTINE,
            clinical_question=question,
            **asked,
        )
    case = linked(consultation, ultrasound, radiograph)
    assert case.workitem.due_from == radiograph.workitem.due_from
    assert (case.urgency, case.clinical_question) == (Urgency.URGENT, "结石？\n骨折？")
    parted = consultation.linking.unlink(
        TECHNICIAN, case.case_id, radiograph.study_instance_uid, reason="弄错了"
    )
    assert (parted.urgency, parted.clinical_question) == (Urgency.URGENT, "结石？")
    own = by_key(consultation, radiograph.case_id)
    assert (own.urgency, own.clinical_question) == (Urgency.ROUTINE, "骨折？")
    assert own.due_at == radiograph.due_at


def test_what_was_linked_is_as_it_was_once_it_is_taken_apart(consultation: Consultation) -> None:
    ultrasound, radiograph = consultation.ready(), consultation.ready(Modality="DX")
    case = linked(consultation, ultrasound, radiograph)
    consultation.clock.advance(seconds=1)
    consultation.linking.unlink(LI, case.case_id, radiograph.study_instance_uid, reason="弄错了")
    one, other = by_key(consultation, ultrasound.case_id), by_key(consultation, radiograph.case_id)
    assert (one.studies, other.studies) == (ultrasound.studies, radiograph.studies)
    assert other.linked_into is None
    assert other.workitem.workitem_uid != radiograph.workitem.workitem_uid
    assert set(listed(consultation)) == {one.case_id, other.case_id}
    for each in (one, other):
        claimed = consultation.reading_list.claim(LI, each.workitem.workitem_uid)
        assert consultation.sign(LI, claimed).number == 1
        assert consultation.kinds(each).count("case.linked") == 1
        assert consultation.kinds(each).count("case.unlinked") == 1
    with consultation.database.read() as connection:
        acts = acts_of_case(connection, case.case_id)
        audit = audit_of_study(connection, XINGLONG, radiograph.study_instance_uid)
    assert [(act.act, act.reason, act.actor) for act in acts] == [
        ("linked", WHY, TECHNICIAN.username),
        ("unlinked", "弄错了", LI.username),
    ]
    assert [row.action for row in audit if "linked" in row.action] == ["case linked", "case unlinked"]


def test_a_study_linked_into_a_reported_case_is_read_there_and_its_parting_leaves_the_report(
    consultation: Consultation,
) -> None:
    report = consultation.signed(LI)
    reported = consultation.case(report.study_instance_uid)
    radiograph = consultation.ready(Modality="DX")
    case = linked(consultation, reported, radiograph)
    assert case.workitem.procedure_step_state is ProcedureStepState.SCHEDULED
    assert case.late_instances == 1
    parted = consultation.linking.unlink(LI, case.case_id, radiograph.study_instance_uid, reason="弄错了")
    assert parted.workitem == reported.workitem
    assert parted.late_instances == 0
    assert listed(consultation).count(radiograph.case_id) == 1


def test_a_study_that_a_report_covered_is_read_again_in_its_own_case(consultation: Consultation) -> None:
    ultrasound, radiograph = consultation.ready(), consultation.ready(Modality="DX")
    case = linked(consultation, ultrasound, radiograph)
    consultation.sign(LI, consultation.reading_list.claim(LI, case.workitem.workitem_uid))
    consultation.clock.advance(hours=2)
    consultation.linking.unlink(LI, case.case_id, radiograph.study_instance_uid, reason="另一次检查")
    own = by_key(consultation, radiograph.case_id)
    assert own.workitem.procedure_step_state is ProcedureStepState.SCHEDULED
    assert own.due_at == consultation.clock.now() + timedelta(minutes=60)
    assert (own.late_instances, own.is_covered) == (0, False)


def begun(consultation: Consultation) -> Case:
    return consultation.claimed(CHEN, Modality="DX")


def written(consultation: Consultation) -> Case:
    case = consultation.claimed(CHEN, Modality="DX")
    consultation.write(CHEN, case)
    return consultation.reading_list.release(CHEN, case.workitem.workitem_uid)


def reported(consultation: Consultation) -> Case:
    return consultation.case(consultation.signed(CHEN, Modality="DX").study_instance_uid)


@pytest.mark.parametrize("state", [begun, written, reported], ids=lambda state: state.__name__)
def test_what_was_begun_is_not_taken_in_but_takes_in(
    consultation: Consultation, state: Callable[[Consultation], Case]
) -> None:
    other, fresh = state(consultation), consultation.ready()
    before = by_key(consultation, other.case_id)
    with pytest.raises(WorkitemStateConflict):
        linked(consultation, fresh, other)
    assert by_key(consultation, other.case_id) == before
    case = linked(consultation, other, fresh)
    assert len(case.studies) == 2
    if state is begun:
        assert case.workitem.claimed_by == CHEN.account_id
        assert case.instances_since_claim == 1


def test_a_study_leaves_only_a_case_that_nobody_else_reads(consultation: Consultation) -> None:
    case = linked(consultation, consultation.ready(), other := consultation.ready(Modality="DX"))
    consultation.reading_list.claim(CHEN, case.workitem.workitem_uid)
    with pytest.raises(WorkitemStateConflict, match="陈晓燕医师"):
        consultation.linking.unlink(LI, case.case_id, other.study_instance_uid, reason="x")
    parted = consultation.linking.unlink(CHEN, case.case_id, other.study_instance_uid, reason="x")
    assert parted.workitem.claimed_by == CHEN.account_id
    assert consultation.arrive(case.study_instance_uid).instances_since_claim == 1
    with pytest.raises(InvalidRequest):
        consultation.linking.unlink(CHEN, case.case_id, case.study_instance_uid, reason="x")
    with pytest.raises(NotFound):
        consultation.linking.unlink(CHEN, case.case_id, other.study_instance_uid, reason="x")


def test_three_studies_meet_in_one_case_and_each_finds_its_own_again(consultation: Consultation) -> None:
    one, two, three = (consultation.ready(Modality=modality) for modality in ("US", "DX", "ECG"))
    linked(consultation, two, three)
    case = linked(consultation, one, two)
    assert len(case.studies) == 3
    assert case.due_at == one.first_received_at + timedelta(minutes=30)
    consultation.linking.unlink(LI, case.case_id, three.study_instance_uid, reason="x")
    assert by_key(consultation, three.case_id).linked_into is None
    assert by_key(consultation, two.case_id).linked_into == case.case_id


PATIENTS = [
    # what the other study says, whether it may be linked with 0001 Zhang San
    ({}, True),
    ({"PatientID": "0002"}, False),
    ({"PatientID": ""}, True),
    ({"PatientID": "", "PatientName": "Li^Si"}, False),
    ({"PatientID": "", "PatientName": ""}, False),
    ({"PatientID": "", "PatientSex": "F"}, False),
]


@pytest.mark.parametrize(("values", "may"), PATIENTS)
def test_only_studies_of_one_patient_are_linked(
    consultation: Consultation, values: dict[str, str], may: bool
) -> None:
    one, other = consultation.ready(), consultation.ready(Modality="DX", **values)
    if may:
        assert len(linked(consultation, one, other).studies) == 2
    else:
        with pytest.raises(InvalidRequest):
            linked(consultation, one, other)


def test_cases_of_two_sites_or_one_case_are_not_linked(consultation: Consultation) -> None:
    here, there = consultation.ready(), consultation.ready(site_id=QINGSHAN)
    for other in (here, there):
        with pytest.raises(InvalidRequest):
            consultation.linking.link(LI, here.case_id, other.case_id, reason=WHY)
    with pytest.raises(NotFound):
        linked(consultation, here, there)


def test_who_may_not_link_finds_no_case(consultation: Consultation, subtests: pytest.Subtests) -> None:
    one, other = consultation.ready(), consultation.ready(Modality="DX")
    for who in (at_site("technician", QINGSHAN), at_site("clinic"), at_site("auditor")):
        with subtests.test(who.username), pytest.raises(NotFound):
            consultation.linking.link(who, one.case_id, other.case_id, reason=WHY)


def test_linking_needs_a_reason(consultation: Consultation, subtests: pytest.Subtests) -> None:
    one, other = consultation.ready(), consultation.ready(Modality="DX")
    for reason in ("", "  ", "x" * 2001, "\0"):
        with subtests.test(repr(reason[:3])), pytest.raises(InvalidRequest):
            consultation.linking.link(LI, one.case_id, other.case_id, reason=reason)


def test_a_case_is_read_by_those_who_may_read_all_its_studies(consultation: Consultation) -> None:
    ultrasound, radiograph = consultation.ready(), consultation.ready(Modality="DX")
    only_us, both = reader("甲", (XINGLONG, "US")), reader("乙", (XINGLONG, "US"), (XINGLONG, "DX"))
    assert listed(consultation, only_us) == [ultrasound.case_id]
    with pytest.raises(NotFound):
        consultation.linking.link(only_us, ultrasound.case_id, radiograph.case_id, reason=WHY)
    case = consultation.linking.link(both, ultrasound.case_id, radiograph.case_id, reason=WHY)
    assert listed(consultation, only_us) == []
    assert listed(consultation, both) == [case.case_id]


def test_a_linked_study_that_still_arrives_keeps_the_case_from_being_claimed(
    consultation: Consultation,
) -> None:
    ultrasound, radiograph = consultation.ready(), consultation.arrive(new_uid(), Modality="DX")
    case = linked(consultation, ultrasound, radiograph)
    assert case.is_arriving
    consultation.clock.advance(seconds=60)
    consultation.timers.run()
    assert not by_key(consultation, case.case_id).is_arriving


def test_reported_cases_are_related_and_that_is_taken_back(consultation: Consultation) -> None:
    one, other = reported(consultation), reported(consultation)
    consultation.linking.relate(LI, one.case_id, other.case_id, reason="复查")
    with pytest.raises(InvalidRequest):
        consultation.linking.relate(LI, other.case_id, one.case_id, reason="复查")
    consultation.linking.unrelate(LI, other.case_id, one.case_id, reason="弄错了")
    with pytest.raises(InvalidRequest):
        consultation.linking.unrelate(LI, one.case_id, other.case_id, reason="弄错了")
    assert consultation.kinds(one)[-2:] == ["case.related", "case.unrelated"]
