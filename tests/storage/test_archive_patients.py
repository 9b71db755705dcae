"""Whose study it is: keyed by site, issuer and ID, flagged where statements disagree, never merged."""

from collections.abc import Callable
from typing import Any

import pytest

from core.access import Scope
from core.origin import Origin, OriginKind
from core.uids import new_uid
from database.change_feed import ChangeKind, changes_of_study
from database.engine import Database
from storage.archive import Archive
from storage.instance import StoredInstance, StoreOutcome, Study
from storage.query import Query, UIDList
from tests.fixtures.archive import device_at
from tests.fixtures.held import held, only_instance
from tests.fixtures.instances import data_set, encoded

Store = Callable[..., StoredInstance]


def study_of(archive: Archive, stored: StoredInstance) -> Study:
    query = Query(conditions={"StudyInstanceUID": UIDList((stored.study_instance_uid,))})
    (study,) = archive.search_studies(query, visible_to=Scope(site_ids=frozenset({stored.site_id})))
    return study


@pytest.mark.parametrize(
    ("values", "site_id", "joins"),
    [
        ({}, "township", True),
        ({"PatientID": "0001 "}, "township", True),
        ({"PatientName": "Li^Si", "PatientSex": "F"}, "township", True),
        ({"PatientID": "0002"}, "township", False),
        ({"IssuerOfPatientID": "county"}, "township", False),
        ({}, "station", False),
    ],
)
def test_studies_of_one_site_issuer_and_id_are_of_one_patient(
    archive: Archive, store: Store, values: dict[str, Any], site_id: str, joins: bool
) -> None:
    first = study_of(archive, store(data_set()))
    second = study_of(archive, store(data_set(**values), device_at(site_id)))
    assert first.patient_key
    assert (first.patient_key == second.patient_key) is joins


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_an_empty_id_joins_nothing(archive: Archive, store: Store, blank: str | None) -> None:
    keys = {study_of(archive, store(data_set(PatientID=blank))).patient_key for _ in range(3)}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        ({}, ""),
        ({"PatientName": "=张^三"}, ""),
        ({"PatientName": None, "PatientBirthDate": None, "PatientSex": None}, ""),
        ({"PatientName": "Li^Si=李^四"}, "name"),
        ({"PatientBirthDate": "19800102"}, "birth-date"),
        ({"PatientName": "Li^Si", "PatientSex": "F"}, "name,sex"),
    ],
)
def test_the_same_key_with_other_particulars_is_flagged(
    archive: Archive, store: Store, database: Database, values: dict[str, Any], flags: str
) -> None:
    store(data_set())
    second = store(data_set(**values))
    assert study_of(archive, second).patient_differences == flags
    with database.read() as connection:
        told = changes_of_study(connection, "township", second.study_instance_uid)
    flagged = [change.body["differences"] for change in told if change.kind is ChangeKind.PATIENT_FLAGGED]
    assert flagged == ([flags.split(",")] if flags else [])


def test_what_the_first_study_left_out_is_known_from_the_next(archive: Archive, store: Store) -> None:
    store(data_set(PatientSex=None, PatientBirthDate=None))
    assert study_of(archive, store(data_set())).patient_differences == ""
    assert study_of(archive, store(data_set(PatientSex="F"))).patient_differences == "sex"


def test_an_instance_that_disagrees_within_its_study_flags_it_once(
    archive: Archive, store: Store, database: Database
) -> None:
    study = new_uid()
    store(data_set(StudyInstanceUID=study))
    for number in range(3):
        stored = store(data_set(StudyInstanceUID=study, PatientName="Li^Si", InstanceNumber=number))
        assert stored.outcome is StoreOutcome.STORED
    assert study_of(archive, stored).patient_differences == "name"
    assert held(archive).changes.count("patient.flagged") == 1


OTHER_PEOPLE: list[dict[str, Any]] = [
    {"PatientID": "0002"},
    {"PatientName": "Li^Si", "PatientSex": "F"},
    {"PatientID": None, "PatientName": "Li^Si"},
]


@pytest.mark.parametrize("values", OTHER_PEOPLE)
def test_an_instance_of_another_patient_under_a_known_study_is_kept_aside_for_a_person(
    archive: Archive, store: Store, values: dict[str, Any]
) -> None:
    first = data_set()
    store(first)
    other = data_set(StudyInstanceUID=first.StudyInstanceUID, **values)
    assert store(other).outcome is StoreOutcome.KEPT_AS_CONFLICT
    assert store(other).outcome is StoreOutcome.ALREADY_HELD
    now = held(archive)
    assert [reason for reason, _ in now.aside] == ["patient-conflict"]
    assert now.changes == ["instance.stored", "patient.conflict"]
    assert (len(now.blobs), now.orphans) == (2, set())
    assert only_instance(archive).sop_instance_uid == first.SOPInstanceUID


def test_another_patient_under_a_held_instance_uid_of_the_study_is_another_patient_first(
    archive: Archive, store: Store
) -> None:
    first = data_set()
    store(first)
    first.PatientID = "0002"
    assert store(first).outcome is StoreOutcome.KEPT_AS_CONFLICT
    assert [reason for reason, _ in held(archive).aside] == ["patient-conflict"]


def test_what_the_hub_publishes_is_never_a_conflict_of_patients(archive: Archive, store: Store) -> None:
    first = data_set()
    store(first)
    own = data_set(StudyInstanceUID=first.StudyInstanceUID, PatientID="settled", PatientName="Li^Si")
    assert store(own, Origin(kind=OriginKind.HUB, site_id="township", source="publication")).outcome is (
        StoreOutcome.STORED
    )
    assert held(archive).changes == ["instance.stored", "instance.stored"]


def test_the_same_uid_in_two_series_is_another_data_set(archive: Archive, store: Store) -> None:
    first = data_set()
    store(first)
    second = data_set(StudyInstanceUID=first.StudyInstanceUID, SOPInstanceUID=first.SOPInstanceUID)
    assert second.SeriesInstanceUID != first.SeriesInstanceUID
    assert store(second).outcome is StoreOutcome.KEPT_AS_CONFLICT
    assert [reason for reason, _ in held(archive).aside] == ["conflict"]
    assert only_instance(archive).series_instance_uid == first.SeriesInstanceUID


def test_the_name_of_no_patient_is_in_what_the_feed_tells(
    archive: Archive, store: Store, database: Database
) -> None:
    first = data_set()
    store(first)
    store(data_set(StudyInstanceUID=first.StudyInstanceUID, PatientID="Canary-2"))
    stored = store(data_set(PatientName="Li^Si"))
    with database.read() as connection:
        told = [
            *changes_of_study(connection, "township", first.StudyInstanceUID),
            *changes_of_study(connection, "township", stored.study_instance_uid),
        ]
    text = str([change.body for change in told])
    assert len(told) == 4
    assert all(secret not in text for secret in ("Zhang", "Li^Si", "Canary-2", "19700102"))
    assert b"Canary-2" in encoded(data_set(PatientID="Canary-2"))
