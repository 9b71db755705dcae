"""What the follower makes of the feed: cases opened once, grown once, reopened when images come late."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.origin import Origin, OriginKind
from core.uids import new_uid
from database.change_feed import ChangeKind, cursor_position, follow, newest_sequence
from storage.instance import StoreOutcome
from tests.fixtures.consultation import QINGSHAN, SELF_TEST, XINGLONG, Consultation, at_site, reader
from worklist.case_records import find_case
from worklist.intake import CURSOR
from worklist.tables import cases, workitems
from worklist.urgency import Urgency
from worklist.workitem import InputReadinessState, ProcedureStepState

LI = reader("李建国")


def number_of_cases(consultation: Consultation) -> int:
    with consultation.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(cases)) or 0


def test_the_first_instance_opens_a_case_with_what_the_device_said(consultation: Consultation) -> None:
    study = new_uid()
    consultation.send(study, PatientID="0007", AccessionNumber="A-7", StudyDescription="Abdomen")
    arrived_at = consultation.clock.now()
    consultation.clock.advance(seconds=5)
    consultation.take_in()
    case = consultation.case(study)
    assert (case.site_id, case.study_instance_uid, case.modality) == (XINGLONG, study, "US")
    assert (case.patient_id, case.accession_number, case.study_description) == ("0007", "A-7", "Abdomen")
    assert case.urgency is Urgency.ROUTINE
    assert case.number_of_instances == 1
    # Time runs from the hub's receipt, not from when a follower came round.
    assert case.first_received_at == case.last_received_at == case.workitem.due_from == arrived_at
    assert case.due_at == arrived_at + timedelta(minutes=30)
    assert case.is_arriving
    assert consultation.kinds(case) == ["instance.stored", "case.opened"]


@pytest.mark.parametrize(
    ("kind", "site_id", "opens"),
    [
        (OriginKind.DEVICE, XINGLONG, True),
        (OriginKind.ACCOUNT, XINGLONG, True),
        (OriginKind.IMPORT, XINGLONG, True),
        (OriginKind.HUB, XINGLONG, False),
        (OriginKind.SELF_TEST, SELF_TEST, False),
        (OriginKind.SELF_TEST, XINGLONG, False),
        (OriginKind.DEVICE, SELF_TEST, False),
    ],
)
def test_only_what_comes_from_outside_opens_a_case(
    consultation: Consultation, kind: OriginKind, site_id: str, opens: bool
) -> None:
    study = new_uid()
    consultation.send(study, origin=Origin(kind=kind, site_id=site_id, source="test"))
    consultation.take_in()
    with consultation.database.read() as connection:
        assert (find_case(connection, site_id, study) is not None) is opens


def test_one_study_of_two_sites_is_two_cases(consultation: Consultation) -> None:
    study = new_uid()
    for site_id in (XINGLONG, QINGSHAN):
        consultation.send(study, site_id=site_id, SOPInstanceUID=f"{study}.1")
    consultation.take_in()
    assert number_of_cases(consultation) == 2
    assert consultation.case(study, XINGLONG).case_id != consultation.case(study, QINGSHAN).case_id


def test_every_instance_is_counted_once_and_a_resend_not_at_all(consultation: Consultation) -> None:
    study, uid = new_uid(), new_uid()
    consultation.send(study, SOPInstanceUID=uid, SeriesInstanceUID=f"{study}.1")
    for _ in range(3):
        consultation.send(study)
    again = consultation.send(study, SOPInstanceUID=uid, SeriesInstanceUID=f"{study}.1")
    assert again.outcome is StoreOutcome.ALREADY_HELD
    consultation.take_in()
    assert consultation.case(study).number_of_instances == 4


def test_another_data_set_under_one_uid_counts_nothing_and_reopens_nothing(
    consultation: Consultation,
) -> None:
    report = consultation.signed(LI, SOPInstanceUID="2.25.7")
    kept = consultation.send(report.study_instance_uid, SOPInstanceUID="2.25.7", Rows=9)
    assert kept.outcome is StoreOutcome.KEPT_AS_CONFLICT
    consultation.take_in()
    case = consultation.case(report.study_instance_uid)
    assert case.number_of_instances == 1
    assert case.workitem.procedure_step_state is ProcedureStepState.COMPLETED


def test_a_change_seen_twice_does_nothing_the_second_time(consultation: Consultation) -> None:
    study = new_uid()
    consultation.send(study)
    consultation.take_in()
    before = consultation.case(study)
    assert consultation.take_in() == 0
    assert consultation.case(study) == before
    assert consultation.kinds(before).count("case.opened") == 1


def test_a_follower_that_dies_in_the_middle_of_a_change_leaves_nothing_of_it(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = new_uid()
    consultation.send(study)

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("worklist.intake.tell", dies)
        with pytest.raises(KeyboardInterrupt):
            consultation.take_in()
    assert number_of_cases(consultation) == 0
    with consultation.database.read() as connection:
        assert cursor_position(connection, CURSOR) == 0
    consultation.take_in()
    assert consultation.kinds(consultation.case(study)) == ["instance.stored", "case.opened"]


def test_two_workers_racing_on_the_feed_see_every_change_once(consultation: Consultation) -> None:
    studies = [new_uid() for _ in range(6)]
    for study in studies:
        for _ in range(5):
            consultation.send(study)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        while follow(consultation.database, CURSOR, consultation.intake.handle, limit=7):
            pass

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [consultation.case(study).number_of_instances for study in studies] == [5] * 6
    with consultation.database.read() as connection:
        assert cursor_position(connection, CURSOR) == newest_sequence(connection)
        assert connection.scalar(select(func.count()).select_from(workitems)) == 6


@pytest.mark.parametrize(
    ("values", "ready"),
    [({"Modality": "US"}, False), ({"Modality": "ECG"}, True), ({"Modality": "DX"}, False)],
)
def test_an_ecg_may_be_claimed_with_its_first_instance(
    consultation: Consultation, values: dict[str, str], ready: bool
) -> None:
    case = consultation.arrive(**values)
    assert (case.workitem.input_readiness_state is InputReadinessState.READY) is ready
    assert ("workitem.ready" in consultation.kinds(case)) is ready


@pytest.mark.parametrize("accompanying", ["SR", "OT", "PR", "KO", "DOC"])
def test_a_case_that_began_with_a_document_becomes_that_of_the_images(
    consultation: Consultation, accompanying: str
) -> None:
    case = consultation.arrive(Modality=accompanying)
    assert (case.modality, case.due_at - case.first_received_at) == (accompanying, timedelta(minutes=60))
    grown = consultation.arrive(case.study_instance_uid, Modality="US")
    assert (grown.modality, grown.due_at - grown.first_received_at) == ("US", timedelta(minutes=30))
    us_reader = reader("陈晓燕", (XINGLONG, "US"))
    assert consultation.reading_list.case(us_reader, case.case_id).modality == "US"
    # The order on the list follows: an index sorts by what is stored.
    with consultation.database.read() as connection:
        assert connection.scalar(select(cases.c.due_at)) == grown.due_at


def test_an_ecg_that_joins_a_document_makes_the_case_claimable_at_once(consultation: Consultation) -> None:
    case = consultation.arrive(Modality="SR")
    assert case.is_arriving
    assert not consultation.arrive(case.study_instance_uid, Modality="ECG").is_arriving


def test_instances_that_come_while_somebody_reads_leave_the_claim_alone(consultation: Consultation) -> None:
    claimed = consultation.claimed(LI)
    grown = consultation.arrive(claimed.study_instance_uid)
    assert grown.workitem == claimed.workitem
    assert grown.number_of_instances == 2
    assert len(consultation.sign(LI, grown).document.instances) == 2


LATE = [
    # modality, urgency of the case, claimable at once
    ("US", Urgency.ROUTINE, False),
    ("DX", Urgency.URGENT, False),
    ("ECG", Urgency.ROUTINE, True),
    ("US", Urgency.EMERGENCY, True),
]


@pytest.mark.parametrize(("modality", "urgency", "ready"), LATE)
def test_late_instances_bring_a_signed_case_back(
    consultation: Consultation, modality: str, urgency: Urgency, ready: bool
) -> None:
    study = new_uid()
    consultation.ask(
        at_site("clinic"),
        site_id=XINGLONG,
        urgency=urgency,
        clinical_question="?",
        history="",
        study_instance_uid=study,
    )
    case = consultation.ready(study_instance_uid=study, Modality=modality)
    signed = consultation.sign(LI, consultation.reading_list.claim(LI, case.workitem.workitem_uid))
    completed = consultation.case(study).workitem
    consultation.clock.advance(minutes=40)
    late = consultation.arrive(study, Modality=modality)
    turn = late.workitem
    assert turn.workitem_uid != completed.workitem_uid
    assert turn.procedure_step_state is ProcedureStepState.SCHEDULED
    assert (turn.input_readiness_state is InputReadinessState.READY) is ready
    assert turn.due_from == consultation.clock.now(), "nobody could have read them earlier"
    assert late.first_received_at == case.first_received_at
    kinds = consultation.kinds(late)
    assert kinds.count("case.late-instances") == 1
    assert kinds.count("workitem.ready") == (2 if ready else 1)
    # The first report stays as it was, and the case is read again by the ordinary rule.
    if not ready:
        consultation.clock.advance(seconds=60)
        consultation.timers.run()
    again = consultation.reading_list.claim(LI, turn.workitem_uid)
    assert consultation.sign(LI, again, impression="补充：后到图像未见异常。").number == 2
    [first, second] = consultation.desk.reports_of_case(LI, case.case_id)
    assert first == replace(signed, superseded_by=second.report_id)


def test_several_late_instances_bring_one_successor(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    for _ in range(3):
        consultation.send(report.study_instance_uid)
    consultation.take_in()
    case = consultation.case(report.study_instance_uid)
    assert consultation.kinds(case).count("case.late-instances") == 1
    with consultation.database.read() as connection:
        turns = connection.scalar(
            select(func.count()).select_from(workitems).where(workitems.c.case_id == case.case_id)
        )
    assert turns == 2
    assert case.number_of_instances == 4


def test_the_hubs_own_report_never_reopens_its_case(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    assert consultation.publisher.run() == []
    assert consultation.take_in() > 0
    case = consultation.case(report.study_instance_uid)
    assert case.workitem.procedure_step_state is ProcedureStepState.COMPLETED
    assert case.number_of_instances == 1
    assert ChangeKind.CASE_LATE_INSTANCES.value not in consultation.kinds(case)
