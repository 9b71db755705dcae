"""Sites, reading groups, routes and devices: registered, listed, disabled."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Connection, Table, insert, select, update

from core.access import EVERY_SITE, Route
from core.clock import Clock
from core.errors import AlreadyRegistered, InvalidRequest, NotFound
from database.engine import Database
from database.topics import ACCESS
from registry.acts import HUB, put_on_record
from registry.certificate import Certificate
from registry.device import Device, new_device, require_name
from registry.device_records import (
    bind_certificate,
    insert_device,
    read_devices,
    withdraw_certificate,
)
from registry.tables import devices, reading_groups, routes, sites

DEFAULT_TIME_ZONE = "Asia/Shanghai"
DEFAULT_QUIET_SECONDS = 60
_CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place that owns what its devices and accounts send. A study is complete after `quiet_seconds`."""

    site_id: str
    name: str
    time_zone: str
    quiet_seconds: int
    is_self_test: bool
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ReadingGroup:
    """Physicians who read what routes give them."""

    reading_group_id: str
    name: str
    created_at: datetime
    disabled_at: datetime | None


class Directory:
    """The register of places and machines."""

    def __init__(self, database: Database, clock: Clock, *, acting: str = HUB) -> None:
        self._database = database
        self._clock = clock
        self._acting = acting

    def acting_for(self, username: str) -> "Directory":
        """Return the same register, whose changes are on record as done by this user."""
        return Directory(self._database, self._clock, acting=username)

    def add_site(
        self,
        site_id: str,
        name: str,
        *,
        time_zone: str = DEFAULT_TIME_ZONE,
        quiet_seconds: int = DEFAULT_QUIET_SECONDS,
        is_self_test: bool = False,
    ) -> Site:
        """Register a site under a short identifier that is good in a URL and a folder.

        Raises:
            AlreadyRegistered, InvalidRequest.
        """
        _require_slug(site_id)
        site = Site(
            site_id=site_id,
            name=require_name(name),
            time_zone=require_time_zone(time_zone),
            quiet_seconds=require_quiet_seconds(quiet_seconds),
            is_self_test=is_self_test,
            created_at=self._clock.now(),
            disabled_at=None,
        )
        with self._database.write(within=EVERY_SITE) as connection:
            self._insert_new(connection, sites, "site_id", vars(site), site_id=site_id)
        return site

    def add_reading_group(
        self, reading_group_id: str, name: str, *, reads: Sequence[Route] = ()
    ) -> ReadingGroup:
        """Register a reading group with what it reads: all of it or, where something is refused, nothing.

        Raises:
            AlreadyRegistered, InvalidRequest, NotFound: a site that it is to read does not exist.
        """
        _require_slug(reading_group_id)
        group = ReadingGroup(
            reading_group_id=reading_group_id,
            name=require_name(name),
            created_at=self._clock.now(),
            disabled_at=None,
        )
        with self._database.write(within=EVERY_SITE) as connection:
            self._insert_new(connection, reading_groups, "reading_group_id", vars(group))
            self._insert_routes(connection, reads)
        return group

    def add_route(self, route: Route) -> None:
        """Let a group read a site's studies of one modality, or of all. Repeating it changes nothing.

        Raises:
            NotFound: there is no such group or site.
            InvalidRequest: no modality is written like this, so the route would never match.
        """
        self.add_routes([route])

    def add_routes(self, added: Sequence[Route]) -> None:
        """Add all of them or, where one is refused, none; raises as `add_route` does."""
        with self._database.write(within=EVERY_SITE) as connection:
            self._insert_routes(connection, added)

    def add_device(
        self,
        *,
        site_id: str,
        name: str,
        calling_ae_title: str,
        called_ae_title: str,
        network: str | None,
        certificate: Certificate | None = None,
    ) -> Device:
        """Register a device, known by its network or, where it has one, by its certificate.

        Raises:
            NotFound: there is no such site.
            AlreadyRegistered: another device answers to the same titles on an overlapping network, or with
                the same certificate.
            InvalidRequest: a title or the network is not written as it must be, or there is neither network
                nor certificate.
        """
        now = self._clock.now()
        device = new_device(
            now,
            site_id=site_id,
            name=name,
            calling_ae_title=calling_ae_title,
            called_ae_title=called_ae_title,
            network=network,
            certificate=certificate,
        )
        with self._database.write(within=EVERY_SITE) as connection:
            insert_device(connection, device, now)
            self._record(connection, "device added", device.device_id, site_id=site_id)
        return device

    def bind_certificate(self, device_id: str, certificate: Certificate) -> Device:
        """Let a device show one more certificate; from now on it is not let in without one.

        Raises:
            NotFound: there is no such device.
            AlreadyRegistered: it, or another device of the same titles, has this certificate.
        """
        with self._database.write(within=EVERY_SITE) as connection:
            device = bind_certificate(connection, device_id, certificate, self._clock.now())
            self._record(connection, "certificate bound", device_id, site_id=device.site_id)
        return device

    def withdraw_certificate(self, device_id: str, fingerprint: str) -> None:
        """Refuse a certificate from now on; the device then needs another one. Raises NotFound."""
        with self._database.write(within=EVERY_SITE) as connection:
            withdraw_certificate(connection, device_id, fingerprint, self._clock.now())
            site_id = connection.scalar(select(devices.c.site_id).filter_by(device_id=device_id))
            self._record(connection, "certificate withdrawn", device_id, site_id=site_id or "")

    def site(self, site_id: str) -> Site:
        """Return one site. Raises NotFound."""
        for site in self.sites():
            if site.site_id == site_id:
                return site
        raise NotFound(f"There is no site {site_id}.")

    def sites(self) -> list[Site]:
        """Return every site, disabled ones too."""
        return [*self._database.recalled("sites", self._sites, on=(ACCESS,))]

    def _sites(self) -> tuple[Site, ...]:
        with self._database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(select(sites).order_by(sites.c.site_id)).mappings()
            return tuple(Site(**row) for row in rows)

    def reading_groups(self) -> list[ReadingGroup]:
        """Return every reading group."""
        with self._database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(
                select(reading_groups).order_by(reading_groups.c.reading_group_id)
            ).mappings()
            return [ReadingGroup(**row) for row in rows]

    def routes(self, *, of_disabled_groups: bool = False) -> list[Route]:
        """Return which group reads what: of groups in use, or of all."""
        with self._database.read(within=EVERY_SITE) as connection:
            return _routes(connection) if of_disabled_groups else routes_in_use(connection)

    def devices(self, calling_ae_title: str | None = None) -> list[Device]:
        """Return the devices, all or those of one calling AE title. Those of a disabled site are disabled."""
        with self._database.read(within=EVERY_SITE) as connection:
            return read_devices(connection, calling_ae_title=calling_ae_title)

    def disable_site(self, site_id: str) -> None:
        """Stop a site: its devices are refused; what it sent stays, and is read. Raises NotFound."""
        self._disable(sites, "site_id", site_id)

    def disable_reading_group(self, reading_group_id: str) -> None:
        """Stop a group: it reads nothing any more. Raises NotFound."""
        self._disable(reading_groups, "reading_group_id", reading_group_id)

    def disable_device(self, device_id: str) -> None:
        """Refuse a device from now on. Raises NotFound."""
        self._disable(devices, "device_id", device_id)

    def _disable(self, table: Table, column: str, key: str) -> None:
        with self._database.write(within=EVERY_SITE) as connection:
            _require_row(connection, table, column, key)
            connection.execute(
                update(table).where(table.c[column] == key).values(disabled_at=self._clock.now())
            )
            site_id = None
            if "site_id" in table.c:
                site_id = connection.scalar(select(table.c.site_id).where(table.c[column] == key))
            self._record(connection, f"{_noun(table)} disabled", key, site_id=site_id or "")

    def _record(self, connection: Connection, action: str, subject: str, *, site_id: str = "") -> None:
        now = self._clock.now()
        put_on_record(connection, action, by=self._acting, at=now, subject=subject, site_id=site_id)

    def _insert_new(
        self, connection: Connection, table: Table, column: str, values: dict[str, Any], *, site_id: str = ""
    ) -> None:
        key = values[column]
        if connection.execute(select(table.c[column]).where(table.c[column] == key)).first():
            raise AlreadyRegistered(f"{key} is registered already.")
        connection.execute(insert(table), values)
        self._record(connection, f"{_noun(table)} added", key, site_id=site_id)

    def _insert_routes(self, connection: Connection, added: Sequence[Route]) -> None:
        for route in added:
            row = {
                "reading_group_id": route.reading_group_id,
                "site_id": route.site_id,
                "modality": _require_modality(route.modality or ""),
            }
            _require_row(connection, reading_groups, "reading_group_id", route.reading_group_id)
            _require_row(connection, sites, "site_id", route.site_id)
            if connection.execute(select(routes.c.route_key).filter_by(**row)).first() is None:
                connection.execute(insert(routes), row)
                action = f"route added: {row['modality'] or 'every modality'}"
                self._record(connection, action, route.reading_group_id, site_id=route.site_id)


