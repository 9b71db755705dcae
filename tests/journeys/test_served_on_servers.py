"""`imaging-hub serve` on a PostgreSQL server and an object store: what it needs is made, and all is well."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.access import Grant, Role, Route
from hub.cli import app
from hub.doctor import synthetic_instance
from hub.settings import variable
from tests.fixtures.pairs import servers
from tests.fixtures.postgresql import PostgreSQLServer
from tests.fixtures.running_hub import RunningHub, running_hub

INSTANCES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
WELL = (
    "database: postgresql",
    "PostgreSQL version: ",
    "PostgreSQL encoding: UTF8",
    "PostgreSQL fsync: on",
    "PostgreSQL synchronous_commit: on",
    "object store: s3://",
    "HTTP: ready",
    "round trip: an instance was stored by C-STORE",
)

pytestmark = pytest.mark.timeout(240)  # four processes start, on a machine that may be busy


@pytest.fixture(scope="module")
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub that began with an empty database and without a bucket, and has a clinic with one device."""
    with ExitStack() as stack:
        places = servers(request, stack)
        data = tmp_path_factory.mktemp("served") / "data"
        served = stack.enter_context(running_hub(data, disk_reserve="0", **places))
        directory, accounts = served.register.directory, served.register.accounts
        directory.add_site("xinglong", "兴隆镇卫生院")
        directory.add_reading_group("county", "县医院影像诊断中心")
        directory.add_route(Route(reading_group_id="county", site_id="xinglong", modality=None))
        directory.add_device(
            site_id="xinglong",
            name="cart",
            calling_ae_title="CART",
            called_ae_title="HUB",
            network="127.0.0.0/8",
        )
        accounts.add("reader", "阅片医师", [Grant(role=Role.READER, reading_group_id="county")])
        accounts.add("clinic", "clinic", [Grant(role=Role.CLINIC, site_id="xinglong")])
        yield served


@pytest.mark.tool("storescu")
def test_what_a_device_stores_is_listed_and_the_doctor_finds_all_of_it_well(
    hub: RunningHub, postgresql_server: PostgreSQLServer, tmp_path: Path
) -> None:
    assert hub.register.database.engine.dialect.name == "postgresql"
    sent = synthetic_instance()
    sent.save_as(tmp_path / "sent.dcm", enforce_file_format=True)
    called = ["-aet", "CART", "-aec", "HUB", hub.dicom_host, str(hub.dicom_port), tmp_path / "sent.dcm"]
    done = subprocess.run(["storescu", "-v", *called], capture_output=True, text=True, check=False)
    assert "Received Store Response (Success)" in done.stdout + done.stderr, done.stderr
    with hub.client("clinic") as clinic:
        assert clinic.get("/readyz").status_code == 200
        listed = clinic.get("/dicom-web/studies").json()
        assert [study["0020000D"]["Value"] for study in listed] == [[sent.StudyInstanceUID]]
        given = clinic.get(f"/dicom-web/studies/{sent.StudyInstanceUID}", headers={"Accept": INSTANCES})
        assert sent.PixelData in given.content
    with postgresql_server.set(fsync="on"):
        told = _doctor(hub)
    assert [what for what in WELL if f"ok   {what}" not in told] == [], told
    assert hub.stop() == 0


def _doctor(hub: RunningHub) -> str:
    """Run the command with the hub's settings, and return what it says of a hub that is well."""
    environment = hub.settings.environment()
    done = CliRunner().invoke(app, ["doctor"], env=environment)
    assert done.exit_code == 0, done.output
    assert environment[variable("s3_secret_key")] not in done.output
    return done.output
