"""STOW-RS: what becomes of each instance of a request, and what a request may be (PS3.18 10.5, I.2)."""

import socket
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from core.errors import (
    HubError,
    QuotaExceeded,
    StorageUnavailable,
    UnsupportedSOPClass,
    UnsupportedTransferSyntax,
)
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import STOW_TYPE, multipart, part10, small

STUDY = "1.2.840.1"
STUDIES = "/dicom-web/studies"
RETRIEVE_URL, FAILED, STORED, OTHER_FAILURES = "00081190", "00081198", "00081199", "0008119A"
SOP_CLASS, SOP_INSTANCE, REASON = "00081150", "00081155", "00081197"
GOOD: Final = part10(small(StudyInstanceUID=STUDY, SOPInstanceUID="1.2.840.1.1.1"))


def post(edge: Edge, body: bytes | Iterator[bytes], path: str = STUDIES, **headers: str) -> Any:
    sent = {"Content-Type": STOW_TYPE} | {name.replace("_", "-"): value for name, value in headers.items()}
    return edge.client("technician").post(path, content=body, headers=sent)


def reasons(answer: Any, sequence: str = FAILED) -> list[int]:
    return [each[REASON]["Value"][0] for each in answer.json().get(sequence, {}).get("Value", [])]


def stored(answer: Any) -> list[str]:
    return [each[SOP_INSTANCE]["Value"][0] for each in answer.json().get(STORED, {}).get("Value", [])]


def test_all_stored_is_200_with_the_address_of_each(edge: Edge) -> None:
    """PS3.18 Table 10.5.3-1 and PS3.18 Table I.2-1: references and addresses."""
    two = [small(StudyInstanceUID=STUDY) for _ in range(2)]
    answer = post(edge, multipart(*(part10(each) for each in two)))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/dicom+json")
    assert stored(answer) == [each.SOPInstanceUID for each in two]
    assert answer.json()[RETRIEVE_URL]["Value"][0].endswith(f"/dicom-web/sites/xinglong/studies/{STUDY}")
    for reference in answer.json()[STORED]["Value"]:
        assert reference[SOP_CLASS]["Value"] == [two[0].SOPClassUID]
        url = reference[RETRIEVE_URL]["Value"][0]
        assert edge.client("technician").get(url).status_code == 200


