"""What becomes of names, identifiers, times and text in the SR: legal, and nothing lost needlessly."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from reporting.document import ReportDocument
from reporting.structured_report import structured_report
from tests.fixtures.report_documents import FINAL, PATIENT, UIDS, addendum, of_patient, report
from tests.fixtures.template_2000 import violations
from tests.fixtures.value_rules import illegal_values


def parsed(document: ReportDocument) -> Dataset:
    return pydicom.dcmread(BytesIO(structured_report(document, **UIDS)))


def findings_of(dataset: Dataset) -> str:
    for heading in dataset.ContentSequence:
        if heading.ConceptNameCodeSequence[0].CodeMeaning == "Findings":
            return str(heading.ContentSequence[0].TextValue)
    raise AssertionError("no findings")


@pytest.mark.parametrize(
    ("time_zone", "offset", "content"),
    [
        ("Asia/Shanghai", "+0800", ("20251121", "224805.000000")),
        ("Asia/Kathmandu", "+0545", ("20251121", "203305.000000")),
        ("America/Lima", "-0500", ("20251121", "094805.000000")),
        ("Pacific/Auckland", "+1300", ("20251122", "034805.000000")),
    ],
)
def test_dates_and_times_are_the_sites_and_say_their_offset(
    time_zone: str, offset: str, content: tuple[str, str]
) -> None:
    dataset = parsed(report(time_zone=time_zone))
    assert dataset.TimezoneOffsetFromUTC == offset
    assert (dataset.ContentDate, dataset.ContentTime) == content


@pytest.mark.parametrize("uid", ["..", "1.02.3", "1" * 64])
def test_an_ill_formed_uid_of_a_device_is_referred_to_as_it_is(uid: str) -> None:
    instance = replace(FINAL.instances[0], sop_instance_uid=uid)
    with disable_value_validation():
        dataset = parsed(replace(FINAL, instances=(instance,)))
        series = dataset.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
        assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == uid


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a\nb", "a\r\nb"),
        ("a\rb\r\nc", "a\r\nb\r\nc"),
        ("a\u2028b\vc\fd", "a\r\nb\r\nc\r\nd"),
        ("\n\n a\t b \n\n", " a     b"),
        ("a\x00\x07\x1b\x7f\x9fb", "ab"),
        ("a\ud800b", "a\ufffdb"),
        ("a\\b", "a\\b"),
        ("\U00020bb7😀مرحبا", "\U00020bb7😀مرحبا"),
    ],
)
def test_text_is_kept_but_for_what_a_text_value_forbids(written: str, kept: str) -> None:
    assert findings_of(parsed(report(findings=written))) == kept


def test_long_text_comes_back_whole() -> None:
    line = "胆囊腔内见强回声团，后方伴声影。"
    dataset = parsed(report(findings=f"{line}\n" * 20_000))
    assert findings_of(dataset) == "\r\n".join([line] * 20_000)


@pytest.mark.parametrize(
    ("named", "written"),
    [
        ("", ""),
        ("王小明^^^", "王小明^^^"),
        ("Wang^XiaoMing=王^小明", "Wang^XiaoMing=王^小明"),
        ("Wang^XiaoMing=王^小明=", "Wang^XiaoMing=王^小明"),
        ("A=B=C=D", "A=B=C D"),
        ("a^b^c^d^e^f", "a^b^c^d^e f"),
        ("W\x00ang\\Li\n^X", "Wang＼Li ^X"),
        ("王" * 70, "王" * 64),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\ud800", "\ufffd"),
    ],
)
def test_a_patients_name_stays_as_the_device_gave_it_where_pn_allows(named: str, written: str) -> None:
    assert str(parsed(of_patient(patient_name=named)).PatientName) == written


@pytest.mark.parametrize(
    ("displayed", "written"),
    [
        ("李建国", "=李建国"),
        ("Li Jianguo", "Li Jianguo"),
        ("Li^Jianguo=李^建国", "Li^Jianguo=李^建国"),
        ("José", "José"),
        ("", "not stated"),
        ("\x00", "not stated"),
    ],
)
def test_a_chinese_reader_stands_in_the_ideographic_group(displayed: str, written: str) -> None:
    dataset = parsed(report(reading_physician=displayed))
    assert str(dataset.VerifyingObserverSequence[0].VerifyingObserverName) == written


@pytest.mark.parametrize(
    ("field", "given", "keyword", "written"),
    [
        ("accession_number", "A" * 16, "AccessionNumber", "A" * 16),
        ("accession_number", "A" * 17, "AccessionNumber", ""),
        ("study_id", "S" * 17, "StudyID", ""),
        ("study_description", "腹" * 64, "StudyDescription", "腹" * 64),
        ("study_description", "腹" * 65, "StudyDescription", "腹" * 63 + "…"),
        ("study_time", "10:15", "StudyTime", None),
        ("study_time", "101500.123", "StudyTime", "101500.123"),
    ],
)
def test_an_identifier_that_does_not_fit_is_left_out_and_a_description_is_cut(
    field: str, given: str, keyword: str, written: str | None
) -> None:
    changes: dict[str, Any] = {field: given}
    assert (parsed(replace(FINAL, **changes))[keyword].value or None) == (written or None)


@pytest.mark.parametrize(("given", "written"), [("M", "M"), ("f", "F"), ("男", ""), ("O", "O"), ("U", "")])
def test_only_the_enumerated_sexes_are_written(given: str, written: str) -> None:
    assert (parsed(of_patient(patient_sex=given)).PatientSex or "") == written


@settings(max_examples=40)
@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(max_codepoint=0x7F)))
def test_no_text_whatever_breaks_the_object(anything: str, ascii_text: str) -> None:
    document = replace(
        addendum(),
        site_name=anything,
        study_id=anything,
        study_time=ascii_text,
        accession_number=ascii_text,
        referring_physician_name=ascii_text,
        study_description=anything,
        clinical_question=anything,
        history=ascii_text,
        findings=anything,
        impression=ascii_text,
        reason=anything,
        reading_physician=anything,
        reading_organization=ascii_text,
        patient=replace(PATIENT, patient_name=anything, patient_id=ascii_text, patient_sex=ascii_text),
    )
    # The library counts the padding of an odd number of bytes as a character; the rules below do not.
    with disable_value_validation():
        dataset = parsed(document)
        assert illegal_values(dataset) == []
        assert violations(dataset) == []
