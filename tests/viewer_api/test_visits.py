"""A patient's visit over HTTP: what was asked, what belongs together, what came earlier, one report."""

import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from tests.fixtures.consultation import QINGSHAN, XINGLONG
from tests.fixtures.reading_over_http import Reading
from tests.fixtures.searching import EVERYTHING
from worklist.case import Case

REASON = {"reason": "电话核对过"}


def posted(reading: Reading, username: str, path: str, status: int = 200, **body: Any) -> Any:
    """Send JSON and return the answer's."""
    answer = reading.as_(username).post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def shown(reading: Reading, username: str, path: str) -> Any:
    """Return the JSON of an address."""
    answer = reading.as_(username).get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def on_list(reading: Reading) -> list[str]:
    return [line["case_id"] for line in shown(reading, "reader", "/api/v1/worklist")["items"]]


def linked(reading: Reading) -> Case:
    """Return the case of an ultrasound, into which that of a radiograph of the same visit was linked."""
    ultrasound = reading.rooms.ready(AccessionNumber="A-1")
    radiograph = reading.rooms.ready(Modality="DX", AccessionNumber="A-2")
    reading.rooms.send(radiograph.study_instance_uid, Modality="DX", AccessionNumber="A-2")
    reading.rooms.take_in()
    path = f"/api/v1/cases/{ultrasound.case_id}/link"
    one = posted(reading, "reader", path, case_id=radiograph.case_id, **REASON)
    assert [study["modality"] for study in one["studies"]] == ["US", "DX"]
    assert on_list(reading) == [ultrasound.case_id]
    moved = shown(reading, "reader", f"/api/v1/cases/{radiograph.case_id}")
    assert (moved["linked_into"], moved["studies"]) == (ultrasound.case_id, [])
    return reading.rooms.again(ultrasound)


def test_an_ambiguous_request_is_matched_by_hand_taken_off_and_given_to_the_other(reading: Reading) -> None:
    first, second = (reading.rooms.arrive(AccessionNumber="A-9") for _ in range(2))
    question = {"urgency": "urgent", "clinical_question": "结石?", "accession_number": "A-9"}
    asked = posted(reading, "clinic", "/api/v1/requests", 201, site_id=XINGLONG, **question)
    assert (asked["state"], asked["case_id"]) == ("ambiguous", None)
    path = f"/api/v1/requests/{asked['request_id']}"
    candidates = shown(reading, "clinic", path)["candidates"]
    assert {each["case_id"] for each in candidates} == {first.case_id, second.case_id}
    assert {each["fits_by"] for each in candidates} == {"accession"}
    matched = posted(reading, "clinic", f"{path}/match", case_id=first.case_id, **REASON)
    assert (matched["state"], matched["matched_by"], matched["candidates"]) == ("matched", "person", [])

    def questions() -> list[str]:
        cases = (f"/api/v1/cases/{case.case_id}" for case in (first, second))
        return [shown(reading, "reader", each)["clinical_question"] for each in cases]

    assert questions() == ["结石?", ""]
    taken_off = posted(reading, "clinic", f"{path}/unmatch", **REASON)
    assert (taken_off["state"], taken_off["case_id"]) == ("ambiguous", None)
    assert questions() == ["", ""]
    posted(reading, "clinic", f"{path}/match", case_id=second.case_id, **REASON)
    assert questions() == ["", "结石?"]
    assert reading.as_("foreign-clinic").get(path).status_code == 404
    told = shown(reading, "clinic", f"/api/v1/cases/{first.case_id}/timeline")["items"]
    of_request = [(each["kind"], each["actor"]) for each in told if "request" in each["kind"]]
    assert of_request == [("case.requested", "clinic"), ("request.unmatched", "clinic")]


def test_studies_of_one_visit_are_read_as_one_and_taken_apart_again(reading: Reading) -> None:
    case = linked(reading)
    [_, radiograph] = [study.study_instance_uid for study in case.studies]
    path = f"/api/v1/cases/{case.case_id}/unlink"
    left = posted(reading, "reader", path, study_instance_uid=radiograph, **REASON)
    assert [study["modality"] for study in left["studies"]] == ["US"]
    assert len(on_list(reading)) == 2
    other = reading.rooms.case(radiograph)
    apart = shown(reading, "reader", f"/api/v1/cases/{other.case_id}")
    assert (apart["linked_into"], apart["number_of_instances"]) == (None, 2)
    posted(reading, "reader", path, 400, study_instance_uid=case.study_instance_uid, **REASON)


def test_earlier_cases_are_shown_with_their_reports_and_those_that_may_be_theirs_as_such(
    reading: Reading,
) -> None:
    report = reading.signed()
    elsewhere = reading.rooms.arrive(site_id=QINGSHAN, PatientID="77")
    reading.rooms.clock.advance(days=30)
    case = reading.rooms.ready()
    path = f"/api/v1/cases/{case.case_id}/priors"
    certain, candidate = shown(reading, "reader", path)["items"]
    assert (certain["case_id"], certain["relation"]) == (report["case_id"], "patient")
    [prior] = certain["reports"]
    assert prior["path"] == f"/api/v1/reports/{report['report_id']}"
    assert shown(reading, "reader", prior["path"])["digest"] == report["digest"]
    assert (candidate["case_id"], candidate["relation"]) == (elsewhere.case_id, "candidate")
    assert candidate["reports"] == []
    assert [each["case_id"] for each in shown(reading, "clinic", path)["items"]] == [report["case_id"]]


@pytest.mark.tool("dciodvfy")
def test_the_one_report_of_two_studies_names_the_instances_of_both(reading: Reading, tmp_path: Path) -> None:
    case = reading.claim("reader", linked(reading))
    assert reading.save("reader", case, 0).status_code == 200
    signed = reading.sign("reader", case, 1)
    assert signed.status_code == 201, signed.text
    assert reading.rooms.publisher.run() == []
    [report] = shown(reading, "clinic", "/api/v1/reports")["items"]
    sent = reading.as_("clinic").get(report["links"]["sr"]).content
    read_back = dcmread(BytesIO(sent))
    assert read_back.StudyInstanceUID == case.study_instance_uid
    # PS3.3 C.17.2: all that was made for the requested procedures, whichever study it is of.
    named = {
        (study.StudyInstanceUID, series.SeriesInstanceUID, reference.ReferencedSOPInstanceUID)
        for study in read_back.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for reference in series.ReferencedSOPSequence
    }
    kept = {
        (study.study_instance_uid, each.series_instance_uid, each.sop_instance_uid)
        for study in case.studies
        for each in reading.rooms.archive.instances_of(study.study_instance_uid, visible_to=EVERYTHING)
        if each.origin_kind == "device"
    }
    assert len(kept) == 3
    assert named == kept
    assert "PertinentOtherEvidenceSequence" not in read_back
    (tmp_path / "report.dcm").write_bytes(sent)
    checked = subprocess.run(["dciodvfy", "-new", tmp_path / "report.dcm"], capture_output=True, check=False)
    said = (checked.stdout + checked.stderr).decode("utf-8", "replace")
    assert "BasicTextSR" in said
    assert [line for line in said.splitlines() if line.startswith("Error")] == []
