"""The gateway: listens for DICOM associations and lets known devices store."""

import socket
import threading
import time
from contextlib import ExitStack
from typing import Final

import structlog
from pynetdicom.ae import ApplicationEntity

from core.clock import Clock
from core.limits import (
    ASSOCIATION_REQUEST_SECONDS,
    BETWEEN_MESSAGES_SECONDS,
    MAXIMUM_PDU_LENGTH,
)
from core.networks import peer_is_permitted
from core.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from pacs_gateway.admission import Admission
from pacs_gateway.association import DeviceAssociation
from pacs_gateway.association_record import AssociationRecord
from pacs_gateway.c_store import StoreSCP
from pacs_gateway.lobby import Lobby
from pacs_gateway.pdu import LOCAL_LIMIT_EXCEEDED, ae_titles, rejection_pdu
from pacs_gateway.quiet_libraries import quiet_libraries
from pacs_gateway.settings import GatewaySettings
from pacs_gateway.socket_options import listen
from pacs_gateway.transfers import TransferWatch
from registry.directory import Directory
from storage.archive import Archive

DIMSE_SECONDS: Final = 60.0
STOPPING_SECONDS: Final = 10.0
NEGOTIATING: Final = 64
"""Threads for requests that are just being turned away, beside those for associations that stand."""

log = structlog.stdlib.get_logger(__name__)


class Gateway:
    """Serves C-ECHO and C-STORE; what arrives is kept under the site of the device that sent it."""

    def __init__(
        self, archive: Archive, directory: Directory, clock: Clock, settings: GatewaySettings
    ) -> None:
        self._settings = settings
        self._admission = Admission(directory, maximum_associations=settings.maximum_associations)
        self._transfers = TransferWatch(archive)
        self._scp = StoreSCP(
            archive,
            self._transfers,
            clock,
            accept_any_storage_class=settings.accept_any_storage_class,
        )
        self._ae = _application_entity(settings.ae_title)
        self._associations: set[DeviceAssociation] = set()
        self._lock = threading.Lock()
        self._lobby: Lobby | None = None
        self._while_started = ExitStack()
        self.port = settings.port

    def start(self) -> None:
        """Listen; `port` says where.

        Raises:
            Misconfigured: the address is not this machine's, or the port is taken.
        """
        listener = listen(self._settings.host, self._settings.port)
        self.port = listener.getsockname()[1]
        self._lobby = Lobby(listener, is_permitted=self._is_permitted, hand_on=self._associate)
        self._while_started.enter_context(quiet_libraries())
        self._transfers.start()
        self._lobby.open()
        log.info("listening for DICOM", host=self._settings.host, port=self.port, ae_title=self._ae.ae_title)

    def stop(self) -> None:
        """Listen no more and end what stands; instances that are being kept are finished first."""
        if self._lobby is None:
            return
        self._lobby.close()
        self._lobby = None
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
        self._while_started.close()

    @property
    def is_listening(self) -> bool:
        """Whether connections are taken; without it the process is of no use and should be started again."""
        return self._lobby is not None and self._lobby.is_open

    def _is_permitted(self, address: str) -> bool:
        return peer_is_permitted(address, self._settings.permitted_networks)

    def _associate(self, connection: socket.socket, association_request: bytearray) -> None:
        """Give a connection that asks for an association its threads; runs in the lobby."""
        try:
            if len(self._standing()) >= self._settings.maximum_associations + NEGOTIATING:
                connection.send(rejection_pdu(LOCAL_LIMIT_EXCEEDED))
                connection.close()
                log.warning("connection closed", reason=f"rejected: {LOCAL_LIMIT_EXCEEDED.reason}")
                return
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
            accept_any_storage_class=self._settings.accept_any_storage_class,
            record=AssociationRecord(
                address=address,
                port=port,
                calling_ae_title=calling_ae_title,
                called_ae_title=called_ae_title,
            ),
            at_end=self._forget,
        )

    def _standing(self) -> list[DeviceAssociation]:
        with self._lock:
            return list(self._associations)

    def _forget(self, association: DeviceAssociation) -> None:
        with self._lock:
            self._associations.discard(association)


def _application_entity(ae_title: str) -> ApplicationEntity:
    entity = ApplicationEntity(ae_title)
    entity.maximum_pdu_size = MAXIMUM_PDU_LENGTH
    entity.acse_timeout = ASSOCIATION_REQUEST_SECONDS
    entity.network_timeout = BETWEEN_MESSAGES_SECONDS
    entity.dimse_timeout = DIMSE_SECONDS
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return entity
