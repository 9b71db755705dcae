"""QIDO-RS: which studies, series and instances a search finds (PS3.18 8.3.4.1, PS3.4 C.2.2.2)."""

from typing import Any, Final

import pytest
from pydicom.dataset import Dataset

from tests.viewer_api.conftest import Edge

ABDOMEN, HEART, CHEST = "1.2.840.1", "1.2.840.2", "1.2.840.3"


def request_for(procedure: str, step: str) -> Dataset:
    item = Dataset()
    item.RequestedProcedureID, item.ScheduledProcedureStepID = procedure, step
    return item


@pytest.fixture
def filled(edge: Edge) -> Edge:
    """Three studies: an ultrasound with a report, an ECG, and a radiograph that lacks most."""
    send = edge.consultation.send
    send(
        ABDOMEN,
        SeriesInstanceUID="1.2.840.1.1",
        SOPInstanceUID="1.2.840.1.1.1",
        PatientName="Zhang^San=张^三=ざん^さん",
        StudyTime="093000",
        RequestAttributesSequence=[request_for("P1", "S1"), request_for("P2", "S2")],
        PerformedProcedureStepStartDate="20261120",
        PerformedProcedureStepStartTime="093500",
    )
    send(ABDOMEN, SeriesInstanceUID="1.2.840.1.2", SOPInstanceUID="1.2.840.1.2.1", Modality="SR")
    send(
        HEART,
        SeriesInstanceUID="1.2.840.2.1",
        SOPInstanceUID="1.2.840.2.1.1",
        Modality="ECG",
        PatientName="Wang^Wu=王^五",
        PatientID="h_2%",
        StudyDate="20261121",
        StudyTime="080000",
        AccessionNumber="a-1002",
        RequestAttributesSequence=[request_for("P1", "S2")],
    )
    send(
        CHEST,
        SeriesInstanceUID="1.2.840.3.1",
        SOPInstanceUID="1.2.840.3.1.1",
        Modality="DX",
        PatientName="",
        PatientID="0003",
        StudyDate="20261122",
        StudyTime="",
        AccessionNumber="",
        BitsAllocated=16,
        PixelData=bytes(128),
    )
    return edge


