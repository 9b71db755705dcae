"""A whole hub on an object store over a line that fails in every way: nothing lost, and no restart needed."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from io import BytesIO

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from core.access import Grant, Role
from storage.part10 import read_part10_preamble
from tests.fixtures.fault_proxy import Fault, FaultProxy, fault_proxy, s3_error
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded
from tests.fixtures.object_store import ObjectStore, fresh_bucket
from tests.fixtures.running_hub import RunningHub, running_hub

DIMSE_TIMEOUT = 30
SUCCESS, OUT_OF_RESOURCES = 0x0000, 0xA700
DEVICE = "AWAY_US"
PIXELS = bytes(range(256)) * 256
FAULTS = {
    "500": Fault(method=b"PUT", answer=s3_error("500 Internal Server Error", "InternalError")),
    "503": Fault(method=b"PUT", answer=s3_error("503 Service Unavailable", "SlowDown")),
    "full": Fault(method=b"PUT", answer=s3_error("507 Insufficient Storage", "XMinioStorageFull")),
    "reset in the middle of a put": Fault(method=b"PUT", request_cut_after=30_000),
    "kept, but the answer is lost": Fault(method=b"PUT", answer_cut_after=0),
    "wrong bytes read back": Fault(method=b"GET", answer_replaced=(PIXELS[:64], PIXELS[1:65])),
    "30 s of silence": Fault(silence_seconds=30),
}


@pytest.fixture(scope="module")
def bucket(object_store: ObjectStore) -> Iterator[str]:
    with fresh_bucket(object_store) as name:
        yield name


@pytest.fixture(scope="module")
def line(object_store: ObjectStore) -> Iterator[FaultProxy]:
    with fault_proxy(object_store.endpoint) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def hub(
    object_store: ObjectStore, bucket: str, line: FaultProxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningHub]:
    environment = {
        "HUB_OBJECT_STORE": f"s3://{bucket}?endpoint={line.endpoint}&tls=false",
        "HUB_S3_ACCESS_KEY": object_store.access_key,
        "HUB_S3_SECRET_KEY": object_store.secret_key,
    }
    with running_hub(tmp_path_factory.mktemp("hub"), environment=environment) as served:
        directory = served.register.directory
        directory.add_site("away", "Site", quiet_seconds=0)
        directory.add_device(
            site_id="away",
            name="device",
            calling_ae_title=DEVICE,
            called_ae_title="HUB",
            network="127.0.0.0/8",
        )
        served.register.accounts.add("boss", "boss", [Grant(role=Role.ADMIN)])
        yield served


def instance(number: int) -> Dataset:
    made = data_set(InstanceNumber=number, Rows=256, Columns=256, PixelData=PIXELS)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def send(hub: RunningHub, sent: Dataset) -> int:
    """Send an instance as a device does, and return the status it is told."""
    ae = AE(ae_title=DEVICE)
    ae.dimse_timeout = DIMSE_TIMEOUT
    ae.add_requested_context(ULTRASOUND_IMAGE, ExplicitVRLittleEndian)
    association = ae.associate(hub.dicom_host, hub.dicom_port, ae_title="HUB")
    assert association.is_established
    status = association.send_c_store(sent)
    association.release()
    assert status, "no response within the device's time-out"
    return int(status.Status)


@pytest.mark.timeout(240)
def test_what_a_failing_store_did_not_keep_is_never_acknowledged_and_the_resend_is(
    hub: RunningHub, line: FaultProxy, object_store: ObjectStore, bucket: str
) -> None:
    gateway = hub.process_id("gateway")
    kept = instance(0)
    assert send(hub, kept) == SUCCESS
    refused = {name: instance(number) for number, name in enumerate([*FAULTS, "gone"], 1)}
    for name, fault in FAULTS.items():
        line.fault = fault
        begun = time.monotonic()
        assert send(hub, refused[name]) == OUT_OF_RESOURCES, name
        assert time.monotonic() - begun < DIMSE_TIMEOUT - 5, name
    line.fault = None
    line.refuse()
    assert send(hub, refused["gone"]) == OUT_OF_RESOURCES
    line.accept()
    with hub.client("boss") as client:
        assert listed(client) & uids(refused.values()) == set()
        for name, sent in refused.items():
            assert send(hub, sent) == SUCCESS, name
            assert send(hub, sent) == SUCCESS, f"{name}, once more"
        every = [kept, *refused.values()]
        listed_now = listed(client)
        assert uids(every) <= listed_now
        for each in every:
            assert retrieved_digest(client, each) == hashlib.sha256(encoded(each)).hexdigest()
    assert hub.process_id("gateway") == gateway
    stored = len(list(object_store.blobs(bucket).keys()))
    assert stored <= len(listed_now) + len(FAULTS), "each failed store leaves one blob at most"
    assert object_store.secret_key not in "\n".join(hub.logged)


@pytest.mark.timeout(240)
def test_a_reader_is_told_that_images_cannot_be_had_now_and_gets_them_when_they_can(
    hub: RunningHub, line: FaultProxy
) -> None:
    sent = instance(1)
    assert send(hub, sent) == SUCCESS
    with hub.client("boss") as client:
        for fault in (
            Fault(method=b"HEAD", answer=s3_error("503 Service Unavailable", "SlowDown")),
            Fault(method=b"GET", answer=s3_error("503 Service Unavailable", "SlowDown")),
        ):
            line.fault = fault
            answer = client.get(url_of(sent), headers={"Accept": "application/dicom"})
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
        line.fault = None
        assert retrieved_digest(client, sent) == hashlib.sha256(encoded(sent)).hexdigest()


def uids(instances: Iterable[Dataset]) -> set[str]:
    return {str(each.StudyInstanceUID) for each in instances}


def listed(client: object) -> set[str]:
    answer = client.get("/dicom-web/studies")  # type: ignore[attr-defined] # an HTTP client
    return {each["0020000D"]["Value"][0] for each in answer.json()} if answer.status_code == 200 else set()


def url_of(sent: Dataset) -> str:
    study, series = f"/dicom-web/studies/{sent.StudyInstanceUID}", f"/series/{sent.SeriesInstanceUID}"
    return f"{study}{series}/instances/{sent.SOPInstanceUID}"


def retrieved_digest(client: object, sent: Dataset) -> str:
    """Return the SHA-256 of the data set as a reader gets it."""
    answer = client.get(url_of(sent), headers={"Accept": "application/dicom"})  # type: ignore[attr-defined] # as above
    assert answer.status_code == 200
    offset = read_part10_preamble(BytesIO(answer.content)).data_set_offset
    return hashlib.sha256(answer.content[offset:]).hexdigest()
