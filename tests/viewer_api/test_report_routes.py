"""Reports over HTTP: the whole path from a claim to the clinic, and every way to lose words closed."""

import hashlib
import json
from http import HTTPStatus
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread
from sqlalchemy import select

from core.access import EVERY_SITE, Grant, Role, Route, Scope
from database.audit import AuditEvent, audit_events
from registry.tables import grants
from reporting.desk import LONGEST_TEXT
from tests.fixtures.consultation import GROUP, XINGLONG
from tests.fixtures.reading_over_http import FINDINGS, IMPRESSION, Reading


def _kept(reading: Reading, username: str, case_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (
        reading.as_(username).get(f"/api/v1/cases/{case_id}/kept-drafts").json()["items"]
    )
    return items


def test_a_case_is_claimed_written_signed_printed_and_in_the_clinics_hands(reading: Reading) -> None:
    reader, clinic = reading.as_("reader"), reading.as_("clinic")
    reading.rooms.ready()
    [line] = reader.get("/api/v1/worklist").json()["items"]
    claimed = reader.post(line["links"]["claim"]).json()
    turn = {"workitem_uid": claimed["workitem"]["workitem_uid"]}
    empty = reader.get(claimed["links"]["draft"])
    assert (empty.headers["ETag"], empty.json()["version"]) == ('"0"', 0)
    for number, impression in enumerate(("未见明显", IMPRESSION)):
        saved = reader.put(
            claimed["links"]["draft"],
            json=turn | {"findings": FINDINGS, "impression": impression},
            headers={"If-Match": f'"{number}"'},
        )
        assert saved.headers["ETag"] == f'"{number + 1}"'
    turn |= {"instances_seen": claimed["instances_seen"]}
    signed = reader.post(claimed["links"]["sign"], json=turn, headers={"If-Match": saved.headers["ETag"]})
    assert signed.status_code == HTTPStatus.CREATED
    report_path = signed.headers["Location"]
    assert clinic.get("/api/v1/reports").json()["items"][0]["is_published"] is False
    assert reading.rooms.publisher.run() == []

    [waiting] = clinic.get("/api/v1/reports").json()["items"]
    assert waiting["links"]["self"] == report_path
    assert (waiting["is_published"], waiting["is_received"]) == (True, False)
    report = clinic.get(report_path).json()
    assert report["document"]["impression"] == IMPRESSION
    assert report["signer"]["display_name"] == "reader 医师"
    assert clinic.get(waiting["links"]["pdf"]).content.startswith(b"%PDF-")
    structured_report = dcmread(BytesIO(clinic.get(waiting["links"]["sr"]).content))
    assert structured_report.StudyInstanceUID == claimed["study_instance_uid"]

    [received] = clinic.get("/api/v1/reports").json()["items"]
    assert received["is_received"]
    told = [each["kind"] for each in clinic.get(claimed["links"]["timeline"]).json()["items"]]
    told = [kind for kind in told if kind != "study.looked-at"]
    assert told[-4:-1] == ["instance.stored", "instance.stored", "report.published"]
    assert told[-1] == "report.received"


def test_the_whole_document_has_the_digest_that_was_signed(reading: Reading) -> None:
    report = reading.signed()
    canonical = json.dumps(
        report["document"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    assert hashlib.sha256(canonical).hexdigest() == report["digest"]


def test_a_report_names_what_was_read_and_where_it_is_kept(reading: Reading) -> None:
    report = reading.published()
    case = reading.rooms.case(report["study_instance_uid"])
    [read] = report["document"]["instances"]
    kept = reading.rooms.archive.instances_of(
        case.study_instance_uid, visible_to=Scope(site_ids=frozenset({XINGLONG}))
    )
    by_uid = {instance.sop_instance_uid: instance for instance in kept}
    assert by_uid[read["sop_instance_uid"]].origin_kind == "device"
    published = reading.as_("clinic").get(report["links"]["self"]).json()["publications"]
    assert {each["form"] for each in published} == {"sr", "pdf"}
    assert {each["sop_instance_uid"] for each in published} < set(by_uid)
    assert all(each["published_at"] == "2026-11-20T08:31:00Z" for each in published)
    assert [each["published_at"] for each in report["publications"]] == [None, None]


def test_a_stale_draft_is_refused_and_its_words_are_kept(reading: Reading) -> None:
    case = reading.claimed()
    assert reading.save("reader", case, 0, impression="第一稿").headers["ETag"] == '"1"'
    stale = reading.save("reader", case, 0, impression="另一个窗口里写的")
    assert stale.status_code == HTTPStatus.PRECONDITION_FAILED
    assert stale.json()["type"] == "/problems/stale-version"
    draft = reading.as_("colleague").get(f"/api/v1/cases/{case.case_id}/draft")
    assert (draft.json()["impression"], draft.headers["ETag"]) == ("第一稿", '"1"')
    [kept] = _kept(reading, "reader", case.case_id)
    assert (kept["impression"], kept["findings"]) == ("另一个窗口里写的", FINDINGS)
    assert kept["workitem_uid"] == case.workitem.workitem_uid
    assert _kept(reading, "colleague", case.case_id) == []


def test_words_of_a_reader_whose_claim_has_passed_on_are_kept(reading: Reading) -> None:
    case = reading.claimed("reader")
    reading.rooms.clock.advance(minutes=2)
    reading.rooms.timers.run()
    taken = reading.claim("colleague", reading.rooms.again(case))
    assert reading.save("colleague", taken, 0).status_code == HTTPStatus.OK
    late = reading.save("reader", case, 0, impression="睡着之前写的")
    assert late.status_code == HTTPStatus.CONFLICT
    assert late.json()["type"] == "/problems/workitem-state-conflict"
    assert [kept["impression"] for kept in _kept(reading, "reader", case.case_id)] == ["睡着之前写的"]
    assert reading.sign("reader", case, 1).status_code == HTTPStatus.CONFLICT
    assert reading.sign("colleague", taken, 1).status_code == HTTPStatus.CREATED


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        (None, HTTPStatus.PRECONDITION_REQUIRED),
        ("*", HTTPStatus.PRECONDITION_REQUIRED),
        ("1", HTTPStatus.BAD_REQUEST),
        ("", HTTPStatus.BAD_REQUEST),
        ('W/"1"', HTTPStatus.PRECONDITION_FAILED),
        ('"01"', HTTPStatus.PRECONDITION_FAILED),
        ('"one"', HTTPStatus.PRECONDITION_FAILED),
        ('"0", "2"', HTTPStatus.PRECONDITION_FAILED),
        ('"99999999999999999999"', HTTPStatus.PRECONDITION_FAILED),
        ('"0" , "1"', HTTPStatus.OK),
        ('"1"', HTTPStatus.OK),
    ],
)
def test_only_who_names_the_version_that_is_there_may_write_or_sign(
    reading: Reading, if_match: str | None, status: HTTPStatus
) -> None:
    case = reading.claimed()
    reading.save("reader", case, 0)
    headers = {} if if_match is None else {"If-Match": if_match}
    path, client = f"/api/v1/cases/{case.case_id}", reading.as_("reader")
    turn = {"workitem_uid": case.workitem.workitem_uid}
    if status is not HTTPStatus.OK:
        assert client.post(f"{path}/sign", json=turn, headers=headers).status_code == status
    saved = client.put(f"{path}/draft", json=turn | {"findings": "", "impression": "新"}, headers=headers)
    assert saved.status_code == status
    # What was well said but too late is kept; what was not understood, the client still has.
    too_late = status is HTTPStatus.PRECONDITION_FAILED
    assert [kept["impression"] for kept in _kept(reading, "reader", case.case_id)] == ["新"] * too_late


def test_a_draft_that_changed_since_it_was_read_is_not_signed(reading: Reading) -> None:
    case = reading.claimed()
    for version in (0, 1):
        reading.save("reader", case, version)
    assert reading.sign("reader", case, 1).status_code == HTTPStatus.PRECONDITION_FAILED
    assert reading.sign("reader", case, 2).status_code == HTTPStatus.CREATED
    # Who lost the answer asks again, and is told that the turn is over instead of signing twice.
    assert reading.sign("reader", case, 2).status_code == HTTPStatus.CONFLICT
    reports = reading.as_("reader").get(f"/api/v1/cases/{case.case_id}/reports").json()["items"]
    assert [report["status"] for report in reports] == ["final"]


def test_a_preliminary_report_leaves_the_case_with_its_reader_and_is_not_printed(reading: Reading) -> None:
    report = reading.signed(status="preliminary")
    assert set(report["links"]) == {"self", "case", "addenda", "amendments", "confirm", "page"}
    case = reading.rooms.case(report["study_instance_uid"])
    assert case.workitem.claimed_by_name == "reader 医师"
    for form in ("pdf", "sr"):
        answer = reading.as_("clinic").get(f"{report['links']['self']}/{form}")
        assert answer.status_code == HTTPStatus.NOT_FOUND
    refused = reading.as_("reader").post(
        report["links"]["addenda"], json={"impression": "左侧", "reason": "侧别"}
    )
    assert refused.status_code == HTTPStatus.CONFLICT
    assert refused.json()["type"] == "/problems/report-state-conflict"
    assert reading.sign("reader", case, 1).status_code == HTTPStatus.CREATED
    reports = reading.as_("clinic").get(f"/api/v1/cases/{case.case_id}/reports").json()["items"]
    assert [(each["number"], each["status"]) for each in reports] == [(1, "preliminary"), (2, "final")]


def test_pdf_and_sr_are_asked_for_again_until_they_are_printed(reading: Reading) -> None:
    report = reading.signed()
    for form in ("pdf", "sr"):
        early = reading.as_("clinic").get(report["links"][form])
        assert early.status_code == HTTPStatus.CONFLICT
        assert early.headers["Retry-After"] == "2"
        assert early.headers["Content-Type"] == "application/problem+json"
    assert not reading.as_("clinic").get("/api/v1/reports").json()["items"][0]["is_received"]
    reading.rooms.publisher.run()
    for form in ("pdf", "sr"):
        assert reading.as_("clinic").get(report["links"][form]).status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("form", "media_type", "disposition", "beginning"),
    [
        ("pdf", "application/pdf", 'inline; filename="report-{}.pdf"', b"%PDF-"),
        ("sr", "application/dicom", 'attachment; filename="report-{}.dcm"', bytes(128) + b"DICM"),
    ],
)
def test_a_printed_report_is_named_by_our_key_and_never_changes(
    reading: Reading, form: str, media_type: str, disposition: str, beginning: bytes
) -> None:
    report = reading.published(PatientName='A"; filename="x.exe', StudyDescription="a\r\nSet-Cookie: b=c")
    answer = reading.as_("clinic").get(report["links"][form])
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"] == disposition.format(report["report_id"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, max-age=3600, immutable"
    assert "Set-Cookie" not in answer.headers
    assert answer.content.startswith(beginning)


