"""`imaging-hub serve`: migrate, then keep one gateway, one worker and some api running."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from socket import socket

import structlog

from core.clock import SystemClock
from core.errors import StorageUnavailable
from database.engine import Database
from hub import logs
from hub.api_share import ApiShare
from hub.child import ChildCommand
from hub.migrate import migrate
from hub.occupancy import Occupant, occupied
from hub.ports import bound, free_port, require_free
from hub.settings import Settings, require_permitted
from hub.shared_figures import figures_folder
from hub.supervisor import Supervisor

PROCESSES = {"gateway": "hub.gateway_process", "worker": "hub.worker", "api": "hub.api_process"}
"""What `serve` runs, and the module of each. The gateway comes first: it needs the least."""
ANSWERING = "api"
"""Of which there may be several."""

log = structlog.stdlib.get_logger("hub.serve")


def run_serve(settings: Settings, *, when_ready: Callable[[Settings], None]) -> int:
    """Serve until stopped; return the exit status.

    Raises:
        Misconfigured: a setting, a busy port or a hub on the same directory does not allow it.
    """
    logs.configure("supervisor", level=settings.log_level, style=settings.log_format)
    with settled(settings) as settings:
        with serving(settings, when_ready=when_ready) as supervisor:
            bring_up_to_date(settings)
            status = supervisor.run()
        leave_one_file(settings)
    return status


@contextmanager
def settled(settings: Settings) -> Iterator[Settings]:
    """Have the data directory to this hub alone; the settings that are given have its real ports.

    Raises:
        Misconfigured: the directory or a port is in use, or the settings would open the hub unprotected.
    """
    require_permitted(settings)
    with occupied(settings) as occupancy:
        settings = with_ports(settings)
        occupancy.tell(Occupant.of(settings))
        yield settings


@contextmanager
def serving(settings: Settings, *, when_ready: Callable[[Settings], None]) -> Iterator[Supervisor]:
    """Yield the supervisor of all processes, not yet running, for `settled` settings.

    The port of HTTP is the hub's from here on, whichever of its processes live.
    Raises Misconfigured where another program has it.
    """
    host, port = settings.http_host, settings.http_port

    def tell() -> None:
        log.info("listening for HTTP", host=host, port=port, processes=settings.api_processes)
        when_ready(settings)

    with bound(host, port, "HTTP") as listeners, figures_folder(settings.api_processes) as figures:
        yield Supervisor(list(_commands(settings, listeners, figures)), when_ready=tell)


def _commands(settings: Settings, listeners: Sequence[socket], figures: str) -> Iterator[ChildCommand]:
    for name, module in PROCESSES.items():
        count = settings.api_processes if name == ANSWERING else 1
        for number in range(1, count + 1):
            share = ApiShare(number=number, processes=count, figures=figures)
            answers = name == ANSWERING
            yield ChildCommand(
                name=f"{name}-{number}" if count > 1 else name,
                argv=(sys.executable, "-P", "-m", "hub", name),  # -P: not from where it was started
                environment=settings.environment() | (share.environment() if answers else {}),
                imports=(module,),
                listeners=tuple(listeners) if answers else (),
            )


def with_ports(settings: Settings) -> Settings:
    """Return settings whose ports are known and free: port 0 has become a real one.

    Raises:
        Misconfigured: a port is in use.
    """
    dicom_port = settings.dicom_port or free_port(settings.dicom_host)
    http_port = settings.http_port or free_port(settings.http_host)
    require_free(settings.dicom_host, dicom_port, "DICOM")
    require_free(settings.http_host, http_port, "HTTP")
    return settings.model_copy(update={"dicom_port": dicom_port, "http_port": http_port})


def leave_one_file(settings: Settings) -> None:
    """Let SQLite put its journal into the catalogue's file, as it does when the last connection is closed.

    A process that was killed leaves the journal beside it, and a file copied or replaced alone would then be
    another catalogue than the one that was stopped.
    """
    database = Database(settings.database_url)
    if database.is_sqlite:
        with suppress(StorageUnavailable), database.survey() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    database.close()


def bring_up_to_date(settings: Settings) -> None:
    """Migrate and say what was done. Raises Misconfigured."""
    database = Database(settings.database_url)
    done = migrate(settings, database, SystemClock(), tell=log.warning)
    database.close()
    if done.was_needed:
        log.info("schema migrated", before=done.before or "empty", after=done.after)
    if done.backup:
        log.info("the catalogue was backed up first", backup=str(done.backup))
