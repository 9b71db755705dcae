"""What a report's document is put together from: the study, the case, the register, the reader's words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.access import Actor, Grant, Role, Route
from core.origin import Origin, OriginKind
from core.uids import new_uid
from reporting.compilation import Compiler, SiteOnPaper
from reporting.desk import Desk, Words
from reporting.document import ReportDocument, ReportedInstance, ReportStatus
from reporting.report import ReportForm
from tests.fixtures.consultation import GROUP_NAME, XINGLONG, Consultation, at_site, reader
from tests.fixtures.instances import TWELVE_LEAD_ECG, ULTRASOUND_IMAGE
from worklist.urgency import Urgency

LI = reader("李建国")


AS_SAID: dict[str, Any] = {
    "status": ReportStatus.FINAL,
    "site_id": XINGLONG,
    "site_name": "兴隆镇卫生院",
    "time_zone": "Asia/Shanghai",
    "study_id": "9",
    "study_date": date(2026, 11, 20),
    "study_time": "161500",
    "accession_number": "A-77",
    "referring_physician_name": "Zhao^Min=赵^敏",
    "study_description": "腹部",
    "modality": "US",
    "clinical_question": "结石？",
    "history": "腹痛三天",
    "findings": "肝脏大小形态正常，胆囊壁光滑。",
    "impression": "未见明显异常。",
    "reason": "",
    "previous_findings": "",
    "previous_impression": "",
    "reading_physician": "李建国医师",
    "reading_organization": GROUP_NAME,
    "received_at": datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
    "predecessors": (),
    "key_images": (),
    "marks_digest": "",
    "linked_studies": (),
}


def test_a_document_says_what_device_clinic_register_and_reader_said(consultation: Consultation) -> None:
    study, series, instance = new_uid(), new_uid(), new_uid()
    consultation.ask(
        at_site("clinic"),
        site_id=XINGLONG,
        urgency=Urgency.URGENT,
        clinical_question="结石？",
        history="腹痛三天",
        study_instance_uid=study,
    )
    report = consultation.signed(
        LI,
        study_instance_uid=study,
        SeriesInstanceUID=series,
        SOPInstanceUID=instance,
        PatientName="Sun^Wukong=孙^悟空",
        PatientID="0077",
        IssuerOfPatientID="XL",
        PatientBirthDate="19610305",
        PatientSex="M",
        StudyDate="20261120",
        StudyTime="161500",
        StudyID="9",
        AccessionNumber="A-77",
        ReferringPhysicianName="Zhao^Min=赵^敏",
        StudyDescription="腹部",
    )
    document = report.document
    assert document.content_digest == report.digest
    expected = AS_SAID | {
        "report_id": report.report_id,
        "study_instance_uid": study,
        "signed_at": consultation.clock.now(),
        "content_digest": report.digest,
        "instances": (
            ReportedInstance(
                series_instance_uid=series, sop_class_uid=ULTRASOUND_IMAGE, sop_instance_uid=instance
            ),
        ),
        "patient": document.patient,
    }
    assert vars(document) == expected
    assert vars(document.patient) == {
        "patient_name": "Sun^Wukong=孙^悟空",
        "patient_id": "0077",
        "issuer_of_patient_id": "XL",
        "patient_birth_date": date(1961, 3, 5),
        "patient_sex": "M",
    }


def test_what_the_device_left_out_is_left_out(consultation: Consultation) -> None:
    absent = dict.fromkeys(
        (
            "PatientName",
            "PatientID",
            "PatientBirthDate",
            "PatientSex",
            "StudyDate",
            "StudyTime",
            "AccessionNumber",
            "StudyID",
            "StudyDescription",
            "ReferringPhysicianName",
        )
    )
    document = consultation.signed(LI, **absent).document
    assert (document.study_date, document.patient.patient_birth_date) == (None, None)
    assert (document.patient.patient_name, document.patient.patient_id, document.accession_number) == (
        "",
    ) * 3


def test_every_instance_there_is_was_read_and_the_hubs_own_was_not(consultation: Consultation) -> None:
    study = new_uid()
    uids = [new_uid() for _ in range(3)]
    claimed = consultation.claimed(LI, study_instance_uid=study, SOPInstanceUID=uids[0])
    consultation.send(study, SOPInstanceUID=uids[1])
    consultation.send(
        study,
        SOPInstanceUID=uids[2],
        SOPClassUID=TWELVE_LEAD_ECG,
        origin=Origin(kind=OriginKind.IMPORT, site_id=XINGLONG, source="import"),
    )
    consultation.send(study, origin=Origin(kind=OriginKind.HUB, site_id=XINGLONG, source="earlier"))
    consultation.send(study, site_id="qingshan")
    read = consultation.sign(LI, claimed).document.instances
    assert {instance.sop_instance_uid for instance in read} == set(uids)
    assert {instance.sop_class_uid for instance in read} == {ULTRASOUND_IMAGE, TWELVE_LEAD_ECG}


def test_an_addendum_repeats_what_it_adds_to_and_names_its_sr(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    words = Words(findings="补充所见。", impression="胆囊小息肉。")
    addendum = consultation.desk.add_addendum(LI, report.report_id, words, reason="复阅")
    document = addendum.document
    assert (document.status, document.reason) == (ReportStatus.ADDENDUM, "复阅")
    assert (document.findings, document.impression) == (words.findings, words.impression)
    assert (document.previous_findings, document.previous_impression) == (
        report.document.findings,
        report.document.impression,
    )
    [structured] = [form for form in report.publications if form.form is ReportForm.SR]
    assert document.predecessors == (
        ReportedInstance(
            series_instance_uid=structured.series_instance_uid,
            sop_class_uid="1.2.840.10008.5.1.4.1.1.88.11",
            sop_instance_uid=structured.sop_instance_uid,
        ),
    )


def of(group: str) -> Grant:
    return Grant(role=Role.READER, reading_group_id=group)


def route(group: str, site_id: str = XINGLONG, modality: str | None = None) -> Route:
    return Route(reading_group_id=group, site_id=site_id, modality=modality)


ORGANIZATIONS: list[tuple[str, tuple[Grant, ...], tuple[Route, ...], str]] = [
    ("one group", (of("a"),), (route("a"),), "Group A"),
    ("one group for this modality", (of("a"),), (route("a", modality="US"),), "Group A"),
    ("the group whose route it is", (of("a"), of("b")), (route("a", modality="ECG"), route("b")), "Group B"),
    ("another site's group", (of("a"), of("b")), (route("a", "qingshan"), route("b")), "Group B"),
    (
        "a colleague's route does not count",
        (of("b"),),
        (route("a"), route("b", modality="US")),
        "Group B",
    ),
    ("a route that ended while they read", (of("a"),), (), "Group A"),
]


@pytest.mark.parametrize(
    ("grants", "routes", "organization"),
    [row[1:] for row in ORGANIZATIONS],
    ids=[row[0] for row in ORGANIZATIONS],
)
def test_the_organization_is_the_group_the_reader_read_for(
    consultation: Consultation, grants: tuple[Grant, ...], routes: tuple[Route, ...], organization: str
) -> None:
    compiler = Compiler(
        site_on_paper=lambda _site_id: SiteOnPaper(name="clinic", time_zone="UTC"),
        reading_group_names=lambda: {"a": "Group A", "b": "Group B"},
    )
    consultation.desk = Desk(database=consultation.database, clock=consultation.clock, compiler=compiler)
    case = consultation.claimed(LI)
    actor = Actor(
        account_id=LI.account_id,
        username=LI.username,
        display_name=LI.display_name,
        grants=(Grant(role=Role.CLINIC, site_id="elsewhere"), *grants),
        routes=routes,
    )
    assert consultation.sign(actor, case).document.reading_organization == organization


def test_a_second_report_is_a_document_of_its_own(consultation: Consultation) -> None:
    first = consultation.signed(LI)
    consultation.clock.advance(minutes=30)
    case = consultation.arrive(first.study_instance_uid, Modality="ECG")
    consultation.clock.advance(minutes=1)
    consultation.timers.run()
    claimed = consultation.reading_list.claim(LI, case.workitem.workitem_uid)
    second: ReportDocument = consultation.sign(LI, claimed).document
    assert second.report_id != first.report_id
    assert len(second.instances) == 2
    assert len(first.document.instances) == 1
    assert second.signed_at > first.document.signed_at
    assert second.received_at == first.document.received_at
