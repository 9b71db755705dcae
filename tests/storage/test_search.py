"""Searching what is held: matching on real rows, in order, page by page."""

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from core.access import Scope
from core.errors import InvalidQuery, NotFound
from core.uids import new_uid
from storage.archive import Archive
from storage.query import (
    DATE_KEYWORDS,
    INSTANCE_KEYWORDS,
    REQUESTS,
    SERIES_KEYWORDS,
    STUDY_KEYWORDS,
    TIME_KEYWORDS,
    EmptyValue,
    Level,
    Query,
    parse_match,
)
from tests.fixtures.clock import FixedClock
from tests.fixtures.searching import EVERYTHING, found, query


def test_a_study_is_found_with_all_that_its_list_shows(
    archive: Archive, keep: Callable[..., str], clock: FixedClock
) -> None:
    first = clock.now()
    study = keep(Modality="US", SeriesInstanceUID="1.1", SeriesNumber=2)
    keep(Modality="US", SeriesInstanceUID="1.1", SeriesNumber=2, StudyInstanceUID=study, InstanceNumber=2)
    keep(Modality="SR", SeriesInstanceUID="1.2", SeriesNumber=1, StudyInstanceUID=study)
    (listed,) = archive.search_studies(query(), visible_to=EVERYTHING)
    assert (listed.site_id, listed.study_instance_uid) == ("township", study)
    assert (listed.patient_name, listed.patient_id, listed.patient_sex) == ("Zhang^San=张^三", "0001", "M")
    assert (
        f"{listed.study_date} {listed.patient_birth_date} {listed.study_time}"
        == "2026-11-20 1970-01-02 083000"
    )
    assert listed.modalities_in_study == ("SR", "US")
    assert (listed.number_of_study_related_series, listed.number_of_study_related_instances) == (2, 3)
    assert (listed.first_received_at - first).seconds == 1
    assert (listed.last_received_at - first).seconds == 3
    series = archive.search_series(query(), visible_to=EVERYTHING)
    assert [(each.series_number, each.number_of_series_related_instances) for each in series] == [
        (1, 1),
        (2, 2),
    ]
    instances = archive.search_instances(query(), visible_to=EVERYTHING)
    assert [(each.series_instance_uid, each.instance_number) for each in instances] == [
        ("1.2", 1),
        ("1.1", 1),
        ("1.1", 2),
    ]
    assert {(each.rows, each.columns, each.origin_kind) for each in instances} == {(8, 8, "device")}


