"""One table from what went wrong to what HTTP says about it (RFC 9457)."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from core import errors
from core.errors import HubError
from core.limits import LOGIN_WINDOW_SECONDS
from viewer_api.path_template import path_template

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
"""When to come back for what is only away for a moment."""
ROOM_SECONDS: Final = 600
"""When to come back for disk space, which a person has to make."""


class NotAcceptable(HubError):
    """None of the media types that Accept names can be given for this."""


class UnsupportedMediaType(HubError):
    """A body of this media type is not taken here."""


class RangeNotSatisfiable(HubError):
    """The range begins behind the end of what there is."""

    def __init__(self, whole: int) -> None:
        super().__init__(f"There are {whole} bytes.")
        self.whole = whole


class Busy(HubError):
    """Too much is asked for at once; try again shortly."""


class NotShowable(HubError):
    """The object is kept as it was sent, and cannot be shown; its bytes can be retrieved."""


class SeveralSites(HubError):
    """More than one site is meant: use the address of one of them."""

    def __init__(self, message: str, site_ids: Iterable[str]) -> None:
        super().__init__(message)
        self.site_ids = sorted(site_ids)


STATUS: Final[dict[type[HubError], HTTPStatus]] = {
    HubError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidInstance: HTTPStatus.BAD_REQUEST,
    errors.DataSetMismatch: HTTPStatus.CONFLICT,
    errors.UnsupportedSOPClass: HTTPStatus.CONFLICT,
    errors.UnsupportedTransferSyntax: HTTPStatus.NOT_ACCEPTABLE,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.QuotaExceeded: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.InvalidQuery: HTTPStatus.BAD_REQUEST,
    errors.InvalidRequest: HTTPStatus.BAD_REQUEST,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotPermitted: HTTPStatus.FORBIDDEN,
    errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    errors.PasswordChangeRequired: HTTPStatus.FORBIDDEN,
    errors.RecentLoginRequired: HTTPStatus.FORBIDDEN,
    errors.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    errors.WorkitemStateConflict: HTTPStatus.CONFLICT,
    errors.ReportStateConflict: HTTPStatus.CONFLICT,
    errors.PatientConflict: HTTPStatus.CONFLICT,
    errors.AlreadySettled: HTTPStatus.CONFLICT,
    errors.StaleVersion: HTTPStatus.PRECONDITION_FAILED,
    errors.VersionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.AlreadyRegistered: HTTPStatus.CONFLICT,
    errors.Misconfigured: HTTPStatus.INTERNAL_SERVER_ERROR,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    NotShowable: HTTPStatus.UNPROCESSABLE_ENTITY,
    RangeNotSatisfiable: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    SeveralSites: HTTPStatus.CONFLICT,
}

_HEADERS: Final[dict[type[HubError], dict[str, str]]] = {
    errors.NotAuthenticated: {"WWW-Authenticate": 'Bearer realm="imaging-hub"'},
    errors.TooManyAttempts: {"Retry-After": str(LOGIN_WINDOW_SECONDS)},
    errors.StorageUnavailable: {"Retry-After": str(RETRY_SECONDS)},
    Busy: {"Retry-After": str(RETRY_SECONDS)},
    errors.QuotaExceeded: {"Retry-After": str(ROOM_SECONDS)},
}

PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Names the kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do about this one."},
        "fields": {
            "type": "array",
            "description": "What is wrong with the request, field by field, without the values sent.",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
        "sites": {"type": "array", "items": {"type": "string"}, "description": "The sites that are meant."},
    },
}


def status_of(error: type[HubError]) -> HTTPStatus:
    """Return the status of an error, its own or that of the class it refines."""
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)


def problem_of(error: HubError) -> Response:
    """Return the answer to an error; bugs and settings keep their words to themselves."""
    status = status_of(type(error))
    members: dict[str, Any] = {}
    if status is not HTTPStatus.INTERNAL_SERVER_ERROR:
        members["detail"] = str(error)
    if isinstance(error, SeveralSites):
        members["sites"] = error.site_ids
    headers = {}
    if isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.whole}"
    return _problem(status, kind=type(error), members=members, headers=headers)


def internal_error() -> Response:
    """Return the answer to a bug: nothing of it."""
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR)


def documented(*kinds: type[HubError]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may end in these errors, for the OpenAPI description."""
    sentences: dict[int, list[str]] = {}
    for kind in kinds:
        sentences.setdefault(status_of(kind).value, []).append(" ".join((kind.__doc__ or "").split()))
    return {
        status: {
            "description": " ".join(said),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, said in sorted(sentences.items())
    }


def answer_with_problems(app: FastAPI) -> None:
    """Make every error of the application a problem."""
    app.add_exception_handler(HubError, _on_hub_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)


async def _on_hub_error(_request: Request, error: Exception) -> Response:
    return problem_of(cast("HubError", error))


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    fields = [
        {"field": _place(wrong["loc"]), "problem": _words(wrong["type"], wrong["msg"])}
        for wrong in cast("RequestValidationError", error).errors()
    ]
    return _problem(
        HTTPStatus.BAD_REQUEST,
        kind=errors.InvalidRequest,
        members={"detail": "The request is not as it must be.", "fields": fields},
    )


async def _on_http_error(request: Request, error: Exception) -> Response:
    answer = cast("HTTPException", error)
    headers = dict(answer.headers or {})
    if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers |= _allowed(request, headers.get("Allow", ""))
    return _problem(HTTPStatus(answer.status_code), headers=headers)


def _allowed(request: Request, named: str) -> dict[str, str]:
    """Return Allow with every method of the path: the framework names those of the first route alone.

    HEAD is wherever GET is (RFC 9110 9.1).
    """
    template = path_template(request.url.path, request.path_params)
    operations = request.app.openapi()["paths"].get(template, {})
    methods = {method.upper() for method in operations} or set(filter(None, named.split(", ")))
    methods |= {"HEAD"} if "GET" in methods else set()
    return {"Allow": ", ".join(sorted(methods))} if methods else {}


def _place(location: Iterable[object]) -> str:
    return ".".join(str(step) for step in location)


def _words(kind: str, message: str) -> str:
    """Return what is wrong without what was sent: only some kinds' messages can quote it."""
    return "is not as it must be" if kind in {"value_error", "assertion_error"} else message


def _title(words: list[str]) -> str:
    return " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])


def _problem(
    status: HTTPStatus,
    *,
    kind: type[HubError] | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    name = kind.__name__ if kind is not None and kind is not HubError else ""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+", name)
    body = {
        "type": "/problems/" + "-".join(words).lower() if words else "about:blank",
        "title": _title(words) if words else status.phrase,
        "status": status.value,
        **(members or {}),
    }
    sent = {} if kind is None else next((_HEADERS[base] for base in kind.__mro__ if base in _HEADERS), {})
    return JSONResponse(body, status, headers={**sent, **(headers or {})}, media_type=MEDIA_TYPE)
