"""Which device calls: title, called title and network together, as a table."""

import ipaddress

import pytest

from core.errors import InvalidRequest
from registry.device import (
    Device,
    DeviceRefusal,
    match_device,
    networks_overlap,
    require_ae_title,
    require_network,
)

CALLING = DeviceRefusal.CALLING_AE_TITLE
CALLED = DeviceRefusal.CALLED_AE_TITLE


def device(
    key: str, network: str, *, calling: str = "US1", called: str = "HUB", disabled: bool = False
) -> Device:
    return Device(
        device_id=key,
        site_id=f"site-of-{key}",
        name=key,
        calling_ae_title=calling,
        called_ae_title=called,
        network=network,
        is_disabled=disabled,
    )


REGISTER = [
    device("any", "0.0.0.0/0"),
    device("county", "10.0.0.0/8"),
    device("town", "10.1.0.0/16"),
    device("room", "10.1.2.0/24"),
    device("cart", "10.1.2.7/32"),
    device("off", "10.1.2.8/32", disabled=True),
    device("six", "fd00:1::/32"),
    device("six-cart", "fd00:1::7/128"),
    device("link", "fe80::/10"),
    device("test", "10.1.0.0/16", called="HUB_TEST"),
    device("ecg", "10.1.2.0/24", calling="ECG1"),
    device("ecg-off", "10.9.0.0/16", calling="ECG1", disabled=True),
    device("lower", "10.1.0.0/16", calling="us1"),
    device("loop", "127.0.0.0/8", calling="DEMO_US"),
    device("spaced", "10.1.0.0/16", calling="US 1"),
    device("only-test", "192.168.1.0/24", calling="DR1", called="HUB_TEST"),
    device("only-test-narrow", "192.168.1.0/28", calling="DR1", called="HUB_OLD"),
]
CASES: list[tuple[str, str, str, str | DeviceRefusal]] = [
    # calling, called, address, who it is
    ("US1", "HUB", "10.1.2.7", "cart"),
    ("US1", "HUB", "10.1.2.6", "room"),
    ("US1", "HUB", "10.1.2.8", "room"),
    ("US1", "HUB", "10.1.2.0", "room"),
    ("US1", "HUB", "10.1.2.255", "room"),
    ("US1", "HUB", "10.1.3.0", "town"),
    ("US1", "HUB", "10.1.1.255", "town"),
    ("US1", "HUB", "10.2.0.0", "county"),
    ("US1", "HUB", "10.255.255.255", "county"),
    ("US1", "HUB", "11.0.0.0", "any"),
    ("US1", "HUB", "0.0.0.0", "any"),
    ("US1", "HUB", "255.255.255.255", "any"),
    ("US1", "HUB", "127.0.0.1", "any"),
    # a dual-stack socket shows an IPv4 peer as mapped
    ("US1", "HUB", "::ffff:10.1.2.7", "cart"),
    ("US1", "HUB", "::FFFF:10.1.2.7", "cart"),
    ("US1", "HUB", "::ffff:0a01:0207", "cart"),
    ("US1", "HUB", "::ffff:10.1.2.6", "room"),
    ("US1", "HUB", "::ffff:11.0.0.1", "any"),
    ("ECG1", "HUB", "::ffff:10.1.3.1", CALLING),
    # IPv6
    ("US1", "HUB", "fd00:1::7", "six-cart"),
    ("US1", "HUB", "fd00:0001:0000::0007", "six-cart"),
    ("US1", "HUB", "FD00:1::7", "six-cart"),
    ("US1", "HUB", "fd00:1::8", "six"),
    ("US1", "HUB", "fd00:1:ffff:ffff:ffff:ffff:ffff:ffff", "six"),
    ("US1", "HUB", "fd00:2::1", CALLING),
    ("US1", "HUB", "::1", CALLING),
    ("US1", "HUB", "fe80::1%eth0", "link"),
    ("US1", "HUB", "fe80::1", "link"),
    ("US1", "HUB", "fd00:1::7%eth0", "six-cart"),
    # called title
    ("US1", "HUB_TEST", "10.1.2.7", "test"),
    ("US1", "HUB_TEST", "10.2.0.1", CALLED),
    ("US1", "hub", "10.1.2.7", CALLED),
    ("US1", "", "10.1.2.7", CALLED),
    ("US1", "ANY-SCP", "10.1.2.7", CALLED),
    ("US1", "HUB ", "10.1.2.7", "cart"),
    ("US1", " HUB", "10.1.2.7", "cart"),
    ("DR1", "HUB", "192.168.1.5", CALLED),
    ("DR1", "HUB_TEST", "192.168.1.5", "only-test"),
    ("DR1", "HUB_OLD", "192.168.1.5", "only-test-narrow"),
    ("DR1", "HUB_OLD", "192.168.1.16", CALLED),
    ("DR1", "HUB", "192.168.2.5", CALLING),
    # calling title
    ("US1             ", "HUB             ", "10.1.2.7", "cart"),
    (" US1", "HUB", "10.1.2.7", "cart"),
    ("us1", "HUB", "10.1.2.7", "lower"),
    ("Us1", "HUB", "10.1.2.7", CALLING),
    ("US 1", "HUB", "10.1.2.7", "spaced"),
    ("US  1", "HUB", "10.1.2.7", CALLING),
    ("US", "HUB", "10.1.2.7", CALLING),
    ("US11", "HUB", "10.1.2.7", CALLING),
    ("", "HUB", "10.1.2.7", CALLING),
    ("HUB", "US1", "10.1.2.7", CALLING),
    ("ECG1", "HUB", "10.1.2.200", "ecg"),
    ("ECG1", "HUB", "10.1.3.1", CALLING),
    ("ECG1", "HUB", "10.9.0.1", CALLING),
    ("DEMO_US", "HUB", "127.0.0.1", "loop"),
    ("DEMO_US", "HUB", "127.9.9.9", "loop"),
    ("DEMO_US", "HUB", "10.1.2.7", CALLING),
    ("UNKNOWN", "NOBODY", "10.1.2.7", CALLING),
    # a peer whose address is not known is nobody
    ("US1", "HUB", "", CALLING),
    ("US1", "HUB", "clinic", CALLING),
]


