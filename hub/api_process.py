"""The API's process: uvicorn over the HTTP edge."""

from functools import partial

import structlog
import uvicorn
from fastapi import FastAPI

from hub.process import begin
from hub.process_figures import figures_of_neighbours
from hub.schema import head_revision
from hub.settings import Settings
from hub.supervisor import say_ready
from hub.wiring import House
from registry.own_sessions import OwnSessions
from viewer_api.app import create_app
from viewer_api.live_feed import LiveFeed
from viewer_api.rooms import HttpSettings, Rooms
from worklist.arrivals import Arrivals
from worklist.list_counts import CountedList

log = structlog.stdlib.get_logger("hub.api")

STOP_SECONDS = 5


def run_api(settings: Settings) -> None:
    """Answer HTTP until told to stop. Raises Misconfigured."""
    house = begin("api", settings, http=True)
    house.decoders.start()
    application = http_application(house)
    server = _Server(
        uvicorn.Config(
            application,
            host=settings.http_host,
            port=settings.http_port,
            # A large answer leaves without being copied again, and a small request is read in C.
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        ),
        application.state.rooms.live_feed,
    )
    server.run()
    house.close()


def http_application(house: House) -> FastAPI:
    """Return the HTTP application over a house."""
    return create_app(
        Rooms(
            clock=house.clock,
            database=house.database,
            archive=house.archive,
            decoders=house.decoders,
            foreign=house.foreign,
            pictures=house.pictures,
            electrocardiograms=house.electrocardiograms,
            holter=house.holter,
            authentication=house.authentication,
            accounts=house.accounts,
            directory=house.directory,
            unknown_devices=house.unknown_devices,
            reading_list=house.reading_list,
            requests=house.requests,
            linking=house.linking,
            retakes=house.retakes,
            priors=house.priors,
            prior_reports=house.prior_reports,
            desk=house.desk,
            inbox=house.inbox,
            shelf=house.shelf,
            patients=house.patients,
            unrouted=house.unrouted,
            marking=house.marking,
            uploads=house.uploads,
            counted_list=CountedList(database=house.database, clock=house.clock),
            own_sessions=OwnSessions(house.database, house.clock),
            arrivals=Arrivals(database=house.database),
            live_feed=LiveFeed(house.database, house.clock),
        ),
        HttpSettings(
            trusted_proxies=house.settings.trusted_proxy,
            public_url=house.settings.public_url,
            schema=head_revision(),
            figures_of_neighbours=partial(
                figures_of_neighbours,
                {
                    "gateway": house.settings.metrics_port_gateway,
                    "worker": house.settings.metrics_port_worker,
                },
            ),
        ),
    )


class _Server(uvicorn.Server):
    """Tells the supervisor when it serves, and open pages when it ends."""

    def __init__(self, config: uvicorn.Config, live_feed: LiveFeed) -> None:
        super().__init__(config)
        self._live_feed = live_feed

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override] # wider here
        await super().startup(sockets)  # type: ignore[arg-type] # handed through as it came
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            log.info("listening for HTTP", host=self.config.host, port=port)
            say_ready()

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override] # wider here
        # Streams have no end of their own within the time that requests are given.
        self._live_feed.stop()
        await super().shutdown(sockets)  # type: ignore[arg-type] # handed through as it came
