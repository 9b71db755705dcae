"""One log line per request, and the one place that catches what no rule foresaw."""

import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viewer_api.path_template import path_template
from viewer_api.problems import internal_error

REQUESTS = CollectorRegistry()
"""What this process answered, by route template and status: never a path that was asked for."""
_SECONDS = Histogram(
    "hub_http_request_seconds", "Time to answer", ["method", "route", "status"], registry=REQUESTS
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})

log = structlog.get_logger(__name__)


def own_figures() -> bytes:
    """Return what this process answered, in Prometheus' text form."""
    return generate_latest(REQUESTS)


def name_actor(scope: Scope, username: str) -> None:
    """Say in the request's log line who sent it."""
    scope.setdefault("state", {})["username"] = username


class RequestLog:
    """Logs method, route template, status, time, sender and size.

    Never a query string, which may name a patient, nor the path that was asked for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0
        size = 0
        is_cut = False

        async def counting_send(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counting_send)
        except Exception:  # the edge's one catch-all: a bug ends its own request only
            log.exception("request failed", **_line(scope))
            # A response that has begun is left unfinished: the server then cuts the connection, so that
            # nobody takes half an instance for a whole one.
            is_cut = bool(status)
            if not is_cut:
                await internal_error()(scope, receive, counting_send)
        line = _line(scope)
        method = line["method"] if line["method"] in _METHODS else "other"
        _SECONDS.labels(method, line["route"], str(int(status))).observe(time.monotonic() - began)
        log.info(
            "request",
            status=int(status),
            milliseconds=round(1000 * (time.monotonic() - began), 1),
            size=size,
            cut=is_cut,
            **_line(scope),
        )


def _line(scope: Scope) -> dict[str, Any]:
    return {
        "method": scope["method"],
        "route": path_template(scope["path"], scope.get("path_params", {}))
        if "route" in scope
        else "unknown",
        "username": scope.get("state", {}).get("username", ""),
    }
