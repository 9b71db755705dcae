"""Who may do what, and where: every route of DICOMweb, every role, both clinics."""

from typing import Any

import pytest

from core.access import Act, Grant, Role, Route, Scope
from core.errors import StorageUnavailable
from database.audit import AuditEvent, audit_of_study
from tests.fixtures.consultation import GROUP, QINGSHAN, XINGLONG, at_site, reader
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import STOW_TYPE, multipart, part10, small
from viewer_api.access_log import granted_by

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
    f"{BELOW}/bulkdata/7FE00010",
]
STORES = ["/studies", f"/studies/{STUDY}"]
SENT = part10(small(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=INSTANCE))


@pytest.fixture
def filled(edge: Edge) -> Edge:
    """One instance at one clinic."""
    edge.consultation.send(STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=INSTANCE)
    return edge


def get(edge: Edge, username: str | None, path: str) -> Any:
    return edge.client(username).get(f"/dicom-web{path}")


@pytest.mark.parametrize("path", [*SEARCHES, *RETRIEVALS])
def test_reading_needs_a_role_that_may_see_and_a_place_where_it_may(filled: Edge, path: str) -> None:
    searching = path in SEARCHES
    expected = {
        None: 401,
        "nobody": 403,
        "auditor": 403,
        "technician": 200,
        "clinic": 200,
        "reader": 200,
        "admin": 200,
        "neighbour": 200 if searching else 404,
    }
    statuses = {username: get(filled, username, path).status_code for username in expected}
    assert statuses == expected
    if searching:
        assert len(get(filled, "technician", path).json()) == 1
        assert get(filled, "neighbour", path).json() == []


@pytest.mark.parametrize("path", ["/studies", BELOW])
def test_a_sites_root_is_there_only_for_those_who_belong_to_it(filled: Edge, path: str) -> None:
    statuses = {
        (username, site_id): get(filled, username, f"/sites/{site_id}{path}").status_code
        for username in (None, "nobody", "auditor", "technician", "neighbour", "reader", "admin")
        for site_id in (XINGLONG, QINGSHAN, "no-such-site")
    }
    there = 200 if path == "/studies" else 404
    assert statuses == {
        (None, XINGLONG): 401,
        (None, QINGSHAN): 401,
        (None, "no-such-site"): 401,
        ("nobody", XINGLONG): 404,
        ("nobody", QINGSHAN): 404,
        ("nobody", "no-such-site"): 404,
        ("auditor", XINGLONG): 403,
        ("auditor", QINGSHAN): 404,
        ("auditor", "no-such-site"): 404,
        ("technician", XINGLONG): 200,
        ("technician", QINGSHAN): 404,
        ("technician", "no-such-site"): 404,
        ("neighbour", XINGLONG): 404,
        ("neighbour", QINGSHAN): there,
        ("neighbour", "no-such-site"): 404,
        ("reader", XINGLONG): 200,
        ("reader", QINGSHAN): there,
        ("reader", "no-such-site"): 404,
        ("admin", XINGLONG): 200,
        ("admin", QINGSHAN): there,
        ("admin", "no-such-site"): 404,
    }


def test_what_one_may_not_see_looks_like_what_is_not_there(filled: Edge) -> None:
    hidden = get(filled, "neighbour", f"/studies/{STUDY}")
    absent = get(filled, "neighbour", "/studies/9.9.9")
    foreign = get(filled, "neighbour", f"/sites/{XINGLONG}/studies/{STUDY}")
    missing = get(filled, "neighbour", f"/sites/no-such-site/studies/{STUDY}")
    assert hidden.content == absent.content == foreign.content == missing.content


@pytest.mark.parametrize("path", STORES)
@pytest.mark.parametrize(
    ("username", "status"),
    [
        (None, 401),
        ("nobody", 403),
        ("auditor", 403),
        ("clinic", 403),
        ("reader", 403),
        ("technician", 200),
        ("neighbour", 200),
    ],
)
def test_storing_needs_a_role_that_brings_instances(
    edge: Edge, username: str | None, path: str, status: int
) -> None:
    body = multipart(SENT)
    answer = edge.client(username).post(
        f"/dicom-web{path}", content=body, headers={"Content-Type": STOW_TYPE}
    )
    assert answer.status_code == status, answer.text
    assert len(get(edge, "admin", "/instances").json()) == (status == 200)


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
    with edge.rooms.database.read() as connection:
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

    monkeypatch.setattr("viewer_api.access_log.append_audit", fails)
    answer = get(filled, "reader", BELOW)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_no_grant_is_named_where_none_allows_it(edge: Edge) -> None:
    assert granted_by(at_site("technician"), Act.SEARCH, QINGSHAN) == ""
    assert granted_by(at_site("auditor"), Act.SEARCH, XINGLONG) == ""
    assert granted_by(reader("a", (QINGSHAN, None)), Act.SEARCH, XINGLONG) == ""
