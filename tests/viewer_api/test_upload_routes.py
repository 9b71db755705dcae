"""Uploads over HTTP: pieces, cut lines, what came before, ZIPs, and what is given up."""

import asyncio
import hashlib
import io
import zipfile
from typing import Any

import pytest

from core import limits
from core.access import EVERY_SITE
from core.errors import HubError, InvalidRequest, QuotaExceeded, TooLarge
from core.limits import UPLOAD_FILE_BYTES, UPLOAD_FILES
from storage import uploads as storage_uploads
from storage.sweep import sweep
from storage.upload import STATE_WORDS, AnnouncedFile, FileState, require_files
from storage.upload_intake import UploadIntake
from tests.fixtures.consultation import QINGSHAN, XINGLONG, at_site
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import part10, small

STUDY = "1.2.840.7"


def file_of(number: int, study: str = STUDY) -> bytes:
    """Return a DICOM file of a study."""
    return part10(small(StudyInstanceUID=study, SOPInstanceUID=f"{study}.{number}"))


def begin(edge: Edge, *bodies: bytes, with_digests: bool = False, **announced: Any) -> dict[str, Any]:
    """Announce files; return the upload."""
    files = [
        {
            "name": f"IM{number}",
            "size": len(body),
            **({"sha256": hashlib.sha256(body).hexdigest()} if with_digests else {}),
            **announced,
        }
        for number, body in enumerate(bodies, 1)
    ]
    answer = edge.client("technician").post("/api/v1/uploads", json={"site_id": XINGLONG, "files": files})
    assert answer.status_code == 201, answer.text
    upload: dict[str, Any] = answer.json()
    return upload


def send(edge: Edge, upload: dict[str, Any], number: int, body: bytes, offset: int = 0) -> Any:
    """Send a piece of a file; return the answer."""
    return edge.client("technician").patch(
        f"/api/v1/uploads/{upload['upload_id']}/files/{number}",
        content=body,
        headers={"Upload-Offset": str(offset)},
    )


def shown(edge: Edge, upload: dict[str, Any]) -> dict[str, Any]:
    """Return the upload as it is now."""
    answer: dict[str, Any] = edge.client("technician").get(f"/api/v1/uploads/{upload['upload_id']}").json()
    return answer


def pieces(edge: Edge) -> list[str]:
    """Return the blobs of pieces."""
    blobs = edge.consultation.archive.blobs
    return [key for key, _ in list(blobs.keys()) if "/uploads/" in key]


def test_files_come_in_pieces_and_are_stored(edge: Edge) -> None:
    one, two = file_of(1), file_of(2)
    upload = begin(edge, one, two)
    assert (upload["number_of_files"], upload["files_done"]) == (2, 0)
    whole = send(edge, upload, 1, one)
    assert (whole.status_code, whole.json()["state"]) == (200, "stored"), whole.text
    assert whole.json()["study_instance_uid"] == STUDY
    half = send(edge, upload, 2, two[:300])
    assert (half.json()["state"], half.headers["Upload-Offset"]) == ("waiting", "300")
    assert len(pieces(edge)) == 1
    for wrong in (0, 299, 301):
        assert send(edge, upload, 2, two[wrong:], wrong).status_code == 412
    at = edge.client("technician").get(f"/api/v1/uploads/{upload['upload_id']}/files/2")
    assert at.headers["Upload-Offset"] == "300"
    assert send(edge, upload, 2, two[300:], 300).json()["state"] == "stored"
    assert send(edge, upload, 2, b"", len(two)).status_code == 409
    done = shown(edge, upload)
    assert (done["files_done"], done["states"], done["study_instance_uids"]) == (2, {"stored": 2}, [STUDY])
    assert done["finished_at"] is not None
    assert done["received"] == done["size"] == len(one) + len(two)
    assert pieces(edge) == []
    [instance, _] = edge.consultation.archive.instances_of(STUDY, visible_to=EVERY_SITE)
    assert (instance.site_id, instance.origin_kind) == (XINGLONG, "account")


def test_what_came_before_is_not_sent_again(edge: Edge) -> None:
    body = file_of(1)
    first = begin(edge, body, with_digests=True)
    send(edge, first, 1, body)
    again = begin(edge, body, with_digests=True)
    assert again["states"] == {"held-already": 1}
    assert again["finished_at"] is not None
    unknown = begin(edge, body)
    assert send(edge, unknown, 1, body).json()["state"] == "held-already"


def test_a_file_that_is_not_as_announced_begins_again(edge: Edge) -> None:
    body = file_of(1)
    upload = begin(edge, body, with_digests=True)
    send(edge, upload, 1, body[:100])
    damaged = send(edge, upload, 1, bytes(len(body) - 100), 100).json()
    assert (damaged["state"], damaged["received"]) == ("waiting", 0)
    assert pieces(edge) == []
    assert send(edge, upload, 1, body).json()["state"] == "stored"


@pytest.mark.parametrize(
    ("body", "state"),
    [(b"no image" * 40, "not-dicom"), (b"\0" * 128 + b"DICM" + b"\x02\0\0\0", "quarantined")],
)
def test_what_is_no_image_is_left_out_in_words(edge: Edge, body: bytes, state: str) -> None:
    answer = send(edge, begin(edge, body), 1, body).json()
    assert answer["state"] == state
    assert answer["words"].startswith(STATE_WORDS[FileState(state)])


