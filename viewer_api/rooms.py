"""What the routes reach: the rooms below this edge, handed in once by whoever composes the hub."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from core.clock import Clock
from core.networks import Network
from database.engine import Database
from registry.accounts import Accounts
from registry.authentication import Authentication
from registry.directory import Directory
from registry.own_sessions import OwnSessions
from registry.unknown_devices import UnknownDevices
from renditions.decoders import Decoders
from renditions.electrocardiograms import Electrocardiograms
from renditions.holter import Holter
from renditions.pictures import Pictures
from reporting.desk import Desk
from reporting.inbox import Inbox
from reporting.marking import Marking
from reporting.prior_reports import PriorReports
from storage.archive import Archive
from storage.foreign_taking import ForeignFiles
from storage.patients import Patients
from storage.shelf import Shelf
from storage.uploads import Uploads
from viewer_api.live_feed import LiveFeed
from viewer_api.places import PASSWORDS_AT_ONCE, PASSWORDS_WAITING, Places
from viewer_api.request_log import own_figures
from worklist.arrivals import Arrivals
from worklist.linking import Linking
from worklist.list_counts import CountedList
from worklist.priors import Priors
from worklist.reading_list import ReadingList
from worklist.requests import Requests
from worklist.retakes import Retakes
from worklist.unrouted import UnroutedCases


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Everything a route may ask; a router that needs another room adds a field here."""

    clock: Clock
    database: Database
    archive: Archive
    decoders: Decoders
    foreign: ForeignFiles
    pictures: Pictures
    electrocardiograms: Electrocardiograms
    holter: Holter
    authentication: Authentication
    accounts: Accounts
    directory: Directory
    unknown_devices: UnknownDevices
    reading_list: ReadingList
    requests: Requests
    linking: Linking
    retakes: Retakes
    priors: Priors
    prior_reports: PriorReports
    desk: Desk
    inbox: Inbox
    shelf: Shelf
    patients: Patients
    unrouted: UnroutedCases
    live_feed: LiveFeed
    marking: Marking
    uploads: Uploads
    arrivals: Arrivals
    counted_list: CountedList
    own_sessions: OwnSessions


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """How this edge meets the world.

    `trusted_proxies` are the only peers beyond loopback that are answered, and the only ones whose
    X-Forwarded-For and -Proto are believed. `public_url` is how clients reach the hub, for the addresses
    inside answers; without it they are those of the request. `schema` is the catalogue's revision.
    `figures_of_neighbours` returns what the other processes of this machine tell a monitor, in Prometheus'
    text form; it never raises. `figures_of_requests` returns what was answered, by all processes that share
    the port. `passwords` are checked in these places.
    """

    trusted_proxies: tuple[Network, ...] = field(default=())
    public_url: str | None = None
    schema: str = ""
    figures_of_neighbours: Callable[[], bytes] = bytes
    figures_of_requests: Callable[[], bytes] = own_figures
    passwords: Places = field(default_factory=lambda: Places(PASSWORDS_AT_ONCE, waiting=PASSWORDS_WAITING))


def rooms_of(request: Request) -> Rooms:
    """Return the rooms that the application was made with."""
    rooms: Rooms = request.app.state.rooms
    return rooms


def http_settings_of(request: Request) -> HttpSettings:
    """Return the settings that the application was made with."""
    settings: HttpSettings = request.app.state.settings
    return settings


InRooms = Annotated[Rooms, Depends(rooms_of)]
