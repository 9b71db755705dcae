"""The clinic's inbox and the report's own page; the technician's arrivals."""

import re
from typing import Any

import pytest

from core.access import Grant, Role
from storage.upload import AnnouncedFile
from tests.fixtures.consultation import QINGSHAN, XINGLONG, at_site
from tests.fixtures.reading_over_http import PASSWORD, Reading
from tests.viewer_api.stored import part10, small
from tests.viewer_api.test_visits import linked

HOSTILE = "<script>alert(1)</script>"


def inbox(reading: Reading, who: str = "clinic", **query: Any) -> dict[str, Any]:
    """Return what somebody's inbox shows."""
    answer = reading.as_(who).get("/api/v1/reports", params=query)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def ids(shown: dict[str, Any]) -> list[str]:
    """Return the reports of an answer."""
    return [report["report_id"] for report in shown["items"]]


def test_an_inbox_is_searched_and_shows_what_is_unread_first(reading: Reading) -> None:
    first = reading.signed(PatientName="Zhang^San=张^三", PatientID="Z-1", StudyDate="20261101")["report_id"]
    second = reading.signed(PatientName="Li^Si=李^四", PatientID="L-1", StudyDate="20261115")["report_id"]
    reading.signed(site_id=QINGSHAN)
    assert inbox(reading)["unread"] == 2
    reading.as_("clinic").get(f"/api/v1/reports/{second}")
    assert inbox(reading)["unread"] == 1
    assert inbox(reading, "reader")["unread"] == 2
    for query, found in (
        ({}, [second, first]),
        ({"unread_first": True}, [first, second]),
        ({"unread": True}, [first]),
        ({"unread": False}, [second]),
        ({"patient": "张"}, [first]),
        ({"patient": "lisi"}, [second]),
        ({"patient": "L-1"}, [second]),
        ({"study_date_from": "2026-11-10"}, [second]),
        ({"study_date_to": "2026-11-10"}, [first]),
        ({"limit": 1, "offset": 1}, [first]),
        ({"site": QINGSHAN}, []),
        ({"confirmed": True}, []),
    ):
        assert ids(inbox(reading, **query)) == found, query


def test_a_named_person_confirms_once(reading: Reading) -> None:
    report_id = reading.signed()["report_id"]
    path = f"/api/v1/reports/{report_id}/confirm"
    assert reading.as_("reader").post(path).status_code == 403
    said = reading.as_("clinic").post(path, json={"name": "王护士"})
    assert said.status_code == 200, said.text
    again = reading.as_("clinic").post(path, json={"name": "another"}).json()
    [confirmation] = again["confirmations"]
    assert (confirmation["display_name"], confirmation["username"]) == ("王护士", "clinic")
    assert again["is_received"]
    assert ids(inbox(reading, confirmed=True)) == [report_id]
    case = reading.rooms.case(again["study_instance_uid"])
    assert reading.rooms.kinds(case)[-2:] == ["report.received", "report.confirmed"]
    assert reading.as_("clinic").post(path, json={"name": "x\ny"}).status_code == 400


def test_only_what_stands_is_confirmed(reading: Reading) -> None:
    report = reading.signed()
    case = reading.rooms.case(report["study_instance_uid"])
    amended = reading.as_("reader").post(
        f"/api/v1/reports/{report['report_id']}/amendments",
        json={
            "findings": "",
            "impression": "left",
            "reason": "side",
            "instances_seen": reading.rooms.seen(case),
        },
    )
    assert amended.status_code == 201, amended.text
    clinic = reading.as_("clinic")
    assert clinic.post(f"/api/v1/reports/{report['report_id']}/confirm").status_code == 409
    assert clinic.post(f"/api/v1/reports/{amended.json()['report_id']}/confirm").status_code == 200


@pytest.fixture
def browser(reading: Reading) -> dict[str, str]:
    """What a browser of the clinic sends."""
    reading.person("nurse", Grant(role=Role.CLINIC, site_id=XINGLONG))
    session = reading.edge.rooms.authentication.log_in("nurse", PASSWORD, address="127.0.0.1")
    return {"Cookie": f"hub_session={session.secret}; hub_csrf={session.csrf_token}"}


