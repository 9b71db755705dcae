"""What each process of the hub does from its first line to its last: gateway, api, worker, and `serve`."""

import signal
import sys
import threading
from collections.abc import Callable

import structlog
import uvicorn
from fastapi import FastAPI

from core.clock import SystemClock
from database.engine import Database
from hub import logs
from hub.child import ChildCommand
from hub.ports import free_port, require_free
from hub.schema import migrate, require_current
from hub.settings import Settings, require_permitted
from hub.supervisor import Supervisor, say_ready, stay_with_supervisor
from hub.wiring import House, open_house
from hub.worker import Worker
from pacs_gateway.server import Gateway
from pacs_gateway.settings import GatewaySettings
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings, Rooms

PROCESSES = ("gateway", "api", "worker")

log = structlog.stdlib.get_logger("hub.processes")


def run_gateway(settings: Settings) -> None:
    """Receive from devices until told to stop."""
    house = _begin("gateway", settings, dicom=True)
    gateway = Gateway(
        archive=house.archive,
        directory=house.directory,
        clock=house.clock,
        settings=GatewaySettings(
            ae_title=settings.ae_title,
            host=settings.dicom_host,
            port=settings.dicom_port,
            maximum_associations=settings.maximum_associations,
            accept_any_storage_class=settings.accept_any_storage_class,
            permitted_networks=settings.plain_dicom_networks,
        ),
    )
    gateway.start()
    log.info("DICOM is served", ae_title=settings.ae_title, host=settings.dicom_host, port=gateway.port)
    _until_stopped(gateway.stop)
    house.close()


def run_api(settings: Settings) -> None:
    """Answer HTTP until told to stop."""
    house = _begin("api", settings, http=True)
    server = _Server(
        uvicorn.Config(
            http_application(house),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    server.run()
    house.close()


def run_worker(settings: Settings) -> None:
    """Follow the feed until told to stop."""
    house = _begin("worker", settings)
    worker = Worker(house)
    worker.start()
    _until_stopped(worker.stop)
    house.close()


def run_serve(settings: Settings, *, when_ready: Callable[[Settings], None]) -> int:
    """Migrate, then keep one of each process running; return the exit status.

    Raises:
        Misconfigured: a setting or a busy port does not allow it.
    """
    logs.configure("supervisor", level=settings.log_level, style=settings.log_format)
    settings = with_ports(settings)
    bring_up_to_date(settings)
    supervisor = serving(settings, when_ready=when_ready)
    return supervisor.run()


def serving(settings: Settings, *, when_ready: Callable[[Settings], None]) -> Supervisor:
    """Return the supervisor of one of each process, not yet running."""
    children = [
        ChildCommand(
            name=name,
            argv=(sys.executable, "-P", "-m", "hub", name),  # -P: not from where it was started
            environment=settings.environment(),
        )
        for name in PROCESSES
    ]
    return Supervisor(children, when_ready=lambda: when_ready(settings))


def with_ports(settings: Settings) -> Settings:
    """Return settings whose ports are known and free: port 0 has become a real one.

    Raises:
        Misconfigured: a port is in use, or the settings would open the hub unprotected.
    """
    require_permitted(settings)
    dicom_port = settings.dicom_port or free_port(settings.dicom_host)
    http_port = settings.http_port or free_port(settings.http_host)
    require_free(settings.dicom_host, dicom_port, "DICOM")
    require_free(settings.http_host, http_port, "HTTP")
    return settings.model_copy(update={"dicom_port": dicom_port, "http_port": http_port})


def bring_up_to_date(settings: Settings) -> None:
    """Migrate and say what was done. Raises Misconfigured."""
    database = Database(settings.database_url)
    done = migrate(settings, database, SystemClock())
    database.close()
    if done.was_needed:
        log.info("schema migrated", before=done.before or "empty", after=done.after)
    if done.backup:
        log.info("the catalogue was backed up first", backup=str(done.backup))


def http_application(house: House) -> FastAPI:
    """Return the HTTP application over a house."""
    return create_app(
        Rooms(
            clock=house.clock,
            database=house.database,
            archive=house.archive,
            authentication=house.authentication,
            accounts=house.accounts,
            directory=house.directory,
            reading_list=house.reading_list,
            desk=house.desk,
            inbox=house.inbox,
        ),
        HttpSettings(trusted_proxies=house.settings.trusted_proxy, public_url=house.settings.public_url),
    )


class _Server(uvicorn.Server):
    """Tells the supervisor when it serves."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override] # its own type is wider
        await super().startup(sockets)  # type: ignore[arg-type] # handed through as it came
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            log.info("HTTP is served", host=self.config.host, port=port)
            say_ready()


def _begin(name: str, settings: Settings, *, dicom: bool = False, http: bool = False) -> House:
    stay_with_supervisor()
    logs.configure(name, level=settings.log_level, style=settings.log_format)
    require_permitted(settings, dicom=dicom, http=http)
    house = open_house(settings)
    require_current(settings, house.database)
    return house


def _until_stopped(stop: Callable[[], None]) -> None:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    say_ready()
    stopped.wait()
    stop()
