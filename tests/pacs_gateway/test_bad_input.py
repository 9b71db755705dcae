"""What devices and strangers send against the rules: a clear status, and nobody else disturbed."""

import os
import random
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from structlog.testing import capture_logs

from core.limits import COMMAND_SET_LIMIT, OPEN_REQUESTS, PDU_LENGTH_LIMIT
from pacs_gateway import c_store
from storage.part10 import read_part10_preamble
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded
from tests.fixtures.raw_scu import (
    ABORT,
    P_DATA,
    RawSCU,
    command_set,
    fragment_item,
    store_command,
)
from tests.pacs_gateway.running_gateway import RunningGateway, eventually


def nested(depth: int) -> bytes:
    """Return sequences of undefined length, one in the other, in Explicit VR Little Endian."""
    opening = struct.pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    closing = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return opening * depth + closing * depth


def with_uid(replacement: bytes) -> bytes:
    """Return an instance whose SOP Instance UID is these bytes."""
    placeholder = "#" * len(replacement)
    return encoded(data_set(SOPInstanceUID=placeholder)).replace(placeholder.encode(), replacement)


GOOD = data_set()
ILL_FORMED_BUT_INDEXABLE = [b"..", b"1..2", b"0.00.1.", b"1" * 64]


@pytest.mark.parametrize("sop_instance_uid", ILL_FORMED_BUT_INDEXABLE)
def test_an_ill_formed_uid_that_can_be_found_again_is_kept(
    gateway: RunningGateway, sop_instance_uid: bytes
) -> None:
    with gateway.scu().associate() as scu:
        assert scu.store(with_uid(sop_instance_uid), sop_instance_uid=sop_instance_uid).status == 0
    assert gateway.instance(sop_instance_uid.decode())["anomalies"]


@pytest.mark.parametrize(
    "sop_instance_uid",
    [
        b"../../../x",
        b"/etc/x",
        b"1.2\\3.4",
        b"1.2\0\0.3",
        b"1" * 66,
        b"1.2.abc.",
        "影像".encode(),
        b"1.2 3.4 ",
    ],
)
def test_an_illegal_uid_is_answered_once_its_bytes_are_in_quarantine(
    gateway: RunningGateway, sop_instance_uid: bytes
) -> None:
    sent = with_uid(sop_instance_uid)
    with capture_logs() as lines, gateway.scu().associate() as scu:
        for _ in range(2):
            response = scu.store(sent, sop_instance_uid=sop_instance_uid)
            assert response.status == 0xC000
        assert response.elements[0x1000] == sop_instance_uid + bytes(len(sop_instance_uid) % 2)
    (kept,) = gateway.kept_aside("quarantine")
    assert gateway.stored_data_set(kept) == sent
    assert gateway.instances() == []
    assert gateway.is_clean()
    assert "Zhang" not in str(lines)


