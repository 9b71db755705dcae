"""What nobody can read is told to administrators wherever they look, and to nobody else."""

from core.access import Grant, Role
from tests.fixtures.consultation import GROUP, QINGSHAN, XINGLONG
from tests.fixtures.reading_over_http import Reading


def test_a_case_that_nobody_can_read_is_told_on_list_alarm_and_readiness(reading: Reading) -> None:
    reading.person("li", Grant(role=Role.ADMIN, site_id=XINGLONG))
    reading.person("foreign-admin", Grant(role=Role.ADMIN, site_id=QINGSHAN))
    case = reading.rooms.arrive(PatientName="Canary^Zhang")
    path = "/api/v1/cases/unrouted"
    assert reading.as_("li").get(path).json() == {"items": []}
    reading.edge.rooms.directory.disable_reading_group(GROUP)
    (told,) = reading.as_("li").get(path).json()["items"]
    assert (told["case_id"], told["modalities"]) == (case.case_id, ["US"])
    assert told["reason"] == "the reading groups for US are disabled"
    assert "Canary" not in str(told)
    alarm = {"kind": "unread-cases", "site_id": XINGLONG, "detail": "Open cases that nobody can read: 1."}
    assert reading.as_("li").get("/api/v1/alarms").json() == {"items": [alarm]}
    assert reading.as_("").get("/readyz").json() == {"status": "ready", "alarms": 1}
    for list_path in (path, "/api/v1/alarms"):
        assert reading.as_("foreign-admin").get(list_path).json() == {"items": []}
        assert reading.as_("reader").get(list_path).status_code == 403
