"""What a deployment decides about the gateway."""

from dataclasses import dataclass

from core.limits import ASSOCIATIONS
from core.networks import Network


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """Where the gateway listens and whom it lets in. Port 0 takes a free one.

    Peers are let in from loopback, and from `permitted_networks`; the rest is closed unheard.
    """

    ae_title: str = "HUB"
    host: str = "127.0.0.1"
    port: int = 11112
    maximum_associations: int = ASSOCIATIONS
    accept_any_storage_class: bool = True
    permitted_networks: tuple[Network, ...] = ()
