"""QIDO-RS: what a search answers of what it found, and how much at once (PS3.18 8.3.4.3, 8.3.4.4, 10.6.3)."""

from typing import Any, Final

import pytest
from pydicom.dataset import Dataset

from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import part10, small, store

STUDY, SERIES, INSTANCE = "1.2.840.1", "1.2.840.1.1", "1.2.840.1.1.1"
IN_STUDY = f"/studies/{STUDY}"


def code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99HUB", meaning
    return item


@pytest.fixture
def filled(edge: Edge) -> Edge:
    """A study of two instances with attributes that no list shows, and one of another day."""
    asked = Dataset()
    asked.RequestedProcedureID, asked.ScheduledProcedureStepID = "P1", "S1"
    asked.ScheduledProtocolCodeSequence = [code("US1", "肝")]
    common: dict[str, Any] = {
        "SeriesInstanceUID": SERIES,
        "PatientAge": "056Y",
        "AdmittingDiagnosesCodeSequence": [code("D1", "腹痛")],
        "StationName": "超声一室",
        "OperatorsName": "Li^Si=李^四",
        "TimezoneOffsetFromUTC": "+0800",
        "PerformedProcedureStepStartDate": "20261120",
        "PerformedProcedureStepStartTime": "0935",
        "RequestAttributesSequence": [asked],
    }
    for number in (1, 2):
        edge.consultation.send(
            STUDY,
            SOPInstanceUID=f"{SERIES}.{number}",
            InstanceNumber=number,
            ImageType=["ORIGINAL", "PRIMARY"],
            **common,
        )
    edge.consultation.clock.advance(minutes=1)
    edge.consultation.send("1.2.840.2", SOPInstanceUID="1.2.840.2.1.1")
    return edge


