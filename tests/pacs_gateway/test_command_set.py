"""Command sets are read as devices write them, and answered as PS3.7 wants them."""

import struct

import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset

from pacs_gateway.c_store import announced_uid
from pacs_gateway.command_set import CommandSet, decode_command_set, encode_response
from pacs_gateway.pdu import ProtocolViolation
from tests.fixtures.raw_scu import C_CANCEL_RQ, C_ECHO_RQ, command_set, store_command


def test_a_store_request_is_read() -> None:
    command = decode_command_set(store_command("1.2.3", "1.2.4", message_id=77))
    assert command == CommandSet(
        command_field=1,
        message_id=77,
        has_data_set=True,
        sop_class_uid=b"1.2.3\0",
        sop_instance_uid=b"1.2.4\0",
    )
    assert command.is_request


@pytest.mark.parametrize(
    "sent", [b"../../x\0", b"", b"\xff\xfe\x00\x01", b"1.2.840\\..\\1", b"1" * 300, "影像".encode()]
)
def test_an_illegal_uid_is_no_reason_not_to_read(sent: bytes) -> None:
    assert decode_command_set(store_command(sent, sent)).sop_instance_uid == sent


def test_uids_may_be_missing_and_elements_unknown_and_out_of_order() -> None:
    elements = [(0x0800, 1), (0x7777, 5), (0x0110, 3), (0x0100, 1)]
    encoded = b"".join(struct.pack("<HHLH", 0, element, 2, value) for element, value in elements)
    command = decode_command_set(encoded)
    assert (command.message_id, command.has_data_set, command.sop_class_uid) == (3, True, b"")


def test_a_cancel_request_has_no_message_id_and_no_answer() -> None:
    command = decode_command_set(command_set({0x0100: C_CANCEL_RQ, 0x0120: 4, 0x0800: 0x0101}))
    assert not command.is_request


WHOLE = store_command("1.2.3", "1.2.4")


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        WHOLE[:-1],
        WHOLE[:-9],
        WHOLE[:5],
        command_set({0x0110: 1, 0x0800: 1}),
        command_set({0x0100: 1, 0x0800: 1}),
        command_set({0x0100: 1, 0x0110: 1}),
        command_set({0x0100: b"\1", 0x0110: 1, 0x0800: 1}),
        command_set({0x0100: 1, 0x0110: b"\1\0\0\0", 0x0800: 1}),
        WHOLE + struct.pack("<HHL", 8, 0x16, 0),
        WHOLE + struct.pack("<HHL", 0, 0x16, 0xFFFFFFFE),
    ],
)
def test_what_cannot_be_answered_is_a_violation(encoded: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        decode_command_set(encoded)


def test_a_response_is_what_another_library_reads() -> None:
    request = CommandSet(
        command_field=1,
        message_id=77,
        has_data_set=True,
        sop_class_uid=b"1.2.3\0",
        sop_instance_uid=b"1.2.44",
    )
    encoded = encode_response(request, 0xA700, "The disk is full.")
    response = read_dataset(DicomBytesIO(encoded), is_implicit_VR=True, is_little_endian=True)
    assert response.CommandGroupLength == len(encoded) - 12
    assert [element.tag.element for element in response] == sorted(
        element.tag.element for element in response
    )
    assert response.CommandField == 0x8001
    assert response.MessageIDBeingRespondedTo == 77
    assert response.CommandDataSetType == 0x0101
    assert response.Status == 0xA700
    assert response.ErrorComment == "The disk is full."
    assert response.AffectedSOPClassUID == "1.2.3"
    assert response.AffectedSOPInstanceUID == "1.2.44"


def test_uids_go_back_as_they_came_and_missing_ones_stay_out() -> None:
    request = CommandSet(command_field=1, message_id=1, has_data_set=True, sop_instance_uid=b"\xff..\0")
    encoded = encode_response(request, 0)
    assert struct.pack("<HHL", 0, 0x1000, 4) + b"\xff..\0" in encoded
    assert struct.pack("<HH", 0, 0x0002) not in encoded
    assert struct.pack("<HH", 0, 0x0902) not in encoded


@pytest.mark.parametrize(
    ("comment", "sent"),
    [
        ("x" * 100, b"x" * 64),
        ("odd", b"odd "),
        ("a\\b\nc\0d", b"a/b c d "),
        ("尿 café", b"? caf?"),
    ],
)
def test_an_error_comment_is_a_proper_long_string(comment: str, sent: bytes) -> None:
    encoded = encode_response(
        CommandSet(command_field=C_ECHO_RQ, message_id=1, has_data_set=False), 0x0110, comment
    )
    assert struct.pack("<HHL", 0, 0x0902, len(sent)) + sent in encoded


@pytest.mark.parametrize(
    ("value", "announced"),
    [
        (b"1.2.3\0", "1.2.3"),
        (b"1.2.3 ", "1.2.3"),
        (b"..\0", ".."),
        (b"", None),
        (b"\0\0", None),
        (b"1.2\0.3", "1.2\\x00.3"),
        (b"\xe5\xbd\xb1", "\\xe5\\xbd\\xb1"),
        (b"../../x", "../../x"),
    ],
)
def test_an_announced_uid_is_shown_whatever_it_holds(value: bytes, announced: str | None) -> None:
    assert announced_uid(value) == announced
