"""Figures for a monitor, in Prometheus' text form: for administrators of the whole, with a bearer token.

Labels are route templates, statuses and our own words, so that there are never many, and none names anybody.
"""

from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from core.access import EVERY_SITE, Act
from core.errors import NotPermitted, StorageUnavailable
from database.figures import figures
from database.tallies import IMPORTED, read_tally
from storage.figures import free_bytes, storage_figures
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.gauges import (
    as_text,
    gauges,
    of_build,
    of_database,
    of_disks,
    of_imports,
    of_storage,
    of_worklist,
)
from viewer_api.permission import Administering
from viewer_api.problems import documented
from viewer_api.rooms import InRooms, http_settings_of
from worklist.figures import worklist_figures

router = APIRouter(tags=["health"])
MEDIA_TYPE: Final = "text/plain"


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
def show_metrics(request: Request, actor: Administering, rooms: InRooms) -> Response:
    """What the processes of this hub count; jobs, cases, what lies aside and disks as they are now."""
    if not actor.scope(Act.ADMINISTER).everything:
        raise NotPermitted
    found = figures(rooms.database, now=rooms.clock.now())
    # every site: the administrator's scope was seen to be that
    with rooms.database.read(within=EVERY_SITE) as connection:
        reading = worklist_figures(connection, now=rooms.clock.now())
        kept = storage_figures(connection)
        imported = read_tally(connection, IMPORTED)
    settings = http_settings_of(request)
    readings = of_database(found) + of_worklist(reading) + of_storage(kept) + of_imports(imported)
    readings += of_disks(free_bytes(rooms.archive, rooms.database))
    build = of_build(version=request.app.version, schema=settings.schema)
    body = settings.figures_of_requests() + as_text([*gauges(readings), build])
    body += settings.figures_of_neighbours()
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})
