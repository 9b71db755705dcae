"""What scope means below DICOMweb beyond who may enter, which the access matrix asks."""

from typing import Any

import pytest

from core.access import EVERY_SITE, Act, Grant, Role, Route, Scope
from core.errors import StorageUnavailable
from database.audit import AuditEvent, audit_of_study
from tests.fixtures.consultation import GROUP, QINGSHAN, XINGLONG, at_site, reader
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import STOW_TYPE, multipart, part10, small

STUDY, SERIES, INSTANCE = "1.2.840.1", "1.2.840.1.5", "1.2.840.1.5.1"
BELOW = f"/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}"
SEARCHES = [
    "/studies",
    "/series",
    "/instances",
    f"/studies/{STUDY}/series",
    f"/studies/{STUDY}/instances",
    f"/studies/{STUDY}/series/{SERIES}/instances",
]
RETRIEVALS = [
    f"/studies/{STUDY}",
    f"/studies/{STUDY}/metadata",
    f"/studies/{STUDY}/series/{SERIES}",
    f"/studies/{STUDY}/series/{SERIES}/metadata",
    BELOW,
    f"{BELOW}/metadata",
    f"{BELOW}/frames/1",
    f"{BELOW}/frames/1/rendered",
    f"{BELOW}/rendered",
    f"/studies/{STUDY}/bulkdata",
    f"{BELOW}/bulkdata",
    f"{BELOW}/bulkdata/7FE00010",
]
SENT = part10(small(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=INSTANCE))


@pytest.fixture
def filled(edge: Edge) -> Edge:
    """One instance at one clinic."""
    edge.consultation.send(STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=INSTANCE)
    return edge


def get(edge: Edge, username: str | None, path: str) -> Any:
    return edge.client(username).get(f"/dicom-web{path}")


@pytest.mark.parametrize(
    ("username", "site_id", "status"),
    [
        ("technician", XINGLONG, 200),
        ("technician", QINGSHAN, 404),
        ("traveller", QINGSHAN, 200),
        ("clinic", XINGLONG, 403),
        ("reader", XINGLONG, 403),
        ("auditor", XINGLONG, 403),
        ("admin", QINGSHAN, 200),
        ("admin", "no-such-site", 404),
    ],
)
def test_an_instance_is_stored_for_the_site_of_the_root(
    edge: Edge, username: str, site_id: str, status: int
) -> None:
    answer = edge.client(username).post(
        f"/dicom-web/sites/{site_id}/studies",
        content=multipart(SENT),
        headers={"Content-Type": STOW_TYPE},
    )
    assert answer.status_code == status
    if status == 200:
        (found,) = edge.rooms.archive.instances_of(STUDY, visible_to=Scope(everything=True))
        assert found.site_id == site_id


