"""Two processes that answer for one hub: what each knows by itself, the other's doings change at once."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.access import EVERY_SITE
from database.audit import AuditEvent, AuditRecord, audit_events
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.consultation import XINGLONG, at_site, new_consultation
from tests.viewer_api.conftest import PASSWORD, Edge, new_rooms
from tests.viewer_api.test_events import changes
from tests.viewer_api.test_upload_routes import begin, file_of, send
from viewer_api.access_log import AccessLog
from viewer_api.rooms import Rooms


@pytest.fixture
def beside(edge: Edge, tmp_path: Path) -> Iterator[Rooms]:
    """The rooms of another process on the same catalogue and files."""
    database = open_catalogue(edge.rooms.database.engine.url.render_as_string(hide_password=False))
    yield new_rooms(new_consultation(database, tmp_path, edge.consultation.clock))
    database.close()


@pytest.fixture
def change_process(edge: Edge, beside: Rooms) -> Callable[[], None]:
    """Let the other process answer the next request."""

    def change() -> None:
        edge.app.state.rooms = beside if edge.app.state.rooms is edge.rooms else edge.rooms

    return change


def test_wrong_passwords_are_counted_over_both(edge: Edge, change_process: Callable[[], None]) -> None:
    statuses = []
    for _ in range(6):
        login = {"username": "reader", "password": "not the password"}
        statuses.append(edge.client().post("/api/v1/login", json=login).status_code)
        change_process()
    assert statuses == [401] * 5 + [429]


def test_a_session_begun_at_one_is_good_at_the_other_and_ends_at_both(
    edge: Edge, change_process: Callable[[], None]
) -> None:
    client = edge.client()
    login = client.post("/api/v1/login", json={"username": "reader", "password": PASSWORD}).json()
    for _ in range(2):
        assert client.get("/api/v1/me").status_code == 200
        change_process()
    client.post("/api/v1/logout", headers={"X-CSRF-Token": login["csrf_token"]})
    for _ in range(2):
        assert client.get("/api/v1/me").status_code == 401
        change_process()


def test_who_is_disabled_at_one_is_refused_by_what_the_other_recalls(
    edge: Edge, change_process: Callable[[], None]
) -> None:
    edge.consultation.ready()
    for expected in (200, 200, 401, 401):
        if expected == 401:
            edge.rooms.accounts.disable("clinic")
        assert edge.client("clinic").get("/dicom-web/studies").status_code == expected
        change_process()


def test_a_file_comes_in_pieces_to_whichever_answers(edge: Edge, change_process: Callable[[], None]) -> None:
    body = file_of(1)
    upload = begin(edge, body)
    change_process()
    half = send(edge, upload, 1, body[:300])
    assert half.headers["Upload-Offset"] == "300"
    change_process()
    assert send(edge, upload, 1, body[:300]).status_code == 412
    assert send(edge, upload, 1, body[300:], 300).json()["state"] == "stored"


def test_a_page_is_told_what_happened_at_the_other(edge: Edge, change_process: Callable[[], None]) -> None:
    edge.consultation.ready()
    change_process()
    assert ("workitem.ready", XINGLONG) in changes(edge, "clinic")


def test_a_look_at_both_in_the_same_moment_is_on_record_once(
    edge: Edge, beside: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_looked = threading.Barrier(2)
    latest = AccessLog._latest

    def together(self: AccessLog, record: AuditRecord) -> object:
        found = latest(self, record)
        both_have_looked.wait(10)
        return found

    monkeypatch.setattr(AccessLog, "_latest", together)
    look = (at_site("clinic"), XINGLONG, "1.2.840.7")
    logs = [AccessLog(rooms.database, rooms.clock) for rooms in (edge.rooms, beside)]
    threads = [threading.Thread(target=log.note, args=look) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    looks = select(func.count()).where(audit_events.c.event == AuditEvent.INSTANCES_ACCESSED.value)
    with edge.rooms.database.read(within=EVERY_SITE) as connection:
        assert connection.scalar(looks) == 1
