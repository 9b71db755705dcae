"""One line per request: enough to find a fault, nothing about a patient; and the catch-all behind it."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse
from structlog.testing import capture_logs

from core.uids import new_uid
from tests.fixtures.app_client import AppClient
from tests.viewer_api.conftest import Edge, served
from viewer_api.request_log import RequestLog


def line_of(edge: Edge, username: str | None, path: str) -> Any:
    with capture_logs() as lines:
        edge.client(username).get(path)
    (line,) = [line for line in lines if line["event"] == "request"]
    return line


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/healthz", "/healthz", 200),
        ("/dicom-web/studies?PatientName=Zhang*", "/dicom-web/studies", 200),
        ("/dicom-web/studies/1.2.3/series?PatientID=0001", "/dicom-web/studies/{study}/series", 200),
        ("/dicom-web/sites/xinglong/studies/1.2.3", "/dicom-web/sites/{site_id}/studies/{study}", 404),
        ("/dicom-web/studies/Zhang/series", "/dicom-web/studies/{study}/series", 400),
        (
            "/dicom-web/studies/1.2/series/1.3/instances/1.4/bulkdata/00100010/1/00100010",
            "/dicom-web/studies/{study}/series/{series}/instances/{instance}/bulkdata/{path}",
            404,
        ),
        ("/somewhere/Zhang", "unknown", 404),
    ],
)
def test_a_line_names_the_route_and_never_what_was_asked(
    edge: Edge, path: str, route: str, status: int
) -> None:
    line = line_of(edge, "reader", path)
    assert (line["method"], line["route"], line["status"], line["cut"]) == ("GET", route, status, False)
    assert line["milliseconds"] >= 0
    assert "Zhang" not in str(line)
    assert "0001" not in str(line)


def test_a_line_names_who_asked_and_how_much_was_given(edge: Edge) -> None:
    edge.consultation.send(new_uid())
    line = line_of(edge, "reader", "/dicom-web/studies")
    assert line["username"] == "reader"
    assert line["size"] > 500
    assert line_of(edge, None, "/dicom-web/studies")["username"] == ""


def broken() -> FastAPI:
    app = FastAPI()

    @app.get("/bug")
    def bug() -> None:
        raise KeyError("Zhang^San")

    @app.get("/half")
    def half() -> StreamingResponse:
        def chunks() -> Iterator[bytes]:
            yield b"x" * 1000
            raise KeyError("Zhang^San")

        return StreamingResponse(chunks(), headers={"Content-Length": "2000"})

    app.add_middleware(RequestLog)
    return app


def test_a_bug_ends_its_request_with_nothing_told() -> None:
    with capture_logs() as lines:
        answer = AppClient(broken()).get("/bug")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    assert [line["event"] for line in lines] == ["request failed", "request"]
    assert lines[0]["exc_info"] is True


def test_an_answer_that_breaks_half_way_is_cut_and_not_ended() -> None:
    with capture_logs() as lines, served(broken()) as url, httpx2.Client(trust_env=False) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get(f"{url}/half")
        assert client.get(f"{url}/bug").status_code == 500
    assert [line["cut"] for line in lines if line["event"] == "request"] == [True, False]