@pytest.mark.parametrize(
    ("keyword", "value", "hits", "misses"),
    [
        # everything but person names is case-sensitive, single value and wild card alike
        (
            "PatientID",
            "aB-1",
            ["aB-1", "aB*", "a?-1", "*-1", "aB-1 ", " aB-1"],
            ["ab-1", "AB*", "A?-1", "aB", "B-1", "aB-", "aB?-1"],
        ),
        ("AccessionNumber", "x100", ["x100", "x*"], ["X100", "X*", "x10"]),
        ("StudyDescription", "Abdomen", ["Abdomen", "A*n", "*"], ["abdomen", "a*", "abd*"]),
        ("StudyID", "s1", ["s1", "s?"], ["S1", "S?"]),
        ("IssuerOfPatientID", "County", ["County", "C*"], ["county", "COUNTY"]),
        # what SQL would take for its own
        ("PatientID", "100%", ["100%", "100?", "100%*", "*%"], ["100", "1%0%", "%", "%%", "1_0%", "100_"]),
        ("PatientID", "a_b", ["a_b", "a?b", "a_*"], ["axb", "a__", "_", "___", "a%b"]),
        ("PatientID", "axb", ["axb", "a?b"], ["a_b", "a%b", "a_*", "_x_"]),
        ("PatientID", "!bang!", ["!bang!", "!*", "*!", "!b?ng!"], ["bang", "!!bang!!", "!", "!!*"]),
        ("PatientID", "!%_", ["!%_", "!*", "!%?"], ["!!!%!_", "%_", "!"]),
        ("PatientID", "O'Brien", ["O'Brien", "O'*", "*'*"], ["O''Brien", "O", "'", "' OR 1=1 --"]),
        ("PatientID", '"q"', ['"q"', '"*'], ["q", '""q""']),
        ("PatientID", "a[b]c^d$", ["a[b]c^d$", "a[b]*"], ["abc", "a[*]c", "[a-z]*"]),
        ("PatientID", "x;DROP TABLE studies", ["x;DROP*"], ["x;drop*"]),
        ("PatientID", "", [""], ["x", "?", "0"]),
        ("PatientID", "00 01", ["00 01", "00?01"], ["0001", "00  01"]),
        ("StudyDescription", "心脏 彩超", ["心脏 彩超", "心脏*", "??*彩超", "心?*"], ["心", "彩超", "?"]),
        # person names: any case, whole or one component group
        (
            "PatientName",
            "Zhang^San=张^三",
            [
                "Zhang^San=张^三",
                "zhang^san",
                "ZHANG^SAN",
                "Zhang*",
                "zhang*",
                "张^三",
                "张*",
                "?^三",
                "*三",
                "Z*=张*",
                "*san=*",
            ],
            [
                "Zhang",
                "San",
                "zhang^sa",
                "张",
                "三",
                "李*",
                "Zhang^San=",
                "=张^三",
                "hang*",
                "Zhang^San=张^三=x",
            ],
        ),
        (
            "PatientName",
            "MÜLLER^JÖRG",
            ["MÜLLER^JÖRG", "mÜller^jÖrg", "M?LLER*", "MÜ*"],
            ["MULLER^JORG", "MÜLLER"],
        ),
        ("PatientName", "Иванов^Иван", ["Иванов^Иван", "Иван*"], ["Петров*"]),
        ("PatientName", "100%_!^x", ["100%_!^X", "100%*", "100?_*"], ["1%", "100__!^x"]),
        ("ReferringPhysicianName", "Wang^Fang", ["wang^fang", "WANG*"], ["fang", "wang"]),
        # dates
        (
            "StudyDate",
            "20261120",
            ["20261120", "20261120-", "-20261120", "20261119-20261121", "20261120-20261120"],
            ["20261119", "-20261119", "20261121-", "20261121-20261119", "20251120"],
        ),
        ("StudyDate", None, [""], ["20261120", "-20261120", "00010101-99991231"]),
        ("PatientBirthDate", "19700102", ["19700102", "-19700102"], ["19700201", "19700103-"]),
        # times, as far as they were told
        (
            "StudyTime",
            "101530.5",
            ["101530.5", "101530", "1015", "10", "1000-1100", "101530-101530", "-1015", "1015-", "10:15:30"],
            ["101531", "101530.4", "1016", "11", "-101529", "101531-", "-1014", "1100-1000"],
        ),
        ("StudyTime", "10", ["10", "100000", "1000-1100", "-10", "10-"], ["1001", "11-", "-0959"]),
        ("StudyTime", "1000", ["10", "1000", "100000", "10-11", "-1000"], ["1001-", "-095959.999999"]),
        ("StudyTime", None, [""], ["10", "0000-", "-235959"]),
        ("PatientSex", "F", ["F"], ["f", "M"]),
        ("ModalitiesInStudy", None, ["US", "U?", "U*"], ["us", "DX", "U", "S"]),
    ],
)
def test_a_study_matches_by_the_rules_of_its_attribute(
    archive: Archive,
    keep: Callable[..., str],
    keyword: str,
    value: str | None,
    hits: list[str],
    misses: list[str],
) -> None:
    study = keep(**({} if keyword == "ModalitiesInStudy" else {keyword: value}))
    assert [text for text in hits if found(archive, **{keyword: text}) != {study}] == []
    assert [text for text in misses if found(archive, **{keyword: text})] == []


