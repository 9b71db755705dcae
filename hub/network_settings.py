"""Networks as a deployment writes them in its settings."""

import ipaddress

from core import limits
from core.networks import Network
from pacs_gateway.places import SharedNetwork


def networks(value: object) -> object:
    """Read `10.1.0.0/16, 10.2.0.7` from the environment."""
    if not isinstance(value, str):
        return value
    return tuple(_network(entry.strip()) for entry in value.split(",") if entry.strip())


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text} is not an address, or a network such as 10.20.0.0/16") from None
    if network.prefixlen == 0:
        raise ValueError(f"{text} is every address: name the networks that are meant")
    return network


def shared_networks(value: object) -> object:
    """Read `10.1.0.0/16=32, 10.2.0.7` from the environment."""
    if not isinstance(value, str):
        return value
    return tuple(_shared_network(entry.strip()) for entry in value.split(",") if entry.strip())


def _shared_network(text: str) -> SharedNetwork:
    network, _, associations = text.partition("=")
    if not associations:
        return SharedNetwork(network=_network(network))
    if not associations.isdecimal() or not 1 <= int(associations) <= limits.ASSOCIATIONS:
        raise ValueError(f"{text}: after the = stands a number from 1 to {limits.ASSOCIATIONS}")
    return SharedNetwork(network=_network(network), associations=int(associations))
