"""Blobs in an object store over a line that fails: what is believed, and how soon it gives up."""

import gc
import ssl
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import trustme

from core.errors import HubError, Misconfigured, QuotaExceeded, StorageUnavailable
from core.limits import KIB, MIB
from storage import s3_blobs as module
from storage import s3_connections
from storage.s3_blobs import S3Blobs
from tests.fixtures.fault_proxy import Fault, FaultProxy, fault_proxy, http_answer, s3_error
from tests.fixtures.object_store import ObjectStore

KEY = "township/0a/01KAFXYZ0000000000000000AA"
CONTENT = b"the-one-and-only" * 8_000
DEVICE_PATIENCE = 30.0
"""Seconds that a device waits for its response, where it was set up as its maker left it."""


@pytest.fixture
def line(object_store: ObjectStore) -> Iterator[FaultProxy]:
    with fault_proxy(object_store.endpoint) as proxy:
        yield proxy


@pytest.fixture
def blobs(object_store: ObjectStore, bucket: str, line: FaultProxy) -> S3Blobs:
    """The store at the far end of the line, nothing asked of it yet."""
    return object_store.blobs(bucket, endpoint=line.endpoint)


@pytest.fixture
def prepared(blobs: S3Blobs) -> S3Blobs:
    blobs.prepare()
    return blobs


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "sealed.part"
    written.write_bytes(CONTENT)
    return written


Impatience = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> Impatience:
    """Let the hub lose patience in three seconds, so that a test need not wait as long as a device would."""

    @contextmanager
    def impatient() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(s3_connections, "SILENCE_SECONDS", 1.0)
            patch.setattr(module, "ACT_SECONDS", 3.0)
            begun = time.monotonic()
            yield
            assert time.monotonic() - begun < 10

    return impatient


def content_of(blobs: S3Blobs, key: str = KEY) -> bytes:
    with blobs.open(key) as blob:
        return blob.read()


def keys_of(blobs: S3Blobs) -> set[str]:
    return {key for key, _ in blobs.keys()}  # noqa: SIM118 - a store is no mapping


# What a store must promise


def test_a_store_that_keeps_its_word_is_left_as_it_was_found(
    object_store: ObjectStore, bucket: str, prepared: S3Blobs
) -> None:
    prepared.prepare()
    assert keys_of(object_store.blobs(bucket)) == set()


def test_a_store_that_ignores_conditions_is_not_used(
    object_store: ObjectStore, bucket: str, blobs: S3Blobs, line: FaultProxy, path: Path
) -> None:
    line.fault = Fault(request_replaced=(b"If-None-Match", b"X-Ignored-One"))
    with pytest.raises(Misconfigured, match="If-None-Match"):
        blobs.prepare()
    with pytest.raises(StorageUnavailable, match="If-None-Match"):
        blobs.put(KEY, path)
    assert keys_of(object_store.blobs(bucket)) == set()


def test_a_second_put_that_failed_for_another_reason_proves_nothing(
    object_store: ObjectStore, bucket: str, blobs: S3Blobs, line: FaultProxy, path: Path
) -> None:
    line.fault = Fault(answer_replaced=(b"412 Precondition Failed", b"503 Temporarily Missing"))
    with pytest.raises(StorageUnavailable):
        blobs.prepare()
    with pytest.raises(StorageUnavailable):
        blobs.put(KEY, path)
    assert KEY not in keys_of(object_store.blobs(bucket))


def test_many_processes_make_one_bucket(object_store: ObjectStore, bucket: str) -> None:
    stores = [object_store.blobs(bucket) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda store: store.prepare(), stores))
    assert keys_of(stores[0]) == set()


def test_a_store_that_was_away_from_the_start_is_used_when_it_comes(
    blobs: S3Blobs, line: FaultProxy, path: Path
) -> None:
    line.refuse()
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            blobs.put(KEY, path)
    line.accept()
    blobs.put(KEY, path)
    assert content_of(blobs) == CONTENT


