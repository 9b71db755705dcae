"""The ECG of a case beside the earlier ones of the same person."""

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from core.errors import NotFound
from ecg.comparison import MOST_COMPARED
from ecg.storage_classes import ELECTROCARDIOGRAMS
from storage.instance import Instance
from viewer_api.dicom_web_root import Retrieval, Root, SearchRoot
from viewer_api.ecg_routes import (
    ECG_PROBLEMS,
    SVG,
    ECGInstance,
    InPaperSettings,
    reading_an_ecg,
    require_svg,
    svg_given,
)
from viewer_api.rooms import InRooms, Rooms
from worklist.case import Case
from worklist.priors import Prior, Relation

router = APIRouter(
    prefix="/api/v1/studies/{study}/instances/{instance}/ecg",
    tags=["electrocardiograms"],
    responses=ECG_PROBLEMS,
)

_USUAL: Final = 2
"""So many earlier ECGs, where none are named."""
_NONE_NAMED: Final[list[str]] = []
_MARKS: Final = {
    Relation.PATIENT: "earlier, same patient",
    Relation.RELATED: "earlier, linked by a person",
    Relation.CANDIDATE: "CANDIDATE: not known to be the same person",
}


@router.get(
    "/comparison.svg",
    summary="An ECG beside earlier ones of the same person",
    response_class=Response,
    responses=svg_given("A drawing in millimetres; the ECG that was asked for is on the left."),
)
def comparison(
    request: Request,
    rooms: InRooms,
    root: SearchRoot,
    ecg: ECGInstance,
    settings: InPaperSettings,
    prior: Annotated[
        list[str],
        Query(
            max_length=MOST_COMPARED - 1,
            description="Cases among its priors; without any the newest two certain ones that have an ECG.",
        ),
    ] = _NONE_NAMED,
) -> Response:
    """Lead by lead on one time and voltage scale, with what each device measured below its heading."""
    require_svg(request)
    case = rooms.reading_list.case_of_study(root.actor, ecg.site_id, ecg.study_instance_uid)
    priors = rooms.priors.of_case(root.actor, case.case_id)
    earlier = _named(rooms, root, priors, prior) if prior else _newest(rooms, root, priors)
    marks = ["this ECG", *(_MARKS[relation] for _, relation in earlier)]
    with reading_an_ecg():
        drawing = rooms.electrocardiograms.compared([ecg, *(each for each, _ in earlier)], marks, settings)
    return Response(drawing, media_type=SVG)


def _newest(rooms: Rooms, root: Root, priors: list[Prior]) -> list[tuple[Instance, Relation]]:
    certain = [prior for prior in priors if prior.relation is not Relation.CANDIDATE]
    found = []
    for instance, relation in _electrocardiograms(rooms, root, certain):
        found.append((instance, relation))
        if len(found) == _USUAL:
            break
    return found


def _named(
    rooms: Rooms, root: Root, priors: list[Prior], named: list[str]
) -> list[tuple[Instance, Relation]]:
    """Return the ECGs of named cases. Raises NotFound: one is no prior of the case, or has no ECG."""
    among = {prior.case.case_id: prior for prior in priors}
    if not among.keys() >= set(named):
        raise NotFound("Only priors of its case are compared with an ECG.")
    found = list(_electrocardiograms(rooms, root, [among[case_id] for case_id in dict.fromkeys(named)]))
    if len(found) < len(set(named)):
        raise NotFound("A prior holds no ECG.")
    return found


def _electrocardiograms(rooms: Rooms, root: Root, priors: list[Prior]) -> Iterator[tuple[Instance, Relation]]:
    for prior in priors:
        instance = _electrocardiogram(rooms, root, prior.case)
        if instance is not None:
            yield instance, prior.relation


def _electrocardiogram(rooms: Rooms, root: Root, case: Case) -> Instance | None:
    """Return the first ECG of a case, having its look written down; None where there is none in scope."""
    for study in case.studies:
        try:
            retrieval = Retrieval(root.at(case.site_id), rooms)
            instances = retrieval.instances(study.study_instance_uid)
        except NotFound:
            continue
        for instance in instances:
            if instance.sop_class_uid in ELECTROCARDIOGRAMS:
                return instance
    return None
