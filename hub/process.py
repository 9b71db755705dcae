"""What every process of the hub does first and last."""

import signal
import threading
from collections.abc import Callable

import structlog

from core.errors import StorageUnavailable
from hub import logs
from hub.schema import require_current
from hub.settings import Settings, require_permitted
from hub.supervisor import say_ready, stay_with_supervisor
from hub.wiring import House, open_house
from renditions.decoders import AT_ONCE
from storage.blob_store import BlobStore

LOOK_SECONDS = 1.0
OBJECT_STORE_SECONDS = 5.0
"""A store that is away does not keep a process from starting: what needs it fails until it is back."""

log = structlog.stdlib.get_logger("hub.process")


def begin(
    name: str,
    settings: Settings,
    *,
    dicom: bool = False,
    http: bool = False,
    decoders_at_once: int = AT_ONCE,
) -> House:
    """Set up the log and open the house; `dicom` and `http` say which doors will be opened.

    `decoders_at_once` are the children that it may decode in at the same time.

    Raises:
        Misconfigured: settings, schema or object store do not allow it; the message says what to do.
    """
    stay_with_supervisor()
    logs.configure(name, level=settings.log_level, style=settings.log_format)
    require_permitted(settings, dicom=dicom, http=http)
    house = open_house(settings, decoders_at_once=decoders_at_once)
    require_current(settings, house.database)
    if settings.object_store:
        _prove(house.archive.blobs)
    return house


def _prove(blobs: BlobStore) -> None:
    """Refuse an object store that could replace what it keeps; one that is away proves itself later."""
    from storage.s3_blobs import S3Blobs

    if isinstance(blobs, S3Blobs):
        try:
            blobs.prepare(OBJECT_STORE_SECONDS)
        except StorageUnavailable as error:
            log.warning("the object store cannot be used yet", error=str(error))


def until_stopped(stop: Callable[[], None], *, is_well: Callable[[], bool] = lambda: True) -> None:
    """Say that this process serves, wait for SIGTERM or SIGINT, then stop.

    A process that is not well any more ends itself with status 1, so that whoever keeps it starts it again.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    say_ready()
    while not stopped.wait(LOOK_SECONDS):
        if not is_well():
            log.error("this process does not serve any more; it ends, to be started again")
            stop()
            raise SystemExit(1)
    stop()
