"""What gateway and worker tell a monitor about themselves."""

import socket
from collections.abc import Iterator
from contextlib import closing

import httpx2
import pytest

from core.access import Grant, Role
from hub import process_figures
from hub.process_figures import Figure, figures_of_neighbours, gateway_figures, served
from hub.serve import bring_up_to_date
from hub.settings import load
from hub.wiring import House, open_house
from hub.worker import Worker
from tests.fixtures.doors import DEVICE, opened_doors
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.raw_scu import RawSCU


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = load(
        data=tmp_path_factory.mktemp("figures"),
        dicom_port=0,
        disk_reserve=0,
        metrics_port_gateway=free_port(),
    )
    bring_up_to_date(settings)
    with closing(open_house(settings)) as opened:
        yield opened


def told(port: int | None) -> dict[str, float]:
    """Return the figures as a monitor on this machine reads them."""
    text = httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    return {
        name: float(number)
        for name, _, number in (line.rpartition(" ") for line in text.splitlines() if line[0] != "#")
    }


def test_the_gateways_figures_move_with_what_happens_at_its_door(house: House) -> None:
    with (
        opened_doors(house) as doors,
        served(house.settings.metrics_port_gateway, lambda: gateway_figures(doors.gateway.counts)) as port,
    ):
        assert told(port)["hub_dicom_associations"] == 0
        instance = data_set()
        for _ in range(2):
            assert doors.c_store(encoded(instance), instance.SOPInstanceUID).status == 0
        assert doors.c_store(b"rubbish", "1.2.3").status == 0xC000
        with RawSCU(doors.port) as scu, pytest.raises(AssertionError):
            scu.associate(calling="CANARY_AE")
        with RawSCU(doors.port) as scu:
            scu.associate(calling=DEVICE)
            assert scu.echo() == 0
            found = told(port)
            scu.release()
        text = httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        house.accounts.add("monitor", "monitor", [Grant(role=Role.ADMIN)])
        bearer = {"Authorization": f"Bearer {house.accounts.add_token('monitor', 'test')}"}
        merged = doors.http.get("/metrics", headers=bearer).text.splitlines()
    assert 'hub_dicom_requests_total{outcome="stored"} 1.0' in merged
    assert 'hub_process_up{process="gateway"} 1.0' in merged
    assert any(line.startswith("hub_build") for line in merged)
    assert found["hub_dicom_associations"] == 1
    counted = {"stored": 1, "already-held": 1, "C000": 1, "echo": 1}
    assert {word: found[f'hub_dicom_requests_total{{outcome="{word}"}}'] for word in counted} == counted
    assert sum(number for name, number in found.items() if name.startswith("hub_dicom_rejected_total")) == 1
    assert found["hub_dicom_received_bytes_total"] > 2 * len(encoded(instance))
    assert "CANARY" not in text
    assert DEVICE not in text


def test_the_workers_figures_say_which_duty_is_done(house: House) -> None:
    worker = Worker(house)
    figures = {figure.name: figure.values for figure in worker.figures()}
    assert set(figures["hub_worker_runs"].values()) == {0}
    worker.start()
    worker.stop()
    figures = {figure.name: figure.values for figure in worker.figures()}
    assert set(figures) == {"hub_worker_runs", "hub_worker_failures", "hub_worker_seconds_since_done"}
    assert figures["hub_worker_runs"]["intake"] >= 1
    assert figures["hub_worker_failures"]["intake"] == 0


def test_nothing_listens_where_no_port_is_set_nor_on_one_that_is_taken() -> None:
    with served(None, list) as port:
        assert port is None
    with socket.create_server(("127.0.0.1", 0)) as taken, served(taken.getsockname()[1], list) as port:
        assert port is None


def test_only_this_machine_is_answered() -> None:
    with served(0, lambda: [Figure(name="hub_one", meaning="One", grows=False, value=1)]) as port:
        assert told(port) == {"hub_one": 1}
        with (
            pytest.raises(ConnectionRefusedError),
            socket.create_connection(("127.0.0.2", port or 0), timeout=5),
        ):
            pass


def test_a_neighbour_that_tells_is_heard_and_one_that_does_not_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figures = [Figure(name="hub_one", meaning="One", grows=False, value=1)]
    with served(0, lambda: figures) as told_on:
        assert figures_of_neighbours({"gateway": None, "worker": 0}) == b""
        lines = figures_of_neighbours({"gateway": told_on, "worker": free_port()}).decode().splitlines()
        assert [line for line in lines if line[0] != "#"] == [
            "hub_one 1.0",
            'hub_process_up{process="gateway"} 1.0',
            'hub_process_up{process="worker"} 0.0',
        ]
        monkeypatch.setattr(process_figures, "LONGEST_FIGURES", 10)
        assert b'{process="gateway"} 0.0' in figures_of_neighbours({"gateway": told_on})
