"""Known devices get in, others are told why not, in the terms of PS3.8 table 9-21."""

import ipaddress
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.fixtures.raw_scu import (
    ASSOCIATE_AC,
    ASSOCIATE_RJ,
    ASSOCIATE_RQ,
    IMPLICIT_VR_LITTLE_ENDIAN,
    VERIFICATION,
    RawSCU,
    association_request,
)
from tests.pacs_gateway.running_gateway import SITE, RunningGateway, eventually

PERMANENT_CALLING, PERMANENT_CALLED = (1, 1, 3), (1, 1, 7)
CONGESTION, LIMIT = (2, 3, 1), (2, 3, 2)


def request(
    port: int, calling: bytes = b"US1", called: bytes = b"HUB", host: str = "127.0.0.1"
) -> tuple[int, ...]:
    """Ask for an association; return () if it was accepted, or result, source and reason."""
    with socket.create_connection((host, port), timeout=10) as connection:
        scu = RawSCU.__new__(RawSCU)
        scu.socket = connection
        scu.send_pdu(
            ASSOCIATE_RQ,
            association_request(
                [(VERIFICATION, [IMPLICIT_VR_LITTLE_ENDIAN])], calling=calling, called=called
            ),
        )
        kind, body = scu.receive_pdu()
        if kind == ASSOCIATE_AC:
            return ()
        assert kind == ASSOCIATE_RJ
        return tuple(body[1:])


@pytest.mark.parametrize(
    ("calling", "called", "answer"),
    [
        (b"US1", b"HUB", ()),
        (b"  US1", b"HUB  ", ()),
        (b"US9", b"HUB", PERMANENT_CALLING),
        (b"us1", b"HUB", PERMANENT_CALLING),
        (b"US1", b"HUX", PERMANENT_CALLED),
        (b"US9", b"HUX", PERMANENT_CALLING),
        (b"ELSEWHERE", b"HUB", PERMANENT_CALLING),
        (b"DISABLED", b"HUB", PERMANENT_CALLING),
        (b"", b"HUB", PERMANENT_CALLING),
        (b"US1\r\n", b"HUB", PERMANENT_CALLING),
        (b"%s%n${x}", b"HUB", PERMANENT_CALLING),
        (b"US1", b"\xff\xfe", PERMANENT_CALLED),
    ],
)
def test_a_device_is_calling_title_called_title_and_network(
    gateway: RunningGateway, calling: bytes, called: bytes, answer: tuple[int, ...]
) -> None:
    add = gateway.directory.add_device
    add(site_id=SITE, name="far", calling_ae_title="ELSEWHERE", called_ae_title="HUB", network="10.1.2.0/24")
    off = add(
        site_id=SITE, name="off", calling_ae_title="DISABLED", called_ae_title="HUB", network="127.0.0.0/8"
    )
    gateway.directory.disable_device(off.device_id)
    assert request(gateway.port, calling, called) == answer


@pytest.mark.tool("echoscu")
def test_dcmtk_understands_the_reason(gateway: RunningGateway) -> None:
    def echoscu(calling: str, called: str) -> str:
        command = ["echoscu", "-aet", calling, "-aec", called, "127.0.0.1", str(gateway.port)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr

    assert echoscu("US1", "HUB") == ""
    assert "Calling AE Title Not Recognized" in echoscu("US9", "HUB")
    assert "Called AE Title Not Recognized" in echoscu("US1", "HUX")


def test_the_devices_registered_now_count(gateway: RunningGateway) -> None:
    assert request(gateway.port, b"NEW") == PERMANENT_CALLING
    device = gateway.directory.add_device(
        site_id=SITE, name="new", calling_ae_title="NEW", called_ae_title="HUB", network="127.0.0.1"
    )
    assert request(gateway.port, b"NEW") == ()
    gateway.directory.disable_device(device.device_id)
    assert request(gateway.port, b"NEW") == PERMANENT_CALLING


def test_without_the_catalogue_a_device_is_asked_to_come_again(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    catalogue = tmp_path / "catalogue.sqlite"
    away = tmp_path / "away.sqlite"
    gateway.database.engine.dispose()
    catalogue.rename(away)
    catalogue.mkdir()
    try:
        assert request(gateway.port) == CONGESTION
    finally:
        catalogue.rmdir()
        away.rename(catalogue)
    assert request(gateway.port) == ()


@pytest.mark.parametrize("limit", [{"overall": 3}, {"per_address": 3}, {"per_device": 3}])
def test_one_more_than_a_limit_is_turned_away_at_once(
    start_gateway: Callable[..., RunningGateway], limit: dict[str, int]
) -> None:
    gateway = start_gateway(**limit)
    standing = [gateway.scu().associate() for _ in range(3)]
    began = time.monotonic()
    assert request(gateway.port) == LIMIT
    assert request(gateway.port, b"US9") == PERMANENT_CALLING
    assert request(gateway.port, b"US2") == (() if "per_device" in limit else LIMIT)
    assert time.monotonic() - began < 1
    assert all(scu.echo() == 0 for scu in standing)
    assert gateway.gateway.counts.rejected["too many associations at once"] == 2 - ("per_device" in limit)
    standing[0].release()
    standing[1].socket.close()
    assert eventually(lambda: request(gateway.port) == ())
    assert eventually(lambda: request(gateway.port) == ())


def test_an_address_outside_the_permitted_networks_is_closed_unheard(
    start_gateway: Callable[..., RunningGateway],
) -> None:
    own_address = _own_address()
    gateway = start_gateway(host="0.0.0.0", permitted_networks=(ipaddress.ip_network("203.0.113.0/24"),))
    assert request(gateway.port) == ()
    with (
        capture_logs() as lines,
        socket.create_connection((own_address, gateway.port), timeout=5) as stranger,
    ):
        assert stranger.recv(1) == b""
        assert eventually(lambda: any(line.get("address") == own_address for line in lines))


def test_a_permitted_network_may_speak(start_gateway: Callable[..., RunningGateway]) -> None:
    own_address = _own_address()
    gateway = start_gateway(host="0.0.0.0", permitted_networks=(ipaddress.ip_network(own_address),))
    assert request(gateway.port, host=own_address) == PERMANENT_CALLING
    gateway.directory.add_device(
        site_id=SITE, name="near", calling_ae_title="NEAR", called_ae_title="HUB", network=own_address
    )
    assert request(gateway.port, b"NEAR", host=own_address) == ()


def test_a_dual_stack_listener_takes_both_families(start_gateway: Callable[..., RunningGateway]) -> None:
    gateway = start_gateway(host="::")
    gateway.directory.add_device(
        site_id=SITE, name="six", calling_ae_title="SIX", called_ae_title="HUB", network="::1"
    )
    assert request(gateway.port, host="127.0.0.1") == ()
    assert request(gateway.port, b"SIX", host="::1") == ()


def _own_address() -> str:
    """Return an address of this machine that is not loopback; skip where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])
