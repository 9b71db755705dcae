"""From a study to its cases, for whoever may learn what happened to it: an address names no site."""

from fastapi import APIRouter

from core.access import Act
from core.errors import StorageUnavailable
from viewer_api.access_log import InAccessLog
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import StudyInstanceUID
from viewer_api.permission import Tracing
from viewer_api.problems import documented
from viewer_api.rooms import InRooms
from viewer_api.study_case_schemas import StudyCaseCollection, StudyCaseResource

router = APIRouter(
    prefix="/api/v1",
    tags=["reading list"],
    responses=AUTHENTICATION_PROBLEMS | documented(StorageUnavailable),
)


@router.get("/studies/{study_instance_uid}/cases", summary="In which cases a study is read")
def list_cases_of_study(
    actor: Tracing, rooms: InRooms, access_log: InAccessLog, study_instance_uid: StudyInstanceUID
) -> StudyCaseCollection:
    """One for each site in the caller's reach; two sites may hold one Study Instance UID."""
    access_log.note_query(actor, "cases of a study", act=Act.TRACE)
    found = rooms.reading_list.cases_of_study(actor, study_instance_uid, Act.TRACE)
    return StudyCaseCollection(items=[StudyCaseResource.of(case) for case in found])
