"""Whole conversations, damaged at random: whatever comes of each, the gateway and its peers go on."""

import random
import socket
import struct
import threading

import pytest
from structlog.testing import capture_logs

from core.uids import new_uid
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded
from tests.fixtures.raw_scu import (
    ASSOCIATE_RJ,
    ASSOCIATE_RQ,
    EXPLICIT_VR_LITTLE_ENDIAN,
    P_DATA,
    RELEASE_RQ,
    association_request,
    fragment_item,
    store_command,
)
from tests.pacs_gateway.running_gateway import RunningGateway, eventually

CONVERSATIONS = 240
SEED = 20261122


def conversation() -> list[bytes]:
    """Return the PDUs of a good conversation: associate, store, release."""
    instance = data_set()
    request = association_request([(ULTRASOUND_IMAGE, [EXPLICIT_VR_LITTLE_ENDIAN])], calling=b"US1")
    command = fragment_item(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID), context_id=1, control=3)
    data = fragment_item(encoded(instance), context_id=1, control=2)
    bodies = [(ASSOCIATE_RQ, request), (P_DATA, command), (P_DATA, data), (RELEASE_RQ, bytes(4))]
    return [struct.pack(">BxL", kind, len(body)) + body for kind, body in bodies]


def damaged(pdus: list[bytes], generator: random.Random) -> bytes:
    """Damage a conversation: bytes, lengths, the order, the end."""
    kind = generator.randrange(6)
    chosen = generator.randrange(len(pdus))
    if kind == 0:
        pdus = generator.sample(pdus, len(pdus))
    elif kind == 1:
        pdus = [*pdus[:chosen], pdus[chosen], *pdus[chosen:]]
    elif kind == 2:
        pdus = [*pdus[:chosen], *pdus[chosen + 1 :]]
    elif kind == 3:
        length = generator.choice([0, 1, 3, 4, 0x7FFF, 0x10001, 0x7FFFFFFF, 0xFFFFFFFF])
        pdus = [*pdus]
        pdus[chosen] = pdus[chosen][:2] + struct.pack(">L", length) + pdus[chosen][6:]
    sent = bytearray(b"".join(pdus))
    if kind >= 4:
        # Past the association, or all of it: half of the damage is to be read as a message.
        first = len(pdus[0]) if kind == 5 else 0
        for _ in range(generator.randint(1, 8)):
            sent[generator.randrange(first, len(sent))] = generator.randrange(256)
    return bytes(sent[: generator.choice([len(sent), generator.randrange(len(sent))])])


def test_damaged_conversations_end_nothing_but_themselves(gateway: RunningGateway) -> None:
    generator = random.Random(SEED)
    threads = threading.active_count()
    with capture_logs() as lines:
        for number in range(CONVERSATIONS):
            sent = damaged(conversation(), generator)
            with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as connection:
                connection.sendall(sent)
                connection.settimeout(0.02)
                if number % 4 == 0:  # some listen before they go
                    listen_a_little(connection)
        with gateway.scu().associate() as scu:
            assert scu.echo() == 0
        assert eventually(lambda: threading.active_count() <= threads, seconds=15), f"seed {SEED}"
    assert gateway.is_clean(), f"seed {SEED}"
    assert [line for line in lines if line["log_level"] == "error"] == [], f"seed {SEED}"


def listen_a_little(connection: socket.socket) -> None:
    try:
        connection.recv(65536)
    except OSError:
        return  # it was cut, or has nothing to say


TITLES = {
    "too long to be padded": b"A" * 16 + b"B",
    "spaces": b" " * 16,
    "a tab": b"US1\t",
    "NUL": b"US1" + bytes(13),
    "escape": b"\x1b[2J",
    "a line of a log": b"x\nlevel=error",
    "a format": b"%s%s%n",
    "another case": b"us1",
    "a backslash": b"US1\\US2",
    "GB18030": "超声一".encode("gb18030"),
    "DEL": b"US1\x7f",
    "all bits": b"\xff" * 16,
}


@pytest.mark.parametrize("case", TITLES)
@pytest.mark.parametrize("is_calling", [True, False])
def test_titles_that_are_none_are_rejected_and_logged_escaped(
    gateway: RunningGateway, case: str, is_calling: bool
) -> None:
    title = TITLES[case][:16]
    titles = {"calling": title} if is_calling else {"called": title}
    with capture_logs() as lines, gateway.scu() as scu:
        scu.send_pdu(
            ASSOCIATE_RQ, association_request([(ULTRASOUND_IMAGE, [EXPLICIT_VR_LITTLE_ENDIAN])], **titles)
        )
        kind, body = scu.receive_pdu()
        assert (kind, body) == (ASSOCIATE_RJ, bytes([0, 1, 1, 3 if is_calling else 7]))
        assert eventually(lambda: len(lines) > 0)
    for line in lines:
        assert all(str(value).isprintable() for value in line.values()), line


@pytest.mark.parametrize("length", [0, 500, 30_000])
def test_a_user_identity_of_any_length_is_borne(gateway: RunningGateway, length: int) -> None:
    identity = struct.pack(">BBH", 2, 0, length) + b"u" * length + struct.pack(">H", 1) + b"p"
    item = struct.pack(">BxH", 0x58, len(identity)) + identity
    with gateway.scu().associate(more_user_information=item) as scu:
        assert scu.echo() == 0


@pytest.mark.parametrize("where", ["new_file", "write"])
def test_a_bug_on_the_way_in_is_answered_and_costs_one_instance(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a bug")

    good = data_set()
    with capture_logs() as lines, gateway.scu().associate() as scu:
        with monkeypatch.context() as patched:
            if where == "new_file":
                patched.setattr(gateway.archive.incoming, "new_file", fail)
            else:
                patched.setattr("storage.incoming.IncomingFile.write", fail)
            uid = new_uid()
            response = scu.store(bytes(100_000), sop_instance_uid=uid)
            assert response.status == 0x0110
        assert scu.store(encoded(good), sop_instance_uid=good.SOPInstanceUID).status == 0
    assert any(line["log_level"] == "error" for line in lines)
    assert gateway.is_clean()
