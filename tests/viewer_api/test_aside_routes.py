"""What is kept aside and whose patients are in doubt, over HTTP."""

from typing import Any

import pytest

from core.access import Scope
from storage.archive import Archive
from storage.query import Query
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.reading_over_http import Reading
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import STOW_TYPE, multipart, part10, small

STUDY = "1.2.840.1"


@pytest.fixture
def conflicting(edge: Edge) -> dict[str, Any]:
    """An instance of another patient under a known study, stored over HTTP; what the list says of it."""
    edge.consultation.send(STUDY)
    answer = edge.client("technician").post(
        "/dicom-web/studies",
        content=multipart(part10(small(StudyInstanceUID=STUDY, PatientID="0002", PatientName="<b>Li</b>"))),
        headers={"Content-Type": STOW_TYPE},
    )
    assert (answer.status_code, "Warning" in answer.headers) == (200, True)
    (kept,) = edge.client("admin").get("/api/v1/kept-aside").json()["items"]
    found: dict[str, Any] = kept
    return found


def held(archive: Archive) -> int:
    return len(archive.search_instances(Query(), visible_to=Scope(everything=True)))


def test_a_conflict_of_patients_is_listed_looked_at_and_let_in(
    edge: Edge, conflicting: dict[str, Any]
) -> None:
    admin, links = edge.client("admin"), conflicting["links"]
    assert (conflicting["reason"], conflicting["study_instance_uid"]) == ("patient-conflict", STUDY)
    assert conflicting["settled_at"] is None
    look = admin.get(links["look"]).json()
    (name,) = [element for element in look["elements"] if element["keyword"] == "PatientName"]
    assert (name["kept"], name["held"], name["differs"]) == ("<b>Li</b>", "Zhang^San=张^三", True)
    answer = admin.post(links["readmit"], json={"reason": "typed anew"})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "stored")
    assert held(edge.rooms.archive) == 2
    again = admin.post(links["discard"], json={"reason": "typed anew"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-settled")
    (settled,) = admin.get("/api/v1/kept-aside", params={"settled": "true"}).json()["items"]
    assert (settled["settled_as"], settled["settled_reason"]) == ("readmitted", "typed anew")


def test_a_case_shows_that_its_patient_is_in_doubt_and_cannot_be_signed(reading: Reading) -> None:
    case = reading.claimed()
    clear, doubtful = (
        {"patient_differences": [], "has_patient_conflict": False},
        {"patient_differences": ["name"], "has_patient_conflict": True},
    )

    def shown() -> dict[str, Any]:
        (study,) = reading.as_("reader").get(f"/api/v1/cases/{case.case_id}").json()["studies"]
        assert len(study["patient_key"]) == 26
        return {name: study[name] for name in clear}

    assert shown() == clear
    reading.rooms.send(case.study_instance_uid, PatientName="Li^Si")
    reading.rooms.send(case.study_instance_uid, PatientID="0002")
    reading.rooms.take_in()
    assert shown() == doubtful
    reading.save("reader", case, 0)
    answer = reading.sign("reader", case, 1)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/patient-conflict")


def test_the_exact_bytes_are_an_attachment_that_nothing_keeps(
    edge: Edge, conflicting: dict[str, Any]
) -> None:
    answer = edge.client("admin").get(conflicting["links"]["file"])
    assert answer.content == part10(
        small(
            StudyInstanceUID=STUDY,
            PatientID="0002",
            PatientName="<b>Li</b>",
            SOPInstanceUID=conflicting["sop_instance_uid"],
            SeriesInstanceUID=answer_series(edge, conflicting),
        )
    )
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert int(answer.headers["Content-Length"]) == len(answer.content) == conflicting["size"]


def answer_series(edge: Edge, conflicting: dict[str, Any]) -> str:
    elements = edge.client("admin").get(conflicting["links"]["look"]).json()["elements"]
    return next(each["kept"] for each in elements if each["keyword"] == "SeriesInstanceUID")


@pytest.mark.parametrize("act", ["readmit", "discard", "keep-apart", "reopen"])
@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "x" * 2001}, {"reason": 1}])
def test_a_decision_without_a_reason_is_refused(
    edge: Edge, conflicting: dict[str, Any], act: str, body: dict[str, Any]
) -> None:
    answer = edge.client("admin").post(conflicting["links"][act], json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-request")
    assert held(edge.rooms.archive) == 1


def test_a_discarded_one_can_be_taken_back(edge: Edge, conflicting: dict[str, Any]) -> None:
    admin, links = edge.client("admin"), conflicting["links"]
    assert admin.post(links["discard"], json={"reason": "x"}).json()["settled_as"] == "discarded"
    assert admin.get("/api/v1/kept-aside").json()["items"] == []
    assert admin.post(links["reopen"], json={"reason": "y"}).json()["settled_as"] is None
    assert len(admin.get("/api/v1/kept-aside", params={"reason": "patient-conflict"}).json()["items"]) == 1
    assert admin.get("/api/v1/kept-aside", params={"reason": "quarantine"}).json()["items"] == []


def test_what_waits_too_long_raises_an_alarm_that_readiness_counts(
    edge: Edge, conflicting: dict[str, Any]
) -> None:
    admin = edge.client("admin")
    assert admin.get("/api/v1/alarms").json()["items"] == []
    assert admin.get("/readyz").json() == {"status": "ready", "alarms": 0}
    edge.consultation.clock.advance(days=1, seconds=1)
    (alarm,) = admin.get("/api/v1/alarms").json()["items"]
    assert (alarm["kind"], alarm["site_id"]) == ("waiting-long", conflicting["site_id"])
    assert edge.client().get("/readyz").json() == {"status": "ready", "alarms": 1}


def test_a_flagged_patient_is_listed_repaired_linked_and_unlinked(edge: Edge) -> None:
    admin = edge.client("admin")
    first = edge.consultation.arrive()
    second = edge.consultation.arrive(PatientName="Li^Si=李^四")
    (flagged,) = admin.get("/api/v1/flagged-studies").json()["items"]
    assert flagged["study_instance_uid"] == second.study_instance_uid
    assert flagged["differences"] == ["name"]
    apart = admin.post(
        f"/api/v1/studies/{second.study_instance_uid}/patient",
        json={"site_id": second.site_id, "reason": "another woman"},
    ).json()
    assert [study["study_instance_uid"] for study in apart["studies"]] == [second.study_instance_uid]
    assert admin.get("/api/v1/flagged-studies").json()["items"] == []
    edge.consultation.clock.advance(seconds=1)
    linked = admin.post(
        f"/api/v1/patients/{flagged['patient_key']}/link",
        json={"other_patient_key": apart["patient"]["patient_key"], "reason": "her maiden name"},
    ).json()
    assert [each["patient_key"] for each in linked["linked"]] == [apart["patient"]["patient_key"]]
    assert [study["study_instance_uid"] for study in linked["studies"]] == [first.study_instance_uid]
    edge.consultation.clock.advance(seconds=1)
    back = admin.post(f"/api/v1/patients/{flagged['patient_key']}/unlink", json={"reason": "no"}).json()
    assert (back["linked"], back["patient"]["is_linked"]) == ([], False)
    assert [decision["act"] for decision in back["decisions"]] == ["study-moved", "linked", "unlinked"]


def test_what_could_not_be_indexed_can_be_had_as_it_came(edge: Edge) -> None:
    broken = encoded(data_set())[:301]
    edge.client("technician").post(
        "/dicom-web/studies", content=multipart(broken), headers={"Content-Type": STOW_TYPE}
    )
    admin = edge.client("admin")
    (kept,) = admin.get("/api/v1/kept-aside").json()["items"]
    assert admin.get(kept["links"]["file"]).content == broken
    assert admin.get(kept["links"]["look"]).json()["problem"]
    refused = admin.post(kept["links"]["readmit"], json={"reason": "try"})
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/invalid-instance")
