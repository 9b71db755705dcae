"""An electrocardiogram as numbers, and as the sheet at true scale."""

from collections.abc import Iterator
from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from core.errors import InvalidInstance, InvalidRequest, NotFound, StorageUnavailable, TooLarge
from core.limits import ECG_OBJECT_LIMIT
from ecg.compact import compact
from ecg.layout import Layout
from ecg.paper import PaperSettings, svg
from ecg.recording import Recording, rhythm
from ecg.waveform import recordings
from imaging.decoding import DECODER_ERRORS
from reporting.paper.sheet import printed_name
from storage.element_data_set import data_set_of
from storage.instance import Instance, Study
from storage.instance_content import opened
from storage.query import Query as StudyQuery
from storage.query import UIDList
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.dicom_web_root import UID, Retrieval, SearchRoot, accept_of
from viewer_api.ecg_schemas import ECGResource
from viewer_api.media_types import Form, choose
from viewer_api.places import Places
from viewer_api.problems import Busy, NotAcceptable, NotShowable, SeveralSites, documented
from viewer_api.rooms import InRooms
from viewer_api.wado_rs import UNCHANGING

router = APIRouter(
    prefix="/api/v1/studies/{study}/instances/{instance}",
    tags=["electrocardiograms"],
    responses=AUTHENTICATION_PROBLEMS
    | documented(
        Busy,
        InvalidRequest,
        NotAcceptable,
        NotFound,
        NotShowable,
        SeveralSites,
        StorageUnavailable,
        TooLarge,
    ),
)

_JSON: Final = "application/json"
_COMPACT: Final = "application/octet-stream"
_SVG: Final = "image/svg+xml"
_READING: Final = Places(2, waiting=16)
"""An ECG of ECG_OBJECT_LIMIT takes some hundred megabytes while it is read."""
_WAVEFORM_GROUP: Final = 0x5400
_WAVEFORM_CLASSES: Final = "1.2.840.10008.5.1.4.1.1.9."


class Electrocardiogram:
    """One ECG that the caller may see, with the study it belongs to."""

    def __init__(self, study: Study, recording: Recording) -> None:
        self.study = study
        self.recording = recording


def _electrocardiogram(
    rooms: InRooms,
    root: SearchRoot,
    study: UID,
    instance: UID,
    site_id: Annotated[
        str | None, Query(pattern="^[a-z0-9-]{1,32}$", description="Which, where two sites hold it.")
    ] = None,
) -> Iterator[Electrocardiogram]:
    retrieval = Retrieval(root if site_id is None else root.at(site_id), rooms)
    found = retrieval.instances(study, None, instance)[0]
    if not found.sop_class_uid.startswith(_WAVEFORM_CLASSES):
        raise NotFound("This instance holds no waveform.")
    if found.size > ECG_OBJECT_LIMIT:
        raise TooLarge(f"A waveform object of more than {ECG_OBJECT_LIMIT} bytes is not read in one piece.")
    query = StudyQuery(conditions={"StudyInstanceUID": UIDList((study,))})
    [of_study] = retrieval.archive.search_studies(
        query, visible_to=retrieval.root.scope.within(found.site_id)
    )
    with _READING.taken():
        yield Electrocardiogram(of_study, _read(retrieval, found))


InElectrocardiogram = Annotated[Electrocardiogram, Depends(_electrocardiogram)]


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
def leads(request: Request, ecg: InElectrocardiogram) -> Response:
    """Calibrated as the object says; each lead under its name, whatever its place in the object.

    The compact form: `ECG1`, the head's length (uint32), a JSON head with `leads` and `samples`, then each
    lead as little-endian float32; NaN where nothing was recorded.
    """
    forms = [Form(media_type=_JSON), Form(media_type=_COMPACT)]
    chosen = choose(accept_of(request), forms, multipart=False, single=True)
    if chosen.form.media_type == _COMPACT:
        return Response(compact(ecg.recording), media_type=_COMPACT, headers=UNCHANGING)
    recording = ecg.recording
    body = {
        "label": recording.label,
        "sampling_frequency_hz": recording.sampling_frequency_hz,
        "leads": {
            lead.name: [
                value if known else None
                for value, known in zip(
                    np.round(lead.microvolts, 4).tolist(), np.isfinite(lead.microvolts).tolist(), strict=True
                )
            ]
            for lead in recording.leads
        },
        "oddities": list(recording.oddities),
    }
    return JSONResponse(body, headers=UNCHANGING)


@router.get(
    "/ecg.svg",
    summary="The sheet of an ECG at true scale",
    response_class=Response,
    responses={
        200: {
            "description": "A drawing whose user unit is a millimetre.",
            "content": {_SVG: {"schema": {"type": "string"}}},
        }
    },
)
def sheet(
    request: Request,
    ecg: InElectrocardiogram,
    speed: Annotated[float, Query(description="mm/s: 12.5, 25, 50 or 100.")] = 25,
    gain: Annotated[float, Query(description="mm/mV: 5, 10 or 20.")] = 10,
    layout: Layout = Layout.FOUR_BY_THREE,
    start: Annotated[float, Query(ge=0, le=1e6, description="Second at which the sheet begins.")] = 0,
) -> Response:
    """Ten seconds on the grid, with a calibration pulse before each row."""
    choose(accept_of(request), [Form(media_type=_SVG)], multipart=False, single=True)
    settings = PaperSettings(speed_mm_per_s=speed, gain_mm_per_mv=gain, layout=layout, start_seconds=start)
    drawing = svg(ecg.recording, settings, _header(ecg.study))
    return Response(drawing, media_type=_SVG, headers=UNCHANGING)


def _read(retrieval: Retrieval, instance: Instance) -> Recording:
    """Return the recording to read. Raises NotShowable where there is none."""
    try:
        with opened(retrieval.archive, instance) as content:
            dataset = data_set_of(content, group=_WAVEFORM_GROUP, longest_value=ECG_OBJECT_LIMIT)
            return rhythm(recordings(dataset))
    except InvalidInstance as error:
        raise NotShowable(f"This ECG cannot be drawn. {error}") from error
    except DECODER_ERRORS as error:
        raise NotShowable("This ECG cannot be drawn: its data set cannot be read.") from error


def _header(study: Study) -> list[str]:
    born = study.patient_birth_date.isoformat() if study.patient_birth_date else ""
    taken = study.study_date.isoformat() if study.study_date else ""
    person = (printed_name(study.patient_name), study.patient_id, study.patient_sex, born)
    exam = (f"{taken} {study.study_time[:4]}".strip(), study.study_description, study.accession_number)
    return ["   ".join(filter(None, person)), "   ".join(filter(None, exam))]
