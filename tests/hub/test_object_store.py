"""A hub whose instances lie in an object store: how it is chosen, begun and looked at."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.clock import SystemClock
from hub.child import CANNOT_START, ChildCommand
from hub.doctor import examine
from hub.migrate import migrate
from hub.settings import Settings, load
from hub.wiring import blob_store
from storage.filesystem_blobs import FilesystemBlobs
from storage.s3_blobs import S3Blobs
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.fault_proxy import Fault, fault_proxy
from tests.fixtures.object_store import ObjectStore


def settings_for(object_store: ObjectStore, bucket: str, data: Path, endpoint: str | None = None) -> Settings:
    settings = load(
        data=data,
        disk_reserve=0,
        object_store=f"s3://{bucket}?endpoint={endpoint or object_store.endpoint}&tls=false",
        s3_access_key=object_store.access_key,
        s3_secret_key=object_store.secret_key,
    )
    database = open_catalogue(settings.database_url)
    migrate(settings, database, SystemClock())
    database.close()
    return settings


@pytest.fixture
def settings(object_store: ObjectStore, bucket: str, tmp_path: Path) -> Settings:
    """A migrated hub on the object store that is not running."""
    return settings_for(object_store, bucket, tmp_path / "data")


def test_instances_lie_in_files_unless_an_object_store_is_named(tmp_path: Path) -> None:
    files = blob_store(load(data=tmp_path))
    assert isinstance(files, FilesystemBlobs)
    assert files.root == tmp_path / "blobs"
    named = load(
        data=tmp_path / "other",
        object_store="s3://hub?endpoint=127.0.0.1:9",
        s3_access_key="a",
        s3_secret_key="b",
    )
    assert isinstance(blob_store(named), S3Blobs)  # which asks nothing of a store that is away
    assert not (tmp_path / "other" / "blobs").exists()


def test_a_process_to_be_started_does_not_show_its_keys() -> None:
    command = ChildCommand(name="api", argv=("x",), environment={"HUB_S3_SECRET_KEY": "canary"})
    assert "canary" not in repr(command)


def test_the_doctor_finds_an_object_store_well_and_leaves_nothing_in_it(
    settings: Settings, object_store: ObjectStore, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [examine(settings), examine(settings)] == [0, 0]
    told = capsys.readouterr().out
    assert f"ok   object store: s3://{bucket}?" in told
    assert "ok   round trip:" in told
    assert object_store.secret_key not in told
    kept = {key for key, _ in object_store.blobs(bucket).keys()}  # noqa: SIM118 - a store is no mapping
    assert len(kept) == 2, "only the instances of the two round trips stay"


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (Fault(request_replaced=(b"If-None-Match", b"X-Ignored-One")), "ignores If-None-Match"),
        (Fault(answer=b""), "no answer"),
    ],
)
def test_the_doctor_finds_a_store_that_cannot_be_trusted_or_reached_sick(
    object_store: ObjectStore,
    bucket: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fault: Fault,
    named: str,
) -> None:
    with fault_proxy(object_store.endpoint) as line:
        settings = settings_for(object_store, bucket, tmp_path / "data", line.endpoint)
        line.fault = fault
        assert examine(settings) == 1
    [told] = [each for each in capsys.readouterr().out.splitlines() if "object store:" in each]
    assert told.startswith("BAD")
    assert named in told


def begin(settings: Settings) -> "subprocess.Popen[str]":
    """Start a worker alone, as a process manager would."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "hub", "worker"],
        env={**os.environ, **settings.environment(), "HUB_LOG_FORMAT": "json"},
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_no_process_begins_on_a_store_that_could_replace_what_it_keeps(
    object_store: ObjectStore, bucket: str, tmp_path: Path
) -> None:
    with fault_proxy(object_store.endpoint) as line:
        settings = settings_for(object_store, bucket, tmp_path / "data", line.endpoint)
        line.fault = Fault(request_replaced=(b"If-None-Match", b"X-Ignored-One"))
        with begin(settings) as process:
            _, told = process.communicate(timeout=60)
    assert process.returncode == CANNOT_START
    assert "If-None-Match" in told
    assert object_store.secret_key not in told


def test_a_process_begins_while_the_store_is_away_and_says_so(
    object_store: ObjectStore, bucket: str, tmp_path: Path
) -> None:
    with fault_proxy(object_store.endpoint) as line:
        settings = settings_for(object_store, bucket, tmp_path / "data", line.endpoint)
        line.fault = Fault(silence_seconds=60)
        with begin(settings) as process:
            assert process.stderr is not None
            begun = time.monotonic()
            event = {}
            for logged in process.stderr:
                event = json.loads(logged)
                if event["event"] == "the object store cannot be used yet":
                    break
            assert time.monotonic() - begun < 30
            time.sleep(1)
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
    assert event["level"] == "warning"
    assert process.returncode == 0
