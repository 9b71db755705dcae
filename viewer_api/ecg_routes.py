"""An electrocardiogram as numbers, and as the sheet at true scale."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from core.errors import (
    InvalidInstance,
    InvalidRequest,
    NotFound,
    StorageUnavailable,
    TooLarge,
    UnsupportedTransferSyntax,
)
from ecg.filters import SheetFilter
from ecg.layout import Layout, LimbSequence
from ecg.paper import PaperSettings
from renditions.ecg_tasks import compact_of, leads_of
from reporting.ecg_sheet import LEAST_DPI, MOST_DPI, sheet_png
from storage.instance import Instance
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.dicom_web_root import UID, Retrieval, SearchRoot, accept_of
from viewer_api.ecg_schemas import ECGResource
from viewer_api.media_types import Form, choose
from viewer_api.places import DECODING
from viewer_api.problems import Busy, NotAcceptable, NotShowable, SeveralSites, documented
from viewer_api.response_headers import UNCHANGING
from viewer_api.rooms import InRooms

ECG_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = AUTHENTICATION_PROBLEMS | documented(
    Busy, InvalidRequest, NotAcceptable, NotFound, NotShowable, SeveralSites, StorageUnavailable, TooLarge
)

router = APIRouter(
    prefix="/api/v1/studies/{study}/instances/{instance}",
    tags=["electrocardiograms"],
    responses=ECG_PROBLEMS,
)

SVG: Final = "image/svg+xml"
_JSON: Final = "application/json"
_COMPACT: Final = "application/octet-stream"
_PNG: Final = "image/png"
_NO_FILTERS: Final[list[SheetFilter]] = []


OneOfTwoSites = Annotated[
    str | None, Query(pattern="^[a-z0-9-]{1,32}$", description="Which, where two sites hold it.")
]


def _ecg_instance(
    rooms: InRooms, root: SearchRoot, study: UID, instance: UID, site_id: OneOfTwoSites = None
) -> Instance:
    retrieval = Retrieval(root if site_id is None else root.at(site_id), rooms)
    return retrieval.instances(study, None, instance)[0]


def _paper_settings(
    speed: Annotated[float, Query(description="mm/s: 12.5, 25, 50 or 100.")] = 25,
    gain: Annotated[float, Query(description="mm/mV: 5, 10 or 20.")] = 10,
    layout: Layout = Layout.FOUR_BY_THREE,
    rhythm: Annotated[int, Query(description="Leads along below 4x3: 1 (II) or 3 (II, V1, V5).")] = 1,
    limbs: Annotated[LimbSequence, Query(description="Sequence of the limb leads.")] = LimbSequence.STANDARD,
    half_chest: Annotated[bool, Query(description="Draw V leads at half the gain.")] = False,
    filters: Annotated[
        list[SheetFilter],
        Query(alias="filter", max_length=4, description="Hz; none unless asked for, printed when on."),
    ] = _NO_FILTERS,
    start: Annotated[float, Query(ge=0, le=1e6, description="Second at which the sheet begins.")] = 0,
) -> PaperSettings:
    return PaperSettings(
        speed_mm_per_s=speed,
        gain_mm_per_mv=gain,
        layout=layout,
        rhythm_leads=rhythm,
        limb_sequence=limbs,
        halves_chest_leads=half_chest,
        filters=tuple(dict.fromkeys(filters)),
        start_seconds=start,
    )


InPaperSettings = Annotated[PaperSettings, Depends(_paper_settings)]
ECGInstance = Annotated[Instance, Depends(_ecg_instance)]


def svg_given(description: str) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that gives out a drawing."""
    return {200: {"description": description, "content": {SVG: {"schema": {"type": "string"}}}}}


def require_svg(request: Request) -> None:
    """Raise NotAcceptable where the client takes no SVG."""
    choose(accept_of(request), [Form(media_type=SVG)], multipart=False, single=True)


@router.get(
    "/ecg",
    summary="The leads of an ECG in microvolts",
    response_model=ECGResource,
    responses={
        200: {
            "description": "The leads; with `Accept: application/octet-stream` in the compact form.",
            "content": {_COMPACT: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def leads(
    request: Request,
    rooms: InRooms,
    ecg: ECGInstance,
    start: Annotated[float, Query(ge=0, le=1e6, description="Second of the recording, with `seconds`.")] = 0,
    seconds: Annotated[
        float | None, Query(gt=0, le=600, description="How much; a long recording is not given whole.")
    ] = None,
) -> Response:
    """Calibrated as the object says; each lead under its name, whatever its place in the object.

    The compact form: `ECG1`, the head's length (uint32), a JSON head with `leads` and `samples`, then each
    lead as little-endian float32; NaN where nothing was recorded.
    """
    forms = [Form(media_type=_JSON), Form(media_type=_COMPACT)]
    chosen = choose(accept_of(request), forms, multipart=False, single=True)
    task = compact_of if chosen.form.media_type == _COMPACT else leads_of
    with reading_an_ecg():
        if seconds is None:
            body = rooms.electrocardiograms.read(ecg, task)
        else:
            body = rooms.electrocardiograms.read_part(ecg, task, start, seconds)
    return Response(body, media_type=chosen.form.media_type, headers=UNCHANGING)


@router.get(
    "/ecg.svg",
    summary="The sheet of an ECG at true scale",
    response_class=Response,
    responses=svg_given("A drawing whose user unit is a millimetre."),
)
def sheet(request: Request, rooms: InRooms, ecg: ECGInstance, settings: InPaperSettings) -> Response:
    """Ten seconds on the grid, with a calibration pulse before each row."""
    require_svg(request)
    drawing = rooms.electrocardiograms.kept(ecg, settings)
    if drawing is None:
        with reading_an_ecg():
            drawing = rooms.electrocardiograms.drawn(ecg, settings)
    return Response(drawing, media_type=SVG, headers=UNCHANGING)


@router.get(
    "/ecg.png",
    summary="The sheet of an ECG as pixels at true scale",
    response_class=Response,
    responses={
        200: {
            "description": "A picture that says how large it is (pHYs).",
            "content": {_PNG: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def sheet_in_pixels(
    request: Request,
    rooms: InRooms,
    ecg: ECGInstance,
    settings: InPaperSettings,
    dpi: Annotated[int, Query(ge=LEAST_DPI, le=MOST_DPI, description="Pixels an inch.")] = 150,
) -> Response:
    """The same drawing, for a letter or a screen that draws no SVG."""
    choose(accept_of(request), [Form(media_type=_PNG)], multipart=False, single=True)
    with reading_an_ecg():
        electrocardiograms = rooms.electrocardiograms
        drawing = electrocardiograms.kept(ecg, settings) or electrocardiograms.drawn(ecg, settings)
        picture = sheet_png(drawing.decode(), dpi)
    return Response(picture, media_type=_PNG, headers=UNCHANGING)


@contextmanager
def reading_an_ecg() -> Iterator[None]:
    """Wait for a place to read in. Raises Busy, and NotShowable where an ECG cannot be read."""
    try:
        with DECODING.taken():
            yield
    except (InvalidInstance, UnsupportedTransferSyntax) as error:
        raise NotShowable(f"This ECG cannot be drawn. {error}") from error
