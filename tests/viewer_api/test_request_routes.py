"""Requests over HTTP: a clinic's question reaches the reader, whichever comes first, it or the study."""

import json
from http import HTTPStatus
from typing import Any

import pytest

from core.uids import new_uid
from tests.fixtures.consultation import QINGSHAN, XINGLONG
from tests.fixtures.reading_over_http import Reading
from worklist.requests import LONGEST_TEXT

QUESTION = {"urgency": "emergency", "clinical_question": "胸痛两小时，ST段?", "history": "高血压"}


def _ask(reading: Reading, username: str = "clinic", **body: Any) -> Any:
    return reading.as_(username).post("/api/v1/requests", json={"site_id": XINGLONG, **QUESTION} | body)


def _line(reading: Reading) -> dict[str, Any]:
    [line] = reading.as_("reader").get("/api/v1/worklist").json()["items"]
    found: dict[str, Any] = line
    return found


@pytest.mark.parametrize("username", ["clinic", "technician", "admin"])
def test_a_question_about_a_study_on_the_list_is_read_beside_it(reading: Reading, username: str) -> None:
    case = reading.rooms.arrive()
    answer = _ask(reading, username, study_instance_uid=case.study_instance_uid)
    assert answer.status_code == HTTPStatus.CREATED
    asked = answer.json()
    assert len(asked.pop("request_id")) == 26
    assert asked == QUESTION | {
        "site_id": XINGLONG,
        "study_instance_uid": case.study_instance_uid,
        "accession_number": "",
        "patient_id": "",
        "modality": "",
        "study_date": None,
        "state": "matched",
        "matched_by": "study",
        "requested_by": username,
        "requested_at": "2026-11-20T08:30:00Z",
        "case_id": case.case_id,
    }
    line = _line(reading)
    assert {key: line[key] for key in QUESTION} == QUESTION
    # Nobody waits for the end of an emergency's transfer.
    assert not line["is_arriving"]


@pytest.mark.parametrize("named_by", ["study_instance_uid", "accession_number"])
def test_a_question_waits_for_the_study_that_it_names(reading: Reading, named_by: str) -> None:
    study = new_uid()
    names = {"study_instance_uid": study, "accession_number": "A-1001"}
    asked = _ask(reading, **{named_by: names[named_by]}).json()
    assert asked["case_id"] is None
    reading.rooms.arrive(study, AccessionNumber="A-1001")
    assert _line(reading)["clinical_question"] == QUESTION["clinical_question"]


def test_a_question_of_one_site_says_nothing_about_the_study_of_another(reading: Reading) -> None:
    study = new_uid()
    assert _ask(reading, "foreign-clinic", site_id=QINGSHAN, study_instance_uid=study).status_code == 201
    reading.rooms.arrive(study)
    assert _line(reading)["clinical_question"] == ""


@pytest.mark.parametrize("site_id", [QINGSHAN, "nowhere", "", "../xinglong", "x" * 1000])
def test_a_site_that_is_not_ones_own_is_not_found(reading: Reading, site_id: str) -> None:
    answer = _ask(reading, site_id=site_id, accession_number="A-1")
    assert answer.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"accession_number": " "},
        {"study_instance_uid": "not a uid"},
        {"accession_number": "x" * 65},
        {"accession_number": "A\0"},
        {"accession_number": "A-1", "urgency": "at once"},
        {"accession_number": "A-1", "history": "x" * (LONGEST_TEXT + 1)},
        {"accession_number": "A-1", "clinical_question": "secret-name\ud800"},
        {"accession_number": "A-1", "history": None},
        {"accession_number": "A-1", "patient_name": "secret-name"},
    ],
)
def test_a_request_that_cannot_be_understood_is_refused(reading: Reading, body: dict[str, Any]) -> None:
    answer = reading.as_("clinic").post(
        "/api/v1/requests",
        content=json.dumps({"site_id": XINGLONG, **QUESTION} | body).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret-name" not in answer.text
