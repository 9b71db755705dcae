"""What a deployment decides about the gateway."""

from dataclasses import dataclass, field
from pathlib import Path

from core.limits import (
    ASSOCIATION_REQUEST_SECONDS,
    BETWEEN_MESSAGES_SECONDS,
    SILENCE_SECONDS,
    UNKNOWN_DEVICES_WRITE_SECONDS,
)
from core.networks import Network
from pacs_gateway.places import PlaceLimits


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """Where DICOM over TLS is listened for, and with which files (PEM).

    A peer has to show a certificate that the authorities in `client_authorities` stand for; which device it
    is, the register says.
    """

    host: str
    port: int
    certificate: Path
    key: Path
    client_authorities: Path


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """Where the gateway listens and whom it lets in. Port 0 takes a free one.

    Without TLS, peers are let in from loopback, and from `permitted_networks`; the rest is closed unheard.
    """

    ae_title: str = "HUB"
    host: str = "127.0.0.1"
    port: int = 11112
    tls: TlsSettings | None = None
    places: PlaceLimits = field(default_factory=PlaceLimits)
    association_request_seconds: float = ASSOCIATION_REQUEST_SECONDS
    silence_seconds: float = SILENCE_SECONDS
    between_messages_seconds: float = BETWEEN_MESSAGES_SECONDS
    unknown_devices_write_seconds: float = UNKNOWN_DEVICES_WRITE_SECONDS
    accept_any_storage_class: bool = True
    permitted_networks: tuple[Network, ...] = ()
