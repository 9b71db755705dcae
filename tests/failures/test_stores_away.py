"""Catalogue and object store go away in every way: a retryable status in time, nothing lost, no restart."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from signal import SIGCONT, SIGSTOP

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import Engine, event

from core.access import Grant, Role, Scope
from database.postgresql import CONNECT_SECONDS, PatientConnection
from hub.serve import bring_up_to_date
from hub.settings import load
from hub.wiring import open_house
from storage import s3_blobs
from storage.query import Query
from tests.fixtures.chaos import ROUNDS, SUCCESS, digests, new_chance, sending
from tests.fixtures.doors import DEVICE, DIMSE_SECONDS, Doors, opened_doors
from tests.fixtures.fault_proxy import Fault, FaultProxy, fault_proxy, s3_error
from tests.fixtures.held import held
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.object_store import ObjectStore, fresh_bucket
from tests.fixtures.pairs import NOTHING
from tests.fixtures.postgresql import PostgreSQLServer, fresh_database
from tests.fixtures.raw_scu import ASSOCIATE_RJ, RawSCU

OUT_OF_RESOURCES = 0xA700
REJECTED_FOR_NOW = 2
CUTS = max(20, ROUNDS)
PIXELS = bytes(range(256)) * 64
OBJECT_FAULTS = {
    "500": (503, Fault(method=b"PUT", answer=s3_error("500 Internal Server Error", "InternalError"))),
    "503": (503, Fault(method=b"PUT", answer=s3_error("503 Service Unavailable", "SlowDown"))),
    "full": (507, Fault(method=b"PUT", answer=s3_error("507 Insufficient Storage", "XMinioStorageFull"))),
    "reset in the middle of a put": (503, Fault(method=b"PUT", request_cut_after=9_000)),
    "kept, but the answer is lost": (503, Fault(method=b"PUT", answer_cut_after=0)),
    "wrong bytes read back": (503, Fault(method=b"GET", answer_replaced=(PIXELS[:64], PIXELS[1:65]))),
    "silence": (503, Fault(silence_seconds=30)),
    "a byte now and then": (503, Fault(drip_seconds=0.5)),
}


@dataclass(frozen=True)
class Stores:
    """What the hub stands on, and what can befall it."""

    server: PostgreSQLServer
    database: str
    line: FaultProxy

    @contextmanager
    def bad(self, fault: Fault) -> Iterator[None]:
        """Let the line to the object store be bad."""
        self.line.fault = fault
        yield
        self.line.fault = None

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Let nobody listen where the object store was."""
        self.line.refuse()
        yield
        self.line.accept()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the catalogue's server without a farewell."""
        self.server.stop()
        yield
        self.server.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let the catalogue's server answer nobody, with every connection open."""
        self.server.signal_all(SIGSTOP)
        yield
        self.server.signal_all(SIGCONT)

    def cut_connections(self) -> int:
        """End the hub's connections to the catalogue; return how many there were."""
        ended = self.server.order(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'"  # noqa: S608 - our own name
        )
        return len(ended)


@pytest.fixture(scope="module")
def stores(object_store: ObjectStore, postgresql_server: PostgreSQLServer) -> Iterator[Stores]:
    with fault_proxy(object_store.endpoint) as line, fresh_database(postgresql_server, NOTHING) as database:
        yield Stores(postgresql_server, database, line)


@pytest.fixture(scope="module")
def doors(
    stores: Stores, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doors]:
    with fresh_bucket(object_store) as bucket:
        settings = load(
            data=tmp_path_factory.mktemp("away"),
            dicom_port=0,
            disk_reserve=0,
            database_url=stores.server.url(stores.database),
            object_store=f"s3://{bucket}?endpoint={stores.line.endpoint}&tls=false",
            s3_access_key=object_store.access_key,
            s3_secret_key=object_store.secret_key,
        )
        bring_up_to_date(settings)
        with closing(open_house(settings)) as house, opened_doors(house) as opened:
            assert isinstance(house.archive.blobs, s3_blobs.S3Blobs)
            house.archive.blobs.prepare()
            yield opened


def instance() -> Dataset:
    return data_set(Rows=128, Columns=128, PixelData=PIXELS)


def require_refused(
    doors: Doors, away: Callable[[], AbstractContextManager[None]], what: str, http_status: int
) -> list[Dataset]:
    """Send through both doors while it lasts; return what was sent, of which nothing may be acknowledged."""
    to_dicom, to_http = instance(), instance()
    with RawSCU(doors.port, timeout=DIMSE_SECONDS) as scu:
        scu.associate(calling=DEVICE)
        with away():
            begun = time.monotonic()
            answer = scu.store(encoded(to_dicom), sop_instance_uid=to_dicom.SOPInstanceUID)
            assert answer.status == OUT_OF_RESOURCES, what
            assert time.monotonic() - begun < DIMSE_SECONDS - 5, what
            told = doors.stow(encoded(to_http))
            assert told.status_code == http_status, (what, told.text)
            assert told.headers["Retry-After"]
        assert scu.store(encoded(to_dicom), sop_instance_uid=to_dicom.SOPInstanceUID).status == SUCCESS, what
        scu.release()
    return [to_dicom, to_http]


