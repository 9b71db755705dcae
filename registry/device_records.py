"""Devices and their certificates as rows: read, and written so that no two could be one caller."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from core.errors import AlreadyRegistered, NotFound
from registry.certificate import Certificate
from registry.device import Device, overlap
from registry.tables import device_certificates, devices, sites


def read_devices(connection: Connection, *, calling_ae_title: str | None = None) -> list[Device]:
    """Return the devices, all or those of one calling AE title. Those of a disabled site are disabled."""
    statement = select(devices, sites.c.disabled_at.label("site_disabled_at")).join(
        sites, sites.c.site_id == devices.c.site_id
    )
    certified = select(device_certificates).order_by(device_certificates.c.certificate_key)
    if calling_ae_title is not None:
        is_meant = devices.c.calling_ae_title == calling_ae_title.strip()
        statement = statement.where(is_meant)
        certified = certified.where(
            device_certificates.c.device_id.in_(select(devices.c.device_id).where(is_meant))
        )
    certificates: defaultdict[str, list[Certificate]] = defaultdict(list)
    needing: set[str] = set()
    for row in connection.execute(certified).mappings():
        needing.add(row["device_id"])
        if row["disabled_at"] is None:
            certificates[row["device_id"]].append(
                Certificate(
                    fingerprint=row["fingerprint"], subject=row["subject"], not_after=row["not_after"]
                )
            )
    return [
        Device(
            device_id=row["device_id"],
            site_id=row["site_id"],
            name=row["name"],
            calling_ae_title=row["calling_ae_title"],
            called_ae_title=row["called_ae_title"],
            network=row["network"],
            is_disabled=row["disabled_at"] is not None or row["site_disabled_at"] is not None,
            certificates=tuple(certificates[row["device_id"]]),
            needs_certificate=row["device_id"] in needing,
        )
        for row in connection.execute(statement.order_by(devices.c.device_id)).mappings()
    ]


def insert_device(connection: Connection, device: Device, now: datetime) -> None:
    """Register a device. Raises NotFound: no such site; AlreadyRegistered: it could be taken for another."""
    if connection.scalar(select(sites.c.site_id).filter_by(site_id=device.site_id)) is None:
        raise NotFound(f"There is no site {device.site_id}.")
    require_no_overlap(connection, device)
    connection.execute(
        insert(devices),
        {
            "device_id": device.device_id,
            "site_id": device.site_id,
            "name": device.name,
            "calling_ae_title": device.calling_ae_title,
            "called_ae_title": device.called_ae_title,
            "network": device.network,
            "created_at": now,
        },
    )
    for certificate in device.certificates:
        _insert_certificate(connection, device.device_id, certificate, now)


def bind_certificate(
    connection: Connection, device_id: str, certificate: Certificate, now: datetime
) -> Device:
    """Let a device show one more certificate. Raises NotFound, AlreadyRegistered."""
    device = _device(connection, device_id)
    if certificate.fingerprint in device.fingerprints:
        raise AlreadyRegistered(f"The certificate is bound to device {device_id} already.")
    bound = Device(**{**vars(device), "certificates": (certificate,), "network": ""})
    require_no_overlap(connection, bound)
    revived = connection.execute(
        update(device_certificates)
        .filter_by(device_id=device_id, fingerprint=certificate.fingerprint)
        .values(disabled_at=None)
    )
    if not revived.rowcount:
        _insert_certificate(connection, device_id, certificate, now)
    return _device(connection, device_id)


def withdraw_certificate(connection: Connection, device_id: str, fingerprint: str, now: datetime) -> None:
    """Refuse a certificate from now on; the device needs another one then. Raises NotFound."""
    done = connection.execute(
        update(device_certificates)
        .where(device_certificates.c.disabled_at.is_(None))
        .filter_by(device_id=device_id, fingerprint=fingerprint)
        .values(disabled_at=now)
    )
    if not done.rowcount:
        raise NotFound(f"Device {device_id} has no certificate {fingerprint}.")


def _device(connection: Connection, device_id: str) -> Device:
    for device in read_devices(connection):
        if device.device_id == device_id:
            return device
    raise NotFound(f"There is no device {device_id}.")


def require_no_overlap(connection: Connection, device: Device) -> None:
    """Raise AlreadyRegistered where a call of this device could be taken for another's that is in use."""
    for other in read_devices(connection, calling_ae_title=device.calling_ae_title):
        if other.is_disabled or other.device_id == device.device_id or not overlap(other, device):
            continue
        known_by = f"from {other.network}" if other.network else "with this certificate"
        raise AlreadyRegistered(
            f"{device.calling_ae_title} calling {device.called_ae_title} {known_by}"
            f" is registered already, for site {other.site_id}."
        )


def _insert_certificate(
    connection: Connection, device_id: str, certificate: Certificate, now: datetime
) -> None:
    connection.execute(
        insert(device_certificates),
        {
            "device_id": device_id,
            "fingerprint": certificate.fingerprint,
            "subject": certificate.subject,
            "not_after": certificate.not_after,
            "created_at": now,
        },
    )
