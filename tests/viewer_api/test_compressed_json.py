"""JSON for pages is packed, and nothing else is touched."""

import gzip
import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.fixtures.app_client import AppClient
from viewer_api.compressed_json import CompressedJson

LONG: dict[str, Any] = {"items": ["Wang^Li"] * 500}


@pytest.fixture
def client() -> AppClient:
    app = FastAPI()
    app.add_middleware(CompressedJson)
    app.get("/api/v1/long")(lambda: LONG)
    app.get("/api/v1/short")(lambda: {"items": []})
    app.get("/api/v1/tagged")(lambda: JSONResponse(LONG, headers={"ETag": '"7"'}))
    app.get("/api/v1/sheet")(lambda: Response("<svg/>" * 500, media_type="image/svg+xml"))
    app.get("/api/v1/stream")(
        lambda: StreamingResponse(iter(["[", "1" * 5000, "]"]), media_type="application/json")
    )
    app.get("/dicom-web/studies")(lambda: LONG)
    return AppClient(app)


def test_a_long_answer_is_packed_for_who_takes_it_and_plain_for_who_does_not(client: AppClient) -> None:
    packed = client.get("/api/v1/long")
    assert packed.json() == LONG
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    whole = json.dumps(LONG, separators=(",", ":")).encode()
    assert int(packed.headers["content-length"]) == len(gzip.compress(whole, 5, mtime=0)) < len(whole) / 10
    plain = client.get("/api/v1/long", headers={"Accept-Encoding": "identity"})
    assert plain.content == whole
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/api/v1/short", "/api/v1/tagged", "/api/v1/sheet", "/dicom-web/studies"])
def test_what_is_short_tagged_or_of_others_stays_as_it_is(client: AppClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


def test_a_stream_stays_a_stream(client: AppClient) -> None:
    answer = client.get("/api/v1/stream")
    assert answer.text == f"[{'1' * 5000}]"
    assert "content-encoding" not in answer.headers
