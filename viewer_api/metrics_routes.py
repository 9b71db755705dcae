"""Figures for a monitor, in Prometheus' text form: for administrators of the whole, with a bearer token.

Labels are route templates, statuses and our own words, so that there are never many, and none names anybody.
"""

from typing import Final

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from core.access import Act
from core.errors import NotPermitted, StorageUnavailable
from database.figures import Figures, figures
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.permission import Administering
from viewer_api.problems import documented
from viewer_api.request_log import REQUESTS
from viewer_api.rooms import InRooms

router = APIRouter(tags=["health"])
MEDIA_TYPE: Final = "text/plain"
_TEXT: Final = {"schema": {"type": "string"}}


@router.get(
    "/metrics",
    summary="Figures for a monitor",
    response_class=Response,
    responses=AUTHENTICATION_PROBLEMS
    | documented(StorageUnavailable)
    | {
        200: {
            "description": "Prometheus' text form.",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        }
    },
)
def show_metrics(actor: Administering, rooms: InRooms) -> Response:
    """Requests of this process; jobs, followers and audit of the whole hub, as they are at this moment."""
    if not actor.scope(Act.ADMINISTER).everything:
        raise NotPermitted
    registry = _gauges(figures(rooms.database, now=rooms.clock.now()))
    body = generate_latest(REQUESTS) + generate_latest(registry)
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _gauges(found: Figures) -> CollectorRegistry:
    registry = CollectorRegistry()
    by_kind = {
        "hub_jobs_waiting": ("Jobs that wait or are being done", found.jobs_waiting),
        "hub_jobs_late": ("Jobs past their time", found.jobs_late),
        "hub_jobs_resting": ("Jobs that were given up", found.jobs_resting),
    }
    for name, (meaning, numbers) in by_kind.items():
        gauge = Gauge(name, meaning, ["kind"], registry=registry)
        for kind, number in numbers.items():
            gauge.labels(kind).set(number)
    lag = Gauge("hub_feed_lag", "Changes that a follower has not seen", ["follower"], registry=registry)
    for follower, number in found.feed_lag.items():
        lag.labels(follower).set(number)
    Gauge("hub_audit_unchained", "Audit rows without a place in their chain", registry=registry).set(
        found.audit_unchained
    )
    Gauge("hub_audit_unchained_seconds", "Age of the oldest of them", registry=registry).set(
        found.audit_unchained_seconds
    )
    return registry
