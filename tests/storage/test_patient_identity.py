"""What follows where two statements about a patient disagree: a table of cases."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from storage.patient_identity import (
    Difference,
    StatedIdentity,
    are_other_people,
    completed,
    differences,
    identity_key,
    statement_digest,
)

ZHANG = StatedIdentity(
    patient_name="Zhang^San=张^三",
    patient_id="0001",
    issuer_of_patient_id="",
    patient_birth_date=date(1970, 1, 2),
    patient_sex="M",
)
NAME, BIRTH_DATE, SEX, PATIENT_ID = (
    Difference.NAME,
    Difference.BIRTH_DATE,
    Difference.SEX,
    Difference.PATIENT_ID,
)
OTHER_DAY = date(1980, 1, 2)
NO_ID: dict[str, Any] = {"patient_id": ""}

CASES: list[tuple[dict[str, Any], set[Difference], bool]] = [
    ({}, set(), False),
    ({"patient_name": ""}, set(), False),
    ({"patient_name": "张三", "patient_sex": "", "patient_birth_date": None}, set(), False),
    ({"patient_sex": "unknown"}, set(), False),
    ({"patient_sex": " m"}, set(), False),
    ({"patient_id": " 0001 "}, set(), False),
    ({"issuer_of_patient_id": "county"}, set(), False),
    ({"patient_name": "Li^Si"}, {NAME}, False),
    ({"patient_birth_date": OTHER_DAY}, {BIRTH_DATE}, False),
    ({"patient_sex": "F"}, {SEX}, False),
    ({"patient_birth_date": OTHER_DAY, "patient_sex": "F"}, {BIRTH_DATE, SEX}, False),
    ({"patient_name": "Li^Si", "patient_sex": "F"}, {NAME, SEX}, True),
    ({"patient_name": "Li^Si", "patient_birth_date": OTHER_DAY}, {NAME, BIRTH_DATE}, True),
    ({"patient_id": "0002"}, {PATIENT_ID}, True),
    (NO_ID, set(), False),
    ({"patient_id": " \u3000"}, set(), False),
    (NO_ID | {"patient_name": "Li^Si"}, {NAME}, True),
    (NO_ID | {"patient_sex": "F"}, {SEX}, False),
]


@pytest.mark.parametrize(("values", "found", "other_people"), CASES)
def test_what_disagrees_is_named_and_only_what_is_clear_shows_other_people(
    values: dict[str, Any], found: set[Difference], other_people: bool
) -> None:
    other = replace(ZHANG, **values)
    assert set(differences(ZHANG, other)) == set(differences(other, ZHANG)) == found
    assert are_other_people(ZHANG, other) is are_other_people(other, ZHANG) is other_people


def test_the_same_id_of_two_issuers_is_of_two_people() -> None:
    county = replace(ZHANG, issuer_of_patient_id="county")
    assert are_other_people(county, replace(ZHANG, issuer_of_patient_id="city"))


def test_patients_are_told_apart_by_site_issuer_and_id_alone() -> None:
    key = identity_key("township", ZHANG)
    assert key == identity_key("township", replace(ZHANG, patient_name="Li^Si", patient_id=" 0001"))
    others = [
        identity_key("station", ZHANG),
        identity_key("township", replace(ZHANG, issuer_of_patient_id="county")),
        identity_key("township", replace(ZHANG, patient_id="0001a")),
    ]
    assert len({key, *others}) == 4
    assert [identity_key("township", replace(ZHANG, patient_id=blank)) for blank in ("", " ", "\u3000")] == [
        None,
        None,
        None,
    ]


def test_gaps_are_filled_and_nothing_is_written_over() -> None:
    known = replace(ZHANG, patient_sex="", patient_birth_date=None)
    stated = replace(ZHANG, patient_name="Li^Si", patient_birth_date=OTHER_DAY, patient_sex="F")
    assert completed(known, stated) == replace(ZHANG, patient_birth_date=OTHER_DAY, patient_sex="F")
    assert completed(ZHANG, stated) == ZHANG


def test_a_statement_is_found_again_and_another_is_not_taken_for_it() -> None:
    assert statement_digest(ZHANG) == statement_digest(replace(ZHANG, patient_id="0001 "))
    changed = [
        {"patient_name": "Li"},
        {"patient_id": "2"},
        {"patient_birth_date": None},
        {"patient_sex": "F"},
    ]
    digests = {statement_digest(replace(ZHANG, **values)) for values in changed}
    assert len(digests | {statement_digest(ZHANG)}) == 5
