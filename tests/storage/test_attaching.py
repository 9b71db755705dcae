"""A study that came without a patient ID is attached to its patient by a technician, and its bytes stay."""

from datetime import date

import pytest

from core.access import Act
from core.errors import InvalidRequest, NotFound
from database.engine import Database
from storage.character_set_decision import TextSource
from storage.patient_identity import StatedIdentity
from storage.patients import Patients
from storage.query import Query, SingleValue
from storage.rereading import Rereading, ask_to_reread
from tests.fixtures.archive import device_at
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, at_site, reader

UNNAMED = {"PatientID": "", "PatientName": "Unknown", "PatientBirthDate": "", "PatientSex": ""}
LI = StatedIdentity(
    patient_name="Li^Yun=李^运",
    patient_id="E-17",
    issuer_of_patient_id="",
    patient_birth_date=date(1961, 2, 3),
    patient_sex="F",
)


@pytest.fixture
def patients(consultation: Consultation) -> Patients:
    return Patients(database=consultation.database, clock=consultation.clock)


def found(consultation: Consultation, keyword: str, value: str) -> list[str]:
    query = Query(conditions={keyword: SingleValue(value)})
    everything = reader().scope(Act.SEARCH)
    studies = consultation.archive.search_studies(query, visible_to=everything)
    return [study.study_instance_uid for study in studies]


def test_what_came_unnamed_is_found_listed_and_reported_as_its_patient(
    consultation: Consultation, patients: Patients
) -> None:
    case = consultation.ready(**UNNAMED)
    assert case.identity_to_be_confirmed

    patients.attach(at_site("technician"), XINGLONG, case.study_instance_uid, LI, reason="she woke up")
    consultation.take_in()

    case = consultation.again(case)
    assert (case.patient_id, case.patient_name, case.identity_to_be_confirmed) == (
        "E-17",
        LI.patient_name,
        False,
    )
    assert found(consultation, "PatientID", "E-17") == [case.study_instance_uid]
    assert found(consultation, "PatientName", "Li^Yun") == [case.study_instance_uid]
    assert found(consultation, "PatientName", "Unknown") == []
    report = consultation.sign(
        reader(), consultation.reading_list.claim(reader(), case.workitem.workitem_uid)
    )
    assert report.document.patient.patient_id == "E-17"
    assert b"Unknown" in b"".join(
        consultation.archive.whole(
            consultation.archive.instances_of(case.study_instance_uid, visible_to=reader().scope(Act.SEARCH))[
                0
            ]
        )
    )


def test_what_comes_later_of_the_same_study_neither_lies_aside_nor_raises_a_flag(
    consultation: Consultation, patients: Patients
) -> None:
    case = consultation.arrive(**UNNAMED)
    patients.attach(at_site("technician"), XINGLONG, case.study_instance_uid, LI, reason="her card")

    consultation.send(case.study_instance_uid, **UNNAMED)
    consultation.take_in()

    case = consultation.again(case)
    assert (case.number_of_instances, case.identity_to_be_confirmed) == (2, False)


def test_another_study_of_the_same_id_belongs_to_the_same_patient(
    consultation: Consultation, patients: Patients
) -> None:
    one, other = consultation.arrive(**UNNAMED), consultation.arrive(**UNNAMED)
    technician = at_site("technician")
    keys = {
        patients.attach(technician, XINGLONG, case.study_instance_uid, LI, reason="her card").patient_key
        for case in (one, other)
    }
    assert len(keys) == 1


def test_a_study_moved_back_by_an_administrator_is_found_as_it_was(
    consultation: Consultation, patients: Patients
) -> None:
    case = consultation.arrive(**UNNAMED)
    before = found(consultation, "PatientName", "Unknown")
    patients.attach(at_site("technician"), XINGLONG, case.study_instance_uid, LI, reason="her card")
    admin = at_site("admin")
    [study] = consultation.archive.search_studies(Query(), visible_to=admin.scope(Act.SEARCH))
    [decision] = patients.file(admin, study.patient_key).decisions

    patients.move_study(
        admin, XINGLONG, case.study_instance_uid, to=decision.patient_key, reason="another's card"
    )
    consultation.take_in()

    assert found(consultation, "PatientName", "Unknown") == before
    assert consultation.again(case).identity_to_be_confirmed


def test_text_read_anew_leaves_whom_a_person_named(
    consultation: Consultation, patients: Patients, database: Database, clock: FixedClock
) -> None:
    case = consultation.arrive(**UNNAMED)
    patients.attach(at_site("technician"), XINGLONG, case.study_instance_uid, LI, reason="her card")
    with database.write(within=at_site("admin").scope(Act.ADMINISTER)) as connection:
        ask_to_reread(connection, TextSource.of(device_at(XINGLONG)), "", now=clock.now())

    Rereading(database=database, blobs=consultation.archive.blobs, clock=clock).run()

    assert found(consultation, "PatientID", "E-17") == [case.study_instance_uid]


@pytest.mark.parametrize(
    "identity",
    [
        StatedIdentity(**(vars(LI) | {"patient_id": " "})),
        StatedIdentity(**(vars(LI) | {"patient_name": ""})),
        StatedIdentity(**(vars(LI) | {"patient_sex": "M"})),
        StatedIdentity(**(vars(LI) | {"patient_name": "Zhao^Liu"})),
    ],
)
def test_an_identity_that_cannot_be_is_refused(
    consultation: Consultation, patients: Patients, identity: StatedIdentity
) -> None:
    technician = at_site("technician")
    known, case = consultation.arrive(**UNNAMED), consultation.arrive(**UNNAMED)
    patients.attach(technician, XINGLONG, known.study_instance_uid, LI, reason="her card")

    with pytest.raises(InvalidRequest):
        patients.attach(technician, XINGLONG, case.study_instance_uid, identity, reason="x")


def test_only_what_is_in_doubt_is_attached_and_only_at_ones_own_site(
    consultation: Consultation, patients: Patients
) -> None:
    named, unnamed = consultation.arrive(PatientID="1"), consultation.arrive(**UNNAMED)
    with pytest.raises(InvalidRequest):
        patients.attach(at_site("technician"), XINGLONG, named.study_instance_uid, LI, reason="x")
    with pytest.raises(NotFound):
        patients.attach(at_site("technician", QINGSHAN), XINGLONG, unnamed.study_instance_uid, LI, reason="x")
