"""How the hub fares, for a person to look at; a monitor has the same and more at /metrics."""

from fastapi import APIRouter, Request

from core.access import EVERY_SITE
from core.errors import QuotaExceeded, StorageUnavailable
from database.figures import figures
from storage.archive import Archive
from storage.figures import free_bytes, storage_figures
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.figures_schemas import FiguresResource
from viewer_api.permission import AdministeringEverywhere
from viewer_api.problems import documented
from viewer_api.rooms import InRooms
from worklist.figures import worklist_figures
from worklist.urgency import Urgency

router = APIRouter(
    prefix="/api/v1",
    tags=["health"],
    responses=AUTHENTICATION_PROBLEMS | documented(StorageUnavailable),
)


@router.get("/figures", summary="How the hub fares")
def show_figures(request: Request, _actor: AdministeringEverywhere, rooms: InRooms) -> FiguresResource:
    """Disks, object store, feed, jobs, audit, what lies aside, and what waits to be read, at this moment."""
    now = rooms.clock.now()
    found = figures(rooms.database, now=now)
    # every site: the administrator's scope was seen to be that
    with rooms.database.read(within=EVERY_SITE) as connection:
        reading = worklist_figures(connection, now=now)
        kept = storage_figures(connection)
    kind, answers = _store(rooms.archive)
    return FiguresResource(
        version=request.app.version,
        database="sqlite" if rooms.database.is_sqlite else "postgresql",
        object_store=kind,
        object_store_answers=answers,
        free_bytes=free_bytes(rooms.archive, rooms.database),
        takes_more=_has_room(rooms.archive),
        feed_lag=found.feed_lag,
        jobs_waiting=found.jobs_waiting,
        jobs_late=found.jobs_late,
        jobs_given_up=found.jobs_resting,
        audit_unchained=found.audit_unchained,
        audit_unchained_seconds=found.audit_unchained_seconds,
        cases_waiting=_by_word(reading.waiting),
        cases_claimed=_by_word(reading.claimed),
        cases_overdue=_by_word(reading.overdue),
        oldest_waiting_seconds=reading.oldest_waiting_seconds,
        kept_aside_undecided=kept.aside_waiting,
        kept_aside_bytes=kept.aside_bytes,
        patient_conflicts=kept.patient_conflicts,
        flagged_studies=kept.flagged_studies,
    )


def _store(archive: Archive) -> tuple[str, bool]:
    """Return what keeps the instances, and whether it tells of one of them, or that there is none."""
    try:
        kind = "s3" if archive.blobs.room() is None else "files"
    except StorageUnavailable:  # its disk is not there; an object store is not asked for its room
        return "files", False
    try:
        next(iter(archive.blobs.keys()), None)
    except StorageUnavailable:
        return kind, False
    return kind, True


def _has_room(archive: Archive) -> bool:
    try:
        archive.require_room()
    except (QuotaExceeded, StorageUnavailable):
        return False
    return True


def _by_word(numbers: dict[Urgency, int]) -> dict[str, int]:
    return {urgency.value: number for urgency, number in numbers.items()}
