"""The gateway's process ends itself when nobody listens any more, and knows all of its settings."""

import ipaddress
import json
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import Misconfigured
from database.engine import Database
from hub.gateway_process import gateway_settings
from hub.migrate import migrate
from hub.ports import free_port
from hub.settings import load, require_permitted
from pacs_gateway.places import SharedNetwork
from tests.fixtures.processes import Launcher

DYING = """
import json, os, sys
from hub.gateway_process import run_gateway
from hub.settings import load
from pacs_gateway.lobby import Lobby

def die(lobby):
    os.write(1, b"the lobby dies\\n")
    sys.exit()

Lobby._accept = die
os.environ |= json.loads(sys.argv[1])
run_gateway(load())
"""


def test_a_gateway_that_accepts_nobody_ends_to_be_started_again(tmp_path: Path, launcher: Launcher) -> None:
    settings = load(data=tmp_path / "data", dicom_port=free_port("127.0.0.1"))
    database = Database(settings.database_url)
    migrate(settings, database, SystemClock())
    database.close()
    launcher.prepare("hub.gateway_process")
    with launcher.start(DYING, json.dumps(settings.environment())) as gateway:
        while not any("the lobby dies" in line for line in gateway.lines()):
            with suppress(OSError), socket.create_connection(("127.0.0.1", settings.dicom_port), timeout=5):
                pass
        assert gateway.wait() == 1
        assert any("does not serve any more" in line for line in gateway.lines())


def test_every_setting_of_the_door_reaches_it(tmp_path: Path) -> None:
    settings = load(
        data=tmp_path,
        maximum_associations=50,
        maximum_associations_per_address=10,
        maximum_associations_per_device=5,
        shared_networks="10.20.0.0/16=32, 10.30.0.7",
        dicom_request_seconds=4,
        dicom_silence_seconds=20,
        dicom_idle_seconds=600,
        tls_dicom_port=2762,
        tls_dicom_certificate="hub.pem",
        tls_dicom_key="/etc/hub.key",
        tls_dicom_client_ca="ca.pem",
    )
    again = load(**{name.removeprefix("HUB_").lower(): text for name, text in settings.environment().items()})
    assert again == settings
    door = gateway_settings(settings)
    places = door.places
    assert (places.overall, places.per_address, places.per_device) == (50, 10, 5)
    assert places.shared_networks == (
        SharedNetwork(network=ipaddress.ip_network("10.20.0.0/16"), associations=32),
        SharedNetwork(network=ipaddress.ip_network("10.30.0.7"), associations=8),
    )
    times = (door.association_request_seconds, door.silence_seconds, door.between_messages_seconds)
    assert times == (4, 20, 600)
    assert door.tls is not None
    assert (door.tls.port, door.tls.key, door.tls.certificate) == (
        2762,
        Path("/etc/hub.key"),
        Path("hub.pem").absolute(),
    )


@pytest.mark.parametrize(
    "text", ["10.20.0.0/16=0", "10.20.0.0/16=129", "10.20.0.0/16=x", "0.0.0.0/0=9", "clinic=9", "10.1.2.3=²"]
)
def test_a_shared_network_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misconfigured, match="HUB_SHARED_NETWORKS"):
        load(data=tmp_path, shared_networks=text)


def test_tls_without_its_files_is_refused(tmp_path: Path) -> None:
    settings = load(data=tmp_path, tls_dicom_port=11112, tls_dicom_key="x")
    with pytest.raises(Misconfigured) as refusal:
        require_permitted(settings)
    assert str(refusal.value).splitlines() == [
        "HUB_TLS_DICOM_CERTIFICATE is needed, since HUB_TLS_DICOM_PORT is set",
        "HUB_TLS_DICOM_CLIENT_CA is needed, since HUB_TLS_DICOM_PORT is set",
        "DICOM with and without TLS cannot both have port 11112: choose another in HUB_TLS_DICOM_PORT",
    ]