UNKEPT = {
    "no study": (encoded(data_set(StudyInstanceUID=None)), 0xC000),
    "no series": (encoded(data_set(SeriesInstanceUID=None)), 0xC000),
    "no instance": (encoded(data_set(SOPInstanceUID=None)), 0xC000),
    "no class": (encoded(data_set(SOPClassUID=None)), 0xC000),
    "empty study": (encoded(data_set(StudyInstanceUID="")), 0xC000),
    "last byte missing": (encoded(GOOD)[:-1], 0xC000),
    "truncated": (encoded(GOOD)[:101], 0xC000),
    "empty": (b"", 0xC000),
    "one byte": (b"\0", 0xC000),
    "noise": (os.urandom(5000), 0xC000),
    "a web page": (b"<html>" * 100, 0xC000),
    "absurd length": (struct.pack("<HH2sHL", 8, 8, b"UN", 0, 0xFFFFFFFE) + encoded(GOOD), 0xC000),
    "nested too deep": (encoded(GOOD) + nested(65), 0xC000),
    "nested very deep": (encoded(GOOD) + nested(20_000), 0xC000),
    "nested and cut": (encoded(GOOD) + nested(20_000)[:200_000], 0xC000),
    "another instance": (encoded(GOOD), 0xA900),
    "another class": (
        encoded(data_set(SOPInstanceUID="1.2.3.4", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")),
        0xA900,
    ),
}


@pytest.mark.parametrize("case", UNKEPT)
def test_what_cannot_be_kept_as_an_instance_is_kept_in_quarantine(gateway: RunningGateway, case: str) -> None:
    sent, status = UNKEPT[case]
    with gateway.scu().associate() as scu:
        response = scu.store(sent, sop_instance_uid="1.2.3.4")
        assert (response.status, len(response.error_comment) > 10) == (status, True)
        good = data_set()
        assert scu.store(encoded(good), sop_instance_uid=good.SOPInstanceUID).status == 0
    (kept,) = gateway.kept_aside("quarantine")
    assert gateway.stored_data_set(kept) == sent
    assert gateway.is_clean()


def test_nesting_within_the_limit_is_kept(gateway: RunningGateway) -> None:
    good = data_set(PixelData=None)
    with gateway.scu().associate() as scu:
        assert scu.store(encoded(good) + nested(64), sop_instance_uid=good.SOPInstanceUID).status == 0


def test_names_that_are_scripts_are_kept_and_never_logged(gateway: RunningGateway) -> None:
    name = '<script>alert("x")</script>'
    instance = data_set(PatientName=name, StudyDescription=name)
    with capture_logs() as lines, gateway.scu().associate() as scu:
        assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0
    assert "script" not in str(lines)


def test_a_request_that_announces_no_uid_is_kept_under_the_data_sets(gateway: RunningGateway) -> None:
    instance = data_set()
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(None, None))
        scu.send_data_set(encoded(instance))
        assert scu.receive_response().status == 0
    assert gateway.instance(instance.SOPInstanceUID)


def test_a_request_without_a_data_set_is_not_understood(gateway: RunningGateway) -> None:
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, "1.2.3", data_set_type=0x0101))
        assert scu.receive_response().status == 0xC000
        assert scu.echo() == 0
    assert gateway.is_clean()


def test_real_ill_formed_files_get_a_clear_answer(gateway: RunningGateway) -> None:
    names = [
        "nested_priv_SQ.dcm",
        "OT-PAL-8-face.dcm",
        "rtplan_truncated.dcm",
        "priv_SQ.dcm",
        "test-SR.dcm",
    ]
    with gateway.scu().associate() as scu:
        for name in names:
            path = Path(get_testdata_file(name))
            with path.open("rb") as stream:
                header = read_part10_preamble(stream)
                stream.seek(header.data_set_offset)
                sent = stream.read()
            response = scu.store(
                sent,
                sop_class_uid=header.media_storage_sop_class_uid or "",
                sop_instance_uid=header.media_storage_sop_instance_uid or "",
            )
            assert response.status in {0, 0xC000, 0xA900}, name
            assert scu.echo() == 0
    assert len(gateway.instances()) + len(gateway.kept_aside("quarantine")) == len(names)