def test_several_conditions_are_all_to_be_met(archive: Archive, keep: Callable[..., str]) -> None:
    study = keep(PatientID="1", StudyDate="20260101")
    other = keep(PatientID="1", StudyDate="20260201")
    assert found(archive, PatientID="1") == {study, other}
    assert found(archive, PatientID="1", StudyDate="20260101") == {study}
    assert found(archive, PatientID="2", StudyDate="20260101") == set()
    assert found(archive, StudyInstanceUID=f"{study},{other},{new_uid()}") == {study, other}
    assert found(archive, StudyInstanceUID=study) == {study}


def test_a_modality_in_study_is_that_of_any_series_also_when_series_are_searched(
    archive: Archive, keep: Callable[..., str]
) -> None:
    study = keep(Modality="US")
    keep(Modality="SR", StudyInstanceUID=study)
    keep(Modality="DX")
    assert found(archive, ModalitiesInStudy="SR") == found(archive, ModalitiesInStudy="U*") == {study}
    listed = archive.search_series(query(ModalitiesInStudy="SR"), visible_to=EVERYTHING)
    assert sorted(each.modality for each in listed) == ["SR", "US"]
    instances = archive.search_instances(query(ModalitiesInStudy="US", Modality="SR"), visible_to=EVERYTHING)
    assert len(instances) == 1


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"SeriesNumber": "2"}, [("DX", 2)]),
        ({"SeriesNumber": "+2"}, [("DX", 2)]),
        ({"SeriesNumber": "02"}, [("DX", 2)]),
        ({"Modality": "D*"}, [("DX", 2)]),
        ({"Modality": "dx"}, []),
        ({"SeriesDescription": "Li?er"}, [("US", None), ("DX", 2)]),
        ({"BodyPartExamined": "CHEST"}, [("DX", 2)]),
        ({"SeriesInstanceUID": "1.20"}, [("DX", 2)]),
        ({"SeriesInstanceUID": "1.2"}, []),
        ({"PatientID": "0001"}, [("US", None), ("DX", 2)]),
    ],
)
def test_series_match_by_their_own_and_their_studys_attributes(
    archive: Archive, keep: Callable[..., str], texts: dict[str, str], expected: list[tuple[str, int | None]]
) -> None:
    study = keep(Modality="US", SeriesNumber=None)
    keep(
        Modality="DX",
        SeriesNumber=2,
        SeriesInstanceUID="1.20",
        BodyPartExamined="CHEST",
        StudyInstanceUID=study,
    )
    listed = archive.search_series(query(**texts), visible_to=EVERYTHING)
    assert [(each.modality, each.series_number) for each in listed] == expected


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        ({"InstanceNumber": "2"}, [2]),
        ({"Rows": "16"}, [3]),
        ({"Columns": "8"}, [1, 2, 3]),
        ({"NumberOfFrames": "5"}, [2]),
        ({"SOPInstanceUID": "1.3"}, [3]),
        ({"SOPInstanceUID": "1.3\\1.2"}, [2, 3]),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1"}, [1, 2, 3]),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.6"}, []),
        ({"Modality": "US", "PatientID": "0001"}, [1, 2, 3]),
    ],
)
def test_instances_match_by_the_attributes_of_every_level(
    archive: Archive, keep: Callable[..., str], texts: dict[str, str], numbers: list[int]
) -> None:
    same = {"StudyInstanceUID": new_uid(), "SeriesInstanceUID": new_uid()}
    keep(**same, SOPInstanceUID="1.1", InstanceNumber=1)
    keep(**same, SOPInstanceUID="1.2", InstanceNumber=2, NumberOfFrames=5)
    keep(**same, SOPInstanceUID="1.3", InstanceNumber=3, Rows=16)
    listed = archive.search_instances(query(**texts), visible_to=EVERYTHING)
    assert [each.instance_number for each in listed] == numbers