# What goes wrong with a put

FAULTS = {
    "500": (
        Fault(method=b"PUT", answer=s3_error("500 Internal Server Error", "InternalError")),
        "InternalError",
    ),
    "503": (Fault(method=b"PUT", answer=s3_error("503 Service Unavailable", "SlowDown")), "SlowDown"),
    "503 of a proxy": (
        Fault(method=b"PUT", answer=http_answer("503 No Server", b"<html>", "text/html")),
        "HTTP 503",
    ),
    "404": (Fault(method=b"PUT", answer=s3_error("404 Not Found", "NoSuchBucket")), "NoSuchBucket"),
    "409": (Fault(method=b"PUT", answer=s3_error("409 Conflict", "ConditionalRequestConflict")), "Conflict"),
    "redirected": (
        Fault(method=b"PUT", answer=http_answer("307 Elsewhere", Location="http://127.0.0.1:9/elsewhere")),
        "HTTP 307",
    ),
    "no HTTP": (Fault(method=b"PUT", answer=b"220 mail.example ESMTP\r\n" * 10), "no answer"),
    "empty": (Fault(method=b"PUT", answer=b""), "no answer"),
    "reset in the head": (Fault(method=b"PUT", request_cut_after=40), "no answer"),
    "reset in the middle": (Fault(method=b"PUT", request_cut_after=70_000), "no answer"),
    "reset before the answer": (Fault(method=b"PUT", answer_cut_after=0), "no answer"),
    "reset in the answer": (Fault(method=b"PUT", answer_cut_after=10), "no answer"),
    "half closed": (Fault(method=b"PUT", half_close=True), "no answer"),
    "silent": (Fault(method=b"PUT", silence_seconds=30), "no answer"),
    "dripping": (Fault(method=b"PUT", drip_seconds=0.2), "no answer"),
    "read back: 500": (
        Fault(method=b"GET", answer=s3_error("500 Internal Server Error", "InternalError")),
        "Int",
    ),
    "read back: broken XML": (
        Fault(method=b"GET", answer=http_answer("500 Bad", b"<Error><Code>")),
        "none of an",
    ),
    "read back: wrong bytes": (Fault(method=b"GET", answer_replaced=(b"only" * 1, b"ondy")), "other bytes"),
    "read back: nothing there": (
        Fault(method=b"GET", answer=s3_error("404 Not Found", "NoSuchKey")),
        "NoSuchKey",
    ),
    "read back: cut": (Fault(method=b"GET", answer_cut_after=90_000), "no answer"),
    "read back: too short": (Fault(method=b"GET", answer=http_answer("200 OK", CONTENT[:-1])), "other bytes"),
    "read back: too long": (
        Fault(method=b"GET", answer=http_answer("200 OK", CONTENT + b"x")),
        "other bytes",
    ),
    "read back: silent": (Fault(method=b"GET", silence_seconds=30), "no answer"),
    "read back: dripping": (Fault(method=b"GET", drip_seconds=0.01), "no answer"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_put_over_a_failing_line_is_not_believed_and_the_next_one_is(
    prepared: S3Blobs, line: FaultProxy, path: Path, impatience: Impatience, name: str
) -> None:
    line.fault, message = FAULTS[name]
    with impatience(), pytest.raises(StorageUnavailable, match=message) as refused:
        prepared.put(KEY, path)
    assert "the-one" not in str(refused.value)
    assert "elsewhere" not in str(refused.value)
    line.fault = None
    prepared.put(f"{KEY}B", path)
    assert content_of(prepared, f"{KEY}B") == CONTENT


def test_what_came_back_changed_is_not_kept(
    object_store: ObjectStore, bucket: str, prepared: S3Blobs, line: FaultProxy, path: Path
) -> None:
    line.fault = Fault(method=b"GET", answer_replaced=(CONTENT[:16], CONTENT[:15] + b"Y"))
    with pytest.raises(StorageUnavailable, match="other bytes"):
        prepared.put(KEY, path)
    assert keys_of(object_store.blobs(bucket)) == set()
    line.fault = None
    prepared.put(KEY, path)
    assert content_of(prepared) == CONTENT


@pytest.mark.parametrize(
    "answer",
    [
        s3_error("403 Forbidden", "QuotaExceeded"),
        s3_error("507 Insufficient Storage", "XMinioStorageFull"),
        http_answer("507 Insufficient Storage", b"", "text/plain"),
    ],
)
def test_a_full_store_is_said_to_be_full(
    prepared: S3Blobs, line: FaultProxy, path: Path, answer: bytes
) -> None:
    line.fault = Fault(method=b"PUT", answer=answer)
    with pytest.raises(QuotaExceeded):
        prepared.put(KEY, path)


def test_a_store_that_takes_nothing_more_is_used_again_when_there_is_room(
    object_store: ObjectStore, bucket: str, prepared: S3Blobs, path: Path
) -> None:
    """This server answers 500 when a bucket is over its quota; it does not say why."""
    limit = f"fs.configure -locationPrefix=/buckets/{bucket}/ -fsync"
    object_store.shell(f"{limit} -readOnly -apply")
    with pytest.raises((QuotaExceeded, StorageUnavailable)):
        eventually_refused(prepared, path)
    object_store.shell(f"{limit} -readOnly=false -apply")
    eventually_put(prepared, KEY, path)
    assert content_of(prepared) == CONTENT


def eventually_refused(blobs: S3Blobs, path: Path) -> None:
    """Put until the server has heard of its new orders, at most 10 s."""
    for number in range(100):
        blobs.put(f"filling/{number}", path)
        time.sleep(0.1)


def eventually_put(blobs: S3Blobs, key: str, path: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            blobs.put(key, path)
        except HubError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def test_a_device_hears_that_the_store_is_slow_before_it_gives_up_however_many_wait(
    object_store: ObjectStore, bucket: str, path: Path
) -> None:
    """None waits for another, neither for the store's promise nor for a connection."""
    with fault_proxy(object_store.endpoint) as silent, fault_proxy(object_store.endpoint) as dripping:
        silent.fault, dripping.fault = Fault(silence_seconds=30), Fault(drip_seconds=0.5)
        stores = [object_store.blobs(bucket, endpoint=line.endpoint) for line in (silent, dripping)]

        def seconds(number: int) -> float:
            begun = time.monotonic()
            with pytest.raises(StorageUnavailable):
                stores[number % 2].put(f"{KEY}{number}", path)
            return time.monotonic() - begun

        with ThreadPoolExecutor(24) as pool:
            assert max(pool.map(seconds, range(24))) < DEVICE_PATIENCE - 5
        assert silent.requests
        assert dripping.requests


# What goes wrong with reading

READ_FAULTS = {
    "refused": Fault(answer=s3_error("503 Service Unavailable", "SlowDown")),
    "cut in the head": Fault(method=b"GET", answer_cut_after=30),
    "cut": Fault(method=b"GET", answer_cut_after=300_000),
    "silent": Fault(method=b"GET", silence_seconds=30),
    "dripping": Fault(method=b"GET", drip_seconds=0.01),
    "another part": Fault(method=b"GET", answer_replaced=(b"bytes 0-", b"bytes 1-")),
    "all of it": Fault(method=b"GET", answer=http_answer("200 OK", CONTENT * 5)),
    "half closed": Fault(method=b"GET", half_close=True),
    "no length": Fault(method=b"HEAD", answer=b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"),
    "a length cut short": Fault(method=b"HEAD", answer=b"HTTP/1.1 200 OK\r\nContent-Length: 64"),
    "a length that is none": Fault(method=b"HEAD", answer=b"HTTP/1.1 200 OK\r\nContent-Length: long\r\n\r\n"),
}


@pytest.mark.parametrize("name", READ_FAULTS)
def test_a_reader_is_told_that_a_blob_broke_off_and_can_begin_again(
    prepared: S3Blobs, line: FaultProxy, tmp_path: Path, impatience: Impatience, name: str
) -> None:
    content = CONTENT * 5
    path = tmp_path / "larger"
    path.write_bytes(content)
    prepared.put(KEY, path)
    line.fault = READ_FAULTS[name]
    with impatience(), pytest.raises(StorageUnavailable):
        content_of(prepared)
    line.fault = None
    assert content_of(prepared) == content


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
def test_what_is_read_is_asked_for_again_where_a_kept_connection_was_just_closed(
    prepared: S3Blobs, line: FaultProxy, tmp_path: Path, method: bytes
) -> None:
    path = tmp_path / "asked again"
    path.write_bytes(CONTENT)
    prepared.put(KEY, path)
    line.requests.clear()
    line.fault = Fault(method=method, half_close=True, once=True)
    assert content_of(prepared) == CONTENT
    assert line.requests.count(method) == 2


def test_what_is_written_is_never_sent_twice_by_itself(
    prepared: S3Blobs, line: FaultProxy, tmp_path: Path
) -> None:
    path = tmp_path / "sent once"
    path.write_bytes(CONTENT)
    line.requests.clear()
    line.fault = Fault(method=b"PUT", half_close=True, once=True)
    with pytest.raises(StorageUnavailable):
        prepared.put(KEY, path)
    assert line.requests.count(b"PUT") == 1


def test_a_reader_that_seeks_fetches_what_it_reads_and_little_more(
    prepared: S3Blobs, line: FaultProxy, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(8 * MIB))
    prepared.put(KEY, path)
    with prepared.open(KEY) as blob:
        line.requests.clear()
        for offset in (5 * MIB, 5 * MIB + 100, 5 * MIB, 7 * MIB):
            blob.seek(offset)
            assert blob.read(1000) == bytes(1000)
        assert line.requests == [b"GET", b"GET"]
        line.requests.clear()
        blob.seek(0)
        while blob.read(256 * KIB):
            pass
        assert len(line.requests) <= 7


def test_no_place_before_the_first_byte_can_be_read(prepared: S3Blobs, path: Path) -> None:
    prepared.put(KEY, path)
    with prepared.open(KEY) as blob:
        with pytest.raises((OSError, ValueError)):
            blob.seek(-1)
        blob.seek(len(CONTENT) + 5)
        assert blob.read(1) == b""


def test_a_listing_that_breaks_off_is_not_taken_for_whole(
    prepared: S3Blobs, line: FaultProxy, path: Path, impatience: Impatience
) -> None:
    prepared.put(KEY, path)
    for fault in (
        Fault(answer=s3_error("500 Internal Server Error", "InternalError")),
        Fault(answer_cut_after=400),
        Fault(answer_replaced=(b"</Contents>", b"</C?ntents>")),
        Fault(drip_seconds=0.1),
    ):
        line.fault = fault
        with impatience(), pytest.raises(StorageUnavailable):
            keys_of(prepared)


def test_a_listing_has_as_many_pages_as_it_needs(s3_blobs: S3Blobs, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    s3_blobs.prepare()
    expected = {f"township/{number:04}" for number in range(1005)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3_blobs.put(key, empty), expected))
    assert keys_of(s3_blobs) == expected


# What it may cost, and who may see


def test_a_large_blob_is_never_in_memory(s3_blobs: S3Blobs, tmp_path: Path) -> None:
    size = 64 * MIB
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(size)
    s3_blobs.prepare()
    gc.collect()
    tracemalloc.start()
    try:
        s3_blobs.put(KEY, path)
        with s3_blobs.open(KEY) as blob:
            read = sum(len(piece) for piece in iter(lambda: blob.read(MIB), b""))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == size
    assert peak < 12 * MIB


def test_a_refused_key_is_named_by_its_reason_and_nowhere_shown(
    object_store: ObjectStore, bucket: str, path: Path
) -> None:
    location = object_store.location(bucket)
    for access_key, reason in (
        (object_store.access_key, "SignatureDoesNotMatch"),
        ("canary-access", "InvalidAccessKeyId"),
    ):
        blobs = S3Blobs(location, access_key=access_key, secret_key="canary-secret")
        with pytest.raises(StorageUnavailable) as refused:
            blobs.put(KEY, path)
        assert reason in str(refused.value) or "AccessDenied" in str(refused.value)
        for shown in (str(refused.value), repr(blobs), repr(location)):
            assert "canary" not in shown


@pytest.mark.parametrize("method", [b"HEAD", b"GET", b"PUT", b"DELETE"])
def test_a_store_cannot_send_the_hub_elsewhere(
    object_store: ObjectStore, prepared: S3Blobs, line: FaultProxy, path: Path, method: bytes
) -> None:
    prepared.put(KEY, path)
    with fault_proxy(object_store.endpoint) as elsewhere:
        target = f"http://{elsewhere.endpoint}/"
        line.fault = Fault(method=method, answer=http_answer("307 Elsewhere", Location=target))
        acts = {b"PUT": lambda: prepared.put(f"{KEY}B", path), b"DELETE": lambda: prepared.delete(KEY)}
        with pytest.raises(StorageUnavailable):
            acts.get(method, lambda: content_of(prepared))()
        assert elsewhere.requests == []


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_line(object_store: ObjectStore, authority: trustme.CA) -> Iterator[FaultProxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with fault_proxy(object_store.endpoint, context) as proxy:
        yield proxy


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine trust the authority of the tests."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.mark.usefixtures("trusted")
def test_over_tls_a_store_is_used_as_without(
    object_store: ObjectStore, bucket: str, tls_line: FaultProxy, tmp_path: Path
) -> None:
    path = tmp_path / "larger"
    path.write_bytes(CONTENT * 20)
    blobs = object_store.blobs(bucket, endpoint=tls_line.endpoint, tls=True)
    blobs.put(KEY, path)
    assert content_of(blobs) == CONTENT * 20


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("method", [b"PUT", b"GET"])
@pytest.mark.parametrize(
    "fault", [{"silence_seconds": 30}, {"drip_seconds": 0.1}, {"answer_cut_after": 50}], ids=str
)
def test_over_tls_a_failing_line_is_noticed_as_soon(
    object_store: ObjectStore,
    bucket: str,
    tls_line: FaultProxy,
    path: Path,
    impatience: Impatience,
    method: bytes,
    fault: dict[str, float],
) -> None:
    blobs = object_store.blobs(bucket, endpoint=tls_line.endpoint, tls=True)
    blobs.prepare()
    tls_line.fault = Fault(method=method, **fault)  # type: ignore[arg-type] # numbers of either kind
    with impatience(), pytest.raises(StorageUnavailable):
        blobs.put(KEY, path)


def test_a_store_with_the_certificate_of_a_stranger_hears_nothing(
    object_store: ObjectStore, bucket: str, tls_line: FaultProxy, path: Path
) -> None:
    blobs = object_store.blobs(bucket, endpoint=tls_line.endpoint, tls=True)
    with pytest.raises(StorageUnavailable):
        blobs.put(KEY, path)
    assert tls_line.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_store_with_the_certificate_of_another_host_hears_nothing(
    object_store: ObjectStore, bucket: str, authority: trustme.CA, path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("store.elsewhere").configure_cert(context)
    with fault_proxy(object_store.endpoint, context) as proxy:
        blobs = object_store.blobs(bucket, endpoint=proxy.endpoint, tls=True)
        with pytest.raises(StorageUnavailable):
            blobs.put(KEY, path)
        assert proxy.requests == []


def test_a_store_that_speaks_no_tls_hears_nothing(
    object_store: ObjectStore, bucket: str, line: FaultProxy, path: Path
) -> None:
    blobs = object_store.blobs(bucket, endpoint=line.endpoint, tls=True)
    with pytest.raises(StorageUnavailable):
        blobs.put(KEY, path)
    assert line.requests == []
