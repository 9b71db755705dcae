"""Whether this process lives, and whether it can do its work."""

from fastapi import APIRouter

from core.access import Scope
from core.errors import QuotaExceeded, StorageUnavailable
from database.engine import is_reachable
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the process answers")
async def is_alive() -> dict[str, str]:
    """Asks nothing of anybody else: a restart would cure what this does not answer."""
    return {"status": "alive"}


@router.get(
    "/readyz",
    summary="Whether requests can be served",
    responses=documented(StorageUnavailable),
)
def is_ready(rooms: InRooms) -> dict[str, str | int]:
    """Whether the catalogue answers and the blob store has room for what arrives.

    `alarms` counts what administrators have to see to; requests are served all the same.
    """
    if not is_reachable(rooms.database):
        raise StorageUnavailable("The catalogue cannot be reached.")
    try:
        rooms.archive.require_room()
    except QuotaExceeded as error:
        raise StorageUnavailable(str(error)) from error
    everywhere = Scope(everything=True)
    alarms = len(rooms.shelf.alarms(everywhere)) + len(rooms.unrouted.numbers(everywhere))
    return {"status": "ready", "alarms": alarms}
