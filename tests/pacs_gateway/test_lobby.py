"""Those who connect and do not ask for anything cost nobody a place."""

import random
import socket
import struct
import threading
import time
from collections.abc import Callable

import pytest

from core.limits import ASSOCIATION_REQUEST_LIMIT, WAITING_CONNECTIONS
from pacs_gateway.socket_options import listen
from tests.fixtures.raw_scu import ABORT, ASSOCIATE_RQ, RawSCU, association_request
from tests.pacs_gateway.running_gateway import RunningGateway, eventually

DEADLINE = 5.0


def test_idle_connections_do_not_stop_an_echo(start_gateway: Callable[..., RunningGateway]) -> None:
    gateway = start_gateway(overall=2)
    threads = threading.active_count()
    began = time.monotonic()
    silent = [gateway.scu().socket for _ in range(11)]
    silent[0].sendall(b"\x01\x00\x00")
    with gateway.scu().associate() as scu:
        assert scu.echo() == 0
    assert time.monotonic() - began < 1
    assert threading.active_count() <= threads + 2
    for connection in silent:
        connection.settimeout(DEADLINE + 2)
        assert connection.recv(1) == b""
    assert DEADLINE - 1 < time.monotonic() - began < DEADLINE + 2


def test_a_request_that_drips_is_given_up_in_time(gateway: RunningGateway) -> None:
    request = struct.pack(">BxL", ASSOCIATE_RQ, 200) + bytes(200)
    began = time.monotonic()
    scu = gateway.scu()
    with pytest.raises(ConnectionError):
        drip(scu.socket, request)
    assert time.monotonic() - began < DEADLINE + 2


def drip(connection: socket.socket, request: bytes) -> None:
    for byte in request:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def test_the_oldest_that_waits_gives_way(gateway: RunningGateway) -> None:
    waiting = [gateway.scu().socket for _ in range(WAITING_CONNECTIONS + 5)]
    with gateway.scu().associate() as scu:
        assert scu.echo() == 0
    waiting[0].settimeout(2)
    assert waiting[0].recv(1) == b""
    waiting[-1].setblocking(False)
    with pytest.raises(BlockingIOError):
        waiting[-1].recv(1)


NOT_HEARD = {
    "a browser": b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a request too long": struct.pack(">BxL", ASSOCIATE_RQ, ASSOCIATION_REQUEST_LIMIT + 1),
    "a request of 4 GiB": struct.pack(">BxL", ASSOCIATE_RQ, 2**32 - 1),
    "an empty request": struct.pack(">BxL", ASSOCIATE_RQ, 0),
    "data": struct.pack(">BxL", 4, 10) + bytes(10),
    "a release": struct.pack(">BxL", 5, 4) + bytes(4),
    "an abort": struct.pack(">BxL", 7, 4) + bytes(4),
}


@pytest.mark.parametrize("case", NOT_HEARD)
def test_what_does_not_begin_with_a_request_is_not_heard(gateway: RunningGateway, case: str) -> None:
    began = time.monotonic()
    with gateway.scu() as scu:
        scu.socket.sendall(NOT_HEARD[case])
        assert scu.is_cut()
    assert time.monotonic() - began < 2


def test_a_peer_is_told_why_when_it_can_hear_it(gateway: RunningGateway) -> None:
    with gateway.scu() as scu:
        scu.socket.sendall(struct.pack(">BxL", ASSOCIATE_RQ, 2**31))
        kind, body = scu.receive_pdu()
        assert (kind, body[2]) == (ABORT, 2)


def test_noise_ends_nothing_but_itself(gateway: RunningGateway) -> None:
    """Random damage to good requests: whatever comes of each, the gateway goes on, and keeps no thread."""
    generator = random.Random(20261121)
    good = association_request([("1.2.840.10008.1.1", ["1.2.840.10008.1.2"])])
    whole = struct.pack(">BxL", ASSOCIATE_RQ, len(good)) + good
    threads = threading.active_count()
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(generator.randint(1, 6)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as connection:
            connection.sendall(damaged[: generator.choice([len(damaged), generator.randrange(len(damaged))])])
    with gateway.scu().associate() as scu:
        assert scu.echo() == 0
    assert eventually(lambda: threading.active_count() <= threads, seconds=DEADLINE + 5)


def test_a_taken_port_is_named(gateway: RunningGateway) -> None:
    with pytest.raises(Exception, match=f"127.0.0.1, port {gateway.port}: Address already in use"):
        listen("127.0.0.1", gateway.port)


def test_stopping_frees_the_port_and_ends_who_waits(start_gateway: Callable[..., RunningGateway]) -> None:
    gateway = start_gateway()
    standing = gateway.scu().associate()
    waiting = gateway.scu()
    began = time.monotonic()
    assert gateway.gateway.is_listening
    gateway.gateway.stop()
    assert not gateway.gateway.is_listening
    assert time.monotonic() - began < 5
    assert standing.is_cut()
    assert waiting.is_cut()
    with pytest.raises(ConnectionRefusedError):
        RawSCU(gateway.port)
    listen("127.0.0.1", gateway.port).close()
