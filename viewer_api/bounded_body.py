"""Request bodies in bounds: so many bytes, not nested too deep, and never silent for too long."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import HubError, InvalidRequest, TooLarge
from core.limits import BODY_SILENCE_SECONDS, JSON_BODY_LIMIT, JSON_DEPTH
from viewer_api.problems import problem_of

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NOT_A_BRACKET: Final = re.compile(rb"[^\[\]{}]+")
_OPENING: Final = b"[{"


async def body_chunks(receive: Receive, headers: Headers, limit: int) -> AsyncIterator[bytes]:
    """Yield a request's body as it arrives, at most `limit` bytes of it, whatever Content-Length says.

    Raises:
        TooLarge: the body is, or says it is, longer.
        InvalidRequest: it was cut, or nothing came for BODY_SILENCE_SECONDS.
    """
    announced = headers.get("content-length", "")
    received = 0
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    while True:
        try:
            async with asyncio.timeout(BODY_SILENCE_SECONDS):
                message = await receive()
        except TimeoutError:
            raise InvalidRequest("The body stopped arriving.") from None
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The body was cut.")
        chunk: bytes = message.get("body", b"")
        received += len(chunk)
        if received > limit:
            raise _too_large(limit)
        if chunk:
            yield chunk
        if not message.get("more_body", False):
            return


def require_shallow(body: bytes) -> None:
    """Raise InvalidRequest for JSON nested deeper than JSON_DEPTH, before a parser recurses into it."""
    if sum(body.count(bracket) for bracket in _OPENING) <= JSON_DEPTH:
        return
    depth = 0
    for bracket in _NOT_A_BRACKET.sub(b"", _STRING.sub(b"", body)):
        depth += 1 if bracket in _OPENING else -1
        if depth > JSON_DEPTH:
            raise InvalidRequest(f"The body nests deeper than {JSON_DEPTH}.")


class BoundedBody:
    """Takes every body whole and in bounds before a route sees it, but for those that routes stream."""

    def __init__(self, app: ASGIApp, *, streamed: tuple[str, ...]) -> None:
        self._app = app
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 or 400 in the route's stead, or hand on what was read."""
        if scope["type"] != "http" or scope["path"].startswith(self._streamed):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "content-length" not in headers and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        try:
            body = b"".join([chunk async for chunk in body_chunks(receive, headers, JSON_BODY_LIMIT)])
            if "json" in headers.get("content-type", ""):
                require_shallow(body)
        except HubError as error:
            await problem_of(error)(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)


def _replayed(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_replayed() -> Message:
        return messages.pop() if messages else await receive()

    return receive_replayed


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is longer than {limit} bytes.")