def test_too_long_a_data_set_is_heard_to_the_end_and_not_kept(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = len(encoded(GOOD)) + 100
    original = gateway.archive.incoming.new_file
    monkeypatch.setattr(gateway.archive.incoming, "new_file", lambda now: original(now, limit))
    fitting, too_long = data_set(PixelData=None), data_set(PixelData=None)
    at_limit = encoded(fitting) + struct.pack(
        "<HH2sHL", 0x7FE0, 0x10, b"OB", 0, limit - len(encoded(fitting)) - 12
    )
    at_limit = at_limit.ljust(limit, b"\0")
    with gateway.scu().associate() as scu:
        assert scu.store(at_limit, sop_instance_uid=fitting.SOPInstanceUID).status == 0
        scu.send_command(store_command(ULTRASOUND_IMAGE, too_long.SOPInstanceUID))
        scu.send_fragment(bytes(limit + 1), context_id=1, control=0)
        assert eventually(lambda: not any(gateway.incoming.iterdir()))
        scu.send_data_set(bytes(500_000))
        response = scu.receive_response()
        assert response.status == 0xC000
        assert "longer than" in response.error_comment
        assert scu.echo() == 0


def test_a_refused_data_set_that_does_not_end_is_cut(
    start_gateway: Callable[..., RunningGateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(c_store, "DRAIN_LIMIT", 100_000)
    gateway = start_gateway(disk_reserve_bytes=2**62)
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, "1.2.3"))
        for _ in range(10):
            scu.send_fragment(bytes(10_000), context_id=1, control=0)
        assert scu.send_fragment(b"\0", context_id=1, control=0) is None
        assert scu.is_cut()


CUTS = {
    "a PDU too long": struct.pack(">BxL", P_DATA, PDU_LENGTH_LIMIT + 1),
    "a PDU of 4 GiB": struct.pack(">BxL", P_DATA, 2**32 - 1) + bytes(1000),
    "no PDU": struct.pack(">BxL", 99, 4) + bytes(4),
    "an item without control header": struct.pack(">BxL", P_DATA, 5) + bytes(5),
    "an item of length 1": struct.pack(">BxL", P_DATA, 6) + struct.pack(">LBB", 1, 1, 0),
    "a context not accepted": struct.pack(">BxL", P_DATA, 8) + fragment_item(b"ab", context_id=9, control=3),
    "data before a command": struct.pack(">BxL", P_DATA, 8) + fragment_item(b"ab", context_id=1, control=2),
    "a context that changes": struct.pack(">BxL", P_DATA, 16)
    + fragment_item(b"ab", context_id=1, control=1)
    + fragment_item(b"ab", context_id=3, control=1),
    "a command that is none": struct.pack(">BxL", P_DATA, 8) + fragment_item(b"ab", context_id=1, control=3),
    "a second request": struct.pack(">BxL", 1, 68) + bytes(68),
    "an acceptance": struct.pack(">BxL", 2, 68) + bytes(68),
    "a release response": struct.pack(">BxL", 6, 4) + bytes(4),
}


@pytest.mark.parametrize("case", CUTS)
def test_a_breach_of_the_protocol_cuts_that_association_only(gateway: RunningGateway, case: str) -> None:
    instance = data_set(PixelData=bytes(100_000))
    data = encoded(instance)
    with gateway.scu().associate() as other:
        other.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
        other.send_fragment(data[:50_000], context_id=1, control=0)
        with gateway.scu().associate() as scu:
            scu.socket.sendall(CUTS[case])
            assert scu.is_cut()
        other.send_data_set(data[50_000:])
        assert other.receive_response().status == 0
    assert gateway.stored_data_set(gateway.instance(instance.SOPInstanceUID)) == data


def test_a_flood_behind_a_breach_is_not_heard(gateway: RunningGateway) -> None:
    with gateway.scu().associate() as scu:
        scu.socket.sendall(CUTS["a PDU of 4 GiB"])
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            keep_sending(scu, bytes(10_000), pause=0.01)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(("length", "is_borne"), [(COMMAND_SET_LIMIT, True), (COMMAND_SET_LIMIT + 2, False)])
def test_a_command_set_is_bounded(gateway: RunningGateway, length: int, is_borne: bool) -> None:
    instance = data_set()
    plain = store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID)
    command = plain + struct.pack("<HHL", 0, 0x7FFE, length - len(plain) - 8).ljust(
        length - len(plain), b"\0"
    )
    assert len(command) == length
    with gateway.scu().associate() as scu:
        for start in range(0, length, 10_000):
            last = start + 10_000 >= length
            scu.send_fragment(command[start : start + 10_000], context_id=1, control=3 if last else 1)
        if is_borne:
            scu.send_data_set(encoded(instance))
            assert scu.receive_response().status == 0
        else:
            assert scu.is_cut()


