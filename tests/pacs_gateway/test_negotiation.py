"""Negotiation over real sockets: contexts accepted and refused, and what real libraries make of it."""

import struct
import threading
from collections.abc import Callable

import pytest
from pynetdicom import AE
from pynetdicom.presentation import AllStoragePresentationContexts, build_role

from core.limits import MAXIMUM_PDU_LENGTH
from core.uids import IMPLEMENTATION_CLASS_UID
from pacs_gateway.sop_classes import STORAGE_CLASSES
from tests.fixtures.raw_scu import (
    ABORT,
    ASSOCIATE_RJ,
    ASSOCIATE_RQ,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    ULTRASOUND_IMAGE,
    VERIFICATION,
    association_request,
)
from tests.pacs_gateway.running_gateway import RunningGateway, eventually

CT, PRIVATE, FIND = "1.2.840.10008.5.1.4.1.1.2", "1.3.12.2.1107.5.9.1", "1.2.840.10008.5.1.4.1.2.2.1"
BASELINE = "1.2.840.10008.1.2.4.50"
PRIVATE_SYNTAX = "1.2.840.113619.5.2"


def test_each_context_is_answered_by_itself(gateway: RunningGateway) -> None:
    with gateway.scu().associate(
        (ULTRASOUND_IMAGE, [EXPLICIT_VR_LITTLE_ENDIAN, BASELINE]),
        (ULTRASOUND_IMAGE, [IMPLICIT_VR_LITTLE_ENDIAN]),
        (FIND, [IMPLICIT_VR_LITTLE_ENDIAN]),
        (PRIVATE, [PRIVATE_SYNTAX]),
        (VERIFICATION, [BASELINE]),
        (ULTRASOUND_IMAGE, []),
        (VERIFICATION, [IMPLICIT_VR_LITTLE_ENDIAN]),
    ) as scu:
        assert scu.accepted == {
            1: BASELINE,
            3: IMPLICIT_VR_LITTLE_ENDIAN,
            7: PRIVATE_SYNTAX,
            13: IMPLICIT_VR_LITTLE_ENDIAN,
        }
        assert scu.refused == {5: 3, 9: 4, 11: 4}
        assert scu.echo() == 0


@pytest.mark.parametrize(("setting", "accepted"), [(True, {1, 3, 5}), (False, {1})])
def test_classes_that_are_not_listed_are_a_setting(
    start_gateway: Callable[..., RunningGateway], setting: bool, accepted: set[int]
) -> None:
    gateway = start_gateway(accept_any_storage_class=setting)
    syntaxes = [IMPLICIT_VR_LITTLE_ENDIAN]
    with gateway.scu().associate((ULTRASOUND_IMAGE, syntaxes), (CT, syntaxes), (PRIVATE, syntaxes)) as scu:
        assert set(scu.accepted) == accepted
        assert set(scu.refused.values()) <= {3}


def test_every_listed_class_is_accepted_on_one_association(gateway: RunningGateway) -> None:
    contexts = [(uid, [IMPLICIT_VR_LITTLE_ENDIAN]) for uid in STORAGE_CLASSES]
    with gateway.scu().associate(*contexts) as scu:
        assert len(scu.accepted) == len(STORAGE_CLASSES)


def test_a_library_with_128_contexts_and_roles_gets_on(gateway: RunningGateway) -> None:
    entity = AE("US1")
    entity.requested_contexts = AllStoragePresentationContexts[:128]
    roles = [
        build_role(context.abstract_syntax, scp_role=True) for context in AllStoragePresentationContexts[:20]
    ]
    association = entity.associate("127.0.0.1", gateway.port, ae_title="HUB", ext_neg=roles)
    assert association.is_established
    assert len(association.accepted_contexts) == 128
    assert all(context.as_scu and not context.as_scp for context in association.accepted_contexts[20:])
    assert association.acceptor.maximum_length == MAXIMUM_PDU_LENGTH
    assert association.acceptor.implementation_class_uid == IMPLEMENTATION_CLASS_UID
    association.release()
    assert association.is_released


def test_asynchronous_operations_and_user_identity_are_not_needed(gateway: RunningGateway) -> None:
    window = struct.pack(">BxHHH", 0x53, 4, 10, 10)
    identity = struct.pack(">BxHBBH", 0x58, 10, 1, 1, 4) + b"anna" + bytes(2)
    with gateway.scu().associate(more_user_information=window + identity) as scu:
        assert scu.echo() == 0


def test_no_accepted_context_is_an_association_all_the_same(gateway: RunningGateway) -> None:
    with gateway.scu().associate((FIND, [IMPLICIT_VR_LITTLE_ENDIAN])) as scu:
        assert scu.accepted == {}
        scu.release()


def test_another_version_of_the_protocol_is_rejected(gateway: RunningGateway) -> None:
    threads = threading.active_count()
    with gateway.scu() as scu:
        scu.send_pdu(ASSOCIATE_RQ, association_request([(VERIFICATION, [])], protocol_version=2))
        kind, body = scu.receive_pdu()
        assert (kind, tuple(body[1:])) == (ASSOCIATE_RJ, (1, 2, 2))
    assert eventually(lambda: threading.active_count() <= threads, seconds=3)


def test_ill_formed_uids_are_refused_without_a_word_in_the_log(
    gateway: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    odd = ["1.2.Q", "..", "1.02.3", "1.2.840.10008.1<1"]
    with gateway.scu().associate(*[(uid, [*odd, IMPLICIT_VR_LITTLE_ENDIAN]) for uid in odd]) as scu:
        assert scu.refused == {1: 3, 7: 3}
        assert scu.accepted == {3: IMPLICIT_VR_LITTLE_ENDIAN, 5: IMPLICIT_VR_LITTLE_ENDIAN}
        scu.release()
    assert [record for record in caplog.records if record.name.startswith(("pynetdicom", "pydicom"))] == []


UNREADABLE = {
    "an abstract syntax too long": association_request([("1" * 65, [IMPLICIT_VR_LITTLE_ENDIAN])]),
    "an abstract syntax not ASCII": association_request([("\xe5\xbd\xb1", [IMPLICIT_VR_LITTLE_ENDIAN])]),
    "an unknown item": association_request([]) + b"\x99\0\0\0",
    "an item longer than the PDU": association_request([]) + b"\x20\0\xff\xff",
    "a context cut short": association_request([]) + b"\x20\0\0\1\2",
    "user information cut short": association_request([], more_user_information=b"\x53\0\0\1\0"),
    "nothing but zeros": bytes(68),
    "less than its fixed part": bytes(67),
    "nothing": b"",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_request_that_cannot_be_read_ends_its_own_connection_only(
    gateway: RunningGateway, case: str
) -> None:
    with gateway.scu().associate() as other:
        with gateway.scu() as scu:
            scu.send_pdu(ASSOCIATE_RQ, UNREADABLE[case])
            kind, _ = scu.receive_pdu()
            assert kind in {ABORT, ASSOCIATE_RJ}
            assert scu.is_cut()
        assert other.echo() == 0
