"""How each source writes its text: what was decided, and an administrator's way to decide otherwise."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from core.access import Act
from core.errors import InvalidRequest, NotFound, StorageUnavailable, TooLarge
from core.limits import SEARCH_LIMIT
from core.origin import OriginKind
from storage.character_set_decision import TextSource
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.character_set_schemas import CharacterSetBody, CharacterSetCollection, CharacterSetResource
from viewer_api.parameters import Offset, plain_text
from viewer_api.permission import Administering
from viewer_api.problems import documented
from viewer_api.rooms import InRooms, Rooms

router = APIRouter(
    prefix="/api/v1",
    tags=["character sets"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)


@router.get("/character-sets", summary="How the text of each source is read")
def list_character_sets(
    actor: Administering,
    rooms: InRooms,
    source: Annotated[
        Annotated[str, AfterValidator(plain_text)] | None,
        Query(max_length=64, description="Only what was decided about this device or account."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT)] = SEARCH_LIMIT,
    offset: Offset = 0,
) -> CharacterSetCollection:
    """Where a label was found wrong, or a person set something else; every other label is believed."""
    found = rooms.archive.character_sets.decisions(
        actor.scope(Act.ADMINISTER), source=source, limit=limit, offset=offset
    )
    return CharacterSetCollection(items=[CharacterSetResource.of(decision) for decision in found])


@router.put(
    "/character-sets",
    summary="Say how the text of a source is read",
    responses=documented(NotFound, TooLarge),
)
def set_character_set(actor: Administering, rooms: InRooms, body: CharacterSetBody) -> CharacterSetResource:
    """Holds for what comes, and what is held is read anew from its bytes; what is signed stays as it is.

    `as-declared` takes a decision back for good: the hub decides no more about this label of the source.
    """
    source = TextSource(site_id=body.site_id, origin_kind=body.origin_kind.value, source=body.source)
    decision = rooms.archive.character_sets.set(
        source, body.declared, body.encoding, by=actor, is_registered=_is_registered(rooms, source)
    )
    return CharacterSetResource.of(decision)


def _is_registered(rooms: Rooms, source: TextSource) -> bool:
    return source.origin_kind == OriginKind.DEVICE.value and any(
        device.device_id == source.source and device.site_id == source.site_id
        for device in rooms.directory.devices()
    )
