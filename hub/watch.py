"""`imaging-hub watch`: takes in what a device writes into a folder, until it is told to stop."""

import signal
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import typer

from core.errors import HubError, Misconfigured, QuotaExceeded, StorageUnavailable
from core.origin import Origin, OriginKind
from hub.file_taking import take_opened
from hub.operator import operator
from hub.schema import require_current
from hub.settings import Settings
from hub.watched_folder import WatchedFolder
from hub.wiring import House, open_house
from storage.file_taking import LeftOut, Taken
from storage.zip_files import Opener

_EVERY_SECONDS: Final = 0.5
_LONGEST_SOURCE: Final = 64


def run_watch(settings: Settings, folder: Path, site_id: str, device: str) -> int:
    """Watch until SIGTERM or SIGINT.

    Raises:
        NotFound: there is no such site.
        Misconfigured: the folder cannot be written.
    """
    house = open_house(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        require_current(settings, house.database)
        house.directory.site(site_id)
        origin = Origin(
            kind=OriginKind.IMPORT,
            site_id=site_id,
            source=f"watch {device}".strip()[:_LONGEST_SOURCE],
            brought_by=operator(),
        )
        watched = WatchedFolder(folder, partial(taken_by, house, origin), typer.echo)
        house.decoders.start()
        typer.echo(f"Watching {folder} for {site_id}.")
        while not stop.wait(_EVERY_SECONDS):
            watched.look(time.monotonic())
    except OSError as error:
        raise Misconfigured(f"{folder} cannot be watched: {error.strerror}.") from error
    finally:
        house.close()
    return 0


def taken_by(house: House, origin: Origin, name: str, opened: Opener, beside: Mapping[str, Opener]) -> Taken:
    """Store what a file holds. Raises StorageUnavailable and QuotaExceeded, after which it is tried again."""
    try:
        return take_opened(house, origin, name, opened, beside)
    except (StorageUnavailable, QuotaExceeded):
        raise
    except HubError as error:
        return Taken(outcome=LeftOut.FAILED, detail=str(error))
