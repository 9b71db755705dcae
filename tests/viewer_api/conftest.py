"""The HTTP edge over a real catalogue and archive, and the people who use it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx2
import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI

from core.access import Grant, Role, Route
from database.engine import Database, sqlite_url
from registry import passwords
from registry.accounts import Accounts
from registry.authentication import Authentication
from registry.directory import Directory
from registry.own_sessions import OwnSessions
from registry.unknown_devices import UnknownDevices
from renditions.ecg_conversion import ecg_conversion
from renditions.electrocardiograms import Electrocardiograms
from renditions.holter import Holter
from renditions.pictures import Pictures
from renditions.rendition_store import RenditionStore
from reporting.ecg_header import ecg_header
from reporting.marking import Marking
from reporting.prior_reports import PriorReports
from storage.foreign_taking import ForeignFiles
from storage.patients import Patients
from storage.shelf import Shelf
from storage.upload_intake import UploadIntake
from storage.uploads import Uploads
from tests.fixtures.app_client import AppClient
from tests.fixtures.catalogue import new_database, open_catalogue
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import (
    GROUP,
    GROUP_NAME,
    QINGSHAN,
    SITES,
    XINGLONG,
    Consultation,
    new_consultation,
)
from tests.fixtures.decoders import shared_decoders
from tests.fixtures.instances import RECEIVED
from viewer_api.app import create_app
from viewer_api.live_feed import LiveFeed
from viewer_api.rooms import HttpSettings, Rooms
from worklist.arrivals import Arrivals
from worklist.list_counts import CountedList
from worklist.priors import Priors
from worklist.unrouted import UnroutedCases

PASSWORD = "a password for tests"
LOOPBACK = ("127.0.0.1", 50000)
PEOPLE = {
    "technician": (Grant(role=Role.TECHNICIAN, site_id=XINGLONG),),
    "neighbour": (Grant(role=Role.TECHNICIAN, site_id=QINGSHAN),),
    "traveller": (
        Grant(role=Role.TECHNICIAN, site_id=XINGLONG),
        Grant(role=Role.TECHNICIAN, site_id=QINGSHAN),
    ),
    "reader": (Grant(role=Role.READER, reading_group_id=GROUP),),
    "clinic": (Grant(role=Role.CLINIC, site_id=XINGLONG),),
    "admin": (Grant(role=Role.ADMIN),),
    "auditor": (Grant(role=Role.AUDITOR, site_id=XINGLONG),),
    "nobody": (),
}


@dataclass
class Edge:
    """The application, and a client for each person."""

    consultation: Consultation
    rooms: Rooms
    app: FastAPI
    tokens: dict[str, str]

    def headers(self, username: str) -> dict[str, str]:
        """Return what says that a request is from this person."""
        return {"Authorization": f"Bearer {self.tokens[username]}"}

    def client(self, username: str | None = None) -> AppClient:
        """Return a client on this machine, with a bearer token of this person."""
        headers = self.headers(username) if username else {}
        return AppClient(self.app, client=LOOPBACK, headers=headers, base_url="http://127.0.0.1")


def new_rooms(consultation: Consultation) -> Rooms:
    """Return all rooms that the edge needs, with nobody registered."""
    database, clock = consultation.database, consultation.clock
    accounts, directory = Accounts(database, clock), Directory(database, clock)
    foreign = ForeignFiles(
        archive=consultation.archive, conversion=ecg_conversion(shared_decoders()), clock=clock
    )
    kept = RenditionStore(database=database, archive=consultation.archive, clock=clock)
    return Rooms(
        clock=clock,
        database=database,
        archive=consultation.archive,
        decoders=shared_decoders(),
        foreign=foreign,
        pictures=Pictures(
            database=database, archive=consultation.archive, decoders=shared_decoders(), store=kept
        ),
        holter=Holter(archive=consultation.archive, decoders=shared_decoders(), store=kept),
        electrocardiograms=Electrocardiograms(
            archive=consultation.archive, decoders=shared_decoders(), store=kept, header_of=ecg_header
        ),
        authentication=Authentication(database, clock),
        accounts=accounts,
        directory=directory,
        unknown_devices=UnknownDevices(database, clock),
        reading_list=consultation.reading_list,
        requests=consultation.requests,
        linking=consultation.linking,
        retakes=consultation.retakes,
        priors=Priors(database=database),
        prior_reports=PriorReports(database=database),
        desk=consultation.desk,
        inbox=consultation.inbox,
        shelf=Shelf(archive=consultation.archive, database=database, clock=clock),
        patients=Patients(database=database, clock=clock),
        unrouted=UnroutedCases(database=database, directory=directory, accounts=accounts),
        counted_list=CountedList(database=database, clock=clock),
        own_sessions=OwnSessions(database, clock),
        arrivals=Arrivals(database=database),
        uploads=Uploads(
            database=database,
            archive=consultation.archive,
            clock=clock,
            intake=UploadIntake(
                database=database, archive=consultation.archive, clock=clock, foreign=foreign
            ),
        ),
        marking=Marking(database=database, clock=clock),
        live_feed=LiveFeed(database, clock, every_seconds=0.02),
    )


def register(rooms: Rooms) -> dict[str, str]:
    """Register sites, a group that reads both clinics, and PEOPLE; return a token for each."""
    for site_id, name in SITES.items():
        rooms.directory.add_site(site_id, name)
    rooms.directory.add_reading_group(GROUP, GROUP_NAME)
    for site_id in (XINGLONG, QINGSHAN):
        rooms.directory.add_route(Route(reading_group_id=GROUP, site_id=site_id, modality=None))
    for username, grants in PEOPLE.items():
        rooms.accounts.add(username, f"{username} 医师", list(grants), password=PASSWORD)
    return {username: rooms.accounts.add_token(username, "test") for username in PEOPLE}


@dataclass(frozen=True)
class Registered:
    """A catalogue file in which everybody is registered, to copy, and everybody's token."""

    catalogue: Path
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Registered:
    """Registering takes longer than most tests, so it is done once."""
    folder = tmp_path_factory.mktemp("registered")
    database = new_database(folder / "catalogue.sqlite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        clock = FixedClock(RECEIVED)
        tokens = register(new_rooms(new_consultation(database, folder, clock)))
    database.close()
    return Registered(folder / "catalogue.sqlite", tokens)


@pytest.fixture
def database(tmp_path: Path, registered: Registered) -> Iterator[Database]:
    """A catalogue in which everybody is registered."""
    opened = open_catalogue(sqlite_url(shutil.copy(registered.catalogue, tmp_path / "catalogue.sqlite")))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def application(registered: Registered) -> FastAPI:
    """The application without rooms: putting its routes together takes longer than most tests."""
    return create_app(cast("Rooms", None), HttpSettings())


@pytest.fixture
def edge(
    quick_passwords: None, consultation: Consultation, registered: Registered, application: FastAPI
) -> Iterator[Edge]:
    """The edge with two clinics and everybody registered."""
    rooms = new_rooms(consultation)
    application.state.rooms = rooms
    yield Edge(consultation=consultation, rooms=rooms, app=application, tokens=registered.tokens)
    application.state.rooms = None


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of this machine; yields its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started, "the server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def address(edge: Edge) -> Iterator[str]:
    """The address of the edge, served for real."""
    with served(edge.app) as url:
        yield url


@pytest.fixture
def caller(edge: Edge, address: str) -> Iterator[Callable[[str], httpx2.Client]]:
    """Makes clients that speak to the served edge over a real socket."""
    clients = []

    def call_as(username: str) -> httpx2.Client:
        client = httpx2.Client(base_url=address, headers=edge.headers(username), timeout=60, trust_env=False)
        clients.append(client)
        return client

    yield call_as
    for client in clients:
        client.close()
