"""The short way to what readers ask for by the hundred: frames, metadata and lists, in one turn of a thread.

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
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import HubError
from core.uids import MAXIMUM_UID_LENGTH
from viewer_api.authentication import credentials_of, identify, signed_in
from viewer_api.dicom_web_root import PREFIX, SITE_ID, Retrieval, search_root
from viewer_api.pixel_routes import FRAME_NUMBERS, retrieve_frames
from viewer_api.problems import problem_of
from viewer_api.qido_rs import search_for_series, search_for_studies
from viewer_api.rooms import rooms_of
from viewer_api.search_parameters import Search
from viewer_api.wado_rs import (
    retrieve_instance_metadata,
    retrieve_series_metadata,
    retrieve_study_metadata,
)

Endpoint = Callable[..., Response]

_UID: Final = rf"[0-9.]{{1,{MAXIMUM_UID_LENGTH}}}"
_ROOT: Final = rf"{PREFIX}(?:/sites/(?P<site_id>{SITE_ID}))?"
_STUDY: Final = rf"{_ROOT}/studies/(?P<study>{_UID})"
_SERIES: Final = rf"{_STUDY}/series/(?P<series>{_UID})"
_INSTANCE: Final = rf"{_SERIES}/instances/(?P<instance>{_UID})"
_SEARCHES: Final = (search_for_studies, search_for_series)
_READ_BY_THE_FRAMEWORK: Final = frozenset(
    {"fuzzymatching", "includefield", "emptyvaluematching", "multiplevaluematching"}
)
"""Parameters of a search that are not text: a search with one of them goes the framework's way."""
_COUNT: Final = re.compile("[0-9]{1,9}", re.ASCII)
ENDPOINTS: Final[tuple[tuple[re.Pattern[str], Endpoint], ...]] = tuple(
    (re.compile(path, re.ASCII), endpoint)
    for path, endpoint in (
        (rf"{_INSTANCE}/frames/(?P<frames>{FRAME_NUMBERS})", retrieve_frames),
        (rf"{_INSTANCE}/metadata", retrieve_instance_metadata),
        (rf"{_SERIES}/metadata", retrieve_series_metadata),
        (rf"{_STUDY}/metadata", retrieve_study_metadata),
        (rf"{_STUDY}/series", search_for_series),
        (rf"{_ROOT}/studies", search_for_studies),
    )
)
"""Which paths are taken, and the function of the route that each belongs to."""


class ShortWay:
    """Answers these requests itself, and hands on all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the route's stead, or let the framework find it."""
        request = Request(scope, receive) if scope["type"] == "http" and scope["method"] == "GET" else None
        found = None if request is None else _found(request)
        if request is None or found is None:
            await self._app(scope, receive, send)
            return
        endpoint, values = found
        # As the router would: for the line in the log, and for whoever asks the request for its site.
        scope["route"], scope["path_params"] = endpoint, values
        session, bearer = await credentials_of(request)
        answer = await run_in_threadpool(_answer, request, endpoint, values, session, bearer)
        await answer(scope, receive, send)


def _found(request: Request) -> tuple[Endpoint, dict[str, str]] | None:
    for path, endpoint in ENDPOINTS:
        if match := path.fullmatch(request.scope["path"]):
            if endpoint in _SEARCHES and not _is_plain(request.query_params):
                return None
            return endpoint, {name: value for name, value in match.groupdict().items() if value is not None}
    return None


def _is_plain(parameters: QueryParams) -> bool:
    """Whether a search has only parameters that are read in one way: attributes, and where its page lies."""
    names = [name for name, _ in parameters.multi_items()]
    pages = [parameters[name] for name in ("limit", "offset") if name in names]
    is_once = all(names.count(name) <= 1 for name in ("limit", "offset"))
    return is_once and _READ_BY_THE_FRAMEWORK.isdisjoint(names) and all(map(_COUNT.fullmatch, pages))


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
        root = search_root(request, rooms, actor)
        uids = {name: value for name, value in values.items() if name != "site_id"}
        if endpoint in _SEARCHES:
            return endpoint(request, rooms, root, _search(request), **uids)
        return endpoint(request, Retrieval(root, rooms), **uids)
    except HubError as error:
        return problem_of(error)


def _search(request: Request) -> Search:
    limit, offset = (request.query_params.get(name) for name in ("limit", "offset"))
    return Search(request, None if limit is None else int(limit), int(offset or 0))