def test_many_empty_fragments_are_borne(gateway: RunningGateway) -> None:
    instance = data_set()
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
        scu.send_pdu(P_DATA, fragment_item(b"", context_id=1, control=0) * 10_000)
        scu.send_data_set(encoded(instance))
        assert scu.receive_response().status == 0


@pytest.mark.parametrize("how", ["abort", "close", "reset", "release"])
def test_an_end_in_the_middle_of_a_data_set_leaves_nothing(gateway: RunningGateway, how: str) -> None:
    threads = threading.active_count()
    scu = gateway.scu().associate()
    scu.send_command(store_command(ULTRASOUND_IMAGE, "1.2.3"))
    scu.send_fragment(bytes(100_000), context_id=1, control=0)
    assert eventually(lambda: any(gateway.incoming.iterdir()))
    if how == "abort":
        scu.send_pdu(ABORT, bytes(4))
    elif how == "release":
        scu.release()
    elif how == "reset":
        scu.socket.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: close with a reset
    scu.socket.close()
    assert gateway.is_clean()
    assert gateway.instances() == []
    assert eventually(lambda: threading.active_count() <= threads)


class HeldUp:
    """Instances on their way into the archive: `begun` when the first came, let in once `set` is called."""

    def __init__(self) -> None:
        self.begun, self._go_on = threading.Event(), threading.Event()

    def wait(self) -> None:
        """Be held up."""
        self.begun.set()
        self._go_on.wait(20)

    def set(self) -> None:
        """Hold nothing up any more."""
        self._go_on.set()