@pytest.mark.parametrize(
    ("level", "keyword"),
    [
        *(("studies", keyword) for keyword in sorted(SERIES_KEYWORDS | INSTANCE_KEYWORDS)),
        *(("series", keyword) for keyword in sorted(INSTANCE_KEYWORDS)),
        *((level, "PixelData") for level in ("studies", "series", "instances")),
    ],
)
def test_what_a_level_does_not_have_cannot_be_asked_there(archive: Archive, level: str, keyword: str) -> None:
    search = getattr(archive, f"search_{level}")
    with pytest.raises(InvalidQuery, match=keyword):
        search(query(**{keyword: "1"}), visible_to=EVERYTHING)


@pytest.mark.parametrize(
    ("level", "keyword"),
    [
        *(("studies", keyword) for keyword in sorted(STUDY_KEYWORDS)),
        *(("series", keyword) for keyword in sorted(STUDY_KEYWORDS | SERIES_KEYWORDS)),
        *(("instances", keyword) for keyword in sorted(STUDY_KEYWORDS | SERIES_KEYWORDS | INSTANCE_KEYWORDS)),
    ],
)
def test_every_keyword_of_a_level_can_be_asked_there(archive: Archive, level: str, keyword: str) -> None:
    text = "20260101" if keyword in DATE_KEYWORDS else "10" if keyword in TIME_KEYWORDS else "1"
    assert getattr(archive, f"search_{level}")(query(**{keyword: text}), visible_to=EVERYTHING) == []


@pytest.mark.parametrize(
    ("days", "times", "together", "apart"),
    [
        ("20261120-20261122", "1000-1800", ["ab", "b"], ["ab"]),
        ("20261120-20261122", "2000-0900", ["b"], []),
        ("20261121-", "1200-", ["c", "d"], ["d"]),
        ("-20261121", "-1200", ["a", "ab", "b"], ["a", "ab", "b"]),
        ("20261120-20261122", "1000", ["ab"], ["ab"]),
        ("20261120", "0930-1000", ["a", "ab"], ["a", "ab"]),
        ("20261120-", "-1000", ["a", "ab", "b"], ["a", "ab", "b"]),
    ],
)
def test_a_range_of_dates_and_one_of_times_are_one_of_moments_where_asked(
    archive: Archive,
    keep: Callable[..., str],
    days: str,
    times: str,
    together: list[str],
    apart: list[str],
) -> None:
    """PS3.4 C.2.2.2.5: only ranges of one form; what has no time is on no edge."""
    moments = {
        "a": ("20261120", "093000"),
        "ab": ("20261120", "100000"),
        "b": ("20261121", "090000"),
        "c": ("20261122", ""),
        "d": ("20261122", "183000"),
    }
    for accession, (day, time) in moments.items():
        keep(AccessionNumber=accession, StudyDate=day, StudyTime=time)
    for combines, expected in ((True, together), (False, apart)):
        asked = {"StudyDate": parse_match("StudyDate", days), "StudyTime": parse_match("StudyTime", times)}
        combined = Query(conditions=asked, combines_date_and_time=combines)
        listed = archive.search_studies(combined, visible_to=EVERYTHING)
        assert sorted(each.accession_number for each in listed) == expected, combines


def request(procedure: str, step: str) -> Dataset:
    item = Dataset()
    item.RequestedProcedureID, item.ScheduledProcedureStepID = procedure, step
    return item


