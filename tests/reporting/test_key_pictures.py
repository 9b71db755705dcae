"""The key images of a report: in its PDF with what was drawn into them, in its SR, and never in its way."""

import io
import subprocess
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
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


COLUMNS, ROWS = 300, 200
LENGTH = Mark(
    mark_id="l",
    kind=MarkKind.LENGTH,
    sop_instance_uid="1.2.3",
    frame=1,
    points=((60.0, 150.0), (240.0, 150.0)),
)
ELLIPSE = replace(LENGTH, mark_id="e", kind=MarkKind.ELLIPSE, points=((90.0, 20.0), (150.0, 80.0)))
ELSEWHERE = replace(LENGTH, mark_id="x", frame=2, points=((10.0, 10.0), (10.0, 190.0)))


def signed(consultation: Consultation, *drawn: Mark, **values: Any) -> Report:
    """Return a report whose reader chose an image to show, and drew into the study."""
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
    marking.save(reader(), XINGLONG, case.study_instance_uid, uid, (mark, *drawn), version=0)
    return consultation.sign(reader(), case)


def test_the_published_report_shows_what_its_reader_chose(consultation: Consultation) -> None:
    report = signed(consultation)
    assert consultation.publisher.run() == []
    pdf = consultation.inbox.pdf(at_site("clinic"), report.report_id)
    assert b"DCTDecode" in pdf


@pytest.mark.tool("pdftoppm")
def test_what_was_drawn_is_printed_where_its_reader_put_it(consultation: Consultation) -> None:
    grey = {"Rows": ROWS, "Columns": COLUMNS, "PixelData": bytes([20]) * (ROWS * COLUMNS)}
    report = signed(consultation, LENGTH, ELLIPSE, ELSEWHERE, **grey)
    assert consultation.publisher.run() == []
    printed = consultation.inbox.pdf(at_site("clinic"), report.report_id)
    lines = drawn_in(picture_in(page_of(printed)))
    # The length lies where it was drawn, from end to end; and so does the ellipse, as wide and as high.
    [below, above] = lines[100:], lines[:100]
    assert extent(below) == pytest.approx((60, 150 - 100, 240, 150 - 100), abs=2)
    assert extent(above) == pytest.approx((90, 20, 150, 80), abs=2)
    assert not above[40:60, 105:135].any(), "an ellipse is a line, and hides nothing"


def page_of(pdf: bytes) -> NDArray[np.int16]:
    """Return the first page as colours."""
    command = ["pdftoppm", "-r", "200", "-f", "1", "-l", "1", "-"]
    drawn = subprocess.run(command, input=pdf, capture_output=True, check=True)
    return np.asarray(Image.open(io.BytesIO(drawn.stdout)).convert("RGB"), dtype=np.int16)


def picture_in(page: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the picture on a page: its one large block that is dark or yellow, and nowhere white."""
    inside = page[..., 2] < 180
    wide = np.flatnonzero(inside.sum(axis=1) > 400)
    rows = max(np.split(wide, np.flatnonzero(np.diff(wide) > 1) + 1), key=len)
    columns = np.flatnonzero(inside[rows].mean(axis=0) > 0.9)
    return page[rows][:, columns]


def drawn_in(picture: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return which pixels of the image lie below a yellow line."""
    rows = (np.arange(ROWS) * picture.shape[0] / ROWS).astype(int)
    columns = (np.arange(COLUMNS) * picture.shape[1] / COLUMNS).astype(int)
    small = picture[rows][:, columns]
    return np.asarray((small[..., 0] > 180) & (small[..., 2] < 140))


def extent(drawn: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of what was drawn, in the middle of its lines."""
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])


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
    assert len(key_pictures(consultation.archive, away, document, {})) == MOST_PICTURES
