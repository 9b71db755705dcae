"""The ECG on the printed report: at true scale on the paper itself, and never in the report's way."""

import subprocess
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file

from core.errors import HubError, InvalidInstance, StorageUnavailable, UnsupportedTransferSyntax
from ecg.leads import STANDARD
from ecg.recording import Lead, Recording
from renditions.ecg_tasks import page
from reporting.ecg_pages import MOST_ROWS, ON_PAPER, ECGPage, page_of
from reporting.pdf import report_pdf
from reporting.report import ReportForm
from tests.fixtures.archive import device_at
from tests.fixtures.consultation import XINGLONG, Consultation, reader
from tests.fixtures.publications import published_instances
from tests.fixtures.report_documents import addendum

DOTS = 300
MM = DOTS / 25.4
TWELVE_LEAD = "1.2.840.10008.5.1.4.1.1.9.1.1"


def recording(names: tuple[str, ...] = STANDARD, rate: float = 500.0) -> Recording:
    """Return ten seconds in which each lead is at 0, but for 1 mV from second 1 to second 2."""
    signal = np.zeros(round(10 * rate))
    signal[round(rate) : round(2 * rate)] = 1000.0
    leads = tuple(Lead(name=name, microvolts=signal) for name in names)
    return Recording(label="RHYTHM", sampling_frequency_hz=rate, leads=leads)


def drawn(recording: Recording) -> ECGPage:
    return page_of(page(recording, ON_PAPER, MOST_ROWS))


def dark(pdf: bytes, page: int) -> NDArray[Any]:
    """Return where a page is as dark as a trace."""
    done = subprocess.run(
        ["pdftoppm", "-r", str(DOTS), "-f", str(page), "-l", str(page), "-gray", "-"],
        input=pdf,
        capture_output=True,
        check=True,
    )
    return np.asarray(np.asarray(Image.open(BytesIO(done.stdout))) < 90)


def middles(numbers: NDArray[Any]) -> list[float]:
    """Return the middle of each group of numbers that follow each other, in mm."""
    groups = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return [float(np.mean(group)) / MM for group in groups if group.size]


@pytest.mark.tool("pdftoppm", "qpdf", "pdffonts")
def test_a_millimetre_on_the_paper_is_a_millimetre_of_the_signal(tmp_path: Path) -> None:
    pdf = report_pdf(addendum("ECG"), [drawn(recording())])
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout
    assert all("NotoSansSC" in row for row in fonts.splitlines()[2:]), fonts
    page = dark(pdf, 2)
    assert abs(page.shape[1] / MM - 297) < 0.2
    # The rhythm strip is the lowest: its line at 0 goes on for eight seconds behind the second at 1 mV.
    zero = middles(np.flatnonzero(page.sum(axis=1) > 190 * MM))[-1]
    top = max(each for each in middles(np.flatnonzero(page.sum(axis=1) > 24 * MM)) if each < zero - 5)
    assert zero - top == pytest.approx(10, abs=0.1)
    between = page[round((top + 3) * MM) : round((zero - 3) * MM)]
    pulse_up, pulse_down, rise, fall = middles(np.flatnonzero(between.all(axis=0)))
    assert fall - rise == pytest.approx(25, abs=0.1)
    assert pulse_down - pulse_up == pytest.approx(5, abs=0.1)


def test_other_leads_are_left_out_and_counted_and_stand_where_there_is_no_standard_one() -> None:
    standard = drawn(recording((*STANDARD, "V3R", "V4R")))
    assert (standard.left_out, "V3R" in standard.drawing) == (2, False)
    others = drawn(recording(("导联\U00020bb7", "A", "B", "C", "D")))
    assert others.left_out == 1
    assert "〖U+20BB7〗" in others.drawing
    assert report_pdf(addendum("ECG"), [others]).startswith(b"%PDF")


@pytest.mark.tool("pdftotext")
def test_a_drawing_that_cannot_be_printed_stops_no_report() -> None:
    broken = ECGPage(drawing="<svg", width_mm=10, height_mm=10)
    for sheet in (broken, ECGPage()):
        pdf = report_pdf(addendum("ECG"), [sheet])
        done = subprocess.run(["pdftotext", "-f", "2", "-", "-"], input=pdf, capture_output=True, check=True)
        assert "cannot be drawn" in done.stdout.decode()
        assert "无法绘制" in done.stdout.decode()


def with_an_ecg(consultation: Consultation) -> Any:
    """Return a signed report on a real recording."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(str(get_testdata_file("waveform_ecg.dcm")))
        buffer = BytesIO()
        pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    with consultation.archive.incoming.new_file(consultation.clock.now()) as incoming:
        incoming.write_part10(buffer.getvalue())
        consultation.archive.store(incoming.sealed_part10(), device_at(XINGLONG))
    consultation.take_in()
    case = consultation.case(dataset.StudyInstanceUID)
    reading = reader("李建国")
    claimed = consultation.reading_list.claim(reading, case.workitem.workitem_uid)
    return consultation.sign(reading, claimed)


def pdf_of(consultation: Consultation, report: Any) -> bytes:
    [uid] = [form.sop_instance_uid for form in report.publications if form.form is ReportForm.PDF]
    [instance] = [each for each in published_instances(consultation, report) if each.sop_instance_uid == uid]
    dataset = pydicom.dcmread(BytesIO(b"".join(consultation.archive.whole(instance))))
    return bytes(dataset.EncapsulatedDocument)


def pages_of(pdf: bytes) -> list[str]:
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


@pytest.mark.tool("pdftotext")
def test_the_published_report_carries_the_ecg_that_was_read(consultation: Consultation) -> None:
    report = with_an_ecg(consultation)
    assert consultation.publisher.run() == []
    pages = pages_of(pdf_of(consultation, report))
    assert len(pages) == 2
    assert "Electrocardiogram" in pages[1]
    assert "25 mm/s" in pages[1]
    assert all(name in pages[1].split() for name in STANDARD)


@pytest.mark.parametrize("made", [b"{}", b"[]", b"\xff", b'{"drawing":"<p>"}', b" " * 5_000_000])
def test_what_is_no_drawing_or_too_long_is_not_printed(made: bytes) -> None:
    with pytest.raises((InvalidInstance, LookupError, TypeError, ValueError)):
        page_of(made)


@pytest.mark.tool("pdftotext")
@pytest.mark.parametrize("problem", [StorageUnavailable, UnsupportedTransferSyntax])
def test_a_recording_that_cannot_be_had_or_ends_its_child_stops_no_report(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch, problem: type[HubError]
) -> None:
    report = with_an_ecg(consultation)

    def away(*_: Any) -> Any:
        raise problem

    monkeypatch.setattr(consultation.publisher, "_draw_page", away)
    assert consultation.publisher.run() == []
    assert "cannot be drawn" in pages_of(pdf_of(consultation, report))[1]
