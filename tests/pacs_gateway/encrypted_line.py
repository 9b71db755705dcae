"""Authorities, certificates and senders for DICOM over TLS."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trustme

from pacs_gateway.settings import TlsSettings
from registry.certificate import Certificate
from registry.certificate_file import read_certificate
from tests.fixtures.raw_scu import RawSCU

HUB_NAME = "hub.example"


@dataclass(frozen=True)
class Identity:
    """The files of a certificate and its key."""

    certificate: Path
    key: Path

    @property
    def read(self) -> Certificate:
        return read_certificate(self.certificate)


class Authority:
    """An authority, with the files that it gives out."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def issue(self, name: str, **how: Any) -> Identity:
        """Give a certificate out to a device, or to the hub."""
        issued = self._authority.issue_cert(f"{name.lower()}.example", common_name=name, **how)
        identity = Identity(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(identity.certificate)
        issued.private_key_pem.write_to_path(identity.key)
        identity.key.chmod(0o600)
        return identity

    def settings(self, hub: Identity, **values: Any) -> TlsSettings:
        """Return the settings of a hub that believes this authority."""
        ordinary: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": 0,
            "certificate": hub.certificate,
            "key": hub.key,
            "client_authorities": self.file,
        }
        return TlsSettings(**(ordinary | values))

    def client_context(self, identity: Identity | None) -> ssl.SSLContext:
        """Return what a sender with this identity speaks TLS by."""
        context = ssl.create_default_context(cafile=str(self.file))
        if identity is not None:
            context.load_cert_chain(identity.certificate, identity.key)
        return context


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def encrypted(scu: RawSCU, context: ssl.SSLContext) -> RawSCU:
    """Encrypt the line of a sender. Raises OSError where the hub does not want it."""
    scu.socket = context.wrap_socket(scu.socket, server_hostname=HUB_NAME)
    return scu
