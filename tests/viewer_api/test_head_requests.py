"""HEAD wherever there is GET: the same head, no body, and nobody has received anything by it."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Message

from tests.fixtures.reading_over_http import Reading
from tests.viewer_api.conftest import PASSWORD, Edge
from tests.viewer_api.stored import ECG, part10, path_of, sample, small, store
from viewer_api.head_requests import HeadRequests, is_head

PER_ANSWER = {"date", "content-type"}
"""Headers that two answers do not share: a boundary is new each time."""


def test_the_head_is_that_of_get_over_a_real_connection(
    edge: Edge, caller: Callable[[str], httpx2.Client]
) -> None:
    kept = store(edge.rooms.archive, edge.consultation.clock, part10(sample(ECG)))
    image = path_of(store(edge.rooms.archive, edge.consultation.clock, part10(small())))
    ecg = path_of(kept)
    sheet = f"/api/v1/studies/{kept.study_instance_uid}/instances/{kept.sop_instance_uid}/ecg"
    study = ecg.split("/series/")[0]
    below = [f"{image}{end}" for end in ("/frames/1", "/rendered", "/bulkdata", "/bulkdata/7FE00010")]
    client = caller("reader")
    for path in (study, f"{study}/metadata", ecg, image, *below, sheet, f"{sheet}.svg", "/api/v1/worklist"):
        for accept in ("*/*", "application/dicom"):
            got = client.get(path, headers={"Accept": accept})
            head = client.head(path, headers={"Accept": accept})
            assert (head.status_code, head.content) == (got.status_code, b""), path
            headers = [dict(each.headers) for each in (got, head)]
            for each in headers:
                each.pop("transfer-encoding", None)
            assert headers[0].keys() == headers[1].keys(), path
            for name in headers[0].keys() - PER_ANSWER:
                assert headers[0][name] == headers[1][name], (path, name)
    whole = client.head(image, headers={"Accept": "application/dicom"})
    assert int(whole.headers["content-length"]) == len(
        client.get(image, headers={"Accept": "application/dicom"}).content
    )


def test_errors_have_a_head_too(edge: Edge) -> None:
    for who, path, status in (
        ("reader", "/dicom-web/studies/9.9", 404),
        ("nobody", "/dicom-web/studies/9.9", 403),
        (None, "/dicom-web/studies/9.9", 401),
        ("reader", "/api/v1/login", 405),
        ("reader", "/nowhere", 404),
    ):
        answer = edge.client(who).head(path)
        assert (answer.status_code, answer.content) == (status, b""), path
    assert edge.client().head("/api/v1/login").headers["allow"] == "POST"
    assert edge.client().head("/static/page.css").content == b""


def test_a_clinic_has_received_nothing_by_a_head(reading: Reading) -> None:
    report = reading.published()
    path = f"/api/v1/reports/{report['report_id']}"
    clinic = reading.as_("clinic")

    def receipts() -> list[str]:
        return [each["form"] for each in reading.as_("reader").get(path).json()["receipts"]]

    for end in ("", "/pdf", "/sr"):
        assert clinic.head(path + end).status_code == 200
    assert int(clinic.head(f"{path}/pdf").headers["content-length"]) > 1000
    authentication = reading.edge.rooms.authentication
    session = authentication.log_in("clinic", PASSWORD, address="127.0.0.1")
    page = {"url": report["links"]["page"], "headers": {"Cookie": f"hub_session={session.secret}"}}
    assert reading.edge.client().head(**page).status_code == 200
    assert receipts() == []
    assert report["document"]["impression"] in reading.edge.client().get(**page).text
    assert receipts() == ["json"]


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
def test_no_more_is_made_of_a_stream_than_its_head(spec_version: str) -> None:
    made: list[int] = []
    sent: list[Message] = []
    seen: list[Any] = []

    async def endless() -> Any:
        while True:
            made.append(1)
            yield b"x"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["method"], is_head(Request(scope))))
        scope["path_params"] = {"study": "1"}
        await StreamingResponse(endless())(scope, receive, send)

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "HEAD", "asgi": {"spec_version": spec_version}}
    asyncio.run(HeadRequests(app)(scope, receive, send))
    assert seen == [("GET", True)]
    assert (scope["method"], scope["path_params"]) == ("HEAD", {"study": "1"})
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert len(made) == 1