def test_some_stored_is_202_and_none_is_409_each_failure_with_its_reason(edge: Edge) -> None:
    """PS3.18 Table 10.5.3-1 and PS3.18 Table I.2-2."""
    other = part10(small(StudyInstanceUID="1.2.840.2"))
    answer = post(edge, multipart(GOOD, other, b"nonsense"), f"{STUDIES}/{STUDY}")
    assert answer.status_code == 202
    assert stored(answer) == ["1.2.840.1.1.1"]
    assert reasons(answer) == [0xA900]
    assert reasons(answer, OTHER_FAILURES) == [0xC000]
    answer = post(edge, multipart(other), f"{STUDIES}/{STUDY}")
    assert (answer.status_code, reasons(answer), stored(answer)) == (409, [0xA900], [])
    assert RETRIEVE_URL not in answer.json()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (HubError, 0x0110),
        (UnsupportedSOPClass, 0x0122),
        (UnsupportedTransferSyntax, 0xC122),
        (QuotaExceeded, 0xA700),
        (StorageUnavailable, 0xA700),
    ],
)
def test_a_failure_has_the_reason_of_its_kind(
    edge: Edge, error: type[HubError], reason: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PS3.18 Table I.2-2: 0110, 0122, C122 and A700, beside one that was stored."""
    store, refused = edge.rooms.archive.store, small(StudyInstanceUID=STUDY)

    def refuse_one(encoded: Any, origin: Any) -> Any:
        if encoded.announced_sop_instance_uid == refused.SOPInstanceUID:
            raise error
        return store(encoded, origin)

    monkeypatch.setattr(edge.rooms.archive, "store", refuse_one)
    answer = post(edge, multipart(part10(refused), GOOD))
    assert (answer.status_code, reasons(answer)) == (202, [reason])
    (failure,) = answer.json()[FAILED]["Value"]
    assert failure[SOP_INSTANCE]["Value"] == [refused.SOPInstanceUID]


def test_what_is_no_object_to_store_is_refused(edge: Edge) -> None:
    """PS3.18 Table I.2-2, 0122: of a service that stores nothing, as over DIMSE."""
    for not_stored in ("1.2.840.10008.1.1", "1.2.840.10008.5.1.4.31", "1.2.840.10008.1.3.10"):
        answer = post(edge, multipart(part10(small(SOPClassUID=not_stored))))
        assert (answer.status_code, reasons(answer)) == (409, [0x0122]), not_stored
    private = post(edge, multipart(part10(small(SOPClassUID="1.2.826.0.1.3680043.2.1.9"))))
    assert private.status_code == 200


def test_the_same_again_changes_nothing(edge: Edge) -> None:
    """PS3.18 10.5.2.2: in another request, and twice in one."""
    first = post(edge, multipart(GOOD))
    again = post(edge, multipart(GOOD, GOOD), f"{STUDIES}/{STUDY}")
    assert (first.status_code, again.status_code) == (200, 200)
    assert stored(again) == ["1.2.840.1.1.1", "1.2.840.1.1.1"]
    assert len(edge.client("technician").get("/dicom-web/instances").json()) == 1


REQUESTS: Final[list[Any]] = [
    # PS3.18 8.6.1.2: multipart/related of application/dicom, quoted or not
    (multipart(GOOD), {}, 200),
    (
        multipart(GOOD),
        {"Content_Type": "multipart/related; type=application/dicom; boundary=hub-test-boundary"},
        200,
    ),
    (multipart(GOOD).replace(b"Content-Type: application/dicom\r\n", b""), {}, 200),
    (b"a preamble\r\n" + multipart(GOOD) + b"an epilogue", {}, 200),
    (multipart(GOOD), {"Accept": "application/dicom+json"}, 200),
    # PS3.18 10.5.2: other media types of the standard are not taken
    (multipart(GOOD), {"Content_Type": 'multipart/related; type="application/dicom+json"; boundary=b'}, 415),
    (GOOD, {"Content_Type": "application/dicom"}, 415),
    (multipart(GOOD), {"Accept": "application/dicom+xml"}, 406),
    # bad syntax
    (multipart(GOOD), {"Content_Type": 'multipart/related; type="application/dicom"'}, 400),
    (multipart(GOOD)[:-30], {}, 400),
    (b"", {}, 400),
    (multipart(GOOD, part_type="image/jpeg"), {}, 409),
]


def test_a_request_is_multipart_related_of_dicom_or_refused(edge: Edge) -> None:
    """PS3.18 Table 10.5.3-1, PS3.18 10.5.2 and PS3.18 8.6.1.2, whole and chunked."""
    for body, headers, status in REQUESTS:
        assert post(edge, body, **headers).status_code == status, (body[:80], headers)
        pieces = iter([body[start : start + 100] for start in range(0, len(body), 100)])
        assert post(edge, pieces, **headers).status_code == status, (body[:80], headers)


def test_a_client_that_waits_to_be_told_is_told(edge: Edge, address: str) -> None:
    """RFC 9110 10.1.1 with RFC 9112 7.1: Expect: 100-continue, then a chunked body."""
    host = urlsplit(address)
    body = multipart(GOOD)
    head = (
        f"POST {STUDIES} HTTP/1.1\r\nHost: {host.netloc}\r\nConnection: close\r\n"
        f"Content-Type: {STOW_TYPE}\r\n"
        f"Authorization: {edge.headers('technician')['Authorization']}\r\n"
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((host.hostname or "", host.port or 0), timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        for start in range(0, len(body), 300):
            piece = body[start : start + 300]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"1.2.840.1.1.1" in answer


def test_who_may_not_store_here_is_refused(edge: Edge) -> None:
    """PS3.18 8.13 and PS3.18 Table 8.5-1: 401, 403 and 404 before a byte of the body is kept."""
    for username, path, status in (
        (None, STUDIES, 401),
        ("reader", STUDIES, 403),
        ("technician", f"/dicom-web/sites/nowhere/studies/{STUDY}", 404),
        ("technician", "/dicom-web/sites/qingshan/studies", 404),
    ):
        answer = edge.client(username).post(
            path, content=multipart(GOOD), headers={"Content-Type": STOW_TYPE}
        )
        assert answer.status_code == status, (username, path)
    assert list(edge.rooms.archive.incoming.directory.iterdir()) == []
