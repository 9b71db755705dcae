"""Reading groups and their routes over HTTP: administrators of the whole say who reads for which site."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AfterValidator

from core.errors import AlreadyRegistered, InvalidRequest, NotFound, StorageUnavailable, TooLarge
from registry.readmission import Readmission
from registry.upkeep import Upkeep
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.group_schemas import GroupCollection, GroupResource, NewGroupBody, RouteBody
from viewer_api.parameters import plain_text
from viewer_api.permission import AdministeringEverywhere
from viewer_api.problems import documented
from viewer_api.rooms import InRooms, Rooms

router = APIRouter(
    prefix="/api/v1",
    tags=["register"],
    responses=AUTHENTICATION_PROBLEMS | documented(StorageUnavailable),
)
Group = Annotated[
    str,
    AfterValidator(plain_text),
    Path(description="The short identifier of a reading group.", max_length=32, examples=["county-ecg"]),
]


@router.get("/reading-groups", summary="Every reading group")
def list_reading_groups(_actor: AdministeringEverywhere, rooms: InRooms) -> GroupCollection:
    """With their routes, disabled ones too."""
    routes = rooms.directory.routes(of_disabled_groups=True)
    return GroupCollection(
        items=[GroupResource.of(group, routes) for group in rooms.directory.reading_groups()]
    )


@router.post(
    "/reading-groups",
    summary="Register a reading group",
    status_code=201,
    responses=documented(AlreadyRegistered, InvalidRequest, TooLarge),
)
def add_reading_group(actor: AdministeringEverywhere, rooms: InRooms, body: NewGroupBody) -> GroupResource:
    """It reads nothing until routes are added."""
    rooms.directory.acting_for(actor.username).add_reading_group(body.reading_group_id, body.name)
    return _group(rooms, body.reading_group_id)


@router.post(
    "/reading-groups/{group}/routes",
    summary="Let a group read more",
    responses=documented(InvalidRequest, NotFound, TooLarge),
)
def add_route(actor: AdministeringEverywhere, rooms: InRooms, group: Group, body: RouteBody) -> GroupResource:
    """One modality of a site, or all of it; what waits there is on its list at once."""
    rooms.directory.acting_for(actor.username).add_route(body.route(group))
    return _group(rooms, group)


@router.post(
    "/reading-groups/{group}/routes/remove",
    summary="Let a group read less",
    responses=documented(InvalidRequest, NotFound, TooLarge),
)
def remove_route(
    actor: AdministeringEverywhere, rooms: InRooms, group: Group, body: RouteBody
) -> GroupResource:
    """Who holds a case of it may finish; what nobody else reads is told among the unrouted cases."""
    upkeep = Upkeep(rooms.database, rooms.clock, acting=actor.username)
    upkeep.remove_route(body.route(group))
    return _group(rooms, group)


@router.post(
    "/reading-groups/{group}/disable",
    summary="Let a group read nothing any more",
    responses=documented(InvalidRequest, NotFound),
)
def disable_reading_group(actor: AdministeringEverywhere, rooms: InRooms, group: Group) -> GroupResource:
    """From now on; what its readers signed stays."""
    rooms.directory.acting_for(actor.username).disable_reading_group(group)
    return _group(rooms, group)


@router.post(
    "/reading-groups/{group}/enable",
    summary="Let a group read again",
    responses=documented(InvalidRequest, NotFound),
)
def enable_reading_group(actor: AdministeringEverywhere, rooms: InRooms, group: Group) -> GroupResource:
    """What its routes give it."""
    Readmission(rooms.database, rooms.clock, acting=actor.username).enable_reading_group(group)
    return _group(rooms, group)


def _group(rooms: Rooms, reading_group_id: str) -> GroupResource:
    for group in rooms.directory.reading_groups():
        if group.reading_group_id == reading_group_id:
            return GroupResource.of(group, rooms.directory.routes(of_disabled_groups=True))
    raise NotFound
