"""The reading list over HTTP: who sees what in which order, and one winner however many claim at once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx2
import pytest

from core.access import Grant, Role
from core.origin import Origin, OriginKind
from core.uids import new_uid
from tests.fixtures.app_client import AppClient
from tests.fixtures.consultation import GROUP, QINGSHAN, XINGLONG
from tests.fixtures.instances import DIGITAL_XRAY, TWELVE_LEAD_ECG
from tests.fixtures.reading_over_http import Reading
from tests.viewer_api.conftest import LOOPBACK
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings
from worklist.case import Case
from worklist.urgency import Urgency

ECG = {"Modality": "ECG", "SOPClassUID": TWELVE_LEAD_ECG}
DX = {"Modality": "DX", "SOPClassUID": DIGITAL_XRAY}
RACERS = 50


def _items(reading: Reading, username: str, **query: Any) -> list[dict[str, Any]]:
    answer = reading.as_(username).get("/api/v1/worklist", params=query)
    assert answer.status_code == HTTPStatus.OK, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _study_of(case: Case) -> dict[str, Any]:
    return {
        "study_instance_uid": case.study_instance_uid,
        "modality": "US",
        "study_date": "2026-11-20",
        "accession_number": "A-1001",
        "study_description": "Abdomen",
        "number_of_instances": 1,
        "first_received_at": "2026-11-20T08:30:00Z",
        "last_received_at": "2026-11-20T08:30:00Z",
        "patient_key": case.studies[0].patient_key,
        "patient_differences": [],
        "has_patient_conflict": False,
        "path": f"/dicom-web/sites/{XINGLONG}/studies/{case.study_instance_uid}",
    }


def _links_of(case: Case) -> dict[str, str]:
    path, turn = f"/api/v1/cases/{case.case_id}", f"/api/v1/workitems/{case.workitem.workitem_uid}"
    return {
        "self": path,
        "study": f"/dicom-web/sites/{XINGLONG}/studies/{case.study_instance_uid}",
        "draft": f"{path}/draft",
        "sign": f"{path}/sign",
        "reports": f"{path}/reports",
        "timeline": f"{path}/timeline",
        "priors": f"{path}/priors",
        "link": f"{path}/link",
        "unlink": f"{path}/unlink",
        "claim": f"{turn}/claim",
        "heartbeat": f"{turn}/heartbeat",
        "release": f"{turn}/release",
        "take_over": f"{turn}/take-over",
        "turns": f"{path}/turns",
        "retake": f"{path}/retake",
    }


def test_a_line_says_all_there_is_to_know_of_a_case(reading: Reading) -> None:
    case = reading.rooms.ready()
    [line] = _items(reading, "reader")
    assert line == {
        "case_id": case.case_id,
        "site_id": XINGLONG,
        "study_instance_uid": case.study_instance_uid,
        "modality": "US",
        "urgency": "routine",
        "patient_name": "Zhang^San=张^三",
        "patient_id": "0001",
        "patient_birth_date": "1970-01-02",
        "patient_sex": "M",
        "identity_to_be_confirmed": False,
        "study_date": "2026-11-20",
        "accession_number": "A-1001",
        "study_description": "Abdomen",
        "clinical_question": "",
        "history": "",
        "first_received_at": "2026-11-20T08:30:00Z",
        "last_received_at": "2026-11-20T08:30:00Z",
        "number_of_instances": 1,
        "late_instances": 0,
        "clock_skew_seconds": 0,
        "instances_since_claim": 0,
        "linked_into": None,
        "studies": [_study_of(case)],
        "due_at": "2026-11-20T09:00:00Z",
        "seconds_left": 29 * 60,
        "is_arriving": False,
        "waits_for": None,
        "waits_until": None,
        "instances_seen": None,
        "open_retake": None,
        "workitem": {
            "workitem_uid": case.workitem.workitem_uid,
            "procedure_step_state": "SCHEDULED",
            "input_readiness_state": "READY",
            "claimed_by_name": None,
            "claimed_by_me": False,
            "lease_expires_at": None,
        },
        "links": _links_of(case),
    } | {"text_finding": "", "clock_skew_seconds": 0}
    alone = line | {"instances_seen": reading.rooms.seen(case)}
    assert reading.as_("reader").get(line["links"]["self"]).json() == alone
    found = reading.as_("reader").get(
        f"/api/v1/studies/{case.study_instance_uid}/case", params={"site_id": XINGLONG}
    )
    assert found.json() == alone


def test_the_list_begins_with_emergencies_and_then_with_whose_time_runs_out(reading: Reading) -> None:
    radiograph = reading.rooms.arrive(**DX)
    emergency_study = new_uid()
    reading.as_("clinic").post(
        "/api/v1/requests",
        json={"site_id": XINGLONG, "study_instance_uid": emergency_study, "urgency": "emergency"},
    )
    ultrasound = reading.rooms.arrive()
    reading.rooms.clock.advance(minutes=20)
    emergency = reading.rooms.arrive(emergency_study, **DX)
    listed = [line["case_id"] for line in _items(reading, "reader")]
    assert listed == [emergency.case_id, ultrasound.case_id, radiograph.case_id]


def test_each_filter_leaves_out_what_it_says(reading: Reading) -> None:
    ultrasound = reading.rooms.ready()
    ecg = reading.rooms.ready(site_id=QINGSHAN, **ECG)
    claimed = reading.claimed(**DX)
    arriving = reading.rooms.arrive(**DX)
    every = {ultrasound.case_id, ecg.case_id, claimed.case_id, arriving.case_id}
    for query, expected in (
        ({}, every),
        ({"state": "IN PROGRESS"}, {claimed.case_id}),
        ({"state": "COMPLETED"}, set()),
        ({"modality": "ECG"}, {ecg.case_id}),
        ({"modality": "DX", "state": "SCHEDULED"}, {arriving.case_id}),
        ({"site_id": QINGSHAN}, {ecg.case_id}),
        ({"urgency": "emergency"}, set()),
        ({"urgency": "routine"}, every),
        ({"mine": "true"}, {claimed.case_id}),
        ({"overdue": "true"}, set()),
        ({"open": "false"}, every),
        ({"limit": 2, "offset": 3}, {arriving.case_id}),
    ):
        assert {line["case_id"] for line in _items(reading, "reader", **query)} == expected, query
    assert _items(reading, "colleague", mine="true") == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001},
        {"offset": -1},
        {"offset": 2**31},
        {"state": "in progress"},
        {"urgency": "soon"},
        {"mine": "perhaps"},
        {"modality": "U\0S"},
        {"site_id": "x" * 33},
    ],
)
def test_a_filter_that_cannot_be_meant_is_a_problem_of_the_request(
    reading: Reading, query: dict[str, Any]
) -> None:
    answer = reading.as_("reader").get("/api/v1/worklist", params=query)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_arriving_case_says_so_and_cannot_be_claimed(reading: Reading) -> None:
    case = reading.rooms.arrive()
    [line] = _items(reading, "reader")
    assert line["is_arriving"]
    assert (line["waits_for"], line["waits_until"]) == ("instances", None)
    assert line["workitem"]["input_readiness_state"] == "INCOMPLETE"
    answer = reading.as_("reader").post(line["links"]["claim"])
    assert answer.status_code == HTTPStatus.CONFLICT
    assert answer.json()["detail"] == "The study is still arriving."
    assert reading.rooms.again(case).workitem.claimed_by is None


def test_time_runs_below_zero_when_late_and_stops_once_reported(reading: Reading) -> None:
    case = reading.rooms.ready()
    reading.rooms.clock.advance(minutes=30)
    assert _items(reading, "reader")[0]["seconds_left"] == -60
    claimed = reading.claim("reader", case)
    reading.save("reader", claimed, 0)
    reading.sign("reader", claimed, 1)
    assert _items(reading, "reader") == [], "what is reported is no open work"
    [line] = _items(reading, "reader", open="false")
    assert line["seconds_left"] is None
    assert line["workitem"]["procedure_step_state"] == "COMPLETED"


def test_a_claim_tells_how_to_keep_it_and_a_heartbeat_does(reading: Reading) -> None:
    case = reading.rooms.ready()
    [line] = _items(reading, "reader")
    claimed = reading.as_("reader").post(line["links"]["claim"]).json()
    assert claimed["heartbeat_every_seconds"] == 20
    assert claimed["lease_expires_at"] == "2026-11-20T08:33:00Z"
    assert claimed["workitem"] == {
        "workitem_uid": case.workitem.workitem_uid,
        "procedure_step_state": "IN PROGRESS",
        "input_readiness_state": "READY",
        "claimed_by_name": "reader 医师",
        "claimed_by_me": True,
        "lease_expires_at": "2026-11-20T08:33:00Z",
    }
    assert not _items(reading, "colleague")[0]["workitem"]["claimed_by_me"]
    reading.rooms.clock.advance(seconds=20)
    kept = reading.as_("reader").post(claimed["links"]["heartbeat"]).json()
    assert kept["lease_expires_at"] == "2026-11-20T08:33:20Z"


def test_a_colleague_who_claims_is_told_who_has_the_case(reading: Reading) -> None:
    case = reading.claimed("reader")
    path = f"/api/v1/workitems/{case.workitem.workitem_uid}"
    for act, words in (
        ("claim", "reader 医师 is reading this case."),
        ("heartbeat", "You do not hold this case (any more); look at it again."),
        ("release", "You do not hold this case (any more); look at it again."),
    ):
        answer = reading.as_("colleague").post(f"{path}/{act}")
        assert answer.status_code == HTTPStatus.CONFLICT
        assert answer.json()["type"] == "/problems/workitem-state-conflict"
        assert answer.json()["detail"] == words


def test_a_released_case_is_there_for_the_next_with_a_turn_of_its_own(reading: Reading) -> None:
    case = reading.claimed("reader")
    first = f"/api/v1/workitems/{case.workitem.workitem_uid}"
    released = reading.as_("reader").post(f"{first}/release").json()
    assert released["workitem"]["procedure_step_state"] == "SCHEDULED"
    assert released["workitem"]["workitem_uid"] != case.workitem.workitem_uid
    assert released["due_at"] == "2026-11-20T09:00:00Z"
    assert reading.as_("reader").post(f"{first}/claim").status_code == HTTPStatus.CONFLICT
    assert reading.as_("colleague").post(released["links"]["claim"]).status_code == HTTPStatus.OK


def test_a_claim_that_lapsed_passes_to_the_next_and_the_sleeper_is_told(reading: Reading) -> None:
    case = reading.claimed("reader")
    reading.rooms.clock.advance(minutes=2)
    reading.rooms.timers.run()
    taken = reading.claim("colleague", reading.rooms.again(case))
    assert taken.workitem.claimed_by_name == "colleague 医师"
    late = reading.as_("reader").post(f"/api/v1/workitems/{case.workitem.workitem_uid}/heartbeat")
    assert late.status_code == HTTPStatus.CONFLICT


def test_the_timeline_tells_a_case_in_order_and_in_pages(reading: Reading) -> None:
    case = reading.claimed("reader")
    reading.as_("reader").post(f"/api/v1/workitems/{case.workitem.workitem_uid}/release")
    path = f"/api/v1/cases/{case.case_id}/timeline"
    told = reading.as_("auditor").get(path).json()
    assert [each["kind"] for each in told["items"]] == [
        "instance.stored",
        "case.opened",
        "workitem.ready",
        "workitem.claimed",
        "workitem.released",
        "workitem.created",
        "study.looked-at",
    ]
    assert told["total"] == 7
    look = told["items"][-1]
    assert (look["sequence"], look["actor"]) == (None, "auditor")
    assert look["body"] == {"granted_by": f"auditor at {XINGLONG}", "what": "timeline"}
    assert all(each["words"].endswith(".") for each in told["items"])
    assert [each["actor"] for each in told["items"]][3:5] == ["reader", "reader"]
    page = reading.as_("auditor").get(path, params={"limit": 2, "offset": 3}).json()
    assert page == {"items": told["items"][3:5], "total": 7}


def test_who_acted_is_named_as_people_are_called_and_devices_of_the_own_site(reading: Reading) -> None:
    named = {"calling_ae_title": "US1", "called_ae_title": "HUB", "network": "10.3.0.0/24"}
    own, foreign = (
        reading.edge.rooms.directory.add_device(
            site_id=site, name=f"彩超 {site}", **named | {"network": network}
        )
        for site, network in ((XINGLONG, "10.3.0.0/24"), (QINGSHAN, "10.4.0.0/24"))
    )
    study = new_uid()
    for device_id in (own.device_id, foreign.device_id, "unknown"):
        origin = Origin(kind=OriginKind.DEVICE, site_id=XINGLONG, source=device_id)
        reading.rooms.send(study, origin=origin)
    case = reading.claim("reader", reading.rooms.ready(study_instance_uid=study))
    expected = {
        f"device:{own.device_id}": f"彩超 {XINGLONG}",
        f"device:{foreign.device_id}": "",
        "device:unknown": "",
        "reader": "reader 医师",
        "auditor": "auditor 医师",
    }
    auditor = reading.as_("auditor")
    for path in (f"/api/v1/cases/{case.case_id}/timeline", f"/api/v1/audit?study_instance_uid={study}"):
        items = auditor.get(path).json()["items"]
        shown = {each["actor"]: each["actor_name"] for each in items}
        assert expected.items() <= shown.items(), path


def test_two_sites_may_hold_one_study_and_each_is_a_case_of_its_own(reading: Reading) -> None:
    study = new_uid()
    cases = {site: reading.rooms.arrive(study, site_id=site) for site in (XINGLONG, QINGSHAN)}
    for site, case in cases.items():
        found = reading.as_("reader").get(f"/api/v1/studies/{study}/case", params={"site_id": site})
        assert found.json()["case_id"] == case.case_id
    path = f"/api/v1/studies/{study}/case"
    assert reading.as_("reader").get(path).status_code == HTTPStatus.BAD_REQUEST
    assert reading.as_("clinic").get(path, params={"site_id": QINGSHAN}).status_code == HTTPStatus.NOT_FOUND


@pytest.fixture
def nobody_is_asked(reading: Reading) -> AppClient:
    """A reader's client of an edge without rooms: asking one is a bug, and answered 500."""
    rooms = replace(reading.edge.rooms, reading_list=None, desk=None, inbox=None)
    return AppClient(
        create_app(rooms, HttpSettings()), client=LOOPBACK, headers=reading.edge.headers("reader")
    )