def test_a_zip_is_unpacked_and_each_of_its_files_told(edge: Edge) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in (1, 2):
            archive.writestr(f"../DICOM/IM{number}", file_of(number))
        archive.writestr("README.TXT", b"hello " * 50)
    body = packed.getvalue()
    upload = begin(edge, body, name="study.zip")
    assert send(edge, upload, 1, body).json()["state"] == "unpacking"
    intake = UploadIntake(
        database=edge.rooms.database, archive=edge.consultation.archive, clock=edge.rooms.clock
    )
    assert intake.unpack()
    done = shown(edge, upload)
    assert done["states"] == {"unpacked": 1, "stored": 2, "not-dicom": 1}
    assert [(file["name"], file["inside_of"]) for file in done["files"][1:3]] == [
        ("../DICOM/IM1", 1),
        ("../DICOM/IM2", 1),
    ]
    assert (done["finished_at"] is not None, pieces(edge)) == (True, [])
    assert not intake.unpack()
    broken = b"PK\x03\x04" + bytes(60)
    upload = begin(edge, broken)
    send(edge, upload, 1, broken)
    intake.unpack()
    assert shown(edge, upload)["states"] == {"refused": 1}


def test_what_came_of_a_cut_piece_stays(edge: Edge) -> None:
    body = file_of(1)
    upload = begin(edge, body)
    sent: list[dict[str, Any]] = []

    async def cut_line() -> None:
        path = f"/api/v1/uploads/{upload['upload_id']}/files/1"
        messages = [
            {"type": "http.request", "body": body[:200], "more_body": True},
            {"type": "http.disconnect"},
        ]
        headers = {**edge.headers("technician"), "Upload-Offset": "0", "Content-Length": str(len(body))}

        async def receive() -> dict[str, Any]:
            return messages.pop(0)

        async def answer(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "PATCH",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
        }
        await edge.app(scope, receive, answer)  # type: ignore[arg-type] # as a server would

    asyncio.run(cut_line())
    assert sent[0]["status"] == 400
    [file] = shown(edge, upload)["files"]
    assert (file["received"], file["state"]) == (200, "waiting")
    assert send(edge, upload, 1, body[200:], 200).json()["state"] == "stored"


def test_a_piece_is_not_longer_than_agreed(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    body = file_of(1)
    upload = begin(edge, body)
    assert send(edge, upload, 1, body + b"x").status_code == 413
    monkeypatch.setattr(storage_uploads, "UPLOAD_PART_BYTES", 100)
    assert send(edge, upload, 1, body[:101]).status_code == 413
    assert send(edge, upload, 1, body[:100]).json()["received"] == 100
    monkeypatch.setattr(storage_uploads, "UPLOAD_PARTS", 1)
    assert send(edge, upload, 1, body[100:200], 100).status_code == 400


def test_so_many_uploads_are_open_at_once(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_uploads, "UPLOADS_OPEN", 1)
    body = file_of(1)
    upload = begin(edge, body)
    refused = edge.client("technician").post(
        "/api/v1/uploads", json={"site_id": XINGLONG, "files": [{"name": "x", "size": 1}]}
    )
    assert refused.status_code == 507
    assert edge.rooms.uploads.open(
        at_site("technician", QINGSHAN), QINGSHAN, [AnnouncedFile(name="x", size=1)]
    )
    send(edge, upload, 1, body)
    assert begin(edge, body)["files_done"] == 0


@pytest.mark.parametrize(
    ("files", "refusal"),
    [
        ([], InvalidRequest),
        ([AnnouncedFile(name="x", size=1)] * (UPLOAD_FILES + 1), InvalidRequest),
        ([AnnouncedFile(name="", size=1)], InvalidRequest),
        ([AnnouncedFile(name="x" * 201, size=1)], InvalidRequest),
        ([AnnouncedFile(name="\0", size=1)], InvalidRequest),
        ([AnnouncedFile(name="x", size=1, sha256="x")], InvalidRequest),
        ([AnnouncedFile(name="x", size=0)], TooLarge),
        ([AnnouncedFile(name="x", size=UPLOAD_FILE_BYTES + 1)], TooLarge),
    ],
)
def test_these_cannot_be_announced(files: list[AnnouncedFile], refusal: type[HubError]) -> None:
    with pytest.raises(refusal):
        require_files(files)
    require_files([AnnouncedFile(name="x" * 200, size=UPLOAD_FILE_BYTES)] * UPLOAD_FILES)


def test_what_never_comes_whole_is_given_up_and_its_pieces_removed(edge: Edge) -> None:
    body = file_of(1)
    upload = begin(edge, body)
    send(edge, upload, 1, body[:100])
    archive, clock = edge.consultation.archive, edge.consultation.clock
    intake = UploadIntake(database=edge.rooms.database, archive=archive, clock=clock)
    edge.consultation.arrive()
    clock.advance(hours=limits.UPLOAD_HOURS - 1)
    assert intake.sweep() == 0
    sweep(archive, now=clock.advance(days=3), grace=clock.now() - clock.now(), named_elsewhere=intake.named)
    assert len(pieces(edge)) == 1
    assert intake.sweep() == 1
    assert (shown(edge, upload)["states"], pieces(edge)) == ({"given-up": 1}, [])
    assert send(edge, upload, 1, body[100:], 100).status_code == 409
    clock.advance(days=limits.UPLOAD_DAYS + 1)
    intake.sweep()
    assert edge.client("technician").get(f"/api/v1/uploads/{upload['upload_id']}").status_code == 404


def test_a_full_disk_is_said_and_nothing_is_lost(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    body = file_of(1)
    upload = begin(edge, body)
    send(edge, upload, 1, body[:100])
    store = edge.consultation.archive.store

    def full(*_: Any) -> None:
        raise QuotaExceeded

    monkeypatch.setattr(edge.consultation.archive, "store", full)
    assert send(edge, upload, 1, body[100:], 100).status_code == 507
    monkeypatch.setattr(edge.consultation.archive, "store", store)
    assert send(edge, upload, 1, b"", len(body)).json()["state"] == "stored"