def test_a_series_is_found_by_what_it_was_made_for_in_one_item(
    archive: Archive, keep: Callable[..., str]
) -> None:
    """PS3.4 C.2.2.2.6."""
    keep(SeriesInstanceUID="1.1", RequestAttributesSequence=[request("P1", "S1"), request("P2", "")])
    keep(SeriesInstanceUID="1.2", RequestAttributesSequence=[request("P2", "S1")])
    keep(SeriesInstanceUID="1.3")
    procedure, step = f"{REQUESTS}.RequestedProcedureID", f"{REQUESTS}.ScheduledProcedureStepID"
    for asked, expected in (
        ({procedure: "P1"}, ["1.1"]),
        ({procedure: "P?"}, ["1.1", "1.2"]),
        ({procedure: "P2", step: "S1"}, ["1.2"]),
        ({procedure: "p1"}, []),
        ({procedure: "*"}, ["1.1", "1.2", "1.3"]),
    ):
        listed = archive.search_series(query(**asked), visible_to=EVERYTHING)
        assert sorted(each.series_instance_uid for each in listed) == expected, asked
        assert len(archive.search_instances(query(**asked), visible_to=EVERYTHING)) == len(expected)
    empty = Query(conditions={step: EmptyValue()})
    assert [each.series_instance_uid for each in archive.search_series(empty, visible_to=EVERYTHING)] == [
        "1.3"
    ]
    [first] = archive.search_series(query(SeriesInstanceUID="1.1"), visible_to=EVERYTHING)
    assert [vars(each) for each in first.requests] == [
        {"requested_procedure_id": "P1", "scheduled_procedure_step_id": "S1"},
        {"requested_procedure_id": "P2", "scheduled_procedure_step_id": ""},
    ]


def test_what_has_no_value_is_found_by_that(archive: Archive, keep: Callable[..., str]) -> None:
    """PS3.4 C.2.2.2.7."""
    bare = keep(
        PatientName="",
        PatientID="",
        StudyDate="",
        StudyTime="",
        Modality="",
        Rows=None,
        SeriesNumber=None,
        ReferringPhysicianName="",
    )
    keep(PerformedProcedureStepStartDate="20261120", PerformedProcedureStepStartTime="1000")
    for keyword in ("PatientName", "PatientID", "StudyDate", "StudyTime", "ModalitiesInStudy"):
        empty = Query(conditions={keyword: EmptyValue()}, is_fuzzy=True)
        assert [each.study_instance_uid for each in archive.search_studies(empty, visible_to=EVERYTHING)] == [
            bare
        ], keyword
    for keyword in ("Rows", "SeriesNumber", "PerformedProcedureStepStartDate", "ReferringPhysicianName"):
        empty = Query(conditions={keyword: EmptyValue()})
        found_instances = archive.search_instances(empty, visible_to=EVERYTHING)
        assert [each.study_instance_uid for each in found_instances] == [bare], keyword
    for keyword in ("StudyInstanceUID", "SOPClassUID"):
        assert (
            archive.search_instances(Query(conditions={keyword: EmptyValue()}), visible_to=EVERYTHING) == []
        )


def test_what_matches_is_counted_whatever_the_page(archive: Archive, keep: Callable[..., str]) -> None:
    study = keep(InstanceNumber=1, SeriesInstanceUID="1.1")
    keep(InstanceNumber=2, SeriesInstanceUID="1.1", StudyInstanceUID=study)
    keep(PatientID="2")
    for level, texts, count in (
        (Level.STUDY, {}, 2),
        (Level.SERIES, {}, 2),
        (Level.INSTANCE, {}, 3),
        (Level.INSTANCE, {"PatientID": "0001"}, 2),
        (Level.STUDY, {"PatientID": "3"}, 0),
    ):
        asked = query(limit=1, offset=1, **texts)
        assert archive.count(level, asked, visible_to=EVERYTHING, up_to=10) == count
        assert archive.count(level, asked, visible_to=EVERYTHING, up_to=1) == min(count, 1)
        assert archive.count(level, asked, visible_to=Scope(), up_to=10) == 0


