"""Which device is calling: AE title, called AE title, and network or certificate; never one of them alone.

The same AE title in twenty clinics is usual, so an address decides among them. A device with a certificate is
known by that wherever it calls from, and is not let in without it.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import InvalidRequest
from core.networks import address_of, lies_in
from core.uids import new_key
from registry.certificate import Certificate

MAXIMUM_AE_TITLE_LENGTH = 16
_MAPPED_PREFIX = 96
"""::ffff:0:0/96 holds every IPv4 address (RFC 4291 2.5.5.2)."""


class DeviceRefusal(StrEnum):
    """Why an association is turned away (PS3.8 9.3.4)."""

    CALLING_AE_TITLE = "calling AE title not recognized"
    CALLED_AE_TITLE = "called AE title not recognized"
    CERTIFICATE = "the device of this title has a certificate, and did not show it"


@dataclass(frozen=True, kw_only=True)
class Device:
    """A registered machine of a site.

    `network` is empty where only the certificate counts. A device that ever had a certificate
    `needs_certificate`, also when the last one was withdrawn: it does not fall back to its address.
    """

    device_id: str
    site_id: str
    name: str
    calling_ae_title: str
    called_ae_title: str
    network: str
    is_disabled: bool = False
    certificates: tuple[Certificate, ...] = ()
    needs_certificate: bool = False

    @property
    def fingerprints(self) -> frozenset[str]:
        """Return the fingerprints of its certificates."""
        return frozenset(certificate.fingerprint for certificate in self.certificates)


def match_device(
    devices: Iterable[Device],
    *,
    calling_ae_title: str,
    called_ae_title: str,
    address: str,
    fingerprint: str | None = None,
) -> Device | DeviceRefusal:
    """Return the one device that calls, or why there is none. The narrowest network wins.

    `fingerprint` is that of the certificate which the peer has proved to hold; None on a line without TLS.
    """
    titled = [
        device
        for device in devices
        if not device.is_disabled and device.calling_ae_title == calling_ae_title.strip()
    ]
    if fingerprint is None:
        known = [device for device in titled if not device.needs_certificate and _calls_from(device, address)]
    else:
        known = [device for device in titled if fingerprint in device.fingerprints]
    if not known:
        needed = any(device.needs_certificate for device in titled)
        return DeviceRefusal.CERTIFICATE if needed else DeviceRefusal.CALLING_AE_TITLE
    called = [device for device in known if device.called_ae_title == called_ae_title.strip()]
    if not called:
        return DeviceRefusal.CALLED_AE_TITLE
    return max(called, key=_narrowness)


def overlap(one: Device, other: Device) -> bool:
    """Whether some caller could be both of two devices, so that nobody could say which it is."""
    if (one.calling_ae_title, one.called_ae_title) != (other.calling_ae_title, other.called_ae_title):
        return False
    if one.fingerprints & other.fingerprints:
        return True
    return bool(one.network and other.network) and networks_overlap(one.network, other.network)


def new_device(
    now: datetime,
    *,
    site_id: str,
    name: str,
    calling_ae_title: str,
    called_ae_title: str,
    network: str | None,
    certificate: Certificate | None,
) -> Device:
    """Return a device to be registered.

    Raises:
        InvalidRequest: a title, name or network is not written as it must be, or there is neither network
            nor certificate.
    """
    if not network and certificate is None:
        raise InvalidRequest("A device is known by its network or by its certificate: name one of them.")
    return Device(
        device_id=new_key(now),
        site_id=site_id,
        name=require_name(name),
        calling_ae_title=require_ae_title(calling_ae_title),
        called_ae_title=require_ae_title(called_ae_title),
        network=require_network(network) if network else "",
        certificates=() if certificate is None else (certificate,),
        needs_certificate=certificate is not None,
    )


def networks_overlap(one: str, other: str) -> bool:
    """Whether some address lies in both networks."""
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)


def _calls_from(device: Device, address: str) -> bool:
    source = address_of(address)
    if source is None or not device.network:
        return False
    return lies_in(source, [ipaddress.ip_network(device.network)])


def _narrowness(device: Device) -> int:
    return ipaddress.ip_network(device.network).prefixlen if device.network else 0


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


def require_name(text: str) -> str:
    """Return what people call a thing, without outer spaces. Raises InvalidRequest."""
    name = text.strip()
    if not 0 < len(name) <= 200 or not name.isprintable():
        raise InvalidRequest("A name has 1 to 200 printable characters.")
    return name


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