def found(edge: Edge, path: str, tag: str, **parameters: Any) -> set[str]:
    answer = edge.client("reader").get(f"/dicom-web{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return {each[tag]["Value"][0] for each in answer.json()}


MATCHES: Final[list[Any]] = [
    # C.2.2.2.1 single value, case-sensitive
    ({"AccessionNumber": "A-1001"}, {ABDOMEN}),
    ({"AccessionNumber": "A-1002"}, set()),
    ({"PatientID": "h_2%"}, {HEART}),
    ({"PatientID": "hx2y"}, set()),
    # PS3.18 8.3.4.1: by keyword, or by tag in hexadecimal of either case
    ({"00080050": "A-1001"}, {ABDOMEN}),
    ({"0020000d": HEART}, {HEART}),
    # C.2.2.2.2 list of UID
    ({"StudyInstanceUID": f"{ABDOMEN},{HEART},9.9"}, {ABDOMEN, HEART}),
    ({"StudyInstanceUID": f"{ABDOMEN}\\{HEART}"}, {ABDOMEN, HEART}),
    ({"StudyInstanceUID": [ABDOMEN, CHEST]}, {ABDOMEN, CHEST}),
    # C.2.2.2.3 universal
    ({"PatientID": ""}, {ABDOMEN, HEART, CHEST}),
    ({"StudyDate": ""}, {ABDOMEN, HEART, CHEST}),
    ({"PatientName": "*"}, {ABDOMEN, HEART, CHEST}),
    # C.2.2.2.4 wild card
    ({"AccessionNumber": "?-100*"}, {ABDOMEN, HEART}),
    ({"AccessionNumber": "A*"}, {ABDOMEN}),
    ({"PatientID": "h?2*"}, {HEART}),
    # C.2.2.2.5 ranges of dates and times
    ({"StudyDate": "20261121-"}, {HEART, CHEST}),
    ({"StudyDate": "-20261120"}, {ABDOMEN}),
    ({"StudyDate": "20261120-20261121"}, {ABDOMEN, HEART}),
    ({"StudyTime": "08-0930"}, {ABDOMEN, HEART}),
    ({"StudyTime": "0800"}, {HEART}),
    ({"StudyTime": "-235959"}, {ABDOMEN, HEART}),
]


def test_a_search_matches_as_its_attribute_is_matched(filled: Edge) -> None:
    """PS3.4 C.2.2.2 in PS3.18 8.3.4.1."""
    for parameters, studies in MATCHES:
        assert found(filled, "/studies", "0020000D", **parameters) == studies


NAMES: Final[list[Any]] = [
    "Zhang^San",
    "zhang^*",
    "张^三",
    "*三",
    "ざん^さん",
    "ざ*",
    "Zhang^San=张^三=ざん^さん",
    "zhang^san=张*",
]


def test_a_name_is_found_by_each_of_its_component_groups(filled: Edge) -> None:
    """PS3.4 C.2.2.2.1 and PS3.5 6.2.1.2: alphabetic, ideographic and phonetic, in any case."""
    for name in NAMES:
        assert found(filled, "/studies", "0020000D", PatientName=name) == {ABDOMEN}
        assert found(filled, "/instances", "0020000D", PatientName=name) == {ABDOMEN}


def test_a_range_of_dates_and_one_of_times_are_one_range_of_moments(filled: Edge) -> None:
    """PS3.4 C.2.2.2.5: from half past nine of the first day to nine of the last."""
    moments = {"StudyDate": "20261120-20261121", "StudyTime": "0930-0900"}
    assert found(filled, "/studies", "0020000D", **moments) == {ABDOMEN, HEART}
    late = {"StudyDate": "20261120-20261121", "StudyTime": "0931-0759"}
    assert found(filled, "/studies", "0020000D", **late) == set()
    other_form = {"StudyDate": "20261120-20261121", "StudyTime": "0900-"}
    assert found(filled, "/studies", "0020000D", **other_form) == {ABDOMEN}


def test_keys_of_a_sequence_are_met_in_one_item(filled: Edge) -> None:
    """PS3.4 C.2.2.2.6; PS3.18 8.3.4.1 for a.b, PS3.18 Table 10.6.1-5 for the series' own keys."""
    series = "0020000E"
    procedure, step = "RequestAttributesSequence.RequestedProcedureID", "00400275.00400009"
    assert found(filled, "/series", series, **{procedure: "P1"}) == {"1.2.840.1.1", "1.2.840.2.1"}
    assert found(filled, "/series", series, **{procedure: "P1", step: "S2"}) == {"1.2.840.2.1"}
    assert found(filled, "/series", series, **{procedure: "P2", step: "S1"}) == set()
    performed = {
        "PerformedProcedureStepStartDate": "20261120",
        "PerformedProcedureStepStartTime": "0900-1000",
    }
    assert found(filled, "/series", series, **performed) == {"1.2.840.1.1"}


def test_empty_values_are_matched_where_that_is_asked_for(filled: Edge) -> None:
    """PS3.4 C.2.2.2.7 and PS3.18 8.3.4.5."""
    for keyword in ("PatientName", "AccessionNumber", "StudyTime"):
        empty = {keyword: '""', "emptyvaluematching": "true"}
        assert found(filled, "/studies", "0020000D", **empty) == {CHEST}, keyword
    assert found(filled, "/studies", "0020000D", PatientName='""') == set()
    without_request = {"RequestAttributesSequence.RequestedProcedureID": '""', "emptyvaluematching": "true"}
    assert found(filled, "/series", "0020000E", **without_request) == {"1.2.840.1.2", "1.2.840.3.1"}


SEVERAL: Final[list[Any]] = [
    ("US\\SR", {ABDOMEN}),
    ("SR\\US", {ABDOMEN}),
    ("US,SR", {ABDOMEN}),
    ("US\\ECG", set()),
    ("US", {ABDOMEN}),
    ("E*", {HEART}),
]


def test_several_values_are_all_to_be_there_where_that_is_asked_for(filled: Edge) -> None:
    """PS3.18 8.3.4.6 and PS3.4 C.2.2.2.8: each value, in any order, without wild cards; else any."""
    for modalities, studies in SEVERAL:
        several = {"ModalitiesInStudy": modalities, "multiplevaluematching": "true"}
        assert found(filled, "/studies", "0020000D", **several) == studies, modalities
    both = {"ModalitiesInStudy": "US\\SR", "multiplevaluematching": "true"}
    assert found(filled, "/series", "0020000E", **both) == {"1.2.840.1.1", "1.2.840.1.2"}
    for any_of_them in ("US\\ECG", "US,ECG", "S*,ECG"):
        modalities = {"ModalitiesInStudy": any_of_them}
        assert found(filled, "/studies", "0020000D", **modalities) == {ABDOMEN, HEART}, any_of_them
    for wrong in ("U*\\SR", "\\,", "\\".join(f"M{number}" for number in range(17))):
        refused = filled.client("reader").get(
            "/dicom-web/studies", params={"ModalitiesInStudy": wrong, "multiplevaluematching": "true"}
        )
        assert refused.status_code == 400, wrong


def test_modalities_in_study_are_those_of_any_of_its_series(filled: Edge) -> None:
    """PS3.4 C.3.4."""
    assert found(filled, "/studies", "0020000D", ModalitiesInStudy="SR") == {ABDOMEN}
    assert found(filled, "/series", "0020000E", ModalitiesInStudy="SR") == {"1.2.840.1.1", "1.2.840.1.2"}


RESOURCES: Final[list[Any]] = [
    ("/instances", {}, 4),
    ("/instances", {"Modality": "US"}, 1),
    ("/instances", {"StudyDate": "20261120"}, 2),
    ("/instances", {"BitsAllocated": "16"}, 1),
    (f"/studies/{ABDOMEN}/instances", {}, 2),
    (f"/studies/{ABDOMEN}/instances", {"SOPInstanceUID": "1.2.840.1.2.1"}, 1),
    (f"/studies/{ABDOMEN}/series/1.2.840.1.1/instances", {"Rows": "8"}, 1),
    (f"/studies/{ABDOMEN}/series/1.2.840.2.1/instances", {}, 0),
]


def test_every_resource_is_searched_by_keys_of_its_level_and_above(filled: Edge) -> None:
    """PS3.18 Table 10.6.1-1 and PS3.18 10.6.1.2, at both roots."""
    for path, parameters, instances in RESOURCES:
        for root in ("", "/sites/xinglong"):
            assert len(found(filled, f"{root}{path}", "00080018", **parameters)) == instances, root


UNSUPPORTED: Final[list[Any]] = [
    ("RequestedContrastAgent=x", "Not matched here, so ignored: RequestedContrastAgent."),
    ("00111010=x", "Not matched here, so ignored: 00111010."),
    ("Modality=US", "Not matched here, so ignored: Modality."),
    ("nothing=x", "A parameter is neither an attribute nor one of a search's own, so ignored."),
    ("%22%0d%0aX=x", "A parameter is neither an attribute nor one of a search's own, so ignored."),
]


def test_a_key_that_is_not_supported_is_ignored_and_said_to_be(filled: Edge) -> None:
    """PS3.18 8.3 and PS3.4 C.2.2.1.3."""
    for query, warned in UNSUPPORTED:
        answer = filled.client("reader").get(f"/dicom-web/studies?{query}")
        assert (answer.status_code, len(answer.json())) == (200, 3)
        assert answer.headers["warning"] == f'299 http://127.0.0.1 "{warned}"'


INVALID: Final[list[Any]] = [
    "StudyDate=2026",
    "StudyInstanceUID=1.*",
    "limit=-1",
    "offset=a",
    "fuzzymatching=2",
    "Rows=x",
]


def test_a_value_that_cannot_be_is_a_bad_request(filled: Edge) -> None:
    """PS3.18 8.3: a supported parameter with an invalid value is 400."""
    for query in INVALID:
        assert filled.client("reader").get(f"/dicom-web/instances?{query}").status_code == 400


def test_fuzzy_matching_is_of_names_in_any_order_and_in_pinyin(filled: Edge) -> None:
    """PS3.18 8.3.4.2 and PS3.4 C.2.2.2.1.1."""
    for typed in ("san zh", "zhang", "三"):
        fuzzy = {"fuzzymatching": "true", "PatientName": typed}
        assert found(filled, "/studies", "0020000D", **fuzzy) == {ABDOMEN}, typed
    answer = filled.client("reader").get("/dicom-web/studies?fuzzymatching=true&PatientID=0003")
    assert "Only literal matching has been performed." in answer.headers["warning"]


def test_nothing_out_of_sight_is_found_or_counted(filled: Edge) -> None:
    """PS3.18 8.13: what the user may not see is no match, in the answer and in its total."""
    for path in ("/studies", "/series", "/instances"):
        answer = filled.client("neighbour").get(f"/dicom-web{path}?limit=1")
        assert (answer.json(), answer.headers["x-total-count"]) == ([], "0")