def test_the_first_instance_leads_its_study_and_series(archive: Archive, keep: Callable[..., str]) -> None:
    study = keep(SeriesInstanceUID="1.1", SOPInstanceUID="1.1.2", InstanceNumber=2)
    keep(SeriesInstanceUID="1.1", SOPInstanceUID="1.1.1", InstanceNumber=1, StudyInstanceUID=study)
    keep(SeriesInstanceUID="1.2", SOPInstanceUID="1.2.1", StudyInstanceUID=study)
    of_study, of_series = ("township", study), [("township", study, uid) for uid in ("1.1", "1.2", "9.9")]
    leading = archive.leading_instances(Level.STUDY, [of_study], visible_to=EVERYTHING)
    assert {key: each.sop_instance_uid for key, each in leading.items()} == {of_study: "1.1.2"}
    leading = archive.leading_instances(Level.SERIES, of_series, visible_to=EVERYTHING)
    assert [each.sop_instance_uid for _, each in sorted(leading.items())] == ["1.1.2", "1.2.1"]
    assert archive.leading_instances(Level.STUDY, [of_study], visible_to=Scope()) == {}


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_pages_follow_each_other_without_gap_or_repetition(
    archive: Archive, keep: Callable[..., str], level: str
) -> None:
    for number in range(7):
        # Twins at two sites in one moment: nothing but the site orders them.
        same = {
            "StudyInstanceUID": f"1.{number}",
            "SeriesInstanceUID": "1.1",
            "SOPInstanceUID": f"1.{number}.1",
        }
        keep("township", **same)
        keep("station", **same)
    search = getattr(archive, f"search_{level}")
    whole = search(query(), visible_to=EVERYTHING)
    assert len(whole) == 14
    pages = [search(query(limit=4, offset=offset), visible_to=EVERYTHING) for offset in range(0, 17, 4)]
    assert [len(page) for page in pages] == [4, 4, 4, 2, 0]
    assert [each for page in pages for each in page] == whole
    assert search(query(limit=0), visible_to=EVERYTHING) == []


def test_the_newest_arrival_comes_first(archive: Archive, keep: Callable[..., str]) -> None:
    studies = [keep() for _ in range(4)]
    keep(StudyInstanceUID=studies[0])
    listed = archive.search_studies(query(), visible_to=EVERYTHING)
    assert [each.study_instance_uid for each in listed] == studies[::-1]


def test_the_instances_of_a_study_series_or_the_one_instance(
    archive: Archive, keep: Callable[..., str]
) -> None:
    study = keep(SeriesInstanceUID="1.2", SeriesNumber=2, SOPInstanceUID="1.2.2", InstanceNumber=2)
    keep(
        StudyInstanceUID=study,
        SeriesInstanceUID="1.2",
        SeriesNumber=2,
        SOPInstanceUID="1.2.1",
        InstanceNumber=1,
    )
    keep(
        StudyInstanceUID=study,
        SeriesInstanceUID="1.1",
        SeriesNumber=1,
        SOPInstanceUID="1.1.1",
        InstanceNumber=9,
    )
    keep()

    def uids(*parts: str) -> list[str]:
        return [each.sop_instance_uid for each in archive.instances_of(*parts, visible_to=EVERYTHING)]

    assert uids(study) == ["1.1.1", "1.2.1", "1.2.2"]
    assert uids(study, "1.2") == ["1.2.1", "1.2.2"]
    assert uids(study, "1.2", "1.2.2") == ["1.2.2"]
    for parts in [
        ("1.9",),
        (study, "1.9"),
        (study, "1.1", "1.2.2"),
        (study, "1.2", "1.9"),
        ("",),
        ("*",),
        ("%",),
    ]:
        with pytest.raises(NotFound):
            uids(*parts)


def test_more_instances_than_a_page_are_all_of_the_study(archive: Archive, keep: Callable[..., str]) -> None:
    study = new_uid()
    for number in range(30):
        keep(StudyInstanceUID=study, SeriesInstanceUID="1.2", InstanceNumber=30 - number)
    listed = archive.instances_of(study, visible_to=EVERYTHING)
    assert [each.instance_number for each in listed] == list(range(1, 31))
