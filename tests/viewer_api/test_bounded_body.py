"""Bodies in bounds: bytes, nesting and silence, with and without Content-Length."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from core import limits
from core.errors import InvalidRequest, TooLarge
from tests.viewer_api.conftest import Edge
from viewer_api import bounded_body
from viewer_api.bounded_body import body_chunks, require_shallow


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


@pytest.mark.parametrize(
    ("body", "is_taken"),
    [
        (b"", True),
        (b"{}", True),
        (b'{"a": [1, {"b": []}], "c": "[[[[["}', True),
        (nested(limits.JSON_DEPTH), True),
        (nested(limits.JSON_DEPTH + 1), False),
        (nested(limits.JSON_DEPTH // 2, '[{"a":', "}]"), True),
        (nested(limits.JSON_DEPTH // 2 + 1, '[{"a":', "}]"), False),
        (b'"' + b"[" * 100 + b'"', True),
        (b'"\\"' + b"[" * 100 + b'"', True),
        (b"[]" * 100_000, True),
        (b"[" * limits.JSON_BODY_LIMIT, False),
        (b'"' * limits.JSON_BODY_LIMIT, True),
    ],
)
def test_json_may_nest_so_deep_and_no_deeper(body: bytes, is_taken: bool) -> None:
    if is_taken:
        require_shallow(body)
        return
    with pytest.raises(InvalidRequest):
        require_shallow(body)


def read(messages: list[Message], headers: dict[str, str], limit: int = 10) -> bytes:
    waiting = iter(messages)

    async def receive() -> Message:
        try:
            return next(waiting)
        except StopIteration:
            await asyncio.sleep(3600)
            raise AssertionError from None

    async def joined() -> bytes:
        chunks = body_chunks(receive, Headers(headers), limit)
        return b"".join([chunk async for chunk in chunks])

    return asyncio.run(joined())


def piece(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_is_read_to_its_end() -> None:
    assert read([piece(b"12345"), piece(b""), piece(b"67890", more=False)], {}) == b"1234567890"


@pytest.mark.parametrize(
    ("messages", "headers"),
    [
        ([piece(b"12345"), piece(b"678901", more=False)], {}),
        ([piece(b"12345678901", more=False)], {"content-length": "3"}),
        ([], {"content-length": "11"}),
        ([], {"content-length": "9" * 400}),
    ],
)
def test_a_longer_body_is_refused_whatever_it_says_of_itself(
    messages: list[Message], headers: dict[str, str]
) -> None:
    with pytest.raises(TooLarge):
        read(messages, headers)


def test_a_body_that_is_cut_is_no_body() -> None:
    with pytest.raises(InvalidRequest, match="cut"):
        read([piece(b"12345"), {"type": "http.disconnect"}], {})


def test_a_body_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_body, "BODY_SILENCE_SECONDS", 0.05)
    with pytest.raises(InvalidRequest, match="stopped"):
        read([piece(b"12345")], {})


def chunks_of(body: bytes) -> Iterator[bytes]:
    """Without a length httpx sends them chunked."""
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


@pytest.mark.parametrize(
    ("size", "status"), [(limits.JSON_BODY_LIMIT, 401), (limits.JSON_BODY_LIMIT + 1, 413)]
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_route_never_sees_more_than_the_limit(
    edge: Edge, size: int, status: int, *, is_chunked: bool
) -> None:
    head = b'{"username": "nobody", "password": "not the password"'
    body = head + b" " * (size - len(head) - 1) + b"}"
    content = chunks_of(body) if is_chunked else body
    answer = edge.client().post(
        "/api/v1/login", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_deep_json_is_refused_before_it_is_parsed(edge: Edge) -> None:
    answer = edge.client().post(
        "/api/v1/login", content=nested(100_000), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-request")


def test_an_ordinary_body_arrives_unchanged(edge: Edge) -> None:
    body = {"username": "nobody", "password": "密码" * 20}
    answer = edge.client().post("/api/v1/login", content=json.dumps(body, ensure_ascii=False).encode())
    assert answer.status_code == 400  # no Content-Type: not taken for JSON
    answer = edge.client().post("/api/v1/login", json=body)
    assert answer.status_code == 401
