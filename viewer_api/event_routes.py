"""Live pages: what happens, as server-sent events (HTML Living Standard, 9.2), to whoever may see it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from core.access import Act, Actor
from core.errors import HubError, InvalidRequest, NotAuthenticated, StorageUnavailable
from core.limits import EVENT_STREAM_SECONDS
from viewer_api.authentication import AUTHENTICATION_PROBLEMS, Watcher, watching
from viewer_api.live_feed import Listener, LiveFeed, Told, each_once, milliseconds, moment_of
from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID, plain_text
from viewer_api.permission import require_allowed
from viewer_api.problems import Busy, documented
from viewer_api.rooms import InRooms

CHECK_SECONDS: Final = 5.0
"""How long a stream may outlive its session or account."""
KEEP_ALIVE_SECONDS: Final = 15.0
RETRY_MILLISECONDS: Final = 2000
_LATEST: Final = 10**14 - 1
_EXAMPLE: Final = (
    f"retry: {RETRY_MILLISECONDS}\nid: 1763627400000\nevent: ready\ndata: {{}}\n\n"
    'id: 1763627402120\nevent: change\ndata: {"kind": "workitem.claimed", "site_id": "xinglong-clinic", '
    f'"study_instance_uid": "{EXAMPLE_UID}", "case_id": "{EXAMPLE_KEY}"}}\n\n'
)
_EVENT: Final = {
    "title": "Event",
    "description": "Each event of the stream.",
    "type": "object",
    "properties": {"id": {"type": "string"}, "event": {"type": "string"}, "data": {"type": "string"}},
}
_DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`ready` at the start, `change` for what happened, `resync` where too much did to "
        "tell: look at everything again. The data of a change are `kind`, `site_id`, `study_instance_uid` "
        "and `case_id` (null before there is one). A comment or a bare `id` keeps the line open.",
        "content": {"text/event-stream": {"schema": _EVENT, "example": _EXAMPLE}},
    }
}

router = APIRouter(
    prefix="/api/v1",
    tags=["live"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable, Busy),
)


class EventStream(StreamingResponse):
    """A stream of events, which gives its place back however it ends."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[str], feed: LiveFeed, listener: Listener) -> None:
        # A proxy that collects an answer before it passes it on would hold the events back.
        super().__init__(content, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._feed = feed
        self._listener = listener

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.leave(self._listener)


@router.get(
    "/events",
    summary="What happens, live",
    # Said, since the framework looks for it in the response's constructor.
    status_code=HTTPStatus.OK,
    response_class=EventStream,
    responses=_DESCRIBED,
)
async def follow_events(
    watcher: Annotated[Watcher, Depends(watching)],
    rooms: InRooms,
    site_id: Annotated[
        Annotated[str, AfterValidator(plain_text)] | None,
        Query(max_length=32, description="Only of this site.", examples=["xinglong-clinic"]),
    ] = None,
    after: Annotated[
        int | None,
        Query(ge=0, le=_LATEST, description="The last `id` that one was told; Last-Event-ID goes before it."),
    ] = None,
    seconds: Annotated[
        int,
        Query(ge=0, le=EVENT_STREAM_SECONDS, description="Ends so late; 0: what has happened, and no more."),
    ] = EVENT_STREAM_SECONDS,
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> Response:
    """Small events without any patient's data: whoever is told of one asks for what it is about.

    An event may come twice. The stream ends within seconds of its session or account, and to watch is not to
    use: it keeps no session open. A browser comes back by itself, and is told what it missed.
    """
    require_allowed(watcher.actor, Act.SEARCH)
    if last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 15:
        after = int(last_event_id)
    listener = rooms.live_feed.join(watcher.actor.account_id)
    stream = _Stream(rooms.live_feed, listener, watcher, site_id, after, seconds)
    return EventStream(stream.texts(), rooms.live_feed, listener)


class _Stream:
    """What one page is sent, from its first to its last byte."""

    def __init__(
        self,
        feed: LiveFeed,
        listener: Listener,
        watcher: Watcher,
        site_id: str | None,
        after: int | None,
        seconds: int,
    ) -> None:
        self._feed, self._listener, self._watcher = feed, listener, watcher
        self._actor: Actor = watcher.actor
        self._site_id = site_id
        self._after = None if after is None else moment_of(after)
        self._seconds = seconds

    async def texts(self) -> AsyncIterator[str]:
        """Yield the events as text, until the time or the session is over."""
        now = asyncio.get_running_loop().time
        ends_at = now() + self._seconds
        yield f"retry: {RETRY_MILLISECONDS}\n"
        try:
            until, missed = await self._feed.since(self._after)
            yield _event("ready", milliseconds(until))
            yield self._changes(missed)
            checked_at = spoken_at = now()
            while now() < ends_at and not self._feed.is_stopped:
                happened = await self._listener.take(min(CHECK_SECONDS, ends_at - now()))
                if now() - checked_at >= CHECK_SECONDS:
                    self._actor = await run_in_threadpool(self._watcher.again)
                    checked_at = now()
                text = self._changes(happened)
                if not text and now() - spoken_at >= KEEP_ALIVE_SECONDS:
                    text = f": still here\nid: {self._feed.place()}\n\n"
                if text:
                    spoken_at = now()
                    yield text
        except NotAuthenticated:
            return
        except HubError:
            yield ": the hub cannot tell now; come back\n\n"

    def _changes(self, happened: Sequence[Told] | None) -> str:
        """Return what of it this page may be told."""
        if happened is None:
            return _event("resync", self._feed.place())
        seen = [told for told in happened if told.is_for(self._actor)]
        return "".join(
            _event(
                "change",
                milliseconds(told.change.at),
                kind=told.change.kind.value,
                site_id=told.change.site_id,
                study_instance_uid=told.change.study_instance_uid,
                case_id=told.holding.case_id if told.holding else None,
            )
            for told in each_once(seen)
            if self._site_id in {None, told.change.site_id}
        )


def _event(event: str, number: int, **values: str | None) -> str:
    return f"id: {number}\nevent: {event}\ndata: {json.dumps(values)}\n\n"
