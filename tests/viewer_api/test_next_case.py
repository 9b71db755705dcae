"""Taking the next case, the numbers beside the list, signing after a recent login, and one's own sessions."""

import threading
from typing import Any

import pytest

from core.access import Grant, Role
from core.errors import HubError
from core.limits import RECENT_LOGIN_SECONDS
from tests.fixtures.consultation import GROUP, QINGSHAN, reader
from tests.fixtures.reading_over_http import OTHER_GROUP, PASSWORD, Reading
from tests.viewer_api.conftest import Edge
from worklist.reading_list import ListFilter


def take(reading: Reading, who: str = "reader", **wanted: Any) -> Any:
    """Ask for the next case; return the answer."""
    return reading.as_(who).post("/api/v1/worklist/next", json=wanted)


def test_the_next_case_is_the_first_that_may_be_claimed(reading: Reading) -> None:
    rooms = reading.rooms
    routine = rooms.ready(Modality="US")
    elsewhere = rooms.ready(site_id=QINGSHAN)
    rooms.arrive(Modality="DX")
    recording = rooms.arrive(Modality="ECG")
    taken = take(reading, modality="ECG")
    assert (taken.status_code, taken.json()["case_id"]) == (200, recording.case_id), taken.text
    assert taken.json()["workitem"]["claimed_by_me"]
    assert taken.json()["instances_seen"]
    assert take(reading, modality="DX").status_code == 404
    assert take(reading, group=OTHER_GROUP).status_code == 404
    assert take(reading, "foreign-reader").json()["case_id"] == elsewhere.case_id
    assert take(reading, group=GROUP).json()["case_id"] == routine.case_id
    assert take(reading).status_code == 404


def test_of_many_who_ask_at_once_each_has_another_case(reading: Reading) -> None:
    cases = {reading.rooms.arrive(Modality="ECG").case_id for _ in range(3)}
    taken: list[str] = []

    def ask(number: int) -> None:
        try:
            taken.append(reading.rooms.reading_list.take_next(reader(f"{number}"), ListFilter()).case_id)
        except HubError as error:
            taken.append(type(error).__name__)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted([*cases, "NotFound", "NotFound"])


def counts(reading: Reading, who: str = "reader") -> dict[str, Any]:
    """Return the numbers beside somebody's list."""
    numbers: dict[str, Any] = reading.as_(who).get("/api/v1/worklist/counts").json()
    return numbers


def test_what_came_since_one_looked_is_new(reading: Reading) -> None:
    reading.claimed("reader")
    reading.rooms.arrive()
    first = counts(reading)
    assert {name: first[name] for name in ("open", "waiting", "mine", "new")} == {
        "open": 2,
        "waiting": 1,
        "mine": 1,
        "new": 1,
    }
    reading.rooms.clock.advance(seconds=1)
    assert reading.as_("reader").post("/api/v1/worklist/seen").status_code == 204
    assert counts(reading)["new"] == 0
    assert counts(reading, "colleague")["new"] == 1
    reading.rooms.clock.advance(seconds=1)
    reading.rooms.arrive()
    assert (counts(reading)["new"], counts(reading, "foreign-reader")["open"]) == (1, 0)
    assert reading.as_("reader").post("/api/v1/worklist/seen").status_code == 204
    assert counts(reading)["new"] == 0


def test_the_list_is_searched_by_whatever_is_typed(reading: Reading) -> None:
    case = reading.rooms.arrive(
        PatientName="Zhang^San=张^三",
        PatientID="Z-1",
        AccessionNumber="A-9",
        StudyDescription="Upper Abdomen",
    )
    reading.rooms.arrive(PatientName="Li^Si", PatientID="L-1", StudyDescription="Chest")
    for text in ("Z-1", "A-9", "abdo", "ABDOMEN", "张", "zhangsan", " Z-1 "):
        found = reading.as_("reader").get("/api/v1/worklist", params={"text": text}).json()["items"]
        assert [each["case_id"] for each in found] == [case.case_id], text
    for query in ({"text": "%"}, {"text": "nobody"}, {"group": OTHER_GROUP}):
        assert reading.as_("reader").get("/api/v1/worklist", params=query).json()["items"] == [], query
    assert len(reading.as_("reader").get("/api/v1/worklist", params={"group": GROUP}).json()["items"]) == 2


@pytest.mark.parametrize(("seconds", "status"), [(0, 201), (1, 403)])
def test_signing_asks_for_a_recent_login(reading: Reading, seconds: int, status: int) -> None:
    reading.person("doctor", Grant(role=Role.READER, reading_group_id=GROUP))
    session = reading.edge.rooms.authentication.log_in("doctor", PASSWORD, address="10.0.0.1")
    browser = {"Cookie": f"hub_session={session.secret}", "X-CSRF-Token": session.csrf_token}
    case = reading.claimed("doctor")
    reading.save("doctor", case, 0)
    for _ in range(4):
        reading.rooms.clock.advance(seconds=(RECENT_LOGIN_SECONDS - 60 + seconds) / 4)
        reading.as_("").get("/api/v1/me", headers=browser)
    answer = reading.as_("").post(
        f"/api/v1/cases/{case.case_id}/sign",
        json={
            "workitem_uid": case.workitem.workitem_uid,
            "instances_seen": reading.rooms.seen(case),
            "status": "preliminary",
        },
        headers=browser | {"If-Match": '"1"'},
    )
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["type"] == "/problems/recent-login-required"


def test_one_sees_and_ends_ones_own_sessions_alone(edge: Edge) -> None:
    authentication = edge.rooms.authentication
    one, other, foreign = (
        authentication.log_in(name, "a password for tests", address="10.0.0.1")
        for name in ("clinic", "clinic", "reader")
    )
    browser = {"Cookie": f"hub_session={one.secret}", "X-CSRF-Token": one.csrf_token}
    client = edge.client()
    shown = client.get("/api/v1/sessions", headers=browser).json()["items"]
    assert sorted(session["is_this"] for session in shown) == [False, True]
    assert {session["address"] for session in shown} == {"10.0.0.1"}
    [another] = [session["session_id"] for session in shown if not session["is_this"]]
    own = edge.rooms.own_sessions.listed(authentication.identify_session(foreign.secret).actor, secret="")
    for session_id in (another, own[0].session_id):
        assert client.delete(f"/api/v1/sessions/{session_id}", headers=browser).status_code == 204
    assert authentication.identify_session(foreign.secret)
    assert len(client.get("/api/v1/sessions", headers=browser).json()["items"]) == 1
    with pytest.raises(HubError):
        authentication.identify_session(other.secret)
    authentication.log_in("clinic", "a password for tests", address="10.0.0.2")
    assert client.delete("/api/v1/sessions", headers=browser).status_code == 204
    assert len(client.get("/api/v1/sessions", headers=browser).json()["items"]) == 1