def test_the_etag_of_a_report_changes_with_its_receipts_though_its_words_do_not(reading: Reading) -> None:
    report = reading.published()
    path, reader = report["links"]["self"], reading.as_("reader")
    first = reader.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert report["digest"] in first.headers["ETag"]
    held = reader.get(path, headers={"If-None-Match": f'"other", W/{first.headers["ETag"]}'})
    assert (held.status_code, held.content) == (HTTPStatus.NOT_MODIFIED, b"")
    assert held.headers["ETag"] == first.headers["ETag"]
    reading.as_("clinic").get(path)
    renewed = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert renewed.status_code == HTTPStatus.OK
    assert [receipt["username"] for receipt in renewed.json()["receipts"]] == ["clinic"]
    assert renewed.json()["digest"] == report["digest"]


def test_only_somebody_of_the_clinic_gives_a_receipt_and_only_the_first_time(reading: Reading) -> None:
    report = reading.published()
    path = report["links"]["self"]
    for username in ("reader", "colleague", "admin"):
        assert reading.as_(username).get(path).json()["receipts"] == []
    for _ in range(2):
        reading.as_("clinic").get(report["links"]["pdf"])
    reading.rooms.clock.advance(seconds=1)
    reading.as_("technician").get(path)
    receipts = reading.as_("reader").get(path).json()["receipts"]
    assert [(each["username"], each["form"]) for each in receipts] == [
        ("clinic", "pdf"),
        ("technician", "json"),
    ]


