"""`imaging-hub serve` with two processes on one port: both answer, one may die, they count as one."""

import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from core.access import Grant, Role
from tests.fixtures.running_hub import RunningHub, running_hub, wait_for

PROCESSES = ("api-1", "api-2")
ALIVE = re.compile(r'hub_http_request_seconds_count\{.*route="/healthz",status="200"\} (\S+)')

pytestmark = pytest.mark.timeout(240)  # whole processes start, on a machine that may be busy


@contextmanager
def asleep(pid: int) -> Iterator[None]:
    """Let a process do nothing for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def is_alive(client: httpx2.Client) -> bool:
    return client.get("/healthz").status_code == httpx2.codes.OK


def counted(client: httpx2.Client) -> float:
    """Return how many answers of /healthz a monitor is told of."""
    found = ALIVE.search(client.get("/metrics").text)
    return float(found[1]) if found else 0


def test_both_answer_one_may_die_and_a_monitor_is_told_of_one_hub(tmp_path: Path) -> None:
    with running_hub(tmp_path / "data", api_processes="2") as hub:
        hub.register.accounts.add("boss", "boss", [Grant(role=Role.ADMIN)])
        one, other = (hub.process_id(name) for name in PROCESSES)
        answers = 0
        with client_of(hub) as of_one, client_of(hub) as of_other, hub.client("boss") as boss:
            for client, sleeper in ((of_one, other), (of_other, one)):
                with asleep(sleeper):
                    answers += sum(is_alive(client) for _ in range(5))
            wait_for(lambda: counted(boss) == answers == 10, "both to be counted", hub)
            answers += _go_on_while_it_dies(of_other, one)
            with client_of(hub) as newcomer:
                answers += is_alive(newcomer)
        wait_for(lambda: hub.process_id("api-1") != one, "the process to be started again", hub)
        again = hub.process_id("api-1")
        assert hub.process_id("api-2") == other
        wait_for(lambda: _ready(hub) == 3, "the process to be ready again", hub)
        with asleep(other), client_of(hub) as client, hub.client("boss") as boss:
            answers += is_alive(client)
            wait_for(lambda: counted(boss) == answers == 43, "nothing to be forgotten", hub)
        assert b" 401 " in _answered_in_the_end(hub)
        assert hub.process.wait(20) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in (again, other))
    told = [line for line in hub.logged if '"listening for HTTP"' in line]
    assert len(told) == 1
    assert str(hub.settings.http_port) in told[0]
    assert "by force" not in "\n".join(hub.logged)


def client_of(hub: RunningHub) -> httpx2.Client:
    """Return a client that keeps the one connection that its first request opens."""
    return httpx2.Client(base_url=hub.base_url, timeout=30, trust_env=False)


def _go_on_while_it_dies(client: httpx2.Client, pid: int) -> int:
    """Kill one process in the middle of thirty requests to the other; return how many were answered."""
    with asleep(pid):
        answered = int(is_alive(client))
    in_the_middle = threading.Event()

    def kill() -> None:
        in_the_middle.wait(10)
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    for number in range(30):
        if number == 10:
            in_the_middle.set()
        answered += is_alive(client)
    killer.join(10)
    return answered


def _answered_in_the_end(hub: RunningHub) -> bytes:
    """Stop the hub in the middle of a request; return how that is answered."""
    body = b'{"username": "nobody", "password": "not the password"}'
    head = b"POST /api/v1/login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
    head += b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    place = (hub.settings.http_host, hub.settings.http_port)
    with socket.create_connection(place, timeout=20) as line:
        line.sendall(head)
        assert b"100 Continue" in line.recv(1000)
        hub.process.send_signal(signal.SIGINT)
        wait_for(lambda: any('"stopping"' in told for told in hub.logged), "the hub to stop", hub)
        wait_for(lambda: _refuses(place), "newcomers to be turned away", hub)
        line.sendall(body)
        return line.recv(1000)


def _refuses(place: tuple[str, int]) -> bool:
    try:
        socket.create_connection(place, timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def _ready(hub: RunningHub) -> int:
    """Return how many times a process that answers has become ready."""
    return sum('"process is ready"' in line and '"api-' in line for line in hub.logged)
