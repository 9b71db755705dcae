"""Searching: what is asked, what is answered, in the standard's form (PS3.18 10.6)."""

from typing import Any

import pytest

from core.limits import SEARCH_LIMIT
from core.uids import new_uid
from tests.fixtures.consultation import QINGSHAN, XINGLONG
from tests.viewer_api.conftest import Edge

STUDY, OTHER = "1.2.840.1", "1.2.840.2"
SERIES = "1.2.840.1.5"


@pytest.fixture
def filled(edge: Edge) -> Edge:
    """Two studies at one clinic: an ultrasound of two series, and an ECG of another patient."""
    send = edge.consultation.send
    send(STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID="1.2.840.1.5.1", InstanceNumber=1)
    send(STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID="1.2.840.1.5.2", InstanceNumber=2)
    send(STUDY, SOPInstanceUID="1.2.840.1.6.1", Modality="SR", SeriesNumber=2)
    edge.consultation.clock.advance(minutes=1)
    send(
        OTHER,
        SOPInstanceUID="1.2.840.2.1.1",
        Modality="ECG",
        PatientName="Wang^Wu=王^五",
        PatientID="0002",
        StudyDate="20261121",
        AccessionNumber="",
        PatientBirthDate="",
    )
    return edge


def search(edge: Edge, path: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = edge.client("reader").get(f"/dicom-web{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/dicom+json"
    found: list[dict[str, Any]] = answer.json()
    return found


def uids(found: list[dict[str, Any]], tag: str) -> list[str]:
    return [each[tag]["Value"][0] for each in found]


def test_a_study_is_answered_with_all_attributes_of_the_table(filled: Edge) -> None:
    other, study = search(filled, "/studies")
    url = f"http://127.0.0.1/dicom-web/sites/{XINGLONG}/studies/{STUDY}"
    assert study == {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080020": {"vr": "DA", "Value": ["20261120"]},
        "00080030": {"vr": "TM", "Value": ["083000"]},
        "00080050": {"vr": "SH", "Value": ["A-1001"]},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00080061": {"vr": "CS", "Value": ["SR", "US"]},
        "00080090": {"vr": "PN", "Value": [{"Alphabetic": "Wang^Fang"}]},
        "00081030": {"vr": "LO", "Value": ["Abdomen"]},
        "00081190": {"vr": "UR", "Value": [url]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zhang^San", "Ideographic": "张^三"}]},
        "00100020": {"vr": "LO", "Value": ["0001"]},
        "00100021": {"vr": "LO"},
        "00100030": {"vr": "DA", "Value": ["19700102"]},
        "00100040": {"vr": "CS", "Value": ["M"]},
        "0020000D": {"vr": "UI", "Value": [STUDY]},
        "00200010": {"vr": "SH", "Value": ["1"]},
        "00201206": {"vr": "IS", "Value": [2]},
        "00201208": {"vr": "IS", "Value": [3]},
    }
    assert list(study) == sorted(study)
    assert other["00080050"] == {"vr": "SH"}
    assert other["00100030"] == {"vr": "DA"}


def test_a_series_is_answered_with_its_study(filled: Edge) -> None:
    found = search(filled, f"/studies/{STUDY}/series", Modality="US")
    (series,) = found
    assert series["00080060"] == {"vr": "CS", "Value": ["US"]}
    assert series["0008103E"]["Value"] == ["Liver"]
    assert series["0020000E"]["Value"] == [SERIES]
    assert series["00200011"] == {"vr": "IS", "Value": [1]}
    assert series["00201209"] == {"vr": "IS", "Value": [2]}
    assert series["00100020"]["Value"] == ["0001"]
    assert series["00081190"]["Value"][0].endswith(f"/sites/{XINGLONG}/studies/{STUDY}/series/{SERIES}")


def test_an_instance_is_answered_with_its_study_and_series(filled: Edge) -> None:
    found = search(filled, f"/studies/{STUDY}/series/{SERIES}/instances", InstanceNumber=2)
    (instance,) = found
    assert instance["00080016"]["Value"] == ["1.2.840.10008.5.1.4.1.1.6.1"]
    assert instance["00080018"]["Value"] == ["1.2.840.1.5.2"]
    assert instance["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert instance["00200013"] == {"vr": "IS", "Value": [2]}
    assert instance["00280010"] == {"vr": "US", "Value": [8]}
    assert instance["00280011"] == {"vr": "US", "Value": [8]}
    assert instance["00080060"]["Value"] == ["US"]
    assert instance["00100010"]["Value"][0]["Ideographic"] == "张^三"
    assert instance["00081190"]["Value"][0].endswith(f"/series/{SERIES}/instances/1.2.840.1.5.2")


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/studies", 2),
        ("/series", 3),
        ("/instances", 4),
        (f"/studies/{STUDY}/series", 2),
        (f"/studies/{STUDY}/instances", 3),
        (f"/studies/{STUDY}/series/{SERIES}/instances", 2),
        (f"/studies/{OTHER}/series/{SERIES}/instances", 0),
        ("/studies/9.9/series", 0),
    ],
)
def test_every_level_can_be_searched(filled: Edge, path: str, count: int) -> None:
    assert len(search(filled, path)) == count


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, [OTHER, STUDY]),
        ({"PatientName": "Zhang*"}, [STUDY]),
        ({"PatientName": "zhang^san*"}, [STUDY]),
        ({"00100010": "*王*"}, [OTHER]),
        ({"PatientID": "0002"}, [OTHER]),
        ({"00100020": "0002"}, [OTHER]),
        ({"PatientID": ""}, [OTHER, STUDY]),
        ({"PatientID": "*"}, [OTHER, STUDY]),
        ({"StudyDate": "20261120"}, [STUDY]),
        ({"StudyDate": "20261121-"}, [OTHER]),
        ({"StudyDate": "20261120-20261121"}, [OTHER, STUDY]),
        ({"ModalitiesInStudy": "ECG"}, [OTHER]),
        ({"StudyInstanceUID": f"{STUDY},{OTHER}"}, [OTHER, STUDY]),
        ({"StudyInstanceUID": f"{STUDY}\\9.9"}, [STUDY]),
        ({"StudyInstanceUID": [STUDY, OTHER]}, [OTHER, STUDY]),
        ({"0020000d": STUDY}, [STUDY]),
        ({"AccessionNumber": "A-1001", "PatientID": "0002"}, []),
        ({"limit": 1}, [OTHER]),
        ({"limit": 1, "offset": 1}, [STUDY]),
        ({"offset": 2}, []),
        ({"limit": 0}, []),
        ({"includefield": "all"}, [OTHER, STUDY]),
        ({"includefield": ["00081030,StudyDescription", "00080060", "00400275.00400007"]}, [OTHER, STUDY]),
        ({"fuzzymatching": "false"}, [OTHER, STUDY]),
        ({"accept": "application/dicom+json"}, [OTHER, STUDY]),
    ],
)
def test_a_search_finds_what_matches(filled: Edge, parameters: dict[str, Any], found: list[str]) -> None:
    assert uids(search(filled, "/studies", **parameters), "0020000D") == found


