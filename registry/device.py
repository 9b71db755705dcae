"""Which device is calling: AE title, called AE title and network together, never one of them alone.

The same AE title in twenty clinics is usual, so an address decides among them.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import InvalidRequest
from core.networks import address_of, lies_in

MAXIMUM_AE_TITLE_LENGTH = 16
_MAPPED_PREFIX = 96
"""::ffff:0:0/96 holds every IPv4 address (RFC 4291 2.5.5.2)."""


class DeviceRefusal(StrEnum):
    """Why an association is turned away (PS3.8 9.3.4)."""

    CALLING_AE_TITLE = "calling AE title not recognized"
    CALLED_AE_TITLE = "called AE title not recognized"


@dataclass(frozen=True, kw_only=True)
class Device:
    """A registered machine of a site."""

    device_id: str
    site_id: str
    name: str
    calling_ae_title: str
    called_ae_title: str
    network: str
    is_disabled: bool = False


def match_device(
    devices: Iterable[Device], *, calling_ae_title: str, called_ae_title: str, address: str
) -> Device | DeviceRefusal:
    """Return the one device that calls, or why there is none. The narrowest network wins."""
    source = address_of(address)
    known = [
        device
        for device in devices
        if not device.is_disabled
        and device.calling_ae_title == calling_ae_title.strip()
        and source is not None
        and lies_in(source, [ipaddress.ip_network(device.network)])
    ]
    if not known:
        return DeviceRefusal.CALLING_AE_TITLE
    called = [device for device in known if device.called_ae_title == called_ae_title.strip()]
    if not called:
        return DeviceRefusal.CALLED_AE_TITLE
    return max(called, key=lambda device: ipaddress.ip_network(device.network).prefixlen)


def networks_overlap(one: str, other: str) -> bool:
    """Whether some address lies in both networks."""
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)


def require_ae_title(text: str) -> str:
    """Return a proper AE title (PS3.5 6.2 AE): at most 16 characters of the default repertoire, no backslash.

    Raises:
        InvalidRequest: it is none.
    """
    title = text.strip()
    if not 0 < len(title) <= MAXIMUM_AE_TITLE_LENGTH:
        raise InvalidRequest("An AE title has 1 to 16 characters.")
    if not title.isascii() or not title.isprintable() or "\\" in title:
        raise InvalidRequest("An AE title is plain printable ASCII without a backslash.")
    return title


def require_network(text: str) -> str:
    """Return a network in CIDR form; a single address is a network of one.

    An IPv4 network written as mapped into IPv6 is its IPv4 self, as its peers are when they call.

    Raises:
        InvalidRequest: it is none, or names an interface of this machine.
    """
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        raise InvalidRequest("A network is written like 10.1.2.0/24, or as one address.") from None
    if "%" in text:
        raise InvalidRequest("A network is the same on every interface: leave out what follows the %.")
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED_PREFIX:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return str(ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_PREFIX)))
    return str(network)