def test_an_addendum_stands_beside_the_report_that_stays_as_it_was(reading: Reading) -> None:
    report = reading.published()
    before = reading.as_("clinic").get(report["links"]["self"]).json()
    answer = reading.as_("colleague").post(
        report["links"]["addenda"], json={"impression": "左侧。", "reason": "侧别写反"}
    )
    assert answer.status_code == HTTPStatus.CREATED
    addendum = answer.json()
    assert answer.headers["Location"] == addendum["links"]["self"]
    assert (addendum["status"], addendum["addendum_to"]) == ("appended", report["report_id"])
    assert addendum["document"]["reason"] == "侧别写反"
    assert addendum["document"]["previous_impression"] == IMPRESSION
    reading.rooms.publisher.run()
    assert reading.as_("clinic").get(addendum["links"]["pdf"]).status_code == HTTPStatus.OK
    after = reading.as_("clinic").get(report["links"]["self"]).json()
    assert (after["document"], after["digest"]) == (before["document"], before["digest"])
    inbox = reading.as_("clinic").get("/api/v1/reports").json()["items"]
    assert {each["report_id"] for each in inbox} == {addendum["report_id"], report["report_id"]}


def test_the_inbox_shows_the_newest_first_and_no_more_than_asked(reading: Reading) -> None:
    reports = []
    for _ in range(3):
        reports.append(reading.signed()["report_id"])
        reading.rooms.clock.advance(minutes=1)
    clinic = reading.as_("clinic")
    listed = [each["report_id"] for each in clinic.get("/api/v1/reports").json()["items"]]
    assert listed == reports[::-1]
    assert len(clinic.get("/api/v1/reports", params={"limit": 2}).json()["items"]) == 2
    assert clinic.get("/api/v1/reports", params={"limit": 0}).status_code == HTTPStatus.BAD_REQUEST
    assert reading.as_("foreign-clinic").get("/api/v1/reports").json() == {"items": [], "unread": 0}


