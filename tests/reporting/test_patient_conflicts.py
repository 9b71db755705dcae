"""Signing waits until it is settled whom a study shows; what is signed names whom people settled on."""

import pytest

from core.access import Act
from core.errors import PatientConflict
from reporting.document import ReportStatus
from storage.patients import Patients
from storage.query import Query
from tests.fixtures.consultation import Consultation, at_site, reader

QUERY = Query()


@pytest.mark.parametrize("status", [ReportStatus.FINAL, ReportStatus.PRELIMINARY])
def test_signing_waits_while_something_of_another_patient_lies_beside_the_study(
    consultation: Consultation, status: ReportStatus
) -> None:
    doctor = reader()
    case = consultation.claimed(doctor)
    draft = consultation.write(doctor, case)
    consultation.send(case.study_instance_uid, PatientID="0002")
    consultation.take_in()
    with pytest.raises(PatientConflict, match="another patient"):
        consultation.desk.sign(
            doctor,
            case.case_id,
            case.workitem.workitem_uid,
            version=draft.version,
            seen=consultation.seen(case),
            status=status,
        )
    assert consultation.desk.draft(doctor, case.case_id) == draft
    assert consultation.desk.reports_of_case(doctor, case.case_id) == []
    assert consultation.again(case).workitem == case.workitem
    assert consultation.kinds(case)[-1] == "patient.conflict"
    assert consultation.again(case).number_of_instances == 1


def test_a_conflict_of_one_study_keeps_no_other_from_being_signed(consultation: Consultation) -> None:
    doctor = reader()
    conflicting = consultation.claimed(doctor)
    consultation.send(conflicting.study_instance_uid, PatientID="0002")
    assert consultation.signed(doctor).status is ReportStatus.FINAL


def test_after_a_wrong_patient_is_repaired_case_and_report_name_the_right_one(
    consultation: Consultation,
) -> None:
    doctor, admin = reader(), at_site("admin")
    patients = Patients(database=consultation.database, clock=consultation.clock)
    signed_before = consultation.signed(doctor)
    right = consultation.arrive(PatientID="0002", PatientName="Li^Si", PatientSex="F")
    wrong = consultation.claimed(doctor)
    [key] = {
        study.patient_key
        for study in consultation.archive.search_studies(QUERY, visible_to=admin.scope(Act.SEARCH))
        if study.study_instance_uid == right.study_instance_uid
    }
    for report_case in (wrong, consultation.case(signed_before.study_instance_uid)):
        patients.move_study(
            admin, report_case.site_id, report_case.study_instance_uid, to=key, reason="wrong ID typed"
        )
    consultation.take_in()
    named = consultation.again(wrong)
    assert (named.patient_id, named.patient_name, named.patient_sex) == ("0002", "Li^Si", "F")
    assert consultation.sign(doctor, wrong).document.patient.patient_id == "0002"
    [kept] = consultation.desk.reports_of_case(doctor, signed_before.case_id)
    assert kept == signed_before
    assert kept.document.patient.patient_id == "0001"
