"""The key images of a report: in its PDF, in its SR, and never in its way."""

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from pydicom import dcmread

from core.errors import HubError, InvalidInstance, StorageUnavailable, UnsupportedTransferSyntax
from reporting.document import KeyImage
from reporting.key_pictures import MOST_PICTURES, KeyPicture, drawing_of, key_pictures
from reporting.marking import Marking
from reporting.marks import Mark, MarkKind
from reporting.pdf import report_pdf
from reporting.report import Report
from reporting.structured_report import structured_report
from tests.fixtures.consultation import XINGLONG, Consultation, at_site, reader
from tests.fixtures.report_documents import FINAL
from tests.fixtures.template_2000 import violations

SHOWN = KeyImage(
    series_instance_uid=FINAL.instances[0].series_instance_uid,
    sop_class_uid=FINAL.instances[0].sop_class_uid,
    sop_instance_uid=FINAL.instances[0].sop_instance_uid,
    frame=3,
    caption="胆囊",
)


def jpeg(width: int = 40, height: int = 30) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 128).save(buffer, "JPEG")
    return buffer.getvalue()


def test_a_picture_is_printed_with_its_caption_and_the_same_each_time() -> None:
    pictures = [KeyPicture(number=1, caption="胆囊", drawing=drawing_of(jpeg()))]
    document = replace(FINAL, key_images=(SHOWN, SHOWN))
    printed = report_pdf(document, (), pictures)
    assert printed == report_pdf(document, (), pictures)
    assert b"DCTDecode" in printed
    assert b"DCTDecode" not in report_pdf(document)


@pytest.mark.parametrize("drawing", ["", "<svg", "no drawing"])
def test_what_cannot_be_printed_stops_no_report(drawing: str) -> None:
    assert report_pdf(FINAL, (), [KeyPicture(number=1, caption="\0<b>", drawing=drawing)]).startswith(b"%PDF")


@pytest.mark.parametrize("made", [b"", b"\xff\xd8", b"<svg/>", jpeg()[:20], jpeg() + bytes(3_000_000)])
def test_what_is_no_picture_or_too_large_is_not_printed(made: bytes) -> None:
    with pytest.raises(InvalidInstance):
        drawing_of(made)


def test_the_structured_report_refers_to_the_frames() -> None:
    moving = replace(SHOWN, sop_class_uid="1.2.840.10008.5.1.4.1.1.3.1")
    document = replace(FINAL, findings="", key_images=(moving, replace(SHOWN, frame=1)))
    part10 = structured_report(
        document, sop_instance_uid="2.25.1", series_instance_uid="2.25.2", series_number=9000
    )
    dataset = dcmread(io.BytesIO(part10))
    assert violations(dataset) == []
    images = [
        item
        for heading in dataset.ContentSequence
        for item in heading.get("ContentSequence", [])
        if item.ValueType == "IMAGE"
    ]
    references = [item.ReferencedSOPSequence[0] for item in images]
    assert [reference.get("ReferencedFrameNumber") for reference in references] == [3, None]
    assert {reference.ReferencedSOPInstanceUID for reference in references} == {SHOWN.sop_instance_uid}


def signed(consultation: Consultation, **values: Any) -> Report:
    """Return a report whose reader chose an image to show."""
    case = consultation.claimed(reader(), SOPInstanceUID="1.2.3", **values)
    mark = Mark(
        mark_id="k",
        kind=MarkKind.KEY_IMAGE,
        sop_instance_uid="1.2.3",
        frame=1,
        text="右肺",
        window_center=40.0,
        window_width=80.0,
    )
    marking = Marking(database=consultation.database, clock=consultation.clock)
    uid = case.workitem.workitem_uid
    marking.save(reader(), XINGLONG, case.study_instance_uid, uid, (mark,), version=0)
    return consultation.sign(reader(), case)


def test_the_published_report_shows_what_its_reader_chose(consultation: Consultation) -> None:
    report = signed(consultation)
    assert consultation.publisher.run() == []
    pdf = consultation.inbox.pdf(at_site("clinic"), report.report_id)
    assert b"DCTDecode" in pdf


@pytest.mark.parametrize("problem", [StorageUnavailable, UnsupportedTransferSyntax, ValueError])
def test_an_image_that_cannot_be_shown_stops_no_report(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch, problem: type[Exception]
) -> None:
    report = signed(consultation)

    def away(*_: Any) -> Any:
        raise problem

    monkeypatch.setattr(consultation.publisher, "_show_image", away)
    assert consultation.publisher.run() == []
    assert b"DCTDecode" not in consultation.inbox.pdf(at_site("clinic"), report.report_id)


def test_so_many_are_printed(consultation: Consultation) -> None:
    def away(*_: Any) -> Any:
        raise HubError

    document = replace(FINAL, key_images=(SHOWN,) * 20)
    assert len(key_pictures(consultation.archive, away, document)) == MOST_PICTURES