def search(edge: Edge, path: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = edge.client("reader").get(f"/dicom-web{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


STUDY_TAGS = (
    "00080005 00080020 00080030 00080050 00080056 00080061 00080090 00080201 00081190 00100010 00100020"
    " 00100030 00100040 0020000D 00200010 00201206 00201208"
)
SERIES_TAGS = "00080060 0008103E 0020000E 00200011 00201209 00400244 00400245 00400275"
INSTANCE_TAGS = "00080016 00080018 00200013 00280010 00280011 00280100 00280008"


LEVELS: Final = (
    ("/studies", STUDY_TAGS),
    ("/series", f"{STUDY_TAGS} {SERIES_TAGS}"),
    ("/instances", f"{STUDY_TAGS} {SERIES_TAGS} {INSTANCE_TAGS}"),
)


def test_every_result_has_the_attributes_of_its_level_and_above(filled: Edge) -> None:
    """PS3.18 Table 10.6.3-3, PS3.18 Table 10.6.3-4 and PS3.18 Table 10.6.3-5."""
    for path, tags in LEVELS:
        result = search(filled, path, StudyInstanceUID=STUDY)[0]
        assert set(tags.split()) <= result.keys(), path
        assert list(result) == sorted(result)


def test_counts_availability_and_addresses_are_of_the_study_the_series_and_the_instance(filled: Edge) -> None:
    """PS3.18 Table 10.6.3-3 to PS3.18 Table 10.6.3-5; PS3.4 C.3.4."""
    (study,) = search(filled, "/studies", StudyInstanceUID=STUDY)
    (series,) = search(filled, f"{IN_STUDY}/series")
    instance = search(filled, f"{IN_STUDY}/series/{SERIES}/instances", InstanceNumber=2)[0]
    url = f"http://127.0.0.1/dicom-web/sites/xinglong{IN_STUDY}"
    assert [each["00081190"]["Value"][0] for each in (study, series, instance)] == [
        url,
        f"{url}/series/{SERIES}",
        f"{url}/series/{SERIES}/instances/{SERIES}.2",
    ]
    assert (study["00201206"]["Value"], study["00201208"]["Value"]) == ([1], [2])
    assert series["00201209"]["Value"] == [2]
    assert instance["00080056"]["Value"] == ["ONLINE"]
    assert study["00080061"]["Value"] == ["US"]
    assert study["00080201"] == {"vr": "SH", "Value": ["+0800"]}
    assert series["00400244"] == {"vr": "DA", "Value": ["20261120"]}
    assert series["00400245"] == {"vr": "TM", "Value": ["0935"]}
    assert series["00400275"]["Value"] == [
        {"00400009": {"vr": "SH", "Value": ["S1"]}, "00401001": {"vr": "SH", "Value": ["P1"]}}
    ]
    assert instance["00280100"] == {"vr": "US", "Value": [8]}
    for path in (url, f"{url}/series/{SERIES}", instance["00081190"]["Value"][0]):
        assert filled.client("reader").get(path).status_code == 200


PAGES: Final[list[Any]] = ["PatientAge", "00101010", "00101010,StudyDescription", ["PatientAge", "0008103E"]]


def test_a_field_is_included_by_keyword_or_tag_in_a_list_or_repeated(filled: Edge) -> None:
    """PS3.18 8.3.4.3."""
    fields: Any
    for fields in ("PatientAge", "00101010", "00101010,StudyDescription", ["PatientAge", "0008103E"]):
        (study,) = search(filled, "/studies", StudyInstanceUID=STUDY, includefield=fields)
        assert study["00101010"] == {"vr": "AS", "Value": ["056Y"]}
        assert study["00100020"]["Value"] == ["0001"]


def test_a_field_in_a_sequence_is_included_alone(filled: Edge) -> None:
    """PS3.18 8.3.4.3: a.b, by keywords or tags."""
    path = "AdmittingDiagnosesCodeSequence.CodeMeaning"
    (study,) = search(filled, "/studies", StudyInstanceUID=STUDY, includefield=path)
    assert study["00081084"] == {"vr": "SQ", "Value": [{"00080104": {"vr": "LO", "Value": ["腹痛"]}}]}
    (series,) = search(filled, f"{IN_STUDY}/series", includefield="00400275.00400008.00080100")
    (request,) = series["00400275"]["Value"]
    assert request["00400008"]["Value"] == [{"00080100": {"vr": "SH", "Value": ["US1"]}}]
    assert request["00401001"]["Value"] == ["P1"]
    (whole,) = search(filled, f"{IN_STUDY}/series", includefield=f"RequestAttributesSequence,{path}")
    (protocol,) = whole["00400275"]["Value"][0]["00400008"]["Value"]
    assert protocol.keys() == {"00080100", "00080102", "00080104"}


def test_all_includes_what_is_of_the_level_and_nothing_of_those_below(filled: Edge) -> None:
    """PS3.18 10.6.3.3."""
    (study,) = search(filled, "/studies", StudyInstanceUID=STUDY, includefield="all")
    (series,) = search(filled, f"{IN_STUDY}/series", includefield="all")
    instance = search(filled, f"{IN_STUDY}/instances", includefield="all")[0]
    assert study["00101010"]["Value"] == ["056Y"]
    assert not {"00081010", "00080008", "00080060", "0020000E"} & study.keys()
    assert series["00081010"]["Value"] == ["超声一室"]
    assert series["00081070"]["Value"] == [{"Alphabetic": "Li^Si", "Ideographic": "李^四"}]
    assert not {"00080008", "00080018", "00280010"} & series.keys()
    assert instance["00080008"]["Value"] == ["ORIGINAL", "PRIMARY"]
    assert instance["00280101"]["Value"] == [8]
    assert "7FE00010" not in instance
    assert instance["00200013"]["Value"] == [1]


def test_fields_of_a_lower_level_are_not_included(filled: Edge) -> None:
    """PS3.18 10.6.3.3: series and instance attributes are not answered of a study."""
    (study,) = search(
        filled, "/studies", StudyInstanceUID=STUDY, includefield="Modality,StationName,ImageType"
    )
    assert not {"00080060", "00081010", "00080008"} & study.keys()


def test_a_private_field_comes_with_its_creator(edge: Edge) -> None:
    """PS3.18 10.6.3.3 and PS3.5 7.8.1."""
    made = small(StudyInstanceUID=STUDY)
    made.private_block(0x0011, "HUB TEST", create=True).add_new(0x01, "SH", "probe 3")
    store(edge.rooms.archive, edge.consultation.clock, part10(made))
    (instance,) = search(edge, "/instances", includefield="00111001")
    assert instance["00111001"] == {"vr": "SH", "Value": ["probe 3"]}
    assert instance["00110010"] == {"vr": "LO", "Value": ["HUB TEST"]}


def test_a_field_that_nobody_knows_is_left_out_with_a_warning(filled: Edge) -> None:
    """PS3.18 8.3.4.3."""
    answer = filled.client("reader").get(f"/dicom-web{IN_STUDY}/series?includefield=NoSuchThing,00089999")
    assert "An attribute to include is not known" in answer.headers["warning"]
    assert "00089999" not in answer.json()[0]


PAGES: Final = [
    ("", 3, 3, 0),
    ("limit=2", 2, 3, 1),
    ("limit=2&offset=2", 1, 3, 0),
    ("limit=1&offset=1", 1, 3, 1),
    ("limit=0", 0, 3, 3),
    ("offset=3", 0, 3, 0),
    ("offset=99", 0, 3, 0),
    ("limit=9&offset=1", 2, 3, 0),
    ("PatientID=nobody", 0, 0, 0),
]


def test_a_page_says_how_many_there_are_and_how_many_are_left(filled: Edge) -> None:
    """PS3.18 8.3.4.4.1; the total is ours."""
    for query, shown, total, remaining in PAGES:
        answer = filled.client("reader").get(f"/dicom-web/instances?{query}")
        assert (answer.status_code, len(answer.json())) == (200, shown)
        assert answer.headers["x-total-count"] == str(total)
        warned = f'299 http://127.0.0.1 "There are {remaining} additional results that can be requested"'
        assert answer.headers.get("warning") == (warned if remaining else None)


def test_the_same_search_gives_the_same_order(filled: Edge) -> None:
    """PS3.18 8.3.4.4.1: pages follow each other without gap or repetition."""
    whole = [each["00080018"]["Value"][0] for each in search(filled, "/instances")]
    pages = [search(filled, "/instances", limit=1, offset=offset) for offset in range(3)]
    assert [each["00080018"]["Value"][0] for (each,) in pages] == whole


def test_the_hubs_own_limits_are_pages_too(filled: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """PS3.18 8.3.4.4.1: maxResults, smaller where instances have to be opened; and what is not counted."""
    monkeypatch.setattr("viewer_api.qido_rs.SEARCH_READ_LIMIT", 1)
    answer = filled.client("reader").get("/dicom-web/instances?includefield=StationName")
    assert (len(answer.json()), answer.headers["x-total-count"]) == (1, "3")
    assert "There are 2 additional results" in answer.headers["warning"]
    monkeypatch.setattr("viewer_api.qido_rs.SEARCH_COUNT_LIMIT", 2)
    monkeypatch.setattr("viewer_api.search_parameters.SEARCH_COUNT_LIMIT", 2)
    answer = filled.client("reader").get("/dicom-web/instances?limit=1")
    assert "x-total-count" not in answer.headers
    assert "There are more than 1 additional results" in answer.headers["warning"]


ACCEPTED: Final[list[Any]] = [
    ({}, "", 200),
    ({"Accept": "*/*"}, "", 200),
    ({"Accept": "application/dicom+json"}, "", 200),
    ({"Accept": "application/json"}, "", 200),
    ({"Accept": "application/dicom+xml;q=0.9, application/dicom+json;q=0.1"}, "", 200),
    ({"Accept": 'multipart/related; type="application/dicom+xml"'}, "", 406),
    ({"Accept": "application/dicom+json;q=0"}, "", 406),
    ({"Accept": "text/html"}, "accept=application/dicom%2Bjson", 200),
    ({}, "accept=text/html", 406),
]


def test_results_come_as_json_or_not_at_all(filled: Edge) -> None:
    """PS3.18 8.7.4, PS3.18 8.7.5 and PS3.18 8.3.3.1."""
    for headers, query, status in ACCEPTED:
        answer = filled.client("reader").get(f"/dicom-web/studies?{query}", headers=headers)
        assert answer.status_code == status, (headers, query)
        assert answer.headers["content-type"] == (
            "application/dicom+json" if status == 200 else "application/problem+json"
        )