@pytest.mark.parametrize(
    ("username", "sites"), [("traveller", [QINGSHAN, XINGLONG]), ("admin", [QINGSHAN, "self-test", XINGLONG])]
)
def test_who_stores_for_several_sites_has_to_say_for_which(
    edge: Edge, username: str, sites: list[str]
) -> None:
    answer = edge.client(username).post(
        "/dicom-web/studies",
        content=multipart(SENT),
        headers={"Content-Type": STOW_TYPE},
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/several-sites")
    assert answer.json()["sites"] == sites
    assert get(edge, "admin", "/studies").json() == []


def test_a_disabled_site_takes_nothing_more_but_keeps_what_it_has(filled: Edge) -> None:
    filled.rooms.directory.disable_site(XINGLONG)
    for path in ("/dicom-web/studies", f"/dicom-web/sites/{XINGLONG}/studies"):
        answer = filled.client("technician").post(
            path, content=multipart(SENT), headers={"Content-Type": STOW_TYPE}
        )
        assert answer.status_code in {403, 404}
    assert get(filled, "technician", BELOW).status_code == 200


@pytest.mark.parametrize("path", RETRIEVALS)
def test_a_uid_held_by_two_clinics_is_had_from_one_or_the_other(filled: Edge, path: str) -> None:
    filled.consultation.send(
        STUDY, site_id=QINGSHAN, SeriesInstanceUID=SERIES, SOPInstanceUID=INSTANCE, PatientID="another"
    )
    answer = get(filled, "reader", path)
    assert (answer.status_code, answer.json()["sites"]) == (409, [QINGSHAN, XINGLONG])
    for site_id in (QINGSHAN, XINGLONG):
        assert get(filled, "reader", f"/sites/{site_id}{path}").status_code == 200
    assert get(filled, "technician", path).status_code == 200
    assert get(filled, "neighbour", path).status_code == 200


def test_a_group_that_reads_one_modality_sees_no_other(filled: Edge) -> None:
    filled.consultation.send("1.2.840.2", Modality="ECG")
    filled.rooms.directory.add_reading_group("ecg-centre", "心电中心")
    filled.rooms.directory.add_route(Route(reading_group_id="ecg-centre", site_id=XINGLONG, modality="ECG"))
    grant = Grant(role=Role.READER, reading_group_id="ecg-centre")
    filled.rooms.accounts.add("cardiologist", "王医师", [grant], password="a password for tests")
    filled.tokens = filled.tokens | {"cardiologist": filled.rooms.accounts.add_token("cardiologist", "test")}
    for root in ("", f"/sites/{XINGLONG}"):
        found = get(filled, "cardiologist", f"{root}/studies").json()
        assert [study["0020000D"]["Value"] for study in found] == [["1.2.840.2"]]
        assert get(filled, "cardiologist", f"{root}/studies/{STUDY}").status_code == 404
        assert get(filled, "cardiologist", f"{root}/studies/1.2.840.2").status_code == 200
    assert get(filled, "cardiologist", f"/sites/{QINGSHAN}/studies").status_code == 404


def accesses(edge: Edge, site_id: str = XINGLONG) -> list[tuple[str, str]]:
    with edge.rooms.database.read(within=EVERY_SITE) as connection:
        records = audit_of_study(connection, site_id, STUDY)
    return [
        (record.actor, record.granted_by)
        for record in records
        if record.event is AuditEvent.INSTANCES_ACCESSED
    ]


def test_a_look_at_a_study_is_recorded_once_with_the_grant_that_allowed_it(filled: Edge) -> None:
    for path in RETRIEVALS:
        get(filled, "reader", path)
    assert accesses(filled) == [("reader", f"reader in {GROUP}")]
    get(filled, "technician", BELOW)
    get(filled, "admin", BELOW)
    assert accesses(filled)[1:] == [("technician", f"technician at {XINGLONG}"), ("admin", "admin")]
    filled.consultation.clock.advance(minutes=9)
    get(filled, "reader", BELOW)
    assert len(accesses(filled)) == 3
    filled.consultation.clock.advance(minutes=2)
    get(filled, "reader", BELOW)
    assert accesses(filled)[3:] == [("reader", f"reader in {GROUP}")]


def test_what_was_not_given_is_not_recorded_as_given(filled: Edge) -> None:
    get(filled, "neighbour", BELOW)
    get(filled, "auditor", BELOW)
    for path in SEARCHES:
        get(filled, "reader", path)
    assert accesses(filled) == []


def test_nothing_is_given_that_cannot_be_recorded(filled: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise StorageUnavailable

    monkeypatch.setattr("viewer_api.access_log.append_once", fails)
    answer = get(filled, "reader", BELOW)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_no_grant_is_named_where_none_allows_it(edge: Edge) -> None:
    assert at_site("technician").granted_by(Act.SEARCH, QINGSHAN) == ""
    assert at_site("auditor").granted_by(Act.SEARCH, XINGLONG) == ""
    assert reader("a", (QINGSHAN, None)).granted_by(Act.SEARCH, XINGLONG) == ""