@pytest.mark.parametrize("key", ["x", "%00", "0" * 25, "0" * 27, "0" * 25 + "U", "..%2F..", "０" * 26])
def test_what_can_be_no_key_of_ours_is_not_found(nobody_is_asked: AppClient, key: str) -> None:
    for path in (f"/api/v1/cases/{key}", f"/api/v1/cases/{key}/draft", f"/api/v1/reports/{key}"):
        assert nobody_is_asked.get(path).status_code == HTTPStatus.NOT_FOUND
    assert nobody_is_asked.get(f"/api/v1/cases/{'0' * 26}").status_code == HTTPStatus.INTERNAL_SERVER_ERROR


@pytest.mark.parametrize("uid", ["x", "%00", "1" * 65, "1.2.3%20", "１.２"])
def test_what_can_be_no_uid_is_not_found(nobody_is_asked: AppClient, uid: str) -> None:
    path = f"/api/v1/studies/{uid}/case"
    assert nobody_is_asked.get(path, params={"site_id": XINGLONG}).status_code == HTTPStatus.NOT_FOUND
    path = f"/api/v1/workitems/{uid}/claim"
    assert nobody_is_asked.post(path).status_code == HTTPStatus.NOT_FOUND


def test_of_fifty_who_claim_at_once_one_has_the_case_and_the_others_hear_who(
    reading: Reading, address: str
) -> None:
    case = reading.rooms.ready()
    names = {f"racer-{number}": f"第{number}医师" for number in range(RACERS)}
    for username, display_name in names.items():
        reading.person(username, Grant(role=Role.READER, reading_group_id=GROUP), display_name=display_name)
    path = f"/api/v1/workitems/{case.workitem.workitem_uid}/claim"
    with httpx2.Client(base_url=address, timeout=60, trust_env=False) as client:
        answers = _at_once(
            [partial(client.post, path, headers=reading.edge.headers(username)) for username in names]
        )
    winners = [answer.json() for answer in answers if answer.status_code == HTTPStatus.OK]
    losers = [answer.json() for answer in answers if answer.status_code == HTTPStatus.CONFLICT]
    assert (len(winners), len(losers)) == (1, RACERS - 1)
    holder = winners[0]["workitem"]["claimed_by_name"]
    assert holder in names.values()
    assert {problem["detail"] for problem in losers} == {f"{holder} is reading this case."}
    assert reading.rooms.again(case).workitem.claimed_by_name == holder
    assert reading.rooms.kinds(case).count("workitem.claimed") == 1


def _at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Let every act begin at the same moment; return what each gave."""
    start = threading.Barrier(len(acts))
    given: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        start.wait()
        given[place] = acts[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def test_an_urgency_that_a_clinic_asks_for_moves_the_due_time(reading: Reading) -> None:
    case = reading.rooms.arrive()
    for urgency, due_at in (
        (Urgency.URGENT, "2026-11-20T08:50:00Z"),
        (Urgency.EMERGENCY, "2026-11-20T08:45:01Z"),
    ):
        asked = {"site_id": XINGLONG, "study_instance_uid": case.study_instance_uid, "urgency": urgency}
        assert reading.as_("clinic").post("/api/v1/requests", json=asked).status_code == HTTPStatus.CREATED
        assert _items(reading, "reader")[0]["due_at"] == due_at
        reading.rooms.clock.advance(seconds=1)
