"""kill -9 of the gateway at random moments: what was answered Success is there afterwards, byte for byte."""

import hashlib
import os
import random
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest

from core.access import Grant, Role
from core.uids import new_uid
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.raw_scu import RawSCU
from tests.fixtures.running_hub import RunningHub, running_hub, wait_for

ROUNDS = 10
SENDERS = 4


@dataclass
class Acknowledged:
    """What the senders were told is kept: study, and digest of the data set by SOP Instance UID."""

    digests: dict[str, tuple[str, str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _send_until_cut(hub: RunningHub, acknowledged: Acknowledged, stop: threading.Event) -> None:
    while not stop.is_set():
        # What the killed gateway cuts is no acknowledgement: an end in the midst of a PDU, or no connection.
        with suppress(AssertionError, OSError), RawSCU(hub.dicom_port, timeout=10) as scu:
            _send_study(scu.associate(calling="KILLED_US"), acknowledged, stop)
        time.sleep(0.2)


def _send_study(scu: RawSCU, acknowledged: Acknowledged, stop: threading.Event) -> None:
    study_instance_uid, series_instance_uid = new_uid(), new_uid()
    for number in range(1, 6):
        if stop.is_set():
            break
        sent = data_set(
            StudyInstanceUID=study_instance_uid,
            SeriesInstanceUID=series_instance_uid,
            InstanceNumber=number,
            Rows=128,
            Columns=128,
            PixelData=random.randbytes(128 * 128),
        )
        data = encoded(sent)
        if scu.store(data, sop_instance_uid=sent.SOPInstanceUID).status == 0x0000:
            with acknowledged.lock:
                digest = hashlib.sha256(data).hexdigest()
                acknowledged.digests[sent.SOPInstanceUID] = (study_instance_uid, digest)
    scu.release()


@pytest.mark.timeout(600)  # ten starts of a process, on a machine that may be busy
def test_nothing_acknowledged_is_lost_when_the_gateway_is_killed_at_random_moments(tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED", time.time_ns()))
    print(f"seed {seed}")  # noqa: T201 - a failing run must be repeatable
    chance = random.Random(seed)
    acknowledged, stop = Acknowledged(), threading.Event()
    with running_hub(tmp_path / "data") as hub:
        _register(hub)
        senders = [
            threading.Thread(target=_send_until_cut, args=(hub, acknowledged, stop)) for _ in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        try:
            for _ in range(ROUNDS):
                before, kept = hub.process_id("gateway"), len(acknowledged.digests)
                wait_for(
                    lambda kept=kept: len(acknowledged.digests) > kept, "an instance to be kept", hub, 120
                )
                time.sleep(chance.uniform(0, 0.5))
                os.kill(before, signal.SIGKILL)
                wait_for(
                    lambda before=before: hub.process_id("gateway") != before,
                    "the gateway to be started again",
                    hub,
                )
        finally:
            stop.set()
            for sender in senders:
                sender.join()
        assert len(acknowledged.digests) >= ROUNDS
        _require_everything(hub, acknowledged)


def _register(hub: RunningHub) -> None:
    hub.register.directory.add_site("killed", "Site", quiet_seconds=0)
    hub.register.directory.add_device(
        site_id="killed",
        name="device",
        calling_ae_title="KILLED_US",
        called_ae_title="HUB",
        network="127.0.0.0/8",
    )
    hub.register.accounts.add("boss", "boss", [Grant(role=Role.ADMIN)])


def _require_everything(hub: RunningHub, acknowledged: Acknowledged) -> None:
    with hub.client("boss") as client:
        studies = {study for study, _ in acknowledged.digests.values()}
        wait_for(lambda: studies <= _listed(client), "every study to be on the list", hub)
        for sop_instance_uid, (study, digest) in acknowledged.digests.items():
            [found] = client.get(
                f"/dicom-web/studies/{study}/instances", params={"SOPInstanceUID": sop_instance_uid}
            ).json()
            series = found["0020000E"]["Value"][0]
            answer = client.get(
                f"/dicom-web/studies/{study}/series/{series}/instances/{sop_instance_uid}",
                headers={"Accept": "application/dicom"},
            )
            assert answer.status_code == 200
            assert _data_set_digest(answer.content) == digest, sop_instance_uid


def _listed(client: object) -> set[str]:
    answer = client.get("/api/v1/worklist", params={"limit": 1000})  # type: ignore[attr-defined] # an HTTP client
    return {item["study_instance_uid"] for item in answer.json()["items"]}


def _data_set_digest(part10: bytes) -> str:
    from storage.part10 import read_part10_preamble

    offset = read_part10_preamble(BytesIO(part10)).data_set_offset
    return hashlib.sha256(part10[offset:]).hexdigest()
