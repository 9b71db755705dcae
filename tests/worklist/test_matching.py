"""Which study a request means: one line a case."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from worklist.matching import ArrivedStudy, day_of_study, decide
from worklist.request import MatchedBy, Request, RequestState
from worklist.urgency import Urgency

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
REQUEST = Request(
    request_id="R1",
    site_id="here",
    study_instance_uid="",
    accession_number="",
    patient_id="",
    modality="",
    study_date=None,
    urgency=Urgency.ROUTINE,
    clinical_question="",
    history="",
    requested_by="clinic",
    requested_at=NOON,
    state=RequestState.UNMATCHED,
    matched_by=None,
    case_id=None,
)
STUDY = ArrivedStudy(
    case_id="C1",
    read_in="C1",
    study_instance_uid="1.1",
    accession_number="A-1",
    patient_id="0001",
    modality="US",
    day=DAY,
)
OTHER = replace(STUDY, case_id="C2", read_in="C2", study_instance_uid="1.2")
BARE, OTHER_BARE = replace(STUDY, accession_number=""), replace(OTHER, accession_number="")
BY_PATIENT = {"patient_id": "0001", "modality": "US", "study_date": DAY}
UNMATCHED, AMBIGUOUS = RequestState.UNMATCHED, RequestState.AMBIGUOUS

CASES = [
    ("its UID", {"study_instance_uid": "1.1"}, [STUDY, OTHER], MatchedBy.STUDY),
    ("its UID before all else", {"study_instance_uid": "1.9", "accession_number": "A-1"}, [STUDY], UNMATCHED),
    ("its accession number", {"accession_number": "A-1"}, [STUDY], MatchedBy.ACCESSION),
    ("another number", {"accession_number": "A-2"}, [STUDY], UNMATCHED),
    ("another number of the patient", {"accession_number": "A-2", **BY_PATIENT}, [STUDY], UNMATCHED),
    ("one number, two studies", {"accession_number": "A-1"}, [STUDY, OTHER], AMBIGUOUS),
    (
        "one number, two studies read as one",
        {"accession_number": "A-1"},
        [STUDY, replace(OTHER, read_in="C1")],
        MatchedBy.ACCESSION,
    ),
    ("its number, another patient", {"accession_number": "A-1", "patient_id": "0002"}, [STUDY], AMBIGUOUS),
    ("patient, modality and day", BY_PATIENT, [BARE], MatchedBy.PATIENT),
    ("a device without numbers", {"accession_number": "A-9", **BY_PATIENT}, [BARE], MatchedBy.PATIENT),
    ("two such studies", BY_PATIENT, [BARE, OTHER_BARE], AMBIGUOUS),
    ("its number before its patient", {"accession_number": "A-1", **BY_PATIENT}, [BARE, OTHER], "accession"),
    ("another day", BY_PATIENT | {"study_date": date(2026, 11, 21)}, [BARE], UNMATCHED),
    ("another modality", BY_PATIENT | {"modality": "DX"}, [BARE], UNMATCHED),
    ("another patient", BY_PATIENT | {"patient_id": "0002"}, [BARE], UNMATCHED),
    ("no day", BY_PATIENT | {"study_date": None}, [BARE], UNMATCHED),
    ("nothing has come", {"accession_number": "A-1"}, [], UNMATCHED),
]


@pytest.mark.parametrize(
    ("values", "studies", "expected"), [row[1:] for row in CASES], ids=[r[0] for r in CASES]
)
def test_a_request_means_one_study_or_none_is_guessed(
    values: dict[str, object], studies: list[ArrivedStudy], expected: str
) -> None:
    decision = decide(replace(REQUEST, **values), studies)  # type: ignore[arg-type]  # of the table
    assert (decision.fit.by if decision.fit else decision.state) == expected


def test_two_orders_of_a_patient_for_one_day_are_not_guessed_between() -> None:
    asked = replace(REQUEST, accession_number="A-8", **BY_PATIENT)  # type: ignore[arg-type]  # of the table
    again, another = replace(asked, request_id="R2"), replace(asked, request_id="R3", accession_number="A-9")
    assert decide(asked, [BARE], [asked, again]).state is RequestState.MATCHED
    assert decide(asked, [BARE], [asked, another]).state is RequestState.AMBIGUOUS


def test_a_day_is_the_sites_own() -> None:
    late = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
    assert day_of_study(None, late, "Asia/Shanghai") == date(2026, 11, 21)
    assert day_of_study(None, late, "UTC") == DAY
    assert day_of_study(DAY, late, "Asia/Shanghai") == DAY