def test_a_report_has_a_page_without_script(reading: Reading, browser: dict[str, str]) -> None:
    case = reading.claimed(SOPInstanceUID="1.2.3", PatientName=f"{HOSTILE}^x")
    mark = {"mark_id": "k", "kind": "key-image", "sop_instance_uid": "1.2.3", "frame": 1, "text": HOSTILE}
    window = {"window_center": 40, "window_width": 400}
    arrow = mark | {"mark_id": "a", "kind": "arrow", "points": [[1, 2], [5, 6]]}
    reading.as_("reader").put(
        f"/api/v1/studies/{case.study_instance_uid}/marks",
        params={"site_id": case.site_id},
        json={"workitem_uid": case.workitem.workitem_uid, "marks": [mark | window, arrow]},
        headers={"If-Match": '"0"'},
    )
    reading.save("reader", case, 0, findings=f"{HOSTILE}\n\nline", impression=HOSTILE)
    report_id = reading.sign("reader", case, 1).json()["report_id"]
    answer = reading.as_("").get(f"/r/{report_id}", headers=browser)
    assert answer.status_code == 200, answer.text
    assert "script" not in answer.text.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.text.count("&lt;script&gt;") >= 4
    assert "/frames/1/rendered?viewport=1024,1024&amp;window=40,400,linear" in answer.text
    assert '<svg viewBox="0 0 8 8"' in answer.text
    assert answer.text.count('d="M1.00 2.00L5.00 6.00M') == 2, "a line and its dark edge"
    assert f'action="/r/{report_id}/confirm"' in answer.text
    assert inbox(reading, unread=False)["items"], "a look at the page is the clinic's receipt"
    token = browser["Cookie"].partition("hub_csrf=")[2]
    own = browser | {"Origin": "http://127.0.0.1"}
    for wrong in ({"token": ""}, {"token": "x"}):
        refused = reading.as_("").post(f"/r/{report_id}/confirm", data=wrong, headers=own)
        assert refused.status_code == 403
    done = reading.as_("").post(
        f"/r/{report_id}/confirm", data={"token": token, "name": "王"}, headers=own, follow_redirects=False
    )
    assert (done.status_code, done.headers["Location"]) == (303, f"/r/{report_id}")
    assert "王" in reading.as_("").get(f"/r/{report_id}", headers=browser).text


def test_the_page_names_each_study_that_the_report_covers(reading: Reading, browser: dict[str, str]) -> None:
    case = reading.claim("reader", linked(reading))
    reading.save("reader", case, 0)
    report_id = reading.sign("reader", case, 1).json()["report_id"]
    page = reading.as_("").get(f"/r/{report_id}", headers=browser).text
    plain = re.sub(r"<[^>]*>|\s+", "", page)
    assert "Accessionno.A-1" in plain
    assert "并入检查Linkedno.A-2检查项目Exam" in plain
    alone = reading.signed()["report_id"]
    assert "并入" not in reading.as_("").get(f"/r/{alone}", headers=browser).text


def test_a_report_of_elsewhere_has_no_page(reading: Reading, browser: dict[str, str]) -> None:
    elsewhere = reading.signed(site_id=QINGSHAN)["report_id"]
    missing = reading.as_("").get("/r/" + "0" * 26, headers=browser)
    foreign = reading.as_("").get(f"/r/{elsewhere}", headers=browser)
    assert (foreign.status_code, foreign.text) == (missing.status_code, missing.text) == (404, missing.text)
    assert 'name="password"' in reading.as_("").get(f"/r/{elsewhere}").text


def arrivals(reading: Reading, who: str = "technician", **query: Any) -> list[dict[str, Any]]:
    """Return what somebody sees of what sites sent."""
    answer = reading.as_(who).get("/api/v1/arrivals", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_the_technician_sees_how_far_each_study_is(reading: Reading) -> None:
    reported = reading.signed()
    read = reading.claimed("reader")
    waiting = reading.rooms.ready()
    arriving = reading.rooms.arrive()
    reading.rooms.arrive(site_id=QINGSHAN)
    shown = arrivals(reading)
    assert [(each["study_instance_uid"], each["state"]) for each in shown] == [
        (arriving.study_instance_uid, "arriving"),
        (waiting.study_instance_uid, "on-list"),
        (read.study_instance_uid, "being-read"),
        (reported["study_instance_uid"], "reported"),
    ]
    assert shown[0]["is_checked"] is False
    assert shown[2]["reading_physician"] == "reader 医师"
    assert shown[3]["report"] == {
        "report_id": reported["report_id"],
        "status": "final",
        "signed_at": reported["signed_at"],
        "is_received": False,
        "is_confirmed": False,
    }
    assert [each["state"] for each in arrivals(reading, limit=1, offset=1)] == ["on-list"]
    assert arrivals(reading, site=QINGSHAN) == []
    assert len(arrivals(reading, "reader", site=QINGSHAN)) == 1


def test_an_upload_says_how_many_images_will_come(reading: Reading) -> None:
    bodies = [part10(small(StudyInstanceUID="1.2.7", SOPInstanceUID=f"1.2.7.{n}")) for n in (1, 2)]
    files = [AnnouncedFile(name=f"{n}", size=len(body)) for n, body in enumerate(bodies)]
    uploads = reading.edge.rooms.uploads
    technician = at_site("technician")
    upload = uploads.open(technician, XINGLONG, [*files, AnnouncedFile(name="later", size=9)])
    for number, body in enumerate(bodies, 1):
        piece = uploads.begin_piece(technician, upload.upload_id, number, 0)
        with piece.landing:
            piece.landing.write_part10(body)
            uploads.keep_piece(technician, piece)
    reading.rooms.take_in()
    [arrival] = arrivals(reading)
    assert (arrival["number_of_instances"], arrival["expected_instances"]) == (2, 3)