def routes_in_use(connection: Connection) -> list[Route]:
    """Return the routes of groups that are not disabled.

    Those of a disabled site as well: it sends nothing more, but what it has sent has to be read.
    """
    return _routes(connection, reading_groups.c.disabled_at.is_(None))


def _routes(connection: Connection, *conditions: ColumnElement[bool]) -> list[Route]:
    rows = connection.execute(
        select(routes)
        .join(reading_groups, reading_groups.c.reading_group_id == routes.c.reading_group_id)
        .where(*conditions)
        .order_by(routes.c.route_key)
    ).mappings()
    return [
        Route(
            reading_group_id=row["reading_group_id"],
            site_id=row["site_id"],
            modality=row["modality"] or None,
        )
        for row in rows
    ]


def _require_row(connection: Connection, table: Table, column: str, key: str) -> None:
    if connection.execute(select(table.c[column]).where(table.c[column] == key)).first() is None:
        raise NotFound(f"There is no {_noun(table)} {key}.")


def _noun(table: Table) -> str:
    return table.name.removesuffix("s").replace("_", " ")


def _require_slug(text: str) -> None:
    if not _SLUG.fullmatch(text):
        raise InvalidRequest("An identifier has 1 to 32 characters of a-z, 0-9 and -, like xinglong-clinic.")


def _require_modality(text: str) -> str:
    """Return a code string (PS3.5 6.2 CS), or nothing for every modality."""
    modality = text.strip().upper()
    if modality and not _CODE_STRING.fullmatch(modality):
        raise InvalidRequest("A modality has 1 to 16 characters of A-Z, 0-9, space and _, like US.")
    return modality


def require_time_zone(text: str) -> str:
    """Return the name of a time zone that is known here. Raises InvalidRequest."""
    try:
        ZoneInfo(text)
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # OSError: the name of a folder of zones, or too long
        raise InvalidRequest("A time zone is named as in Asia/Shanghai.") from None
    return text


def require_quiet_seconds(seconds: int) -> int:
    """Return after how long without an image a study is complete. Raises InvalidRequest."""
    if not 0 <= seconds <= 3600:
        raise InvalidRequest("The quiet time of a site is 0 to 3600 seconds.")
    return seconds
