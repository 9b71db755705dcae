"""The recipe of docs/production.md, word for word: only places and secrets are the test's own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO
from sqlalchemy import text

from hub.demo_studies import demo_studies
from hub.register import Register, open_register
from hub.settings import load
from tests.fixtures.ports import free_ports
from tests.fixtures.postgresql import server_user, usable_programs
from tests.fixtures.running_hub import wait_for

REPOSITORY = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```sh (\w+)\n(.*?)```", re.DOTALL)
DONE = "done"
LONGEST_SECONDS = 240.0
STEPS = ("postgresql", "seaweedfs", "hub", "people")

pytestmark = pytest.mark.timeout(400)  # nine processes start, on a machine that may be busy


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What came of it."""

    register: Register
    dicom_ports: tuple[int, int]
    http_ports: tuple[int, int]

    def client(self, username: str, number: int) -> httpx2.Client:
        """Return a client of one of the two api processes, logged in."""
        token = self.register.accounts.add_token(username, "test")
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.http_ports[number]}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )


def _ports() -> list[int]:
    """Return free ports; SeaweedFS' shell looks for its master's second one 10,000 above the first."""
    while True:
        ports = free_ports(16)
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", ports[0] + 10_000))
            return ports


def values(folder: Path) -> dict[str, str]:
    ports = _ports()
    further = {"volume": 4, "filer": 6}
    options = [
        f"-{service}.port={ports[at]} -{service}.port.grpc={ports[at + 1]}" for service, at in further.items()
    ]
    options += [f"-master.port.grpc={ports[0] + 10_000}", f"-s3.port.grpc={ports[3]}"]
    options += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    options += ["-master.volumeSizeLimitMB=64"]  # the disk of a machine that only tests may be small
    user = server_user()
    programs = [str(usable_programs(folder)), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {
        "HUB_HOME": str(folder / "home"),
        "PATH": os.pathsep.join(programs),
        "POSTGRES_USER": user,
        "AS_POSTGRES": f"runuser -u {user} --" if os.geteuid() == 0 else "",
        "MASTER_PORT": str(ports[0]),
        "S3_PORT": str(ports[2]),
        "POSTGRES_PORT": str(ports[10]),
        "DICOM_PORT": str(ports[11] - 1),
        "HTTP_PORT": str(ports[13] - 1),
        "SEAWEEDFS_OPTIONS": " ".join(options),
        "DATABASE_PASSWORD": "a-password-of-the-test",
        "HUB_S3_ACCESS_KEY": "hub",
        "HUB_S3_SECRET_KEY": "secret-of-the-test",
    }


@pytest.fixture(scope="module")
def recipe() -> Iterator[Recipe]:
    """All that the document says, done; stopped and removed at the end."""
    blocks = dict(BLOCK.findall((REPOSITORY / "docs" / "production.md").read_text(encoding="utf-8")))
    folder = Path(tempfile.mkdtemp(prefix="hub-recipe-"))
    chosen = values(folder)
    named = set(re.findall(r"\b([A-Z][A-Z0-9_]+)=", blocks.pop("values")))
    assert named == chosen.keys(), "the first block and this test name different values"
    script = "\n".join(
        ["set -euo pipefail", *(blocks.pop(step) for step in STEPS), f"touch {folder / DONE}", "wait"]
    )
    assert blocks == {}, "a block of the document that this test does not do"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | chosen
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    register = None
    try:
        _wait_until_done(process, folder)
        ports = [int(chosen[name]) + number for name in ("DICOM_PORT", "HTTP_PORT") for number in (1, 2)]
        password = chosen["DATABASE_PASSWORD"]
        settings = load(
            data=folder / "home" / "data",
            database_url=f"postgresql+psycopg://hub:{password}@127.0.0.1:{chosen['POSTGRES_PORT']}/hub",
        )
        register = open_register(settings)
        yield Recipe(register=register, dicom_ports=(ports[0], ports[1]), http_ports=(ports[2], ports[3]))
    finally:
        if register is not None:
            register.database.close()
        _end(process, folder, chosen)


def _wait_until_done(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Wait for the last step; where it does not come, show what each process said last."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if (folder / DONE).exists():
            return
        time.sleep(0.1)
    logs = [folder / "log", *(folder / "home").glob("*.log")]
    pytest.fail("\n".join(f"{log.name}:\n{log.read_text('utf-8', 'replace')[-2000:]}" for log in logs))


def _end(process: "subprocess.Popen[bytes]", folder: Path, chosen: dict[str, str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    stop = [*chosen["AS_POSTGRES"].split(), "pg_ctl", "-D", "postgresql", "-m", "immediate", "stop"]
    if (folder / "home" / "postgresql").exists():
        subprocess.run(
            stop,
            cwd=folder / "home",
            env=os.environ | {"PATH": chosen["PATH"]},
            capture_output=True,
            check=False,
        )
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.tool("dcmsend", "curl", "openssl")
def test_the_recipe_brings_up_a_hub_whose_processes_are_one(recipe: Recipe, tmp_path: Path) -> None:
    with recipe.register.database.survey() as connection:
        assert (
            connection.scalar(text("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'imaging_hub_rooms'"))
            is False
        )
    study = next(
        each for each in demo_studies(datetime(2026, 11, 20, 8, 30).astimezone()) if len(each.instances) > 1
    )
    for number, dataset in enumerate(study.instances):
        path = tmp_path / f"{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        port = recipe.dicom_ports[number % 2]
        called = ["-aet", "XL_US1", "-aec", "HUB", "127.0.0.1", str(port)]
        done = subprocess.run(["dcmsend", "-v", *called, path], capture_output=True, text=True, check=False)
        assert "with status SUCCESS  : 1" in done.stderr + done.stdout, done.stderr
    with (
        recipe.client("doctor", 0) as one,
        recipe.client("doctor", 1) as other,
        recipe.client("clinic", 1) as clinic,
    ):
        asked = {
            "site_id": "xinglong",
            "study_instance_uid": study.study_instance_uid,
            "urgency": "emergency",
            "clinical_question": "急腹症？",
            "history": "",
        }
        assert clinic.post("/api/v1/requests", json=asked).status_code == 201
        report = _read_and_sign(one, other, study.study_instance_uid)
        path = f"/api/v1/reports/{report['report_id']}"
        pdf = wait_for(lambda: _given(clinic, f"{path}/pdf"), "the PDF", seconds=90)
        assert pdf.startswith(b"%PDF-")
        structured = dcmread(DicomBytesIO(_given(clinic, f"{path}/sr") or b""))
        assert structured.StudyInstanceUID == study.study_instance_uid


def _read_and_sign(one: httpx2.Client, other: httpx2.Client, study_instance_uid: str) -> dict[str, Any]:
    """List at one of the two, claim at the other, write at the first again and sign at the second."""

    def ready() -> dict[str, Any] | None:
        for item in one.get("/api/v1/worklist").json()["items"]:
            if item["study_instance_uid"] == study_instance_uid and not item["is_arriving"]:
                return dict(item)
        return None

    case = wait_for(ready, "the case to be claimable", seconds=120)
    workitem_uid, path = case["workitem"]["workitem_uid"], f"/api/v1/cases/{case['case_id']}"
    claimed = other.post(f"/api/v1/workitems/{workitem_uid}/claim")
    assert claimed.status_code == 200, claimed.text
    words = {"workitem_uid": workitem_uid, "findings": "肝脏大小形态正常。", "impression": "未见明显异常。"}
    etag = one.get(f"{path}/draft").headers["etag"]
    saved = one.put(f"{path}/draft", headers={"If-Match": etag}, json=words)
    assert saved.status_code == 200, saved.text
    signed = other.post(
        f"{path}/sign",
        headers={"If-Match": saved.headers["etag"]},
        json={
            "workitem_uid": workitem_uid,
            "status": "final",
            "instances_seen": claimed.json()["instances_seen"],
        },
    )
    assert signed.status_code == 201, signed.text
    return dict(signed.json())


def _given(client: httpx2.Client, path: str) -> bytes | None:
    answer = client.get(path)
    return answer.content if answer.status_code == 200 else None
