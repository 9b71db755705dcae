"""A gateway as a deployment runs it: real sockets, SQLite, files on disk, registered devices."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, select

from core.access import EVERY_SITE
from core.clock import SystemClock
from database.engine import Database
from pacs_gateway.places import PlaceLimits
from pacs_gateway.server import Gateway
from pacs_gateway.settings import GatewaySettings
from registry.directory import Directory
from registry.unknown_devices import UnknownDevices
from storage.archive import Archive
from storage.filesystem_blobs import FilesystemBlobs
from storage.incoming import Incoming
from storage.tables import instances, kept_aside, transfers
from tests.fixtures.raw_scu import RawSCU

SITE = "xinglong"
PLACE_LIMITS = {field.name for field in fields(PlaceLimits)}
DEVICES = {"US1": "HUB", "US2": "HUB", "DR1": "HUB", "ECG1": "HUB", "STORESCU": "HUB", "DCMSEND": "HUB"}


@dataclass(frozen=True)
class RunningGateway:
    """A gateway that listens, with everything behind it."""

    gateway: Gateway
    archive: Archive
    database: Database
    directory: Directory
    unknown_devices: UnknownDevices
    incoming: Path
    connected: list[RawSCU] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.gateway.port

    def scu(self) -> RawSCU:
        """Connect a raw sender; it is closed at the end of the test at the latest."""
        self.connected.append(RawSCU(self.port))
        return self.connected[-1]

    def instances(self) -> list[RowMapping]:
        """Return what the catalogue holds."""
        with self.database.read(within=EVERY_SITE) as connection:
            return list(connection.execute(select(instances).order_by(instances.c.instance_key)).mappings())

    def instance(self, sop_instance_uid: str) -> RowMapping:
        """Return the one row of an instance."""
        (row,) = [each for each in self.instances() if each["sop_instance_uid"] == sop_instance_uid]
        return row

    def kept_aside(self, reason: str) -> list[RowMapping]:
        """Return what lies beside the archive."""
        with self.database.read(within=EVERY_SITE) as connection:
            return list(
                connection.execute(select(kept_aside).where(kept_aside.c.reason == reason)).mappings()
            )

    def in_transfer(self) -> list[RowMapping]:
        """Return the notes of what is arriving."""
        with self.database.read(within=EVERY_SITE) as connection:
            return list(connection.execute(select(transfers)).mappings())

    def stored_data_set(self, row: RowMapping) -> bytes:
        """Return the bytes of a data set as they lie in the blob store, and hold them against the digest."""
        with self.archive.blobs.open(row["blob_key"]) as blob:
            blob.seek(row["data_set_offset"])
            data_set = blob.read()
        assert hashlib.sha256(data_set).hexdigest() == row["digest"]
        return data_set

    def is_clean(self) -> bool:
        """Whether incoming is empty, which it is a moment after the last sender has gone."""
        return eventually(lambda: not any(self.incoming.iterdir()))


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> bool:
    """Wait for a condition; False if it does not come true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


@contextmanager
def running_gateway(
    database: Database, folder: Path, *, disk_reserve_bytes: int = 0, **settings: Any
) -> Iterator[RunningGateway]:
    """Run a gateway over a catalogue, on a free port of loopback unless told otherwise."""
    clock = SystemClock()
    archive = Archive(
        database=database,
        blobs=FilesystemBlobs(folder / "blobs"),
        incoming=Incoming(folder / "incoming"),
        clock=clock,
        disk_reserve_bytes=disk_reserve_bytes,
    )
    directory = Directory(database, clock)
    directory.add_site(SITE, "Xinglong")
    for calling_ae_title, called_ae_title in DEVICES.items():
        directory.add_device(
            site_id=SITE,
            name=calling_ae_title,
            calling_ae_title=calling_ae_title,
            called_ae_title=called_ae_title,
            network="127.0.0.0/8",
        )
    unknown_devices = UnknownDevices(database, clock)
    places = PlaceLimits(**{key: settings.pop(key) for key in PLACE_LIMITS if key in settings})
    gateway = Gateway(
        archive, directory, unknown_devices, clock, GatewaySettings(port=0, places=places, **settings)
    )
    gateway.start()
    running = RunningGateway(gateway, archive, database, directory, unknown_devices, folder / "incoming")
    try:
        yield running
    finally:
        for scu in running.connected:
            scu.socket.close()
        gateway.stop()
