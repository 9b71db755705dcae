"""JSON in gzip for who takes it: a reading list is a twentieth on a slow line.

Only below `/api/v1`, where pages ask, and only whole answers: DICOMweb packs its own, streams stay streams.
"""

import gzip
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viewer_api.content_coding import accepts_gzip

_PREFIX: Final = "/api/v1/"
_WORTH_COMPRESSING: Final = 1_000
_LEVEL: Final = 5
_JSON: Final = "application/json"


class CompressedJson:
    """Packs answers in JSON that came as one body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, packed where that is worth it."""
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        is_taken = accepts_gzip(Request(scope))
        held: Message | None = None

        async def send_packed(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _may_be_packed(message):
                held = message
                return
            if held is None:
                await send(message)
                return
            start, held = held, None
            headers = MutableHeaders(scope=start)
            headers.add_vary_header("Accept-Encoding")
            body = message.get("body", b"")
            if is_taken and len(body) >= _WORTH_COMPRESSING and not message.get("more_body"):
                body = await run_in_threadpool(gzip.compress, body, _LEVEL, mtime=0)
                headers["Content-Encoding"] = "gzip"
                headers["Content-Length"] = str(len(body))
                message = {**message, "body": body}
            await send(start)
            await send(message)

        await self._app(scope, receive, send_packed)


def _may_be_packed(start: Message) -> bool:
    """Whether an answer is JSON and nothing stands against it: an entity tag is of the bytes as they are."""
    headers = MutableHeaders(scope=start)
    return headers.get("content-type", "").startswith(_JSON) and not (
        "content-encoding" in headers or "etag" in headers
    )