def test_a_report_needs_an_impression_and_an_addendum_its_reason(reading: Reading) -> None:
    case = reading.claimed()
    reading.save("reader", case, 0, impression=" \n")
    assert reading.sign("reader", case, 1).status_code == HTTPStatus.BAD_REQUEST
    reading.save("reader", case, 1)
    report = reading.sign("reader", case, 2).json()
    for body in (
        {"impression": "左侧", "reason": " "},
        {"impression": "", "reason": "侧别"},
        {"impression": "左侧"},
    ):
        answer = reading.as_("reader").post(report["links"]["addenda"], json=body)
        assert answer.status_code == HTTPStatus.BAD_REQUEST, body


def _raw(**words: str) -> bytes:
    """Return a draft's JSON as only a hostile client would write it, with its escapes as they are."""
    return json.dumps({"workitem_uid": "1.2", "findings": "", "impression": "", **words}).encode()


@pytest.mark.parametrize(
    "body",
    [
        _raw(findings="secret-name \0"),
        _raw(impression="secret-name \ud800"),
        _raw(impression="secret-name \udfff\ud800"),
        _raw(impression="secret-name" + "x" * LONGEST_TEXT),
        _raw(workitem_uid="1.2\0secret-name"),
        _raw(unknown="secret-name"),
        b'{"workitem_uid": "1.2", "findings": "secret-name"}',
        b'{"workitem_uid": 12, "findings": "secret-name", "impression": ""}',
        b'{"workitem_uid": "1.2", "findings": NaN, "impression": "secret-name"}',
        b'["secret-name"]',
        b'{"secret-name"',
        b"\xff secret-name",
        b"",
    ],
)
def test_text_that_cannot_be_kept_is_refused_without_being_repeated(reading: Reading, body: bytes) -> None:
    case = reading.claimed()
    answer = reading.as_("reader").put(
        f"/api/v1/cases/{case.case_id}/draft",
        content=body,
        headers={"If-Match": '"0"', "Content-Type": "application/json"},
    )
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret-name" not in answer.text
    assert _kept(reading, "reader", case.case_id) == []


def test_text_of_the_greatest_length_and_of_every_plane_is_kept_as_written(reading: Reading) -> None:
    case = reading.claimed()
    written = "𠮷\u202e<b>\t\r\n" + "x" * (LONGEST_TEXT - 8)
    assert len(written) == LONGEST_TEXT
    assert reading.save("reader", case, 0, findings=written).status_code == HTTPStatus.OK
    draft = reading.as_("reader").get(f"/api/v1/cases/{case.case_id}/draft").json()
    assert draft["findings"] == written


