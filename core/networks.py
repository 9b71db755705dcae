"""Addresses and the networks they lie in: who may speak to the hub without TLS."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_loopback(host: str) -> bool:
    """Whether a host is this machine only; any name but localhost may resolve to more, so it is not."""
    address = address_of(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def peer_is_permitted(peer: str, networks: Iterable[Network]) -> bool:
    """Whether a peer may speak without TLS: from loopback always, else only from a named network."""
    address = address_of(peer)
    return address is not None and (address.is_loopback or lies_in(address, networks))


def lies_in(address: Address, networks: Iterable[Network]) -> bool:
    """Whether any of the networks holds the address."""
    return any(address.version == network.version and address in network for network in networks)


@lru_cache(1_024)
def address_of(text: str) -> Address | None:
    """Read an address, None if it is none; a dual-stack socket's ::ffff:10.0.0.7 is its IPv4 self."""
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
