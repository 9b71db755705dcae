"""`imaging-hub doctor`: is this hub well? Each finding is a line, the exit status sums them up."""

import hashlib
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO

import httpx2
import typer
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE

from core.access import EVERY_SITE, Scope
from core.errors import AlreadyRegistered, HubError, StorageUnavailable
from core.origin import Origin, OriginKind
from core.uids import IMPLEMENTATION_CLASS_UID, new_key, new_uid
from database.change_feed import cursor_position, newest_sequence
from database.jobs import resting_jobs
from database.server_settings import server_settings
from hub.data_folder import require_writable
from hub.door_findings import dicom_door, door_finding, http_door, hub_finding, tls_door, where_it_listens
from hub.finding import Finding, Standing
from hub.gateway_process import tls_settings
from hub.occupancy import Occupant, occupant_of
from hub.schema import require_current, require_made
from hub.server_findings import server_findings
from hub.settings import Settings
from hub.unread_studies import give_readers
from hub.wiring import House, open_house
from pacs_gateway.tls import server_context
from registry.certificate import Certificate
from registry.certificate_file import read_certificate
from storage.receiving import received_part10
from worklist.intake import CURSOR

SELF_TEST_SITE = "self-test"
SELF_TEST_AE_TITLE = "HUB_DOCTOR"
EXPIRY_WARNING = timedelta(days=30)
BUILT_IN = 2026
"""A clock that shows an earlier year than this program's is wrong."""


def examine(settings: Settings, *, asked: Collection[str] = ()) -> int:
    """Look at everything and print it; 0 if nothing is bad.

    A hub that serves the directory is looked for where it says that it listens, but for what was `asked`:
    the names of settings that were given as options.
    """
    occupant = occupant_of(settings.data)
    findings = []
    for finding in _findings(where_it_listens(settings, occupant, asked), occupant):
        findings.append(finding)
        typer.echo(str(finding))
    return 0 if all(finding.is_good for finding in findings) else 1


def _findings(settings: Settings, occupant: Occupant | None) -> Iterator[Finding]:
    yield _clock()
    data = _finding("data directory", lambda: _data_directory(settings))
    yield data
    if not data.is_good:
        return
    yield _disk(settings)
    house = open_house(settings)
    database = _finding("database", lambda: _database(house))
    yield database
    yield from _server(house)
    yield _finding("object store", lambda: _object_store(house))
    if not database.is_good:
        return
    yield _finding("background work", lambda: _background(house))
    yield _finding("kept aside", lambda: _kept_aside(house))
    yield _finding("unread cases", lambda: _unrouted(house))
    yield _finding("device certificates", lambda: _device_certificates(house))
    dicom, http = dicom_door(settings), http_door(settings)
    yield from hub_finding(settings, occupant, [dicom, http])
    yield door_finding(dicom, is_served=occupant is not None)
    if settings.tls_dicom_port is not None:
        # It may have been set for the doctor alone: the hub does not tell of this port.
        yield door_finding(tls_door(settings, settings.tls_dicom_port), is_served=False)
        yield _finding("TLS certificate", lambda: _own_certificate(house))
    yield door_finding(http, is_served=occupant is not None)
    if http.is_open:
        yield _finding("HTTP", lambda: _ready(settings))
    yield _finding("round trip", lambda: _round_trip(house, over_the_line=dicom.is_open))
    house.close()


def _finding(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, standing=Standing.WELL, detail=look())
    except (HubError, OSError, httpx2.HTTPError) as error:
        return Finding(what=what, standing=Standing.BAD, detail=str(error))


