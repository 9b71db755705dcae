"""Searching within a scope: what lies outside does not exist, at no level and by no condition."""

from collections.abc import Callable

import pytest

from core.access import Scope
from core.errors import NotFound
from storage.archive import Archive
from tests.fixtures.searching import EVERYTHING, found, query

SCOPES: list[tuple[Scope, set[str]]] = [
    (EVERYTHING, {"town-us", "town-dx", "town-mixed", "stat-us", "stat-ecg"}),
    (Scope(), set()),
    (Scope(site_ids=frozenset({"township"})), {"town-us", "town-dx", "town-mixed"}),
    (Scope(site_ids=frozenset({"station"})), {"stat-us", "stat-ecg"}),
    (
        Scope(site_ids=frozenset({"township", "station"})),
        {"town-us", "town-dx", "town-mixed", "stat-us", "stat-ecg"},
    ),
    (Scope(site_ids=frozenset({"elsewhere"})), set()),
    (Scope(site_ids=frozenset({""})), set()),
    (Scope(site_modalities=frozenset({("township", "US")})), {"town-us", "town-mixed"}),
    (Scope(site_modalities=frozenset({("township", "DX")})), {"town-dx", "town-mixed"}),
    (Scope(site_modalities=frozenset({("township", "us")})), set()),
    (Scope(site_modalities=frozenset({("township", "")})), set()),
    (
        Scope(site_modalities=frozenset({("township", "US"), ("station", "ECG")})),
        {"town-us", "town-mixed", "stat-ecg"},
    ),
    (
        Scope(site_modalities=frozenset({("township", "DX"), ("station", "US")})),
        {"town-dx", "town-mixed", "stat-us"},
    ),
    (
        Scope(site_ids=frozenset({"station"}), site_modalities=frozenset({("township", "DX")})),
        {"stat-us", "stat-ecg", "town-dx", "town-mixed"},
    ),
]


@pytest.fixture
def consortium(keep: Callable[..., str]) -> dict[str, str]:
    """Two sites' studies by name; both hold one under the same three UIDs."""
    same = {"StudyInstanceUID": "1.5", "SeriesInstanceUID": "1.5.1", "SOPInstanceUID": "1.5.1.1"}
    made = {
        "town-us": keep("township", Modality="US", StudyID="town-us", **same),
        "town-dx": keep("township", Modality="DX", StudyID="town-dx"),
        "town-mixed": keep("township", Modality="US", StudyID="town-mixed"),
        "stat-us": keep("station", Modality="US", StudyID="stat-us", **same),
        "stat-ecg": keep("station", Modality="ECG", StudyID="stat-ecg"),
    }
    keep("township", Modality="DX", StudyInstanceUID=made["town-mixed"], StudyID="town-mixed")
    return made


def test_nothing_outside_the_scope_exists_at_any_level(
    archive: Archive, consortium: dict[str, str], subtests: pytest.Subtests
) -> None:
    for scope, names in SCOPES:
        with subtests.test(str(scope)):
            _holds_only(archive, consortium, scope, names)


def _holds_only(archive: Archive, consortium: dict[str, str], scope: Scope, names: set[str]) -> None:
    seen = archive.search_studies(query(), visible_to=scope)
    assert {each.study_id for each in seen} == names
    assert len(seen) == len(names)
    places = {(each.site_id, each.study_instance_uid) for each in seen}
    for search in (archive.search_series, archive.search_instances):
        listed = search(query(), visible_to=scope)  # type: ignore[operator] # two signatures of one shape
        assert {(each.site_id, each.study_instance_uid) for each in listed} == places
        assert len(listed) == sum(2 if name == "town-mixed" else 1 for name in names)
    for name, uid in consortium.items():
        site_id = "township" if name.startswith("town") else "station"
        if (site_id, uid) in places:
            assert archive.instances_of(uid, visible_to=scope.within(site_id))
        else:
            with pytest.raises(NotFound):
                archive.instances_of(uid, visible_to=scope.within(site_id))


def test_a_modality_of_the_same_study_at_another_site_opens_nothing_here(
    archive: Archive, consortium: dict[str, str], keep: Callable[..., str]
) -> None:
    keep("station", Modality="CT", StudyInstanceUID="1.5")
    assert found(archive, Scope(site_modalities=frozenset({("township", "CT")}))) == set()
    assert found(archive, Scope(site_modalities=frozenset({("station", "CT")}))) == {"1.5"}


def test_no_condition_widens_the_scope(
    archive: Archive, consortium: dict[str, str], subtests: pytest.Subtests
) -> None:
    for scope, names in SCOPES:
        with subtests.test(str(scope)):
            _shows_only(archive, consortium, scope, names)


def _shows_only(archive: Archive, consortium: dict[str, str], scope: Scope, names: set[str]) -> None:
    for name, uid in consortium.items():
        for texts in (
            {"StudyID": name},
            {"StudyInstanceUID": uid, "StudyID": name},
            {"PatientName": "*", "StudyID": name},
        ):
            listed = archive.search_studies(query(**texts), visible_to=scope)
            assert [each.study_id for each in listed] == ([name] if name in names else [])


def test_counts_and_modalities_are_those_of_the_study_at_its_site(
    archive: Archive, consortium: dict[str, str], keep: Callable[..., str]
) -> None:
    keep("station", Modality="SR", StudyInstanceUID="1.5")
    listed = {
        each.study_id: each
        for each in archive.search_studies(query(StudyInstanceUID="1.5"), visible_to=EVERYTHING)
    }
    assert listed["town-us"].modalities_in_study == ("US",)
    assert listed["town-us"].number_of_study_related_instances == 1
    assert listed["stat-us"].modalities_in_study == ("SR", "US")
    assert listed["stat-us"].number_of_study_related_instances == 2
    series = archive.search_series(query(SeriesInstanceUID="1.5.1"), visible_to=EVERYTHING)
    assert [each.number_of_series_related_instances for each in series] == [1, 1]


def test_a_scope_of_a_whole_province_can_be_searched(archive: Archive, keep: Callable[..., str]) -> None:
    study = keep("site-7", Modality="US")
    keep("site-8", Modality="CT")
    modalities = ("US", "DX", "CR", "ECG", "SR")
    pairs = frozenset((f"site-{number}", modality) for number in range(900) for modality in modalities)
    assert found(archive, Scope(site_modalities=pairs)) == {study}
    assert found(archive, Scope(site_ids=frozenset(f"site-{number}" for number in range(900)))) > {study}
