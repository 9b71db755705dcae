"""Devices over HTTP: who called without being registered, and adopting one."""

from fastapi import APIRouter

from core.access import Act
from core.errors import AlreadyRegistered, InvalidRequest, NotFound, StorageUnavailable, TooLarge
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.device_schemas import (
    AdoptBody,
    DeviceResource,
    UnknownDeviceCollection,
    UnknownDeviceResource,
)
from viewer_api.parameters import UnknownDeviceId
from viewer_api.permission import Administering
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1",
    tags=["devices"],
    responses=AUTHENTICATION_PROBLEMS | documented(StorageUnavailable),
)


@router.get("/devices/unknown", summary="Devices that called and are not registered")
def list_unknown_devices(actor: Administering, rooms: InRooms) -> UnknownDeviceCollection:
    """For administrators of all sites: a stranger belongs to none yet. The latest first, 200 at most."""
    found = rooms.unknown_devices.listed(actor.scope(Act.ADMINISTER))
    return UnknownDeviceCollection(items=[UnknownDeviceResource.of(unknown) for unknown in found])


@router.post(
    "/devices/unknown/{unknown_device_id}/adopt",
    summary="Register a device that called",
    status_code=201,
    responses=documented(AlreadyRegistered, InvalidRequest, NotFound, TooLarge),
)
def adopt_device(
    actor: Administering, rooms: InRooms, unknown_device_id: UnknownDeviceId, body: AdoptBody
) -> DeviceResource:
    """With the titles and from where it called, or by the certificate that it showed; it leaves the list."""
    device = rooms.unknown_devices.adopt(
        unknown_device_id,
        site_id=body.site_id,
        scope=actor.scope(Act.ADMINISTER),
        by=actor.username,
        name=body.name,
        network=body.network or None,
    )
    return DeviceResource.of(device)