def _clock() -> Finding:
    now = datetime.now(UTC)
    standing = Standing.WELL if now.year >= BUILT_IN else Standing.BAD
    return Finding(what="clock", standing=standing, detail=f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free
    reserve = int(settings.disk_reserve)
    return Finding(
        what="disk space",
        standing=Standing.WELL if free > 2 * reserve else Standing.BAD,
        detail=f"{free // 2**20} MiB free; new instances are refused below {reserve // 2**20} MiB",
    )


def _data_directory(settings: Settings) -> str:
    require_made(settings)
    require_writable(settings.data)
    return f"{settings.data} can be written"


def _database(house: House) -> str:
    require_current(house.settings, house.database)
    return f"{house.database.engine.dialect.name}, schema up to date"


def _server(house: House) -> list[Finding]:
    """Return what is found of the server that has the catalogue, where one has it and answers."""
    if house.database.is_sqlite:
        return []
    with suppress(StorageUnavailable), house.database.survey() as connection:
        return list(server_findings(server_settings(connection)))
    return []


def _object_store(house: House) -> str:
    key = f"{SELF_TEST_SITE}/{new_key(house.clock.now())}"
    with house.archive.incoming.new_file(house.clock.now()) as file:
        file.write(b"probe")
        house.archive.blobs.put(key, file.sealed(transfer_syntax_uid="").path)
    with house.archive.blobs.open(key) as blob:
        if blob.read() != b"probe":
            return _fail("what was written is not what is read")
    house.archive.blobs.delete(key)
    kind = (
        f"{house.settings.object_store}, conditional puts honoured"
        if house.settings.object_store
        else "files"
    )
    return f"{kind}; written, read back and removed"


def _background(house: House) -> str:
    with house.database.read(within=EVERY_SITE) as connection:
        behind = newest_sequence(connection) - cursor_position(connection, CURSOR)
        resting = resting_jobs(connection)
    if resting:
        kinds = ", ".join(f"{kind} ({error})" for _, kind, error in resting[:3])
        return _fail(f"{len(resting)} jobs gave up: {kinds}")
    return f"{behind} changes to take in, no job gave up"


def _kept_aside(house: House) -> str:
    alarms = house.shelf.alarms(Scope(everything=True))
    if alarms:
        told = "; ".join(f"{alarm.site_id}: {alarm.detail}" for alarm in alarms[:3])
        return _fail(f"{told} See `imaging-hub admin quarantine list`.")
    return "nothing waits for long, and there is room"


def _unrouted(house: House) -> str:
    numbers = house.unrouted.numbers(EVERY_SITE)
    if numbers:
        told = ", ".join(f"{number} of {site_id}" for site_id, number in list(numbers.items())[:5])
        return _fail(f"nobody can read {told}. {give_readers({'SITE'})} /api/v1/cases/unrouted says why.")
    return "somebody can read every open case"


def _own_certificate(house: House) -> str:
    tls = tls_settings(house.settings)
    if tls is None:
        return _fail("its files are not named: see the settings that begin with HUB_TLS_DICOM")
    server_context(tls)
    return _require_lasting(house, [("the hub", read_certificate(tls.certificate))])


def _device_certificates(house: House) -> str:
    return _require_lasting(
        house,
        [
            (f"{device.calling_ae_title} of {device.site_id}", certificate)
            for device in house.directory.devices()
            if not device.is_disabled
            for certificate in device.certificates
            # One that ends is no trouble beside one that was bound to follow it.
            if certificate.not_after == max(each.not_after for each in device.certificates)
        ],
    )


def _require_lasting(house: House, owned: list[tuple[str, Certificate]]) -> str:
    """Say until when all of these last; it is bad when one ends within EXPIRY_WARNING."""
    ending = sorted(
        (certificate.not_after, owner)
        for owner, certificate in owned
        if certificate.not_after < house.clock.now() + EXPIRY_WARNING
    )
    if ending:
        shown = ", ".join(f"that of {owner} on {not_after:%Y-%m-%d}" for not_after, owner in ending[:5])
        return _fail(f"{len(ending)} ended or end soon: {shown}")
    last = min((certificate.not_after for _, certificate in owned), default=None)
    return "none to look after" if last is None else f"{len(owned)}, the first ends on {last:%Y-%m-%d}"


def _ready(settings: Settings) -> str:
    answer = httpx2.get(f"http://{settings.http_host}:{settings.http_port}/readyz", timeout=10)
    return "ready" if answer.status_code == 200 else _fail(f"/readyz answers {answer.status_code}")


def _round_trip(house: House, *, over_the_line: bool) -> str:
    """Send a synthetic instance in at the door and read it back; it opens no case."""
    with suppress(AlreadyRegistered):
        house.directory.add_site(SELF_TEST_SITE, "Self-test", is_self_test=True)
    with suppress(AlreadyRegistered):
        house.directory.add_device(
            site_id=SELF_TEST_SITE,
            name="imaging-hub doctor",
            calling_ae_title=SELF_TEST_AE_TITLE,
            called_ae_title=house.settings.ae_title,
            network="127.0.0.0/8",
        )
    dataset = synthetic_instance()
    if over_the_line:
        _send(house.settings, dataset)
    else:
        origin = Origin(kind=OriginKind.SELF_TEST, site_id=SELF_TEST_SITE, source="doctor")
        part10 = BytesIO(_part10(dataset))
        with received_part10(house.archive.incoming, part10, now=house.clock.now()) as encoded:
            house.archive.store(encoded, origin)
    [instance] = house.archive.instances_of(
        dataset.StudyInstanceUID, visible_to=Scope(site_ids=frozenset({SELF_TEST_SITE}))
    )
    digest = hashlib.sha256()
    for chunk in house.archive.whole(instance):
        digest.update(chunk)
    way = "by C-STORE" if over_the_line else "through the archive (no gateway listens)"
    return f"an instance was stored {way}, found and read back intact"


def _send(settings: Settings, dataset: Dataset) -> None:
    ae = AE(ae_title=SELF_TEST_AE_TITLE)
    ae.add_requested_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
    association = ae.associate(settings.dicom_host, settings.dicom_port, ae_title=settings.ae_title)
    if not association.is_established:
        _fail("the gateway refused the association")
    status = association.send_c_store(dataset)
    association.release()
    if not status or status.Status != 0x0000:
        _fail("the gateway did not answer Success")


def synthetic_instance() -> Dataset:
    """Return a small secondary capture that is nobody's picture."""
    dataset = Dataset()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = new_uid()
    dataset.StudyInstanceUID = new_uid()
    dataset.SeriesInstanceUID = new_uid()
    dataset.Modality = "OT"
    dataset.ConversionType = "SYN"
    dataset.PatientName = "Self^Test"
    dataset.PatientID = "SELF-TEST"
    dataset.StudyDescription = "imaging-hub doctor"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = dataset.Columns = 16
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    dataset.PixelData = bytes(range(256))
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID  # type: ignore[assignment] # a UID as text
    return dataset


def _part10(dataset: Dataset) -> bytes:
    buffer = DicomBytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _fail(reason: str) -> str:
    raise HubError(reason)
