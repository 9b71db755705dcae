"""PDUs are bounded before they are read, and cut apart without trust."""

import struct

import pytest

from core.limits import ASSOCIATION_REQUEST_LIMIT, PDU_LENGTH_LIMIT
from pacs_gateway.pdu import (
    CALLED_AE_TITLE_NOT_RECOGNIZED,
    CALLING_AE_TITLE_NOT_RECOGNIZED,
    PduType,
    ProtocolViolation,
    Rejection,
    ae_title_refusal,
    ae_titles,
    fragments,
    read_pdu_header,
)
from tests.fixtures.raw_scu import association_request, fragment_item


@pytest.mark.parametrize(
    ("kind", "length", "is_borne"),
    [
        (1, ASSOCIATION_REQUEST_LIMIT - 1, True),
        (1, ASSOCIATION_REQUEST_LIMIT, True),
        (1, ASSOCIATION_REQUEST_LIMIT + 1, False),
        (4, PDU_LENGTH_LIMIT - 1, True),
        (4, PDU_LENGTH_LIMIT, True),
        (4, PDU_LENGTH_LIMIT + 1, False),
        (4, 2**32 - 1, False),
        (5, 4, True),
        (7, 4, True),
        (7, 2**31, False),
        (0, 4, False),
        (8, 4, False),
        (ord("G"), 4, False),
    ],
)
def test_a_pdu_is_known_and_as_long_as_allowed(kind: int, length: int, is_borne: bool) -> None:
    header = struct.pack(">BxL", kind, length)
    if is_borne:
        assert read_pdu_header(header) == (PduType(kind), length)
    else:
        with pytest.raises(ProtocolViolation):
            read_pdu_header(header)


def test_fragments_come_with_their_context_and_control_header() -> None:
    body = fragment_item(b"abc", context_id=3, control=1) + fragment_item(b"", context_id=5, control=2)
    assert [(context_id, bytes(value)) for context_id, value in fragments(bytearray(body))] == [
        (3, b"\x01abc"),
        (5, b"\x02"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"\0",
        struct.pack(">L", 2),
        struct.pack(">LB", 1, 1),
        struct.pack(">LB", 0, 1),
        struct.pack(">LBB", 3, 1, 2),
        struct.pack(">LBB", 2**32 - 1, 1, 2),
        fragment_item(b"abc", context_id=1, control=0) + b"\0\0",
    ],
)
def test_items_that_do_not_fit_their_pdu_are_a_violation(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        list(fragments(bytearray(body)))


@pytest.mark.parametrize(
    ("calling", "called", "refusal"),
    [
        (b"US1", b"HUB", None),
        (b"us 1 %s", b"H", None),
        (b"", b"HUB", CALLING_AE_TITLE_NOT_RECOGNIZED),
        (b"US1\0", b"HUB", CALLING_AE_TITLE_NOT_RECOGNIZED),
        (b"US1\n", b"HUB", CALLING_AE_TITLE_NOT_RECOGNIZED),
        ("影像".encode(), b"HUB", CALLING_AE_TITLE_NOT_RECOGNIZED),
        (b"US1", b"", CALLED_AE_TITLE_NOT_RECOGNIZED),
        (b"US1", b"\xff", CALLED_AE_TITLE_NOT_RECOGNIZED),
    ],
)
def test_titles_that_are_none_are_turned_away_with_the_right_reason(
    calling: bytes, called: bytes, refusal: Rejection | None
) -> None:
    request = association_request([], calling=calling, called=called)
    assert ae_title_refusal(request) == refusal
    if refusal is None:
        assert ae_titles(request) == (calling.decode(), called.decode())


def test_a_request_without_room_for_titles_is_a_violation() -> None:
    with pytest.raises(ProtocolViolation):
        ae_title_refusal(bytes(67))
