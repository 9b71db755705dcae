"""Devices that called and are not registered: what they tried, in short, and how a person adopts them.

Anybody on a permitted network can write here, so it is bounded: one row per titles and address, a few rows of
one address, and the oldest give way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import EVERY_SITE, Scope
from core.clock import Clock
from core.errors import InvalidRequest, NotFound, NotPermitted
from core.limits import UNKNOWN_DEVICES, UNKNOWN_DEVICES_PER_ADDRESS
from core.text import escaped
from core.uids import new_key
from database.audit import AuditEvent, AuditRecord, append_once
from database.engine import Database
from registry.acts import put_on_record
from registry.certificate import Certificate
from registry.device import Device, new_device
from registry.device_records import insert_device
from registry.tables import unknown_devices

PROPOSED_LENGTH: Final = 1000
_TITLE_LENGTH: Final = 64


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """How often one caller was turned away since it was last written down, and what it proposed."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    refusal: str
    proposed: str
    certificate: Certificate | None
    count: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class UnknownDevice:
    """A caller that nobody has registered; titles are escaped, `proposed` says its contexts in short."""

    unknown_device_id: str
    calling_ae_title: str
    called_ae_title: str
    address: str
    refusal: str
    proposed: str
    certificate: Certificate | None
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime


class UnknownDevices:
    """The list of callers that were turned away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, attempts: Iterable[Attempts]) -> None:
        """Write down who was turned away, all in one transaction. Raises StorageUnavailable."""
        rows = list(attempts)
        try:
            self._write(rows)
        except IntegrityError:
            # Another gateway wrote the same caller's first row meanwhile: now there is one to count on.
            self._write(rows)

    def listed(self, scope: Scope) -> list[UnknownDevice]:
        """Return who was turned away, the latest first.

        Raises:
            NotPermitted: `scope` does not hold every site, and nobody knows yet which one a stranger is of.
        """
        _require_every_site(scope)
        statement = select(unknown_devices).order_by(
            unknown_devices.c.last_seen_at.desc(), unknown_devices.c.unknown_device_id
        )
        # every site: a stranger is of none, and who may not look everywhere was refused above
        with self._database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(statement.limit(UNKNOWN_DEVICES)).mappings()
            return [_unknown_device(row) for row in rows]

    def adopt(
        self,
        unknown_device_id: str,
        *,
        site_id: str,
        scope: Scope,
        by: str,
        name: str = "",
        network: str | None = None,
    ) -> Device:
        """Register a caller as a device of a site: by its certificate if it showed one, else by its address.

        `network` widens the address to a network. The row leaves the list; `by` names who did it.

        Raises:
            NotPermitted: `scope` does not hold every site.
            NotFound: there is no such row, or no such site.
            AlreadyRegistered: another device could be the same caller.
            InvalidRequest: its titles are none, or name or network is not written as it must be.
        """
        _require_every_site(scope)
        now = self._clock.now()
        # every site: a stranger is of none, and who may not look everywhere was refused above
        with self._database.write(within=EVERY_SITE) as connection:
            unknown = _row(connection, unknown_device_id)
            if "\\" in unknown.calling_ae_title + unknown.called_ae_title:
                raise InvalidRequest("Its AE titles hold what no AE title may: correct them on the device.")
            device = new_device(
                now,
                site_id=site_id,
                name=name or unknown.calling_ae_title,
                calling_ae_title=unknown.calling_ae_title,
                called_ae_title=unknown.called_ae_title,
                network=network or (unknown.address if unknown.certificate is None else None),
                certificate=unknown.certificate,
            )
            insert_device(connection, device, now)
            connection.execute(delete(unknown_devices).filter_by(unknown_device_id=unknown_device_id))
            put_on_record(
                connection, "device adopted", by=by, at=now, subject=device.device_id, site_id=site_id
            )
        return device

    def _write(self, rows: list[Attempts]) -> None:
        # every site: a stranger is of none, and who may not look everywhere was refused above
        with self._database.write(within=EVERY_SITE) as connection:
            for attempts in rows:
                _count(connection, attempts)
            for address in {attempts.address for attempts in rows}:
                _trim(connection, UNKNOWN_DEVICES_PER_ADDRESS, address)
            _trim(connection, UNKNOWN_DEVICES)


def _count(connection: Connection, attempts: Attempts) -> None:
    certificate = attempts.certificate
    caller = {
        "calling_ae_title": escaped(attempts.calling_ae_title)[:_TITLE_LENGTH],
        "called_ae_title": escaped(attempts.called_ae_title)[:_TITLE_LENGTH],
        "address": attempts.address[:_TITLE_LENGTH],
    }
    seen = {
        "refusal": attempts.refusal[:100],
        "proposed": escaped(attempts.proposed)[:PROPOSED_LENGTH],
        "certificate_fingerprint": certificate.fingerprint if certificate else "",
        "certificate_subject": certificate.subject if certificate else "",
        "certificate_not_after": certificate.not_after if certificate else None,
        "last_seen_at": attempts.last_seen_at,
    }
    alert = AuditRecord(
        at=attempts.last_seen_at,
        event=AuditEvent.SECURITY_ALERT,
        action="unknown device turned away",
        actor=attempts.address[:_TITLE_LENGTH],
        outcome="failure",
    )
    append_once(connection, alert)
    counted = connection.execute(
        update(unknown_devices)
        .filter_by(**caller)
        .values(**seen, attempts=unknown_devices.c.attempts + attempts.count)
    )
    if not counted.rowcount:
        connection.execute(
            insert(unknown_devices),
            {
                **caller,
                **seen,
                "unknown_device_id": new_key(attempts.first_seen_at),
                "attempts": attempts.count,
                "first_seen_at": attempts.first_seen_at,
            },
        )


def _trim(connection: Connection, kept: int, address: str | None = None) -> None:
    """Let the oldest rows go beyond so many, of one address or of all."""
    statement = select(unknown_devices.c.unknown_device_id).order_by(
        unknown_devices.c.last_seen_at.desc(), unknown_devices.c.unknown_device_id.desc()
    )
    if address is not None:
        statement = statement.filter_by(address=address[:_TITLE_LENGTH])
    excess = list(connection.scalars(statement.offset(kept).limit(UNKNOWN_DEVICES)))
    if excess:
        connection.execute(delete(unknown_devices).where(unknown_devices.c.unknown_device_id.in_(excess)))


def _row(connection: Connection, unknown_device_id: str) -> UnknownDevice:
    row = connection.execute(select(unknown_devices).filter_by(unknown_device_id=unknown_device_id))
    found = row.mappings().first()
    if found is None:
        raise NotFound(f"There is no unknown device {unknown_device_id[:26]}.")
    return _unknown_device(found)


def _unknown_device(row: Any) -> UnknownDevice:
    certificate = None
    if row["certificate_fingerprint"]:
        certificate = Certificate(
            fingerprint=row["certificate_fingerprint"],
            subject=row["certificate_subject"],
            not_after=row["certificate_not_after"],
        )
    own = ("unknown_device_id", "calling_ae_title", "called_ae_title", "address", "refusal", "proposed")
    return UnknownDevice(
        **{name: row[name] for name in own},
        certificate=certificate,
        attempts=row["attempts"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
    )


def _require_every_site(scope: Scope) -> None:
    if not scope.everything:
        raise NotPermitted("Devices that nobody knows are looked at by an administrator of all sites.")