def require_kept_once(doors: Doors, sent: list[Dataset]) -> None:
    """Send all again through the other doors; each must be there once, and nothing else of theirs."""
    for each in sent:
        assert doors.stow(encoded(each)).status_code == 200
        assert doors.c_store(encoded(each), each.SOPInstanceUID).status == SUCCESS
    now = held(doors.house.archive)
    uids = uids_held(doors)
    assert {str(each.SOPInstanceUID) for each in sent} <= set(uids)
    assert len(uids) == len(set(uids)) == len(now.instances) == len(now.changes)
    assert now.aside == []


def uids_held(doors: Doors) -> list[str]:
    everything = Scope(everything=True)
    found = doors.house.archive.search_instances(Query(limit=2**31 - 1), visible_to=everything)
    return [each.sop_instance_uid for each in found]


@pytest.mark.timeout(240)
def test_what_an_object_store_that_fails_did_not_keep_is_never_acknowledged_and_the_resend_is(
    doors: Doors, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3_blobs.ACT_SECONDS < DIMSE_SECONDS - 5
    monkeypatch.setattr(s3_blobs, "ACT_SECONDS", 2.0)
    sent = []
    for name, (http_status, fault) in OBJECT_FAULTS.items():
        sent += require_refused(doors, partial(stores.bad, fault), name, http_status)
    sent += require_refused(doors, stores.gone, "gone", 503)
    require_kept_once(doors, sent)
    assert len(held(doors.house.archive).orphans) <= 2 * len(OBJECT_FAULTS)


@pytest.mark.timeout(240)
def test_what_a_catalogue_that_is_away_did_not_keep_is_never_acknowledged_and_the_resend_is(
    doors: Doors, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PatientConnection.patience is not None
    assert PatientConnection.patience + CONNECT_SECONDS < DIMSE_SECONDS - 5
    monkeypatch.setattr(PatientConnection, "patience", 1.0)
    connect_soon(doors.house.database.engine)

    @contextmanager
    def seen(away: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        with away():
            assert not doors.is_ready()
            yield
            require_rejected_for_now(doors)
        assert doors.is_ready()

    sent = []
    for away in (stores.stopped, stores.frozen):
        sent += require_refused(doors, partial(seen, away), away.__name__, 503)
    require_kept_once(doors, sent)


def connect_soon(engine: Engine) -> None:
    """Let new connections be waited for as short as the library can."""

    @event.listens_for(engine, "do_connect", insert=True)
    def shorten(_dialect: object, _record: object, _: object, named: dict[str, object]) -> None:
        named["connect_timeout"] = 2


def require_rejected_for_now(doors: Doors) -> None:
    """Whoever cannot be looked up is asked to come again, not turned away for ever (PS3.8 9.3.4)."""
    with RawSCU(doors.port, timeout=DIMSE_SECONDS) as scu, pytest.raises(AssertionError) as refused:
        scu.associate(calling=DEVICE)
    kind, body = refused.value.args[0]
    assert (kind, body[1]) == (ASSOCIATE_RJ, REJECTED_FOR_NOW)


@pytest.mark.timeout(120 + 6 * ROUNDS)
def test_connections_cut_at_random_moments_lose_nothing_acknowledged(doors: Doors, stores: Stores) -> None:
    chance = new_chance()
    before = held(doors.house.archive)
    with sending(doors.port, (DEVICE,), chance, senders=4) as ledger:
        cut = 0
        while cut < CUTS:
            time.sleep(chance.uniform(0, 0.3))
            cut += stores.cut_connections()
        with stores.stopped():
            time.sleep(chance.uniform(0, 0.3))
    assert set(ledger.statuses) <= {SUCCESS, OUT_OF_RESOURCES}
    assert ledger.acknowledged
    now = held(doors.house.archive)
    assert not digests(ledger, ledger.acknowledged) - Counter(now.instances)
    for each in ledger.sent.values():
        assert doors.c_store(each.data, each.sop_instance_uid).status == SUCCESS
    now = held(doors.house.archive)
    assert Counter(now.instances) == digests(ledger, ledger.sent) + Counter(before.instances)
    assert len(now.changes) == len(now.instances)


def test_a_reader_is_told_that_images_cannot_be_had_now_and_gets_them_when_they_can(
    doors: Doors, stores: Stores
) -> None:
    sent = instance()
    assert doors.c_store(encoded(sent), sent.SOPInstanceUID).status == SUCCESS
    doors.house.accounts.add("boss", "boss", [Grant(role=Role.ADMIN)])
    headers = {
        "Accept": "application/dicom",
        "Authorization": f"Bearer {doors.house.accounts.add_token('boss', 'test')}",
    }
    study, series = f"/dicom-web/studies/{sent.StudyInstanceUID}", f"/series/{sent.SeriesInstanceUID}"
    url = f"{study}{series}/instances/{sent.SOPInstanceUID}"
    for method in (b"HEAD", b"GET"):
        with stores.bad(Fault(method=method, answer=s3_error("503 Service Unavailable", "SlowDown"))):
            answer = doors.http.get(url, headers=headers)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
    answer = doors.http.get(url, headers=headers)
    assert answer.status_code == 200
    assert encoded(sent) in answer.content
