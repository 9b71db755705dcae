"""Who may speak without TLS."""

import ipaddress

import pytest

from core.networks import is_loopback, peer_is_permitted

CLINICS = [ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd00:20::/32")]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "10.20.0.1", "hub.clinic", "localhost.clinic", "128.0.0.1", "::ffff:10.20.0.1"],
)
def test_anything_else_is_beyond_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "peer",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.20.3.4",
        "::ffff:10.20.3.4",
        "fd00:20::7",
        "fd00:20::7%eth0",
    ],
)
def test_a_peer_of_a_named_network_is_permitted(peer: str) -> None:
    assert peer_is_permitted(peer, CLINICS)


@pytest.mark.parametrize(
    "peer", ["10.21.0.1", "::ffff:10.21.0.1", "fd00:21::1", "clinic", "", "localhost", "10.20.3"]
)
def test_any_other_peer_is_not(peer: str) -> None:
    assert not peer_is_permitted(peer, CLINICS)


def test_with_no_network_named_only_loopback_is_permitted() -> None:
    assert peer_is_permitted("127.0.0.1", [])
    assert not peer_is_permitted("10.20.0.1", [])
