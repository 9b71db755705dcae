"""The file that an instance was made of, as it came."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from core.errors import InvalidRequest, NotFound, StorageUnavailable
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.ecg_routes import ECGInstance
from viewer_api.multipart import begun
from viewer_api.problems import SeveralSites, documented
from viewer_api.response_headers import UNCHANGING
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1/studies/{study}/instances/{instance}",
    tags=["electrocardiograms"],
    responses=AUTHENTICATION_PROBLEMS
    | documented(InvalidRequest, NotFound, SeveralSites, StorageUnavailable),
)

_OCTETS: Final = "application/octet-stream"


@router.get(
    "/original",
    summary="The file that an instance was made of",
    response_class=Response,
    responses={
        200: {
            "description": "Byte for byte as it came.",
            "content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def original(
    rooms: InRooms,
    ecg: ECGInstance,
    number: Annotated[int, Query(ge=1, le=64, description="Which, of a record of several files.")] = 1,
) -> Response:
    """404 for an instance that came as it is: that is had by WADO-RS."""
    found = {each.number: each for each in rooms.archive.originals_of(ecg)}
    if number not in found:
        raise NotFound("This instance was not made of a file.")
    kept = found[number]
    return StreamingResponse(
        begun(rooms.archive.whole_original(kept)),
        media_type=_OCTETS,
        headers=UNCHANGING
        | {
            "Content-Length": str(kept.size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(kept.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        },
    )
