"""kill -9 of the gateway at random moments: what was answered Success is there afterwards, byte for byte."""

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from core.access import Grant, Role
from hub.child import LONGEST_DELAY_AFTER_SERVING_SECONDS
from hub.wiring import House
from tests.fixtures.chaos import IS_LONG, ROUNDS, SENDERS, SUCCESS, Ledger, digests, new_chance, say, sending
from tests.fixtures.forked_gateway import DEVICES, connected, forked_gateway, register_devices
from tests.fixtures.held import held
from tests.fixtures.processes import Launcher
from tests.fixtures.running_hub import RunningHub, running_hub, wait_for

READY_SECONDS = 5.0


@pytest.mark.timeout(240 + 6 * ROUNDS)
def test_nothing_acknowledged_is_lost_when_the_gateway_is_killed_at_random_moments(
    pair: House, launcher: Launcher
) -> None:
    chance = new_chance()
    register_devices(pair)
    port = pair.settings.dicom_port
    with sending(port, DEVICES, chance) as ledger:
        for number in range(ROUNDS):
            with forked_gateway(launcher, pair) as gateway:
                if number % 3:  # every third may die before it listens
                    _wait_for_more(ledger)
                time.sleep(_moment(chance))
                gateway.kill()
            if number % 10 == 9:
                say(f"{number + 1} kills, {len(ledger.acknowledged)} of {len(ledger.sent)} acknowledged")
    _require_acknowledged(pair, ledger)
    _resend_all(pair, launcher, ledger)
    _require_each_once(pair, ledger)


def _moment(chance: random.Random) -> float:
    """Return 0.1 to 2 s, mostly early."""
    return 0.1 + 1.9 * chance.random() ** 3


def _wait_for_more(ledger: Ledger) -> None:
    known = len(ledger.acknowledged)
    wait_for(lambda: len(ledger.acknowledged) > known, "an instance to be kept")


def _require_acknowledged(pair: House, ledger: Ledger) -> None:
    now = held(pair.archive)
    lost = digests(ledger, ledger.acknowledged) - Counter(now.instances)
    assert not lost
    assert len(ledger.acknowledged) >= ROUNDS // 2
    assert len(now.instances) <= len(ledger.sent)
    assert len(now.orphans) <= ROUNDS * SENDERS
    if pair.database.is_sqlite:
        with pair.database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def _resend_all(pair: House, launcher: Launcher, ledger: Ledger) -> None:
    """Send again whatever a device still has, acknowledged or not."""
    with forked_gateway(launcher, pair), connected(pair.settings.dicom_port) as scu:
        for each in ledger.sent.values():
            assert scu.store(each.data, sop_instance_uid=each.sop_instance_uid).status == SUCCESS
        scu.release()


def _require_each_once(pair: House, ledger: Ledger) -> None:
    now = held(pair.archive)
    assert Counter(now.instances) == digests(ledger, ledger.sent)
    assert now.aside == []
    assert now.changes == ["instance.stored"] * len(ledger.sent)


@pytest.mark.timeout(240)
def test_a_served_gateway_is_soon_back_after_each_kill_and_every_study_is_on_the_list(
    tmp_path: Path,
) -> None:
    chance = new_chance()
    with running_hub(tmp_path / "data") as hub:
        register_devices(hub.register)
        hub.register.accounts.add("boss", "boss", [Grant(role=Role.ADMIN)])
        with sending(hub.dicom_port, DEVICES, chance, senders=4) as ledger:
            seconds = [_kill_and_wait(hub, ledger) for _ in range(4)]
        say(f"back after {', '.join(f'{each:.1f}' for each in seconds)} s")
        assert all(delay <= LONGEST_DELAY_AFTER_SERVING_SECONDS for delay in _delays(hub))
        if IS_LONG:  # elsewhere other tests have the processor
            assert max(seconds) <= READY_SECONDS
        studies = {ledger.sent[uid].study_instance_uid for uid in ledger.acknowledged}
        with hub.client("boss") as client:
            wait_for(lambda: studies <= _listed(client), "every study to be on the list", hub)


def _kill_and_wait(hub: RunningHub, ledger: Ledger) -> float:
    """Kill the gateway while it receives; return the seconds until a device can speak with the next one."""
    _wait_for_more(ledger)
    os.kill(hub.process_id("gateway"), signal.SIGKILL)
    killed_at = time.monotonic()
    connected(hub.dicom_port).release()
    return time.monotonic() - killed_at


def _delays(hub: RunningHub) -> list[float]:
    """Return how long the supervisor waited before each restart, by its log."""
    events = [json.loads(line) for line in hub.logged if line.startswith("{")]
    return [each["seconds"] for each in events if each["event"] == "a process ended and is started again"]


def _listed(client: object) -> set[str]:
    answer = client.get("/api/v1/worklist", params={"limit": 1000})  # type: ignore[attr-defined] # an HTTP client
    return {item["study_instance_uid"] for item in answer.json()["items"]}
