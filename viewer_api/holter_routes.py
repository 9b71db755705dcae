"""A long ECG: its rate from begin to end, and pages of one lead. Ten seconds of it are `ecg.svg?start=…`."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from viewer_api.ecg_routes import ECG_PROBLEMS, SVG, ECGInstance, reading_an_ecg, require_svg, svg_given
from viewer_api.holter_schemas import OverviewResource
from viewer_api.response_headers import UNCHANGING
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1/studies/{study}/instances/{instance}/ecg",
    tags=["electrocardiograms"],
    responses=ECG_PROBLEMS,
)

_DRAWING: Final = svg_given("A drawing in millimetres.")


@router.get("/overview", summary="The rate of a long ECG, minute by minute")
def overview(rooms: InRooms, ecg: ECGInstance) -> OverviewResource:
    """Computed by the hub, a way to find one's place; kept ready once the recording is in."""
    with reading_an_ecg():
        return OverviewResource.of(rooms.holter.overview(ecg))


@router.get("/overview.svg", summary="The same, drawn", response_class=Response, responses=_DRAWING)
def overview_drawing(request: Request, rooms: InRooms, ecg: ECGInstance) -> Response:
    """The median of each minute, over the span from its lowest to its highest."""
    require_svg(request)
    with reading_an_ecg():
        drawing = rooms.holter.trend(ecg)
    return Response(drawing, media_type=SVG, headers=UNCHANGING)


@router.get(
    "/disclosure.svg",
    summary="Twenty minutes of one lead, a minute in each row",
    response_class=Response,
    responses=_DRAWING,
)
def disclosure(
    request: Request,
    rooms: InRooms,
    ecg: ECGInstance,
    start: Annotated[float, Query(ge=0, le=1e6, description="Second at which the page begins.")] = 0,
    lead: Annotated[str, Query(max_length=64, description="One of its leads; the usual one if empty.")] = "",
    gain: Annotated[float, Query(description="mm/mV of the sheet: 5, 10 or 20; rows show half.")] = 10,
) -> Response:
    """What a page shows is read for it, and nothing else of the recording."""
    require_svg(request)
    with reading_an_ecg():
        drawing = rooms.holter.page(ecg, lead, gain, start)
    return Response(drawing, media_type=SVG, headers=UNCHANGING)
