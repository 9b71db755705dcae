"""Better images over HTTP, from the ask to the case's return."""

from typing import Any

import pytest

from tests.fixtures.reading_over_http import Reading
from worklist.case import Case


def ask(reading: Reading, case: Case, **wish: Any) -> Any:
    body = {"workitem_uid": case.workitem.workitem_uid, "reason": "motion", **wish}
    return reading.as_("reader").post(f"/api/v1/cases/{case.case_id}/retake", json=body)


def test_the_case_comes_back_with_the_image_that_was_asked_for(reading: Reading) -> None:
    held = reading.claimed()
    reading.rooms.clock.advance(seconds=30)
    asked = ask(reading, held, note="请屏气后重拍", end_turn=True)
    assert asked.status_code == 201, asked.text
    reading.rooms.clock.advance(seconds=90)
    [seen] = reading.as_("technician").get("/api/v1/retakes", params={"state": "open"}).json()["items"]
    assert (seen["note"], seen["age_seconds"], seen["state"]) == ("请屏气后重拍", 90, "asked")
    path = f"/api/v1/retakes/{seen['retake_id']}"
    assert reading.as_("technician").post(f"{path}/acknowledge").json()["state"] == "acknowledged"
    assert reading.as_("technician").post(f"{path}/acknowledge").status_code == 409
    shown = reading.as_("reader").get(f"/api/v1/cases/{held.case_id}").json()
    assert shown["workitem"]["input_readiness_state"] == "UNAVAILABLE"
    assert shown["open_retake"]["acknowledged_by_name"] == "technician 医师"
    assert (shown["waits_for"], shown["waits_until"]) == ("retake", "2026-11-20T09:31:30Z")
    reading.rooms.arrive(held.study_instance_uid)
    reading.rooms.clock.advance(seconds=60)
    reading.rooms.timers.run()
    shown = reading.as_("reader").get(f"/api/v1/cases/{held.case_id}").json()
    assert shown["workitem"]["input_readiness_state"] == "READY"
    assert shown["open_retake"] is None
    assert (shown["waits_for"], shown["waits_until"]) == (None, None)
    [closed] = reading.as_("clinic").get("/api/v1/retakes", params={"state": "closed"}).json()["items"]
    assert closed["state"] == "answered"
    assert reading.claim("reader", reading.rooms.again(held)).number_of_instances == 2


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"reason": "ugly"}, 400),
        ({"reason": "other"}, 400),
        ({"note": "x" * 1_001}, 400),
        ({"sop_instance_uids": ["1.2.3"]}, 400),
        ({"sop_instance_uids": ["1.2.3"] * 101}, 400),
        ({"workitem_uid": "1.2.3"}, 409),
    ],
)
def test_what_cannot_be_asked_changes_nothing(reading: Reading, wish: dict[str, Any], status: int) -> None:
    held = reading.claimed()
    assert ask(reading, held, end_turn=True, **wish).status_code == status
    assert reading.rooms.again(held).workitem == held.workitem
