"""Devices over HTTP: which there are, who called without being registered, and adopting one."""

from fastapi import APIRouter

from core.access import Act
from core.errors import AlreadyRegistered, InvalidRequest, NotFound, StorageUnavailable, TooLarge
from registry.certificate_file import certificate_in
from registry.readmission import Readmission
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.device_schemas import (
    AdoptBody,
    CertificateBody,
    DeviceCollection,
    DeviceResource,
    NewDeviceBody,
    UnknownDeviceCollection,
    UnknownDeviceResource,
)
from viewer_api.parameters import DeviceId, Fingerprint, UnknownDeviceId
from viewer_api.permission import Administering, AdministeringEverywhere
from viewer_api.problems import documented
from viewer_api.rooms import InRooms, Rooms

router = APIRouter(
    prefix="/api/v1",
    tags=["devices"],
    responses=AUTHENTICATION_PROBLEMS | documented(StorageUnavailable),
)


@router.get("/devices", summary="Every device")
def list_devices(_actor: AdministeringEverywhere, rooms: InRooms) -> DeviceCollection:
    """Disabled ones too."""
    return DeviceCollection(items=[DeviceResource.of(device) for device in rooms.directory.devices()])


@router.post(
    "/devices",
    summary="Register a device",
    status_code=201,
    responses=documented(AlreadyRegistered, InvalidRequest, NotFound, TooLarge),
)
def add_device(actor: AdministeringEverywhere, rooms: InRooms, body: NewDeviceBody) -> DeviceResource:
    """Before it has ever called; one that has called is adopted."""
    device = rooms.directory.acting_for(actor.username).add_device(
        site_id=body.site_id,
        name=body.name or body.calling_ae_title,
        calling_ae_title=body.calling_ae_title,
        called_ae_title=body.called_ae_title,
        network=body.network,
    )
    return DeviceResource.of(device)


@router.post("/devices/{device_id}/disable", summary="Refuse a device", responses=documented(NotFound))
def disable_device(actor: AdministeringEverywhere, rooms: InRooms, device_id: DeviceId) -> DeviceResource:
    """From now on; what it sent stays."""
    rooms.directory.acting_for(actor.username).disable_device(device_id)
    return _device(rooms, device_id)


@router.post(
    "/devices/{device_id}/enable",
    summary="Admit a device again",
    responses=documented(AlreadyRegistered, NotFound),
)
def enable_device(actor: AdministeringEverywhere, rooms: InRooms, device_id: DeviceId) -> DeviceResource:
    """Unless another has taken its place; that of a disabled site is refused with its site."""
    Readmission(rooms.database, rooms.clock, acting=actor.username).enable_device(device_id)
    return _device(rooms, device_id)


@router.post(
    "/devices/{device_id}/certificates",
    summary="Bind a certificate to a device",
    responses=documented(AlreadyRegistered, InvalidRequest, NotFound, TooLarge),
)
def bind_certificate(
    actor: AdministeringEverywhere, rooms: InRooms, device_id: DeviceId, body: CertificateBody
) -> DeviceResource:
    """One more that it may show over TLS, before the old one ends; without any it is refused from now on."""
    shown = certificate_in(body.pem.encode(), called="The text")
    rooms.directory.acting_for(actor.username).bind_certificate(device_id, shown)
    return _device(rooms, device_id)


@router.post(
    "/devices/{device_id}/certificates/{fingerprint}/withdraw",
    summary="Refuse a certificate of a device",
    responses=documented(InvalidRequest, NotFound),
)
def withdraw_certificate(
    actor: AdministeringEverywhere, rooms: InRooms, device_id: DeviceId, fingerprint: Fingerprint
) -> DeviceResource:
    """From now on; the device needs another one then."""
    rooms.directory.acting_for(actor.username).withdraw_certificate(device_id, fingerprint)
    return _device(rooms, device_id)


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


def _device(rooms: Rooms, device_id: str) -> DeviceResource:
    for device in rooms.directory.devices():
        if device.device_id == device_id:
            return DeviceResource.of(device)
    raise NotFound
