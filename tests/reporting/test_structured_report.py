"""The SR against its template, its value representations and two outside judges."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from core.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from reporting.document import ReportDocument, ReportedInstance
from reporting.structured_report import structured_report
from tests.fixtures.report_documents import (
    FINAL,
    PATIENT,
    STUDY,
    UIDS,
    addendum,
    of_patient,
    preliminary,
    report,
)
from tests.fixtures.template_2000 import violations
from tests.fixtures.value_rules import illegal_values

EMPTY = replace(
    FINAL,
    site_name="",
    study_id="",
    study_date=None,
    study_time="",
    accession_number="",
    referring_physician_name="",
    study_description="",
    clinical_question="",
    history="",
    findings="",
    impression="",
    reading_physician="",
    reading_organization="",
    patient=replace(
        PATIENT,
        patient_name="",
        patient_id="",
        issuer_of_patient_id="",
        patient_birth_date=None,
        patient_sex="",
    ),
    instances=(),
)
DOCUMENTS = {
    **{
        f"{status.__name__} {modality}": status(modality)
        for status in (report, preliminary, addendum)
        for modality in ("US", "DX", "CR", "ECG", "OT")
    },
    "nothing given": EMPTY,
    "long": report(
        findings="肝脏大小形态正常，包膜光滑。\n" * 20_000, history="\x00\x07\t页\f\ud800\U00020bb7😀"
    ),
    "name in the alphabetic group": of_patient(patient_name="王小明^^^"),
    "name with five components": of_patient(patient_name="Ouyang^Na^Na^Dr^MD=欧阳^娜=ou^na"),
}


def parsed(document: ReportDocument) -> Dataset:
    return pydicom.dcmread(BytesIO(structured_report(document, **UIDS)))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_content_tree_follows_template_2000_row_by_row(name: str) -> None:
    assert violations(parsed(DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_value_obeys_its_value_representation(name: str) -> None:
    assert illegal_values(parsed(DOCUMENTS[name])) == []


@pytest.mark.tool("dciodvfy")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_dciodvfy_finds_no_error(name: str, tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(structured_report(DOCUMENTS[name], **UIDS))
    done = subprocess.run(["dciodvfy", "-new", path], capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "BasicTextSR" in said
    assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.tool("dsrdump")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_dsrdump_reads_the_whole_document(name: str, tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(structured_report(DOCUMENTS[name], **UIDS))
    done = subprocess.run(["dsrdump", "+Pl", path], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    if impression := DOCUMENTS[name].impression:
        assert impression in done.stdout.decode()


def _relate_wrongly(dataset: Dataset) -> None:
    dataset.ContentSequence[-1].RelationshipType = "HAS PROPERTIES"


def _forget_the_language(dataset: Dataset) -> None:
    del dataset.ContentSequence[2]


def _say_the_language_twice(dataset: Dataset) -> None:
    dataset.ContentSequence.insert(2, dataset.ContentSequence[2])


def _change_the_order(dataset: Dataset) -> None:
    dataset.ContentSequence.insert(0, dataset.ContentSequence.pop(4))


def _put_text_below_text(dataset: Dataset) -> None:
    text = dataset.ContentSequence[-1].ContentSequence[0]
    text.ContentSequence = [dataset.ContentSequence[-2].ContentSequence[0]]


def _put_text_at_the_root(dataset: Dataset) -> None:
    dataset.ContentSequence.append(dataset.ContentSequence[-1].ContentSequence[0])


def _name_another_template(dataset: Dataset) -> None:
    dataset.ContentTemplateSequence[0].TemplateIdentifier = "9999"


def _invent_a_heading(dataset: Dataset) -> None:
    dataset.ContentSequence[-1].ConceptNameCodeSequence[0].CodeValue = "12345-6"


def _invent_a_title(dataset: Dataset) -> None:
    dataset.ConceptNameCodeSequence[0].CodeValue = "11524-0"


def _empty_a_text(dataset: Dataset) -> None:
    dataset.ContentSequence[-1].ContentSequence[0].TextValue = ""


def _empty_a_heading(dataset: Dataset) -> None:
    dataset.ContentSequence[-1].ContentSequence = []


def _use_another_device(dataset: Dataset) -> None:
    dataset.ContentSequence[1].ConceptCodeSequence[0].CodeValue = "XX"


@pytest.mark.parametrize(
    "damage",
    [
        _relate_wrongly,
        _forget_the_language,
        _say_the_language_twice,
        _change_the_order,
        _put_text_below_text,
        _put_text_at_the_root,
        _name_another_template,
        _invent_a_heading,
        _invent_a_title,
        _empty_a_text,
        _empty_a_heading,
        _use_another_device,
    ],
)
def test_the_template_table_notices_a_wrong_tree(damage: Callable[[Dataset], None]) -> None:
    dataset = parsed(FINAL)
    damage(dataset)
    assert violations(dataset) != []


@pytest.mark.parametrize(
    ("modality", "title", "device"),
    [
        ("US", "25061-3", "US"),
        ("DX", "43468-8", "DX"),
        ("CR", "43468-8", "CR"),
        ("ECG", "11524-6", "ECG"),
        ("OT", "18748-4", None),
    ],
)
def test_the_title_and_the_device_are_those_of_the_modality(
    modality: str, title: str, device: str | None
) -> None:
    dataset = parsed(report(modality))
    assert dataset.ConceptNameCodeSequence[0].CodeValue == title
    devices = [
        item.ConceptCodeSequence[0].CodeValue
        for item in dataset.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeValue == "122142"
    ]
    assert devices == ([device] if device else [])


@pytest.mark.parametrize(
    ("document", "flags"),
    [
        (preliminary(), ("PRELIMINARY", "PARTIAL", "UNVERIFIED")),
        (report(), ("FINAL", "COMPLETE", "VERIFIED")),
        (addendum(), ("FINAL", "COMPLETE", "VERIFIED")),
    ],
)
def test_only_a_final_report_is_complete_and_verified(
    document: ReportDocument, flags: tuple[str, str, str]
) -> None:
    dataset = parsed(document)
    assert (dataset.PreliminaryFlag, dataset.CompletionFlag, dataset.VerificationFlag) == flags
    assert ("VerifyingObserverSequence" in dataset) == (flags[2] == "VERIFIED")
    assert dataset.AuthorObserverSequence[0].PersonName == "=李建国"


def test_the_signer_the_moment_and_the_organization_are_on_the_verification() -> None:
    observer = parsed(FINAL).VerifyingObserverSequence[0]
    assert observer.VerifyingObserverName == "=李建国"
    assert observer.VerifyingOrganization == "县人民医院超声科"
    assert observer.VerificationDateTime == "20251121224805.000000+0800"
    assert list(observer.VerifyingObserverIdentificationCodeSequence) == []


def test_without_an_organization_the_site_is_accountable() -> None:
    dataset = parsed(report(reading_organization=""))
    assert dataset.VerifyingObserverSequence[0].VerifyingOrganization == "青山镇卫生院"


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


def test_the_evidence_lists_every_instance_that_was_read_under_its_series() -> None:
    evidence = parsed(FINAL).CurrentRequestedProcedureEvidenceSequence
    assert [study.StudyInstanceUID for study in evidence] == [STUDY]
    listed = {
        series.SeriesInstanceUID: [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence]
        for series in evidence[0].ReferencedSeriesSequence
    }
    assert listed == {f"{STUDY}.1": [f"{STUDY}.1.1", f"{STUDY}.1.2"], f"{STUDY}.2": [f"{STUDY}.2.1"]}


@pytest.mark.parametrize("uid", ["..", "1.02.3", "1" * 64])
def test_an_ill_formed_uid_of_a_device_is_referred_to_as_it_is(uid: str) -> None:
    instance = replace(FINAL.instances[0], sop_instance_uid=uid)
    with disable_value_validation():
        dataset = parsed(replace(FINAL, instances=(instance,)))
        series = dataset.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
        assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == uid


def test_a_report_of_nothing_has_neither_evidence_nor_request_nor_headings() -> None:
    dataset = parsed(EMPTY)
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "ReferencedRequestSequence"):
        assert keyword not in dataset
    assert [item for item in dataset.ContentSequence if item.ValueType == "CONTAINER"] == []


def _headings(dataset: Dataset) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            heading.ConceptNameCodeSequence[0].CodeMeaning,
            [
                (text.ConceptNameCodeSequence[0].CodeMeaning, text.TextValue)
                for text in heading.ContentSequence
            ],
        )
        for heading in dataset.ContentSequence
        if heading.ValueType == "CONTAINER"
    ]


def test_what_was_asked_and_answered_stands_under_its_heading() -> None:
    assert _headings(parsed(FINAL)) == [
        ("Request", [("Request", "右上腹痛三天，\r\n请排除胆囊结石。")]),
        ("History", [("History", "高血压病史10年。")]),
        ("Findings", [("Finding", FINAL.findings.replace("\n", "\r\n"))]),
        ("Impressions", [("Impression", "胆囊结石。")]),
    ]


def test_an_addendum_leaves_the_report_as_it_was_and_names_its_predecessor() -> None:
    dataset = parsed(addendum())
    assert _headings(dataset)[2:] == [
        (
            "Addendum",
            [
                ("Comment", "复阅后补充测量。"),
                ("Finding", "胆总管内径约0.7cm。"),
                ("Impression", "胆总管未见扩张。"),
            ],
        ),
        ("Findings", [("Finding", FINAL.findings.replace("\n", "\r\n"))]),
        ("Impressions", [("Impression", "胆囊结石。")]),
    ]
    series = dataset.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == "2.25.90"
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "2.25.91"


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
    assert _headings(parsed(report(findings=written)))[2] == ("Findings", [("Finding", kept)])


def test_long_text_comes_back_whole() -> None:
    line = "胆囊腔内见强回声团，后方伴声影。"
    dataset = parsed(report(findings=f"{line}\n" * 20_000))
    assert _headings(dataset)[2][1][0][1] == "\r\n".join([line] * 20_000)


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


def test_the_file_is_explicit_little_endian_utf8_and_names_this_implementation() -> None:
    dataset = parsed(FINAL)
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert dataset.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert dataset.file_meta.ImplementationVersionName == IMPLEMENTATION_VERSION_NAME
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID == "2.25.101"
    assert (dataset.SeriesInstanceUID, dataset.SeriesNumber) == ("2.25.100", 9001)
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    assert dataset.StudyInstanceUID == STUDY


def test_the_same_document_gives_the_same_bytes_however_its_instances_were_found() -> None:
    instances = list(FINAL.instances)
    expected = structured_report(FINAL, **UIDS)
    for seed in range(5):
        random.Random(seed).shuffle(instances)  # noqa: S311  # an order, not a secret
        assert structured_report(replace(FINAL, instances=tuple(instances)), **UIDS) == expected


def test_another_process_in_another_time_zone_gives_the_same_bytes() -> None:
    program = (
        "import sys; from tests.fixtures.report_documents import FINAL, UIDS;"
        "from reporting.structured_report import structured_report;"
        "sys.stdout.buffer.write(structured_report(FINAL, **UIDS))"
    )
    environment = os.environ | {"TZ": "America/Lima", "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment)
    assert done.stdout == structured_report(FINAL, **UIDS)


@settings(max_examples=60)
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
    dataset = parsed(document)
    assert illegal_values(dataset) == []
    assert violations(dataset) == []


def test_instances_found_twice_are_listed_once() -> None:
    twice = replace(FINAL, instances=FINAL.instances * 2)
    assert structured_report(twice, **UIDS) == structured_report(FINAL, **UIDS)


def test_a_report_that_repeats_none_names_no_predecessor() -> None:
    assert "PredecessorDocumentsSequence" not in parsed(FINAL)
    replaced = ReportedInstance(
        series_instance_uid="2.25.1", sop_class_uid="1.2.840.10008.5.1.4.1.1.88.11", sop_instance_uid="2.25.2"
    )
    assert "PredecessorDocumentsSequence" in parsed(replace(FINAL, predecessors=(replaced,)))
