"""The gateway: listens for DICOM associations and lets known devices store."""

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import structlog
from pynetdicom.ae import ApplicationEntity

from core.clock import Clock
from core.limits import MAXIMUM_PDU_LENGTH
from core.networks import peer_is_permitted
from core.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from pacs_gateway.admission import Admission
from pacs_gateway.association import DeviceAssociation
from pacs_gateway.association_record import AssociationRecord, Totals
from pacs_gateway.c_store import StoreSCP
from pacs_gateway.lobby import Lobby
from pacs_gateway.pdu import LOCAL_LIMIT_EXCEEDED, ae_titles, rejection_pdu
from pacs_gateway.places import Places
from pacs_gateway.quiet_libraries import quiet_libraries
from pacs_gateway.settings import GatewaySettings
from pacs_gateway.socket_options import listen, prepare
from pacs_gateway.tls import peer_certificate, server_context
from pacs_gateway.transfers import TransferWatch
from pacs_gateway.unknown_callers import UnknownCallers
from registry.directory import Directory
from registry.unknown_devices import UnknownDevices
from storage.archive import Archive

DIMSE_SECONDS: Final = 60.0
STOPPING_SECONDS: Final = 10.0
NEGOTIATING: Final = 64
"""Threads for requests that are just being turned away, beside those for associations that stand."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class GatewayCounts:
    """What happened at the door since the start: for whoever measures."""

    associations: int
    """That stand now."""
    waiting: int
    """Connections that have not asked for an association yet."""
    rejected: Mapping[str, int]
    """Requests for an association that were turned away, by reason."""
    evicted: int
    """Idle associations that gave their place to another."""
    requests: Mapping[str, int]
    """Answered requests: "echo", what became of a kept instance, or the DIMSE status of a refusal."""
    received_bytes: int
    """Of the data sets that were answered, whatever the answer."""


class Gateway:
    """Serves C-ECHO and C-STORE; what arrives is kept under the site of the device that sent it."""

    def __init__(
        self,
        archive: Archive,
        directory: Directory,
        unknown_devices: UnknownDevices,
        clock: Clock,
        settings: GatewaySettings,
    ) -> None:
        self._settings = settings
        self._unknown_callers = UnknownCallers(
            unknown_devices, clock, write_seconds=settings.unknown_devices_write_seconds
        )
        self._admission = Admission(directory, Places(settings.places), self._unknown_callers)
        self._transfers = TransferWatch(archive)
        self._scp = StoreSCP(
            archive,
            self._transfers,
            clock,
            accept_any_storage_class=settings.accept_any_storage_class,
        )
        self._ae = _application_entity(settings)
        self._associations: set[DeviceAssociation] = set()
        self._totals = Totals()
        self._lock = threading.Lock()
        self._lobbies: list[Lobby] = []
        self._while_started = ExitStack()
        self.port = settings.port
        self.tls_port = settings.tls.port if settings.tls else None

    def start(self) -> None:
        """Listen; `port` and `tls_port` say where.

        Raises:
            Misconfigured: an address is not this machine's, a port is taken, or TLS has not what it needs.
        """
        tls = self._settings.tls
        context = server_context(tls) if tls else None
        with ExitStack() as opening:
            plain = opening.enter_context(listen(self._settings.host, self._settings.port))
            encrypted = opening.enter_context(listen(tls.host, tls.port)) if tls else None
            opening.pop_all()
        self.port = plain.getsockname()[1]
        self._lobbies = [self._lobby(plain)]
        if encrypted is not None:
            self.tls_port = encrypted.getsockname()[1]
            self._lobbies.append(self._lobby(encrypted, context))
        self._while_started.enter_context(quiet_libraries())
        self._transfers.start()
        self._unknown_callers.start()
        for lobby in self._lobbies:
            lobby.open()
        log.info(
            "listening for DICOM",
            host=self._settings.host,
            port=self.port,
            tls_port=self.tls_port,
            ae_title=self._ae.ae_title,
        )

    def stop(self) -> None:
        """Listen no more and end what stands; instances that are being kept are finished first."""
        if not self._lobbies:
            return
        for lobby in self._lobbies:
            lobby.close()
        self._lobbies = []
        associations = self._standing()
        for association in associations:
            association.end()
        deadline = time.monotonic() + STOPPING_SECONDS
        for association in associations:
            association.join(max(0.0, deadline - time.monotonic() - 1))
        for association in self._standing():
            association.cut()
            association.join(max(0.1, deadline - time.monotonic()))
        self._transfers.stop()
        self._unknown_callers.stop()
        self._while_started.close()

    @property
    def is_listening(self) -> bool:
        """Whether connections are taken; without it the process is of no use and should be started again."""
        return bool(self._lobbies) and all(lobby.is_open for lobby in self._lobbies)

    @property
    def counts(self) -> GatewayCounts:
        """Return what happened at the door."""
        requests, received_bytes = self._totals.read()
        return GatewayCounts(
            associations=self._admission.places.taken,
            waiting=sum(lobby.waiting for lobby in self._lobbies),
            rejected=dict(self._admission.rejections),
            evicted=self._admission.places.evicted,
            requests=requests,
            received_bytes=received_bytes,
        )

    def _lobby(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> Lobby:
        return Lobby(
            listener,
            tls=tls,
            seconds=self._settings.association_request_seconds,
            is_permitted=self._is_permitted if tls is None else lambda _: True,
            turn_away=self._admission.turn_away,
            hand_on=self._associate,
        )

    def _is_permitted(self, address: str) -> bool:
        return peer_is_permitted(address, self._settings.permitted_networks)

    def _associate(self, connection: socket.socket, association_request: bytearray) -> None:
        """Give a connection that asks for an association its threads; runs in the lobby."""
        try:
            if len(self._standing()) >= self._settings.places.overall + NEGOTIATING:
                self._admission.count(LOCAL_LIMIT_EXCEEDED)
                connection.send(rejection_pdu(LOCAL_LIMIT_EXCEEDED))
                connection.close()
                log.warning("connection closed", reason=f"rejected: {LOCAL_LIMIT_EXCEEDED.reason}")
                return
            prepare(connection, self._settings.silence_seconds)
            association = self._new_association(connection, association_request)
            with self._lock:
                self._associations.add(association)
            association.start()
        except (OSError, RuntimeError) as error:
            connection.close()
            log.warning("an association could not be begun", reason=type(error).__name__)

    def _new_association(
        self, connection: socket.socket, association_request: bytearray
    ) -> DeviceAssociation:
        address, port = connection.getpeername()[:2]
        calling_ae_title, called_ae_title = ae_titles(association_request)
        return DeviceAssociation(
            self._ae,
            connection,
            association_request,
            admission=self._admission,
            scp=self._scp,
            settings=self._settings,
            certificate=peer_certificate(connection),
            record=AssociationRecord(
                address=address,
                port=port,
                is_encrypted=isinstance(connection, ssl.SSLSocket),
                calling_ae_title=calling_ae_title,
                called_ae_title=called_ae_title,
                totals=self._totals,
            ),
            at_end=self._forget,
        )

    def _standing(self) -> list[DeviceAssociation]:
        with self._lock:
            return list(self._associations)

    def _forget(self, association: DeviceAssociation) -> None:
        with self._lock:
            self._associations.discard(association)


def _application_entity(settings: GatewaySettings) -> ApplicationEntity:
    entity = ApplicationEntity(settings.ae_title)
    entity.maximum_pdu_size = MAXIMUM_PDU_LENGTH
    entity.acse_timeout = settings.association_request_seconds
    entity.network_timeout = settings.between_messages_seconds
    entity.dimse_timeout = DIMSE_SECONDS
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return entity