@pytest.fixture
def held_up(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> HeldUp:
    """Hold every instance up on its way into the archive."""
    store, held_up = gateway.archive.store, HeldUp()

    def wait_and_store(*arguments: object) -> object:
        held_up.wait()
        return store(*arguments)  # type: ignore[arg-type] # passed through

    monkeypatch.setattr(gateway.archive, "store", wait_and_store)
    return held_up


def test_an_end_while_an_instance_is_being_kept_loses_nothing(
    gateway: RunningGateway, held_up: HeldUp
) -> None:
    instance = data_set()
    scu = gateway.scu().associate()
    scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
    scu.send_data_set(encoded(instance))
    assert held_up.begun.wait(20)
    scu.socket.close()
    time.sleep(0.3)
    held_up.set()
    assert eventually(lambda: len(gateway.instances()) == 1)
    assert gateway.stored_data_set(gateway.instance(instance.SOPInstanceUID)) == encoded(instance)
    assert gateway.is_clean()


def test_an_answer_that_comes_after_the_end_is_dropped(gateway: RunningGateway, held_up: HeldUp) -> None:
    instance = data_set()
    scu = gateway.scu().associate()
    scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
    scu.send_data_set(encoded(instance))
    assert held_up.begun.wait(20)
    scu.socket.sendall(CUTS["no PDU"])
    assert scu.is_cut()
    held_up.set()
    assert eventually(lambda: len(gateway.instances()) == 1)
    assert gateway.is_clean()


def test_a_sender_that_does_not_wait_is_held_up_itself(gateway: RunningGateway, held_up: HeldUp) -> None:
    threads = threading.active_count()
    scu = gateway.scu().associate()
    for _ in range(20):
        instance = data_set()
        scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
        scu.send_data_set(encoded(instance))
    assert eventually(lambda: len(list(gateway.incoming.iterdir())) > OPEN_REQUESTS)
    time.sleep(0.3)
    assert len(list(gateway.incoming.iterdir())) == OPEN_REQUESTS + 1
    scu.socket.close()
    held_up.set()
    assert gateway.is_clean()
    assert eventually(lambda: threading.active_count() <= threads)
    assert 1 <= len(gateway.instances()) <= 20


def test_stopping_lets_an_instance_be_kept_that_is_whole(gateway: RunningGateway, held_up: HeldUp) -> None:
    instance = data_set()
    scu = gateway.scu().associate()
    scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
    scu.send_data_set(encoded(instance))
    assert held_up.begun.wait(20)
    half = gateway.scu().associate()
    half.send_command(store_command(ULTRASOUND_IMAGE, "1.2.3"))
    half.send_fragment(bytes(1000), context_id=1, control=0)
    threading.Timer(0.5, held_up.set).start()
    gateway.gateway.stop()
    assert gateway.instance(instance.SOPInstanceUID)
    assert list(gateway.incoming.iterdir()) == []


def test_silence_inside_a_pdu_is_cut(start_gateway: Callable[..., RunningGateway]) -> None:
    gateway = start_gateway(silence_seconds=0.5)
    with gateway.scu().associate() as scu:
        scu.socket.sendall(struct.pack(">BxL", P_DATA, 1000) + bytes(10))
        began = time.monotonic()
        assert scu.is_cut()
        assert 0.3 < time.monotonic() - began < 3


def test_a_pdu_that_drips_is_cut(start_gateway: Callable[..., RunningGateway]) -> None:
    gateway = start_gateway(silence_seconds=1.0)
    with gateway.scu().associate() as scu:
        scu.socket.sendall(struct.pack(">BxL", P_DATA, 1000))
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            keep_sending(scu, b"\0", pause=0.1)
        assert 0.8 < time.monotonic() - began < 3


def test_an_association_without_messages_ends_after_its_time(
    start_gateway: Callable[..., RunningGateway],
) -> None:
    gateway = start_gateway(between_messages_seconds=0.5)
    with capture_logs() as lines, gateway.scu().associate() as scu:
        assert scu.is_cut()
        assert eventually(lambda: any(line.get("ended") == "idle for too long" for line in lines))


def test_noise_on_an_association_ends_nothing_but_itself(gateway: RunningGateway) -> None:
    generator = random.Random(20261122)
    instance = data_set()
    command, data = store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID), encoded(instance)
    body = fragment_item(command, context_id=1, control=3) + fragment_item(data, context_id=1, control=2)
    whole = struct.pack(">BxL", P_DATA, len(body)) + body
    threads = threading.active_count()
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(generator.randint(1, 5)):
            damaged[generator.randrange(200)] = generator.randrange(256)
        with RawSCU(gateway.port).associate() as scu:
            scu.socket.sendall(damaged)
    assert eventually(lambda: threading.active_count() <= threads)
    assert gateway.is_clean()
    with gateway.scu().associate() as scu:
        assert scu.store(data, sop_instance_uid=instance.SOPInstanceUID).status == 0


def keep_sending(scu: RawSCU, sent: bytes, *, pause: float = 0) -> None:
    for _ in range(2000):
        scu.socket.sendall(sent)
        time.sleep(pause)


def test_a_peer_that_reads_no_responses_is_given_up(gateway: RunningGateway) -> None:
    """Its responses fill every buffer between; then the wait for room ends this association."""
    with capture_logs() as lines, gateway.scu() as scu:
        scu.socket.setsockopt(1, 8, 4096)  # SO_RCVBUF
        scu.associate()
        association = next(iter(gateway.gateway._associations))
        association._connection.setsockopt(1, 7, 4096)  # SO_SNDBUF
        association._connection.settimeout(0.5)
        request = command_set({0x0002: b"1" * 60_000, 0x0100: 0x30, 0x0110: 1, 0x0800: 0x0101})
        body = fragment_item(request, context_id=3, control=3)
        with pytest.raises((ConnectionError, TimeoutError)):
            keep_sending(scu, struct.pack(">BxL", P_DATA, len(body)) + body)
        assert eventually(lambda: any(line["event"] == "association" for line in lines), seconds=30)
