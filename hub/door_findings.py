"""What the doctor finds where devices and browsers come in, and whether a hub is there at all."""

import socket
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass

from hub.finding import Finding, Standing
from hub.occupancy import Occupant
from hub.settings import Settings

SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where devices or browsers come in; `leads` says what is not known where nothing listens."""

    what: str
    host: str
    port: int
    leads: str
    is_open: bool


def where_it_listens(settings: Settings, occupant: Occupant | None, asked: Collection[str]) -> Settings:
    """Return the settings that the hub of a directory really serves with, but for what was asked for."""
    if occupant is None:
        return settings
    told = asdict(occupant)
    return settings.model_copy(
        update={name: told[name] for name in told if name != "pid" and name not in asked}
    )


def dicom_door(settings: Settings) -> Door:
    """Knock where devices come in."""
    return _door("DICOM port", settings.dicom_host, settings.dicom_port, "devices reach it")


def tls_door(settings: Settings, port: int) -> Door:
    """Knock where devices come in by TLS."""
    return _door("DICOM over TLS", settings.tls_dicom_host, port, "devices reach it by TLS")


def http_door(settings: Settings) -> Door:
    """Knock where browsers come in."""
    return _door("HTTP port", settings.http_host, settings.http_port, "pages are answered")


def door_finding(door: Door, *, is_served: bool) -> Finding:
    """Say what was found at a door: only a hub that is known to serve has to listen there."""
    where = f"{door.host}:{door.port}"
    if door.is_open:
        return Finding(what=door.what, standing=Standing.WELL, detail=f"{where} something listens there")
    if is_served:
        return Finding(what=door.what, standing=Standing.BAD, detail=f"{where} the hub does not listen there")
    unchecked = f"nothing listens there, so it was not checked whether {door.leads}"
    return Finding(what=door.what, standing=Standing.NOTE, detail=f"{where} {unchecked}")


def hub_finding(settings: Settings, occupant: Occupant | None, doors: Collection[Door]) -> Iterator[Finding]:
    """Say who serves the directory; nothing where that may be processes that were started alone.

    That none serves it is no fault: the doctor cannot know whether one is to.
    """
    data = settings.data
    if occupant is not None:
        yield Finding(what="hub", standing=Standing.WELL, detail=f"serves {data}, process {occupant.pid}")
    elif not any(door.is_open for door in doors):
        detail = f"no hub runs on {data}. If one should: imaging-hub serve --data {data}"
        yield Finding(what="hub", standing=Standing.NOTE, detail=detail)


def _door(what: str, host: str, port: int, leads: str) -> Door:
    return Door(what=what, host=host, port=port, leads=leads, is_open=_listens(host, port))


def _listens(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=SECONDS):
        return True
    return False