def test_who_looked_at_a_report_is_on_record_once_for_a_look(reading: Reading) -> None:
    report = reading.published()
    for path in (report["links"]["self"], report["links"]["pdf"], report["links"]["sr"]):
        reading.as_("clinic").get(path)
    reading.as_("foreign-clinic").get(report["links"]["pdf"])
    looked_at = select(audit_events.c.actor, audit_events.c.study_instance_uid).where(
        audit_events.c.event == AuditEvent.INSTANCES_ACCESSED.value
    )
    with reading.rooms.database.read(within=EVERY_SITE) as connection:
        looks = [tuple(row) for row in connection.execute(looked_at)]
    assert looks == [("clinic", report["study_instance_uid"])]


def test_who_reads_one_modality_only_receives_no_other(reading: Reading) -> None:
    directory = reading.edge.rooms.directory
    directory.add_reading_group("ecg-room", "心电诊断中心")
    directory.add_route(Route(reading_group_id="ecg-room", site_id=XINGLONG, modality="ECG"))
    reading.person("cardiologist", Grant(role=Role.READER, reading_group_id="ecg-room"))
    report = reading.published()
    cardiologist = reading.as_("cardiologist")
    for link in report["links"].values():
        if link.startswith("/api/") and not link.endswith(("addenda", "amendments", "confirm")):
            assert cardiologist.get(link).status_code == HTTPStatus.NOT_FOUND, link
    assert report["document"]["impression"] not in cardiologist.get(report["links"]["page"]).text
    answer = cardiologist.post(report["links"]["addenda"], json={"impression": "x", "reason": "y"})
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_a_reader_whose_route_ends_finishes_the_case_and_claims_no_other(reading: Reading) -> None:
    case, other = reading.claimed(), reading.rooms.ready()
    reading.edge.rooms.directory.disable_reading_group(GROUP)
    assert reading.save("reader", case, 0).status_code == HTTPStatus.OK
    path = f"/api/v1/workitems/{case.workitem.workitem_uid}/heartbeat"
    assert reading.as_("reader").post(path).status_code == HTTPStatus.OK
    assert reading.sign("reader", case, 1).status_code == HTTPStatus.CREATED
    path = f"/api/v1/workitems/{other.workitem.workitem_uid}/claim"
    assert reading.as_("reader").post(path).status_code == HTTPStatus.NOT_FOUND


def test_words_of_whoever_is_no_reader_any_more_are_kept_for_them(reading: Reading) -> None:
    case = reading.claimed("colleague")
    with reading.rooms.database.write(within=EVERY_SITE) as connection:
        connection.execute(grants.delete().where(grants.c.reading_group_id == GROUP))
    assert reading.save("colleague", case, 0, impression="最后写的").status_code == HTTPStatus.CONFLICT
    assert [kept["impression"] for kept in _kept(reading, "colleague", case.case_id)] == ["最后写的"]
    assert reading.sign("colleague", case, 0).status_code == HTTPStatus.FORBIDDEN


def test_a_report_with_key_images_can_be_verified_by_its_json(reading: Reading) -> None:
    case = reading.claimed(SOPInstanceUID="1.2.3")
    mark = {
        "mark_id": "k",
        "kind": "key-image",
        "sop_instance_uid": "1.2.3",
        "frame": 1,
        "window_center": 40,
        "window_width": 400.5,
    }
    saved = reading.as_("reader").put(
        f"/api/v1/studies/{case.study_instance_uid}/marks",
        params={"site_id": case.site_id},
        json={"workitem_uid": case.workitem.workitem_uid, "marks": [mark]},
        headers={"If-Match": '"0"'},
    )
    assert (saved.status_code, saved.headers["ETag"]) == (200, '"1"'), saved.text
    reading.save("reader", case, 0)
    report = reading.sign("reader", case, 1).json()
    spelled = json.dumps(report["document"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(spelled.encode()).hexdigest() == report["digest"]
    [shown] = report["document"]["key_images"]
    assert (shown["sop_instance_uid"], shown["window_center"], shown["window_width"]) == ("1.2.3", 40, 400.5)
    drawn = reading.as_("clinic").get(f"/api/v1/reports/{report['report_id']}/marks").json()
    assert [kept["mark_id"] for kept in drawn["studies"][0]["items"]] == ["k"]
