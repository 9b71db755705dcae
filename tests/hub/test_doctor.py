"""The doctor tells a well hub from a sick one."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.access import EVERY_SITE
from database.change_feed import follow
from database.jobs import ATTEMPTS, enqueue, jobs
from hub.doctor import examine
from hub.gateway_process import dicom_gateway
from hub.ports import free_port
from hub.serve import settled
from hub.settings import Settings, load
from hub.wiring import open_house
from tests.fixtures.archive import device_at
from tests.fixtures.encrypted_line import Authority, Identity
from tests.fixtures.instances import data_set, receive
from tests.fixtures.migrated import Migrated
from tests.fixtures.ordinary_user import as_an_ordinary_user
from worklist.intake import CURSOR


@pytest.fixture
def settings(tmp_path: Path, migrated: Migrated) -> Settings:
    """A migrated hub that is not running."""
    return load(
        data=migrated(tmp_path / "data"),
        disk_reserve=0,
        dicom_port=free_port("127.0.0.1"),
        http_port=free_port("127.0.0.1"),
    )


def test_a_well_hub_is_found_well_and_opens_no_case(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(settings) == 0
    told = capsys.readouterr().out
    for what in ("clock", "disk space", "database", "object store", "round trip"):
        assert f"ok   {what}:" in told
    house = open_house(settings)
    intake = house.intake()
    from worklist.case_records import arriving_cases

    assert follow(house.database, "test", intake.handle) == 1
    with house.database.read(within=EVERY_SITE) as connection:
        assert arriving_cases(connection) == []
    house.close()


def test_where_no_hub_runs_that_is_said_with_what_was_not_checked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(settings) == 0
    said = capsys.readouterr().out
    assert f"note hub: no hub runs on {settings.data}." in said
    nobody = "nothing listens there, so it was not checked whether"
    assert f"note DICOM port: 127.0.0.1:{settings.dicom_port} {nobody} devices reach it" in said
    assert f"note HTTP port: 127.0.0.1:{settings.http_port} {nobody} pages are answered" in said


def test_a_hub_is_found_where_it_serves_and_a_door_that_it_does_not_open_is_bad(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = load(data=settings.data, disk_reserve=0, dicom_port=0, http_port=0, ae_title="ELSEWHERE")
    with settled(elsewhere) as served:
        gateway_house = open_house(served)
        gateway = dicom_gateway(gateway_house)
        gateway.start()
        status = examine(settings)
        gateway.stop()
        gateway_house.close()
        said = capsys.readouterr().out
        examine(settings, asked={"http_port"})
        asked = capsys.readouterr().out
    assert status == 1
    assert f"ok   hub: serves {settings.data}, process {os.getpid()}" in said
    assert f"ok   DICOM port: 127.0.0.1:{served.dicom_port}" in said
    assert "ok   round trip: an instance was stored by C-STORE" in said
    assert f"BAD  HTTP port: 127.0.0.1:{served.http_port} the hub does not listen there" in said
    assert f"HTTP port: 127.0.0.1:{settings.http_port} " in asked, "an option counts more than what is told"


def test_it_can_be_called_again_and_again(settings: Settings) -> None:
    assert [examine(settings), examine(settings)] == [0, 0]


def test_a_hub_without_schema_is_sick_and_the_cure_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(data=tmp_path / "none", disk_reserve=0)
    assert examine(settings) == 1
    assert "imaging-hub migrate" in capsys.readouterr().out


def test_a_mistyped_directory_is_told_as_every_command_tells_it_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path / "none", tmp_path / "none" / "below", tmp_path):
        assert examine(load(data=folder)) == 1
        assert f"BAD  data directory: There is no hub in {folder}. Is --data" in capsys.readouterr().out
    on_server = load(data=tmp_path / "none", database_url="postgresql+psycopg://hub:x@127.0.0.1:1/hub")
    assert examine(on_server) == 1
    assert "No such file or directory" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_is_bad_with_the_reason(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert examine(load(data=file)) == 1
    assert f"BAD  data directory: {file} cannot be the data directory: Not a d" in capsys.readouterr().out
    with as_an_ordinary_user(may_not_write=settings.data):
        assert examine(settings) == 1
    assert (
        f"BAD  data directory: {settings.data} cannot be the data directory: Perm" in capsys.readouterr().out
    )


def test_a_full_disk_is_sick(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert examine(settings.model_copy(update={"disk_reserve": 2**60})) == 1
    assert "BAD  disk space" in capsys.readouterr().out


def _with_tls(settings: Settings, folder: Path, **how: Any) -> tuple[Settings, Identity]:
    authority = Authority(folder / "authority")
    hub = authority.issue("HUB", **how)
    files = {
        "tls_dicom_port": free_port("127.0.0.1"),
        "tls_dicom_certificate": hub.certificate,
        "tls_dicom_key": hub.key,
        "tls_dicom_client_ca": authority.file,
    }
    return settings.model_copy(update=files), hub


def test_certificates_that_last_are_well(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_tls, _ = _with_tls(settings, tmp_path)
    assert examine(with_tls) == 0
    told = capsys.readouterr().out
    assert "ok   TLS certificate: 1, the first ends on" in told
    assert "ok   device certificates: none to look after" in told


def test_certificates_that_end_soon_are_named(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soon = datetime.now(UTC) + timedelta(days=20)
    with_tls, ending = _with_tls(settings, tmp_path, not_after=soon)
    house = open_house(settings)
    house.directory.add_site("xinglong", "Xinglong")
    device = house.directory.add_device(
        site_id="xinglong",
        name="cart",
        calling_ae_title="CART",
        called_ae_title="HUB",
        network=None,
        certificate=ending.read,
    )
    assert examine(with_tls) == 1
    told = capsys.readouterr().out
    assert f"BAD  TLS certificate: 1 ended or end soon: that of the hub on {soon:%Y-%m-%d}" in told
    assert f"BAD  device certificates: 1 ended or end soon: that of CART of xinglong on {soon:%Y}" in told
    house.directory.bind_certificate(device.device_id, Authority(tmp_path / "next").issue("CART").read)
    house.close()
    examine(with_tls)
    assert "ok   device certificates" in capsys.readouterr().out


def test_a_key_that_others_can_read_is_sick(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_tls, hub = _with_tls(settings, tmp_path)
    hub.key.chmod(0o644)
    assert examine(with_tls) == 1
    assert "BAD  TLS certificate: Others can read the TLS key" in capsys.readouterr().out


def test_a_job_that_gave_up_is_named(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    house = open_house(settings)
    now = house.clock.now()
    with house.database.write(within=EVERY_SITE) as connection:
        enqueue(connection, kind="report.publish", body={}, due_at=now)
        connection.execute(jobs.update().values(attempts=ATTEMPTS, rested_at=now, last_error="no paper"))
    house.close()
    assert examine(settings) == 1
    assert "report.publish (no paper)" in capsys.readouterr().out


def test_cases_that_nobody_can_read_are_counted(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    house = open_house(settings)
    house.directory.add_site("xinglong", "Xinglong")
    instance = receive(house.archive.incoming, data_set(), now=house.clock.now())
    house.archive.store(instance, device_at("xinglong"))
    follow(house.database, CURSOR, house.intake().handle)
    house.close()
    assert examine(settings) == 1
    told = capsys.readouterr().out
    assert "BAD  unread cases: nobody can read 1 of xinglong." in told
    assert "`imaging-hub admin group route GROUP SITE`" in told