@pytest.mark.parametrize(("calling", "called", "address", "who"), CASES)
@pytest.mark.parametrize("register", [REGISTER, REGISTER[::-1]], ids=["in order", "reversed"])
def test_a_device_is_its_titles_and_its_network(
    register: list[Device], calling: str, called: str, address: str, who: str | DeviceRefusal
) -> None:
    found = match_device(register, calling_ae_title=calling, called_ae_title=called, address=address)
    assert (found.device_id if isinstance(found, Device) else found) == who


def test_where_nobody_is_registered_nobody_is_known() -> None:
    assert match_device([], calling_ae_title="US1", called_ae_title="HUB", address="10.0.0.1") is CALLING


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("10.0.0.0/8", "10.1.2.3/32", True),
        ("10.1.2.3/32", "10.0.0.0/8", True),
        ("10.1.0.0/16", "10.1.0.0/16", True),
        ("10.1.0.0/16", "10.2.0.0/16", False),
        ("10.1.2.0/25", "10.1.2.128/25", False),
        ("0.0.0.0/0", "192.168.0.1/32", True),
        ("0.0.0.0/0", "fd00::/8", False),
        ("::/0", "fd00::1/128", True),
        ("::/0", "10.0.0.0/8", False),
        ("fd00:1::/32", "fd00:2::/32", False),
    ],
)
def test_networks_overlap_where_some_address_lies_in_both(one: str, other: str, overlap: bool) -> None:
    assert networks_overlap(one, other) is overlap
    assert networks_overlap(other, one) is overlap


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("US1", "US1"),
        ("  US1  ", "US1"),
        ("US 1", "US 1"),
        ("A", "A"),
        ("A" * 16, "A" * 16),
        (" " * 20 + "US1", "US1"),
        ("us-1_x.y/z:?*", "us-1_x.y/z:?*"),
    ],
)
def test_an_ae_title_is_kept_without_its_padding(text: str, title: str) -> None:
    assert require_ae_title(text) == title


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "A" * 17,
        "US\\1",
        "US\x001",
        "US\n1",
        "US\t1",
        "US\x7f",
        "超声",
        "Ü",
        "US\u00a01",
        "US\u200b1",
    ],
)
def test_what_is_no_ae_title_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        require_ae_title(text)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.1.2.0/24", "10.1.2.0/24"),
        (" 10.1.2.0/24 ", "10.1.2.0/24"),
        ("10.1.2.7", "10.1.2.7/32"),
        ("10.1.2.0/255.255.255.0", "10.1.2.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("fd00:1::/32", "fd00:1::/32"),
        ("FD00:0001::7", "fd00:1::7/128"),
        # the peer is seen as its IPv4 self, so it must be registered as that
        ("::ffff:10.1.2.7", "10.1.2.7/32"),
        ("::ffff:10.1.2.0/120", "10.1.2.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
    ],
)
def test_a_network_is_kept_in_one_spelling(text: str, network: str) -> None:
    assert require_network(text) == network
    assert ipaddress.ip_network(network)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "10.1.2.3/24",
        "10.1.2.0/33",
        "10.1.2",
        "10.1.2.0/",
        "/24",
        "any",
        "localhost",
        "10.1.2.256",
        "10.1.2.0/24/24",
        "fd00::/129",
        "fd00::1/64",
        "10.01.02.03",
        "fe80::1%eth0",
        "fe80::%eth0/64",
        "1",
        "10.0.0.0-10.0.0.9",
    ],
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        require_network(text)
