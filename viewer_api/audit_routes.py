"""The record of who did what, over HTTP: for auditors, each of their own place; looking is on record too."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AwareDatetime

from core.access import Act
from core.errors import InvalidRequest, StorageUnavailable
from core.limits import SEARCH_LIMIT
from database.audit import AuditEvent, AuditFilter, audit_within
from registry.name_records import names_of_actors
from viewer_api.access_log import InAccessLog
from viewer_api.audit_schemas import AuditCollection, AuditResource
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import plain_text
from viewer_api.permission import Auditing
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(prefix="/api/v1", tags=["audit"])
_Text = Annotated[str, AfterValidator(plain_text)]


@router.get(
    "/audit",
    summary="Who did what",
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)
def list_audit(
    actor: Auditing,
    rooms: InRooms,
    access_log: InAccessLog,
    study_instance_uid: Annotated[_Text, Query(max_length=64)] = "",
    by: Annotated[_Text, Query(max_length=64, description="A user name, or a device's key.")] = "",
    site_id: Annotated[_Text | None, Query(max_length=32, examples=["xinglong-clinic"])] = None,
    event: AuditEvent | None = None,
    since: Annotated[AwareDatetime | None, Query()] = None,
    after: Annotated[int, Query(ge=0, le=2**53, description="`next_after` of the answer before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = 100,
) -> AuditCollection:
    """Acts and looks at the caller's sites, oldest first; what belongs to no site is for auditors of all."""
    access_log.note_query(actor, "audit", site_id=site_id, act=Act.AUDIT, event=AuditEvent.AUDIT_LOG_USED)
    wanted = AuditFilter(
        site_id=site_id,
        study_instance_uid=study_instance_uid,
        actor=by,
        event=event,
        since=since,
        after_number=after,
    )
    with rooms.database.read(within=actor.scope(Act.AUDIT)) as connection:
        found = list(audit_within(connection, wanted, actor.scope(Act.AUDIT), limit=limit))
        names = names_of_actors(
            connection,
            (record.actor for _, record in found),
            site_ids={record.site_id for _, record in found},
        )
    return AuditCollection(
        items=[AuditResource.of(number, record, names) for number, record in found],
        next_after=found[-1][0] if len(found) == limit else None,
    )
