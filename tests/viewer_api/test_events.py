"""Live pages: what is told to whom, at once and after a cut line, and when a stream ends."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from core.access import Actor
from core.limits import EVENT_STREAMS, EVENT_STREAMS_PER_ACCOUNT
from database.change_feed import Change, ChangeKind
from tests.fixtures.consultation import QINGSHAN, XINGLONG, at_site, reader
from tests.fixtures.instances import RECEIVED
from tests.viewer_api.conftest import PASSWORD, Edge
from viewer_api import event_routes, live_feed
from viewer_api.live_feed import _OVERLAP, Listener, LiveFeed, Told, each_once, milliseconds, moment_of
from viewer_api.problems import Busy
from worklist.study_records import Holding

ANYTHING = {"after": 0, "seconds": 0}


def parsed(text: str) -> list[dict[str, Any]]:
    """Return the events of a stream."""
    events = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if "event" in fields:
            events.append({**json.loads(fields["data"]), "event": fields["event"], "id": int(fields["id"])})
    return events


def changes(edge: Edge, who: str, **query: Any) -> list[tuple[str, str]]:
    """Return what somebody is told has happened until now."""
    answer = edge.client(who).get("/api/v1/events", params=ANYTHING | query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    first, *rest = parsed(answer.text)
    assert first["event"] == "ready"
    return [(event["kind"], event["site_id"]) for event in rest]


def test_a_page_is_told_what_its_reader_may_see(edge: Edge) -> None:
    case = edge.consultation.ready()
    edge.consultation.ready(site_id=QINGSHAN)
    [event] = [
        event
        for event in parsed(edge.client("clinic").get("/api/v1/events", params=ANYTHING).text)
        if event.get("kind") == "workitem.ready"
    ]
    assert event["study_instance_uid"] == case.study_instance_uid
    assert event["case_id"] == case.case_id
    assert {site for _, site in changes(edge, "neighbour")} == {QINGSHAN}
    assert {site for _, site in changes(edge, "reader")} == {XINGLONG, QINGSHAN}
    assert {site for _, site in changes(edge, "reader", site_id=QINGSHAN)} == {QINGSHAN}
    assert changes(edge, "clinic", site_id=QINGSHAN) == []


def told(kind: ChangeKind, *modalities: str, held_by: str | None = None, number: int = 1) -> Told:
    change = Change(
        kind=kind,
        site_id=XINGLONG,
        study_instance_uid="1.2",
        subject="",
        actor="x",
        at=RECEIVED,
        sequence=number,
    )
    holding = Holding(case_id="c", modalities=frozenset(modalities), held_by=held_by)
    return Told(change=change, holding=holding if modalities else None)


@pytest.mark.parametrize(
    ("actor", "what", "is_told"),
    [
        (at_site("clinic"), told(ChangeKind.CASE_OPENED), True),
        (at_site("clinic", QINGSHAN), told(ChangeKind.CASE_OPENED, "US"), False),
        (at_site("auditor"), told(ChangeKind.CASE_OPENED, "US"), False),
        (reader("a", (XINGLONG, "US")), told(ChangeKind.CASE_OPENED, "US"), True),
        (reader("a", (XINGLONG, "US")), told(ChangeKind.CASE_OPENED, "US", "ECG"), False),
        (reader("a", (XINGLONG, "US")), told(ChangeKind.INSTANCE_STORED), False),
        (reader("a", (QINGSHAN, "US")), told(ChangeKind.CASE_OPENED, "US"), False),
        (reader("a", (QINGSHAN, "US")), told(ChangeKind.CASE_OPENED, "US", held_by="account-a"), True),
        (reader("a"), told(ChangeKind.REQUEST_UNMATCHED), False),
        (at_site("technician"), told(ChangeKind.REQUEST_UNMATCHED), True),
        (reader("a"), told(ChangeKind.REPORT_SIGNED, "US"), True),
    ],
)
def test_a_change_is_for_whom_the_reading_list_would_show_it(actor: Actor, what: Told, is_told: bool) -> None:
    assert what.is_for(actor) is is_told


def test_a_hundred_images_are_one_reason_to_look() -> None:
    batch = [told(ChangeKind.INSTANCE_STORED, number=number) for number in range(100)]
    batch.append(told(ChangeKind.CASE_OPENED, number=100))
    assert [each.change.sequence for each in each_once(batch)] == [99, 100]


def test_who_comes_back_is_told_what_they_missed(edge: Edge) -> None:
    rooms = edge.consultation
    case = rooms.arrive(Modality="ECG")
    left_at = milliseconds(rooms.clock.now())
    rooms.clock.advance(seconds=3600)
    rooms.reading_list.claim(reader("陈医生"), case.workitem.workitem_uid)
    assert [kind for kind, _ in changes(edge, "clinic", after=left_at + 40_000)] == ["workitem.claimed"]
    header = {"Last-Event-ID": str(left_at + 40_000)}
    again = edge.client("clinic").get("/api/v1/events", params={"seconds": 0}, headers=header)
    assert [event["event"] for event in parsed(again.text)] == ["ready", "change"]
    fresh = edge.client("clinic").get("/api/v1/events", params={"seconds": 0})
    assert [event["event"] for event in parsed(fresh.text)] == ["ready"]


def test_who_missed_too_much_looks_at_everything(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        edge.consultation.arrive(SOPInstanceUID=f"1.2.{number}")
    monkeypatch.setattr(live_feed, "EVENT_BACKLOG", 2)
    answer = edge.client("clinic").get("/api/v1/events", params=ANYTHING)
    assert [event["event"] for event in parsed(answer.text)] == ["ready", "resync"]


@pytest.mark.parametrize("number", [0, 1, 10**14 - 1])
def test_a_place_is_a_moment_whatever_its_number(number: int) -> None:
    assert moment_of(number) - _OVERLAP
    assert moment_of(milliseconds(RECEIVED)) == RECEIVED.replace(microsecond=0)


def test_a_slow_page_is_told_to_look_at_everything() -> None:
    async def take() -> list[Any]:
        listener = Listener(account_id="a")
        for number in range(501):
            listener.offer([told(ChangeKind.CASE_OPENED, number=number)])
        return [await listener.take(0), await listener.take(0)]

    assert asyncio.run(take()) == [None, []]


@pytest.mark.parametrize(
    ("accounts", "allowed"),
    [(["a"] * 99, EVENT_STREAMS_PER_ACCOUNT), ([str(number) for number in range(999)], EVENT_STREAMS)],
)
def test_so_many_streams_are_open_at_once(edge: Edge, accounts: list[str], allowed: int) -> None:
    async def join() -> int:
        feed = LiveFeed(edge.rooms.database, edge.rooms.clock)
        listeners = [feed.join(account) for account in accounts[:allowed]]
        with pytest.raises(Busy):
            feed.join(accounts[allowed])
        for listener in listeners:
            feed.leave(listener)
        feed.leave(feed.join("a"))
        return len(listeners)

    assert asyncio.run(join()) == allowed


def test_a_page_hears_at_once_until_the_session_ends(
    edge: Edge, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_routes, "CHECK_SECONDS", 0.05)
    session = edge.rooms.authentication.log_in("clinic", PASSWORD, address="127.0.0.1")
    heard: list[str] = []
    is_open = threading.Event()

    def listen() -> None:
        with (
            httpx2.Client(base_url=address, trust_env=False, timeout=20) as client,
            client.stream(
                "GET", "/api/v1/events", headers={"Cookie": f"hub_session={session.secret}"}
            ) as answer,
        ):
            for line in answer.iter_lines():
                heard.append(line)
                if line == "event: ready":
                    is_open.set()

    page = threading.Thread(target=listen)
    page.start()
    assert is_open.wait(10)
    edge.consultation.arrive()
    hear(heard, lambda line: "case.opened" in line)
    edge.rooms.authentication.log_out(session.secret)
    page.join(10)
    assert not page.is_alive()
    for _ in range(500):  # the server gives the place back behind the last byte
        if not edge.rooms.live_feed._listeners:
            break
        time.sleep(0.02)
    assert not edge.rooms.live_feed._listeners


def hear(heard: list[str], is_it: Callable[[str], bool]) -> None:
    """Wait for a line of the stream."""
    waited = threading.Event()
    for _ in range(500):
        if any(map(is_it, heard)):
            return
        waited.wait(0.02)
    raise AssertionError(heard)


def test_to_watch_keeps_no_session_open(edge: Edge) -> None:
    session = edge.rooms.authentication.log_in("clinic", PASSWORD, address="127.0.0.1")
    cookie = {"Cookie": f"hub_session={session.secret}"}
    client = edge.client()
    for _ in range(2):
        edge.consultation.clock.advance(minutes=20)
        status = client.get("/api/v1/events", params=ANYTHING, headers=cookie).status_code
    assert status == 401


def test_only_who_may_look_at_cases_watches(edge: Edge) -> None:
    assert edge.client("auditor").get("/api/v1/events", params=ANYTHING).status_code == 403
