"""The API's process: uvicorn over the HTTP edge."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from core.errors import Misconfigured
from hub.acceptor import Acceptor
from hub.api_share import ApiShare, share_of_this_process
from hub.child import given_listeners
from hub.ports import bound, port_of
from hub.process import begin
from hub.process_figures import figures_of_neighbours
from hub.schema import head_revision
from hub.settings import Settings
from hub.shared_figures import count_into, told_by_all
from hub.supervisor import say_ready
from hub.wiring import House
from registry.own_sessions import OwnSessions
from renditions.decoders import AT_ONCE
from viewer_api.app import create_app
from viewer_api.live_feed import LiveFeed
from viewer_api.places import PASSWORDS_AT_ONCE, PASSWORDS_WAITING, Places
from viewer_api.request_log import own_figures
from viewer_api.rooms import HttpSettings, Rooms
from worklist.arrivals import Arrivals
from worklist.list_counts import CountedList

log = structlog.stdlib.get_logger("hub.api")

STOP_SECONDS = 5
_ALL: Final = ApiShare()


def run_api(settings: Settings) -> None:
    """Answer HTTP until told to stop. Raises Misconfigured."""
    share = share_of_this_process()
    count_into(share)
    with ExitStack() as stack:
        # First of all: what was given is known by its number, which is another's once it is closed.
        listeners = given_listeners()
        house = begin("api", settings, http=True, decoders_at_once=share.of(AT_ONCE))
        if not listeners:
            listeners = stack.enter_context(bound(settings.http_host, settings.http_port, "HTTP"))
            log.info("listening for HTTP", host=settings.http_host, port=port_of(listeners[0]))
        house.decoders.start()
        application = http_application(house, share)
        server = _Server(
            uvicorn.Config(
                application,
                # A large answer leaves without being copied again, and a small request is read in C.
                loop="uvloop",
                http="httptools",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            ),
            listeners,
            application.state.rooms.live_feed,
        )
        server.run()
    house.close()


def http_application(house: House, share: ApiShare = _ALL) -> FastAPI:
    """Return the HTTP application over a house, for a process with this share."""
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
            passwords=Places(share.of(PASSWORDS_AT_ONCE), waiting=PASSWORDS_WAITING),
            figures_of_requests=partial(told_by_all, share.figures, or_else=own_figures)
            if share.figures
            else own_figures,
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
    """Takes its connections off a port that it may share; tells the supervisor when it does."""

    def __init__(
        self, config: uvicorn.Config, listeners: Sequence[socket.socket], live_feed: LiveFeed
    ) -> None:
        super().__init__(config)
        self._acceptor = Acceptor(listeners, self._serve_connection)
        self._live_feed = live_feed

    async def startup(self, sockets: object = None) -> None:  # noqa: ARG002 - the acceptor has them
        await super().startup([])
        try:
            self._acceptor.start()
        except OSError as error:
            raise Misconfigured(f"HTTP cannot be listened for: {error.strerror}") from error
        say_ready()

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override] # wider here
        await self._acceptor.stop()
        # Streams have no end of their own within the time that requests are given.
        self._live_feed.stop()
        await super().shutdown(sockets)  # type: ignore[arg-type] # handed through as it came

    async def _serve_connection(self, connection: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn does
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol
