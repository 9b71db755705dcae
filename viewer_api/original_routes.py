"""The files that instances were made of, as they came."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from core.errors import InvalidRequest, NotFound, StorageUnavailable
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.dicom_web_root import UID, Retrieval, SearchRoot
from viewer_api.ecg_routes import ECGInstance, OneOfTwoSites
from viewer_api.multipart import begun
from viewer_api.original_schemas import OriginalCollection, OriginalResource
from viewer_api.problems import SeveralSites, documented
from viewer_api.response_headers import UNCHANGING
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1/studies/{study}",
    tags=["electrocardiograms"],
    responses=AUTHENTICATION_PROBLEMS
    | documented(InvalidRequest, NotFound, SeveralSites, StorageUnavailable),
)

_OCTETS: Final = "application/octet-stream"
_MOST: Final = 1000


@router.get("/originals", summary="The files that instances of a study were made of")
def originals(
    rooms: InRooms, root: SearchRoot, study: UID, site_id: OneOfTwoSites = None
) -> OriginalCollection:
    """None for a study that came as DICOM."""
    retrieval = Retrieval(root if site_id is None else root.at(site_id), rooms)
    at = retrieval.instances(study)[0].site_id
    found = rooms.archive.originals_in(at, study, limit=_MOST)
    return OriginalCollection(items=[OriginalResource.of(at, study, uid, file) for uid, file in found])


@router.get(
    "/instances/{instance}/original",
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
