"""The short way to what readers ask for by the hundred: frames and metadata, in one turn of a thread.

The framework tries every route in turn and gives each dependency a turn of the thread pool: for one frame
that takes longer than reading, checking and sending it. Here the very functions that it would call are
called one after the other. Whatever does not look exactly like one of these requests goes the framework's
way, which checks, refuses and describes it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import HubError
from core.uids import MAXIMUM_UID_LENGTH
from viewer_api.authentication import credentials_of, identify, signed_in
from viewer_api.dicom_web_root import PREFIX, SITE_ID, Retrieval, search_root
from viewer_api.pixel_routes import FRAME_NUMBERS, retrieve_frames
from viewer_api.problems import problem_of
from viewer_api.rooms import rooms_of
from viewer_api.wado_rs import (
    retrieve_instance_metadata,
    retrieve_series_metadata,
    retrieve_study_metadata,
)

Endpoint = Callable[..., Response]

_UID: Final = rf"[0-9.]{{1,{MAXIMUM_UID_LENGTH}}}"
_STUDY: Final = rf"{PREFIX}(?:/sites/(?P<site_id>{SITE_ID}))?/studies/(?P<study>{_UID})"
_SERIES: Final = rf"{_STUDY}/series/(?P<series>{_UID})"
_INSTANCE: Final = rf"{_SERIES}/instances/(?P<instance>{_UID})"
ENDPOINTS: Final[tuple[tuple[re.Pattern[str], Endpoint], ...]] = tuple(
    (re.compile(path, re.ASCII), endpoint)
    for path, endpoint in (
        (rf"{_INSTANCE}/frames/(?P<frames>{FRAME_NUMBERS})", retrieve_frames),
        (rf"{_INSTANCE}/metadata", retrieve_instance_metadata),
        (rf"{_SERIES}/metadata", retrieve_series_metadata),
        (rf"{_STUDY}/metadata", retrieve_study_metadata),
    )
)
"""Which paths are taken, and the function of the route that each belongs to."""


class ShortWay:
    """Answers these requests itself, and hands on all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the route's stead, or let the framework find it."""
        found = _found(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        endpoint, values = found
        # As the router would: for the line in the log, and for whoever asks the request for its site.
        scope["route"], scope["path_params"] = endpoint, values
        request = Request(scope, receive)
        session, bearer = await credentials_of(request)
        answer = await run_in_threadpool(_answer, request, endpoint, values, session, bearer)
        await answer(scope, receive, send)


def _found(scope: Scope) -> tuple[Endpoint, dict[str, str]] | None:
    for path, endpoint in ENDPOINTS:
        if match := path.fullmatch(scope["path"]):
            return endpoint, {name: value for name, value in match.groupdict().items() if value is not None}
    return None


def _answer(
    request: Request,
    endpoint: Endpoint,
    values: Mapping[str, str],
    session: str | None,
    bearer: HTTPAuthorizationCredentials | None,
) -> Response:
    try:
        rooms = rooms_of(request)
        actor = signed_in(identify(request, rooms, session, bearer))
        retrieval = Retrieval(search_root(request, rooms, actor), rooms)
        return endpoint(
            request, retrieval, **{name: value for name, value in values.items() if name != "site_id"}
        )
    except HubError as error:
        return problem_of(error)
