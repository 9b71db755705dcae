"""Storing over HTTP: streamed, part by part, each with its own result (PS3.18 10.5)."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from core import limits
from core.access import Scope
from core.errors import QuotaExceeded, StorageUnavailable
from core.origin import OriginKind
from core.uids import new_uid
from tests.fixtures.consultation import XINGLONG
from tests.fixtures.encoded_elements import ITEM_END, SEQUENCE_END, explicit, item
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import (
    CINE,
    ECG,
    STOW_TYPE,
    data_set_of,
    multipart,
    part10,
    sample,
    small,
    store,
)

EVERYTHING = Scope(everything=True)
CLASS, INSTANCE, REASON = "00081150", "00081155", "00081197"
FAILED, STORED, OTHER_FAILURES = "00081198", "00081199", "0008119A"
STUDY = "1.2.840.1"


def post(
    edge: Edge,
    body: bytes | Iterator[bytes],
    *,
    path: str = "/dicom-web/studies",
    content_type: str = STOW_TYPE,
    username: str = "technician",
) -> Any:
    return edge.client(username).post(path, content=body, headers={"Content-Type": content_type})


def values(answer: Any, sequence: str, tag: str) -> list[Any]:
    """Return one attribute of each item of a sequence of the answer."""
    return [each[tag]["Value"][0] for each in answer.json().get(sequence, {}).get("Value", [])]


def files_left(edge: Edge) -> list[str]:
    return [file.name for file in edge.rooms.archive.incoming.directory.iterdir()]


def test_what_is_stored_is_answered_with_where_it_is(edge: Edge) -> None:
    one = small(StudyInstanceUID=STUDY)
    two = small(StudyInstanceUID=STUDY, SeriesInstanceUID=one.SeriesInstanceUID, InstanceNumber=2)
    answer = post(edge, multipart(part10(one), part10(two)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/dicom+json"
    assert values(answer, STORED, INSTANCE) == [one.SOPInstanceUID, two.SOPInstanceUID]
    assert values(answer, STORED, CLASS) == [one.SOPClassUID] * 2
    assert FAILED not in answer.json()
    study = f"http://127.0.0.1/dicom-web/sites/{XINGLONG}/studies/{STUDY}"
    assert answer.json()["00081190"]["Value"] == [study]
    below = f"{study}/series/{one.SeriesInstanceUID}/instances/"
    assert values(answer, STORED, "00081190") == [below + one.SOPInstanceUID, below + two.SOPInstanceUID]
    assert files_left(edge) == []


@pytest.mark.parametrize("path", [CINE, ECG], ids=lambda path: path.stem)
def test_an_instance_is_kept_exactly_as_sent(edge: Edge, path: Any) -> None:
    dataset = sample(path)
    file = part10(dataset)
    assert post(edge, multipart(file)).status_code == 200
    (found,) = edge.rooms.archive.instances_of(dataset.StudyInstanceUID, visible_to=EVERYTHING)
    assert b"".join(edge.rooms.archive.whole(found)) == file
    assert found.transfer_syntax_uid == dataset.file_meta.TransferSyntaxUID
    assert found.origin_kind == OriginKind.ACCOUNT


def test_the_same_instance_by_two_doors_is_one(edge: Edge) -> None:
    file = part10(small())
    by_device = store(edge.rooms.archive, edge.consultation.clock, file)
    assert post(edge, multipart(file)).status_code == 200
    assert post(edge, multipart(file, file)).status_code == 200
    found = edge.rooms.archive.instances_of(by_device.study_instance_uid, visible_to=EVERYTHING)
    assert len(found) == 1
    assert found[0].origin_kind == OriginKind.DEVICE


def test_another_data_set_under_a_uid_that_is_held_is_kept_and_flagged(edge: Edge) -> None:
    uid = new_uid()
    first, second = (small(StudyInstanceUID=STUDY, SOPInstanceUID=uid, PatientID=each) for each in "12")
    post(edge, multipart(part10(first)))
    answer = post(edge, multipart(part10(second)))
    assert answer.status_code == 200
    assert values(answer, STORED, INSTANCE) == [uid]
    assert "Another data set is held" in answer.headers["warning"]
    (found,) = edge.rooms.archive.instances_of(STUDY, visible_to=EVERYTHING)
    assert b"".join(edge.rooms.archive.whole(found)) == part10(first)
    assert "warning" not in post(edge, multipart(part10(first))).headers


def test_one_bad_part_does_not_stop_the_others(edge: Edge) -> None:
    good = small(StudyInstanceUID=STUDY)
    answer = post(edge, multipart(b"this is not DICOM", part10(good), b""))
    assert answer.status_code == 202
    assert values(answer, STORED, INSTANCE) == [good.SOPInstanceUID]
    assert values(answer, OTHER_FAILURES, REASON) == [0xC000, 0xC000]
    assert files_left(edge) == []


def without_uid(keyword: str) -> bytes:
    dataset = small()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    del dataset[keyword]
    return part10(dataset)


def truncated() -> bytes:
    return part10(small())[:-20]


def too_deep() -> bytes:
    depth = limits.NESTING_DEPTH + 1
    opening = explicit(0x00081140, "SQ", length=0xFFFFFFFF) + item(b"", length=0xFFFFFFFF)
    return part10(small(PixelData=None)) + opening * depth + (ITEM_END + SEQUENCE_END) * depth


def absurd_length() -> bytes:
    return part10(small(PixelData=None)) + explicit(0x7FE00010, "OW", b"ab", length=0xFFFFFFF0)


BAD = {
    "no SOP Instance UID": (lambda: without_uid("SOPInstanceUID"), 0xC000),
    "no Study Instance UID": (lambda: without_uid("StudyInstanceUID"), 0xC000),
    "a UID that is a path": (lambda: part10(small(StudyInstanceUID="../../etc")), 0xC000),
    "truncated": (truncated, 0xC000),
    "nested too deep": (too_deep, 0xC000),
    "longer than the file": (absurd_length, 0xC000),
    "only a preamble": (lambda: bytes(128) + b"DICM", 0xC000),
}


@pytest.mark.parametrize(("name"), BAD)
def test_what_cannot_be_indexed_is_refused_and_its_bytes_are_kept(edge: Edge, name: str) -> None:
    make, reason = BAD[name]
    file = make()
    answer = post(edge, multipart(file))
    assert answer.status_code == 409
    assert values(answer, OTHER_FAILURES, REASON) + values(answer, FAILED, REASON) == [reason]
    blobs = edge.rooms.archive.blobs
    ((key, _),) = blobs.keys()
    with blobs.open(key) as kept:
        assert kept.read() == file
    assert edge.client("admin").get("/dicom-web/studies").json() == []


def test_an_ill_formed_uid_of_a_real_converter_is_stored(edge: Edge) -> None:
    dataset = small(SOPInstanceUID="1.2..3.")
    assert post(edge, multipart(part10(dataset))).status_code == 200


def test_an_instance_of_another_study_than_the_address_says_is_refused(edge: Edge) -> None:
    right, wrong = small(StudyInstanceUID=STUDY), small()
    for dataset in (right, wrong):
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    answer = post(edge, multipart(part10(right), part10(wrong)), path=f"/dicom-web/studies/{STUDY}")
    assert answer.status_code == 202
    assert values(answer, STORED, INSTANCE) == [right.SOPInstanceUID]
    assert values(answer, FAILED, INSTANCE) == [wrong.SOPInstanceUID]
    assert values(answer, FAILED, CLASS) == [wrong.SOPClassUID]
    assert values(answer, FAILED, REASON) == [0xA900]


def test_a_file_whose_meta_information_names_another_instance_is_refused(edge: Edge) -> None:
    dataset = small()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    file = part10_as_it_is(dataset)
    assert values(post(edge, multipart(file)), FAILED, REASON) == [0xA900]


def part10_as_it_is(dataset: Any) -> bytes:
    """Return a file whose File Meta is not corrected to the data set."""
    right = part10(dataset)
    return right.replace(
        dataset.SOPInstanceUID.encode(), b"1.2.3".ljust(len(dataset.SOPInstanceUID), b"\0"), 1
    )


def test_a_bare_data_set_without_file_meta_is_understood(edge: Edge) -> None:
    dataset = small(StudyInstanceUID=STUDY)
    assert post(edge, multipart(data_set_of(part10(dataset)))).status_code == 200


@pytest.mark.parametrize("error", [QuotaExceeded, StorageUnavailable])
def test_what_would_work_later_is_told_apart(
    edge: Edge, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    put = edge.rooms.archive.blobs.put
    calls = []

    def fails_first(key: str, path: Any) -> None:
        calls.append(key)
        if len(calls) == 1:
            raise error
        put(key, path)

    monkeypatch.setattr(edge.rooms.archive.blobs, "put", fails_first)
    one, two = (part10(small(StudyInstanceUID=STUDY)) for _ in range(2))
    answer = post(edge, multipart(one, two))
    assert answer.status_code == 202
    assert values(answer, FAILED, REASON) == [0xA700]
    monkeypatch.setattr(edge.rooms.archive.blobs, "put", lambda *_: fails(error))
    answer = post(edge, multipart(part10(small())))
    assert answer.status_code == (507 if error is QuotaExceeded else 503)
    assert "retry-after" in answer.headers
    assert files_left(edge) == []


def fails(error: type[Exception]) -> None:
    raise error


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/dicom", 415),
        ("application/json", 415),
        ("multipart/form-data; boundary=hub-test-boundary", 415),
        ('multipart/related; type="application/dicom+json"; boundary=hub-test-boundary', 415),
        ('multipart/related; type="application/dicom+xml"; boundary=hub-test-boundary', 415),
        ("multipart/related; boundary=hub-test-boundary", 415),
        ('multipart/related; type="application/dicom"', 400),
        ('multipart/related; type="application/dicom"; boundary=""', 400),
        ('multipart/related; type="application/dicom"; boundary=another', 400),
        (f'multipart/related; type="application/dicom"; boundary={"x" * 300}', 400),
        ('multipart/related; type="application/dicom"; boundary="hub-test-boundary"', 200),
        ("Multipart/Related;TYPE=application/dicom;BOUNDARY=hub-test-boundary", 200),
        ('multipart/related; boundary=hub-test-boundary; type="application/dicom"; start=x', 200),
    ],
)
def test_a_body_has_to_be_what_its_header_says(edge: Edge, content_type: str, status: int) -> None:
    answer = post(edge, multipart(part10(small())), content_type=content_type)
    assert answer.status_code == status
    assert files_left(edge) == []


def test_an_answer_in_xml_is_not_to_be_had(edge: Edge) -> None:
    headers = {"Content-Type": STOW_TYPE, "Accept": "application/dicom+xml"}
    answer = edge.client("technician").post(
        "/dicom-web/studies", content=multipart(part10(small())), headers=headers
    )
    assert answer.status_code == 406
    assert edge.client("admin").get("/dicom-web/studies").json() == []


GOOD = part10(small(StudyInstanceUID=STUDY))
HEAD = b"--hub-test-boundary\r\n"
TAIL = b"\r\n--hub-test-boundary--\r\n"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"--hub-test-boundary--\r\n", 400),
        (b"nonsense", 400),
        (b"nonsense" * 100_000, 400),
        (HEAD, 400),
        (HEAD + b"\r\n" + GOOD, 400),
        (HEAD + b"\r\n" + GOOD + b"\r\n--hub-test-boundary", 400),
        (HEAD + b"\r\n" + GOOD + TAIL, 200),
        (b"\r\n" + HEAD + b"Content-Type: application/dicom\r\n\r\n" + GOOD + TAIL, 200),
        (HEAD + b"content-type:application/dicom;transfer-syntax=1.2\r\n\r\n" + GOOD + TAIL, 200),
        (HEAD + b"\r\n" + GOOD + TAIL + b"an epilogue", 200),
        (HEAD + b"Content-Type: text/plain\r\n\r\n" + GOOD + TAIL, 409),
        (HEAD + b"X: " + b"x" * (limits.MULTIPART_HEADER_LIMIT + 1) + b"\r\n\r\n" + GOOD + TAIL, 400),
        (HEAD + b"X: x\r\n" * 17 + b"\r\n" + GOOD + TAIL, 400),
        (HEAD + b"X" * 100_000, 400),
        (HEAD + b"no colon here\r\n\r\n" + GOOD + TAIL, 400),
        (HEAD + b": empty\r\n\r\n" + GOOD + TAIL, 400),
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_malformed_body_is_a_bad_request(edge: Edge, body: bytes, status: int, *, is_chunked: bool) -> None:
    content = iter([body[start : start + 1000] for start in range(0, len(body), 1000)] or [b""])
    answer = post(edge, content if is_chunked else body)
    assert answer.status_code == status, answer.text
    assert files_left(edge) == []


def test_parts_before_a_cut_are_stored_and_the_cut_one_is_not(edge: Edge) -> None:
    whole, cut = small(StudyInstanceUID=STUDY), small(StudyInstanceUID=STUDY)
    body = multipart(part10(whole), part10(cut))
    answer = post(edge, body[: -len(TAIL) - 10])
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-request")
    (found,) = edge.rooms.archive.instances_of(STUDY, visible_to=EVERYTHING)
    assert found.sop_instance_uid == whole.SOPInstanceUID
    assert files_left(edge) == []


def test_more_parts_than_a_request_may_have_end_it(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer_api.stow_parts.STOW_PARTS", 3)
    text = "Content-Type: text/plain"
    for count, status in ((3, 409), (4, 413)):
        body = b"".join(HEAD + text.encode() + b"\r\n\r\nx\r\n" for _ in range(count)) + TAIL.lstrip()
        assert post(edge, body).status_code == status


def test_ten_thousand_parts_of_nothing_are_answered(edge: Edge) -> None:
    body = (HEAD + b"Content-Type: text/plain\r\n\r\n\r\n") * limits.STOW_PARTS + TAIL.lstrip()
    answer = post(edge, body)
    assert answer.status_code == 409
    assert len(values(answer, OTHER_FAILURES, REASON)) == limits.STOW_PARTS


def test_a_body_beyond_the_limit_is_refused_with_and_without_its_length(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer_api.stow_rs.STOW_BODY_LIMIT", 10_000)
    body = multipart(part10(small(PixelData=bytes(20_000))))
    for content in (body, iter([body[:9_000], body[9_000:]])):
        answer = post(edge, content)
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert files_left(edge) == []


def test_an_instance_beyond_the_limit_is_refused_and_the_next_is_taken(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_file = edge.rooms.archive.incoming.new_file
    monkeypatch.setattr(edge.rooms.archive.incoming, "new_file", lambda now: new_file(now, 10_000))
    good = small(StudyInstanceUID=STUDY)
    answer = post(edge, multipart(part10(small(PixelData=bytes(200_000))), part10(good)))
    assert answer.status_code == 202
    assert values(answer, OTHER_FAILURES, REASON) == [0xC000]
    assert values(answer, STORED, INSTANCE) == [good.SOPInstanceUID]


@pytest.mark.parametrize("path", ["/dicom-web/studies", f"/dicom-web/studies/{STUDY}"])
def test_a_study_that_is_arriving_is_noted_until_it_has(
    edge: Edge, caller: Callable[[str], httpx2.Client], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer_api.stow_rs._FED_AT_ONCE", 1)
    body = multipart(part10(small(StudyInstanceUID=STUDY)))
    seen: list[set[tuple[str, str]]] = []

    def halting() -> Iterator[bytes]:
        yield body[: -len(TAIL)]
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and {(XINGLONG, STUDY)} not in seen:
            seen.append(edge.rooms.archive.studies_in_transfer())
            time.sleep(0.02)
        yield TAIL

    answer = caller("technician").post(path, content=halting(), headers={"Content-Type": STOW_TYPE})
    assert answer.status_code == 200
    assert seen[-1] == {(XINGLONG, STUDY)}
    assert edge.rooms.archive.studies_in_transfer() == set()


def test_an_answer_holds_no_patient_data(edge: Edge) -> None:
    dataset = small(PatientName="Secret^Person", PatientID="S-1")
    for body in (multipart(part10(dataset)), multipart(part10(dataset)[:-20])):
        assert not re.search("Secret|S-1", post(edge, body).text)


def test_a_stored_instance_can_be_had_where_the_answer_says(edge: Edge) -> None:
    dataset = small()
    answer = post(edge, multipart(part10(dataset)))
    (url,) = values(answer, STORED, "00081190")
    got = edge.client("reader").get(url, headers={"Accept": "application/dicom"})
    assert got.content == part10(dataset)
