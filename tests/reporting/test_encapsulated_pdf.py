"""The PDF object: legal, deterministic, and its PDF comes out as it went in."""

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pydicom
import pytest

from core.uids import IMPLEMENTATION_CLASS_UID
from reporting.document import ReportDocument
from reporting.encapsulated_pdf import encapsulated_pdf
from reporting.pdf import report_pdf
from tests.fixtures.report_documents import FINAL, STUDY, UIDS, addendum, of_patient, preliminary, report
from tests.fixtures.value_rules import illegal_values

DOCUMENTS = {
    "final": FINAL,
    "preliminary ECG": preliminary("ECG"),
    "addendum DX": addendum("DX"),
    "nobody and nothing": replace(
        of_patient(patient_name="", patient_id="", patient_birth_date=None, patient_sex=""),
        study_date=None,
        study_time="",
        accession_number="",
        instances=(),
    ),
}
PDFS = {"even": b"%PDF-1.7\n", "odd": b"%PDF-1.7\nx", "ending in NUL": b"%PDF-1.7\n\0\0"}


@pytest.mark.parametrize("name", PDFS)
def test_the_pdf_comes_out_as_it_went_in(name: str) -> None:
    pdf = PDFS[name]
    part_10 = encapsulated_pdf(FINAL, pdf, **UIDS)
    dataset = pydicom.dcmread(BytesIO(part_10))
    assert len(dataset.EncapsulatedDocument) % 2 == 0
    assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == pdf
    assert len(part_10) % 2 == 0


@pytest.mark.tool("dcm2pdf")
def test_an_outside_program_takes_the_same_pdf_out(tmp_path: Path) -> None:
    pdf = report_pdf(FINAL)
    (tmp_path / "report.dcm").write_bytes(encapsulated_pdf(FINAL, pdf, **UIDS))
    subprocess.run(["dcm2pdf", tmp_path / "report.dcm", tmp_path / "report.pdf"], check=True)
    assert (tmp_path / "report.pdf").read_bytes() == pdf


@pytest.mark.tool("dciodvfy")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_dciodvfy_finds_no_error(name: str, tmp_path: Path) -> None:
    document = DOCUMENTS[name]
    path = tmp_path / "report.dcm"
    path.write_bytes(encapsulated_pdf(document, report_pdf(document), **UIDS))
    done = subprocess.run(["dciodvfy", "-new", path], capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "EncapsulatedPDF" in said
    assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_value_obeys_its_value_representation(name: str) -> None:
    part_10 = encapsulated_pdf(DOCUMENTS[name], b"%PDF", **UIDS)
    assert illegal_values(pydicom.dcmread(BytesIO(part_10))) == []


def test_it_lies_in_the_study_and_says_what_it_is() -> None:
    dataset = pydicom.dcmread(BytesIO(encapsulated_pdf(FINAL, b"%PDF", **UIDS)))
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.1"
    assert dataset.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert (dataset.StudyInstanceUID, dataset.SeriesInstanceUID) == (STUDY, "2.25.100")
    assert dataset.SOPInstanceUID == "2.25.101"
    assert dataset.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert dataset.DocumentTitle == "超声检查报告 Ultrasound Report"
    assert dataset.ConceptNameCodeSequence[0].CodeValue == "25061-3"
    assert str(dataset.PatientName) == "Wang^XiaoMing=王^小明"
    assert dataset.TimezoneOffsetFromUTC == "+0800"
    read = [item.ReferencedSOPInstanceUID for item in dataset.SourceInstanceSequence]
    assert read == [f"{STUDY}.1.1", f"{STUDY}.1.2", f"{STUDY}.2.1"]


def test_a_report_of_no_instance_has_no_source() -> None:
    part_10 = encapsulated_pdf(DOCUMENTS["nobody and nothing"], b"%PDF", **UIDS)
    assert "SourceInstanceSequence" not in pydicom.dcmread(BytesIO(part_10))


@pytest.mark.parametrize(
    ("document", "flag"), [(preliminary(), "UNVERIFIED"), (report(), "VERIFIED"), (addendum(), "VERIFIED")]
)
def test_only_a_final_report_is_verified(document: ReportDocument, flag: str) -> None:
    dataset = pydicom.dcmread(BytesIO(encapsulated_pdf(document, b"%PDF", **UIDS)))
    assert dataset.VerificationFlag == flag


def test_the_same_document_gives_the_same_bytes() -> None:
    first = encapsulated_pdf(FINAL, report_pdf(FINAL), **UIDS)
    turned_round = replace(FINAL, instances=FINAL.instances[::-1])
    assert encapsulated_pdf(turned_round, report_pdf(turned_round), **UIDS) == first
