"""This ECG and the earlier ones of the same person, over HTTP."""

from typing import Any
from xml.etree import ElementTree

from pydicom.uid import generate_uid

from core.access import EVERY_SITE
from tests.fixtures.consultation import QINGSHAN
from tests.fixtures.reading_over_http import Reading
from tests.viewer_api.stored import ECG, part10, sample, store
from worklist.case import Case


def recorded(reading: Reading, day: str, **at: Any) -> Case:
    """Have an ECG of one person arrive, and return its case."""
    site = {key: at.pop(key) for key in ("site_id",) if key in at}
    patient = {
        "PatientID": "P-77",
        "PatientName": "Wang^Wu",
        "PatientBirthDate": "19500101",
        "PatientSex": "M",
    }
    uids = {"StudyInstanceUID": generate_uid(), "SOPInstanceUID": generate_uid()}
    dataset = sample(ECG, StudyDate=day, **patient | uids | at)
    receipt = store(reading.edge.rooms.archive, reading.edge.consultation.clock, part10(dataset), **site)
    reading.rooms.take_in()
    return reading.rooms.case(receipt.study_instance_uid, **site)


def address(reading: Reading, case: Case) -> str:
    [instance] = reading.edge.rooms.archive.instances_of(case.study_instance_uid, visible_to=EVERY_SITE)
    return (
        f"/api/v1/studies/{case.study_instance_uid}/instances/{instance.sop_instance_uid}/ecg/comparison.svg"
    )


def drawn(reading: Reading, case: Case, status: int = 200, **asked: Any) -> list[str]:
    """Return the words of the comparison."""
    answer = reading.as_("reader").get(address(reading, case), params=asked)
    assert answer.status_code == status, answer.text
    if status != 200:
        return []
    return [element.text or "" for element in ElementTree.fromstring(answer.text).iter()]


def test_the_newest_two_earlier_ecgs_of_the_person_stand_beside_it(reading: Reading) -> None:
    days = ("20230101", "20240101", "20250101", "20260101")
    *_, last = [recorded(reading, day) for day in days]
    words = drawn(reading, last)
    exams = [text[:10] for text in words if text[:4] in {"2023", "2024", "2025", "2026"}]
    assert exams == ["2026-01-01", "2025-01-01", "2024-01-01"]
    assert words.count("earlier, same patient") == 2
    assert words.count("PR 161 ms") == 3


def test_the_ones_that_are_named_are_drawn_and_only_priors_of_the_case(reading: Reading) -> None:
    first, _, last = (recorded(reading, day) for day in ("20230101", "20240101", "20250101"))
    stranger = recorded(reading, "20220101", PatientID="P-78", PatientName="Zhao^Liu", PatientSex="F")
    words = drawn(reading, last, prior=[first.case_id])
    assert [text[:10] for text in words if text[:3] == "202"] == ["2025-01-01", "2023-01-01"]
    drawn(reading, last, status=404, prior=[stranger.case_id])
    drawn(reading, last, status=404, prior=[first.case_id, "01KAGN5W3RX7Q2MZ4T8YB9CDEF"])


def test_one_of_whom_only_name_birth_date_and_sex_agree_is_drawn_when_named_and_marked(
    reading: Reading,
) -> None:
    candidate = recorded(reading, "20230101", PatientID="OTHER")
    last = recorded(reading, "20250101")
    assert not any("earlier" in text or "CANDIDATE" in text for text in drawn(reading, last))
    words = drawn(reading, last, prior=[candidate.case_id])
    assert "CANDIDATE: not known to be the same person" in words


def test_what_is_no_ecg_or_elsewhere_is_not_found(reading: Reading) -> None:
    ultrasound = reading.rooms.ready()
    elsewhere = recorded(reading, "20250101", site_id=QINGSHAN)
    drawn(reading, ultrasound, status=404)
    answer = reading.as_("clinic").get(address(reading, elsewhere))
    assert answer.status_code == 404