def test_nothing_found_is_an_empty_array(filled: Edge) -> None:
    answer = filled.client("reader").get("/dicom-web/studies?PatientID=none")
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    "query",
    [
        "StudyDate=yesterday",
        "StudyDate=20261301",
        "StudyInstanceUID=1.2.*",
        "StudyInstanceUID=..%2F..",
        "PatientID=1&PatientID=2",
        "PatientName=a%00b",
        "limit=-1",
        "limit=x",
        "offset=-1",
        "offset=99999999999999999999",
        "fuzzymatching=maybe",
        "includefield=" + ",".join(["00080020"] * 201),
        f"StudyInstanceUID={'1.2,' * 1001}1",
        "emptyvaluematching=perhaps",
    ],
)
def test_what_cannot_be_asked_is_a_bad_request(filled: Edge, query: str) -> None:
    answer = filled.client("reader").get(f"/dicom-web/studies?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_fuzzy_matching_finds_names_and_says_where_it_is_not_done(filled: Edge) -> None:
    client = filled.client("reader")
    for typed in ("Zhang*", "zhang", "san zhang", "zs", "张"):
        answer = client.get("/dicom-web/studies", params={"fuzzymatching": "true", "PatientName": typed})
        assert (len(answer.json()), answer.headers.get("warning")) == (1, None), typed
    answer = client.get("/dicom-web/studies?fuzzymatching=true&ReferringPhysicianName=zh")
    assert answer.json() == []
    assert answer.headers["warning"] == (
        '299 http://127.0.0.1 "The fuzzymatching parameter is supported for PatientName only.'
        ' Only literal matching has been performed."'
    )


@pytest.mark.parametrize(
    ("parameter", "named"),
    [
        ("Modality", "Modality"),
        ("00200013", "InstanceNumber"),
        ("RequestedProcedureID", "RequestedProcedureID"),
        ("00401001", "RequestedProcedureID"),
        ("00111010", "00111010"),
        ("RequestAttributesSequence.RequestedProcedureID", "RequestAttributesSequence.RequestedProcedureID"),
    ],
)
def test_an_attribute_that_is_not_matched_is_ignored_and_named(
    filled: Edge, parameter: str, named: str
) -> None:
    answer = filled.client("reader").get(f"/dicom-web/studies?{parameter}=7")
    assert len(answer.json()) == 2
    assert answer.headers["warning"] == f'299 http://127.0.0.1 "Not matched here, so ignored: {named}."'


def test_an_attribute_to_include_that_nobody_knows_is_left_out(filled: Edge) -> None:
    answer = filled.client("reader").get("/dicom-web/studies?includefield=Nothing,StudyDate")
    assert len(answer.json()) == 2
    assert answer.headers["warning"].endswith('"An attribute to include is not known, so not given."')


def test_a_warning_says_that_more_could_be_had(filled: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer_api.search_parameters.SEARCH_LIMIT", 1)
    for query, is_warned in (("", True), ("limit=5", True), ("limit=1", True), ("offset=1", False)):
        answer = filled.client("reader").get(f"/dicom-web/studies?{query}")
        assert len(answer.json()) == 1
        assert ("1 additional results" in answer.headers.get("warning", "")) is is_warned, query
        assert answer.headers["x-total-count"] == "2"


def test_a_search_never_answers_more_than_the_limit(filled: Edge) -> None:
    assert len(search(filled, "/studies", limit=SEARCH_LIMIT * 10)) == 2


@pytest.mark.parametrize(
    "accept", ["application/dicom+xml", 'multipart/related; type="application/dicom+xml"']
)
def test_xml_is_not_to_be_had(filled: Edge, accept: str) -> None:
    answer = filled.client("reader").get("/dicom-web/studies", headers={"Accept": accept})
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems/not-acceptable")


def test_markup_in_a_name_stays_text(edge: Edge) -> None:
    name = '<script>alert("x")</script>^a'
    edge.consultation.send(new_uid(), PatientName=name)
    (study,) = search(edge, "/studies")
    assert study["00100010"]["Value"] == [{"Alphabetic": name}]


def test_each_of_two_clinics_has_its_own_study_under_one_uid(edge: Edge) -> None:
    for site_id, patient_id in ((XINGLONG, "1"), (QINGSHAN, "2")):
        edge.consultation.send(STUDY, site_id=site_id, SOPInstanceUID="1.2.840.1.5.1", PatientID=patient_id)
    for path in ("/studies", "/series", "/instances"):
        found = search(edge, path)
        owners = {each["00081190"]["Value"][0].split("/")[5]: each["00100020"]["Value"] for each in found}
        assert owners == {XINGLONG: ["1"], QINGSHAN: ["2"]}
    (only,) = edge.client("reader").get(f"/dicom-web/sites/{QINGSHAN}/studies").json()
    assert only["00100020"]["Value"] == ["2"]


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("hub.example:8443", "http://hub.example:8443"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("[::1]", "http://[::1]"),
        ("localhost:1", "http://localhost:1"),
        ('x"><script>', "http://127.0.0.1"),
        ("a/b", "http://127.0.0.1"),
    ],
)
def test_addresses_begin_as_the_client_reached_us_if_that_is_a_host(
    edge: Edge, host: str, answered: str
) -> None:
    edge.consultation.send(STUDY)
    found = edge.client("reader").get("/dicom-web/studies", headers={"Host": host}).json()
    assert found[0]["00081190"]["Value"][0].startswith(f"{answered}/dicom-web/")
