"""The SR against its template, its value representations and two outside judges."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from core.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from reporting.document import KeyImage, LinkedStudy, ReportDocument, ReportedInstance
from reporting.structured_report import structured_report
from tests.fixtures.report_documents import (
    FINAL,
    PATIENT,
    SOP_CLASSES,
    STUDY,
    UIDS,
    addendum,
    amended,
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
MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1"
MOVING = [
    replace(instance, sop_class_uid=MULTI_FRAME) if place == 0 else instance
    for place, instance in enumerate(report("US").instances)
]
CHEST = "2.25.77"
OF_TWO_STUDIES = report(
    linked_studies=(
        LinkedStudy(study_instance_uid=CHEST, accession_number="A-101", study_description="胸部正位"),
        LinkedStudy(study_instance_uid="2.25.78", accession_number="", study_description="未开单"),
    )
)
OF_TWO_STUDIES = replace(
    OF_TWO_STUDIES,
    instances=(
        *OF_TWO_STUDIES.instances,
        ReportedInstance(
            series_instance_uid=f"{CHEST}.1",
            sop_class_uid=SOP_CLASSES["DX"],
            sop_instance_uid=f"{CHEST}.1.1",
            study_instance_uid=CHEST,
        ),
    ),
)
DOCUMENTS = {
    **{
        f"{status.__name__} {modality}": status(modality)
        for status in (report, preliminary, addendum, amended)
        for modality in ("US", "DX", "CR", "ECG", "OT")
    },
    "key images": replace(
        report("US"),
        instances=tuple(MOVING),
        key_images=tuple(KeyImage(**vars(instance), frame=1, caption="") for instance in MOVING[:2]),
    ),
    "several studies": OF_TWO_STUDIES,
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


def test_the_evidence_lists_every_instance_that_was_read_under_its_series() -> None:
    evidence = parsed(FINAL).CurrentRequestedProcedureEvidenceSequence
    assert [study.StudyInstanceUID for study in evidence] == [STUDY]
    listed = {
        series.SeriesInstanceUID: [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence]
        for series in evidence[0].ReferencedSeriesSequence
    }
    assert listed == {f"{STUDY}.1": [f"{STUDY}.1.1", f"{STUDY}.1.2"], f"{STUDY}.2": [f"{STUDY}.2.1"]}


def test_a_report_of_nothing_has_neither_evidence_nor_request_nor_headings() -> None:
    dataset = parsed(EMPTY)
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "ReferencedRequestSequence"):
        assert keyword not in dataset
    assert [item for item in dataset.ContentSequence if item.ValueType == "CONTAINER"] == []


def test_each_study_that_was_ordered_names_its_own_order() -> None:
    dataset = parsed(OF_TWO_STUDIES)
    asked = [
        (request.StudyInstanceUID, request.AccessionNumber, request.RequestedProcedureDescription)
        for request in dataset.ReferencedRequestSequence
    ]
    assert asked == [(STUDY, "A-100", "腹部超声"), (CHEST, "A-101", "胸部正位")]
    evidence = dataset.CurrentRequestedProcedureEvidenceSequence
    assert [study.StudyInstanceUID for study in evidence] == [STUDY, CHEST]


def test_a_linked_study_is_asked_for_where_the_reports_own_is_not() -> None:
    [request] = parsed(replace(OF_TWO_STUDIES, accession_number="")).ReferencedRequestSequence
    assert (request.StudyInstanceUID, request.AccessionNumber) == (CHEST, "A-101")


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
        random.Random(seed).shuffle(instances)  # an order, not a secret
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


def test_instances_found_twice_are_listed_once() -> None:
    twice = replace(FINAL, instances=FINAL.instances * 2)
    assert structured_report(twice, **UIDS) == structured_report(FINAL, **UIDS)


def test_a_report_that_repeats_none_names_no_predecessor() -> None:
    assert "PredecessorDocumentsSequence" not in parsed(FINAL)
    replaced = ReportedInstance(
        series_instance_uid="2.25.1", sop_class_uid="1.2.840.10008.5.1.4.1.1.88.11", sop_instance_uid="2.25.2"
    )
    assert "PredecessorDocumentsSequence" in parsed(replace(FINAL, predecessors=(replaced,)))


def test_an_amended_report_names_its_predecessor_and_says_its_own_words_alone() -> None:
    document = amended()
    dataset = parsed(document)
    assert (dataset.CompletionFlag, dataset.VerificationFlag, dataset.PreliminaryFlag) == (
        "COMPLETE",
        "VERIFIED",
        "FINAL",
    )
    [study] = dataset.PredecessorDocumentsSequence
    assert study.StudyInstanceUID == STUDY
    [series] = study.ReferencedSeriesSequence
    [named] = series.ReferencedSOPSequence
    assert named.ReferencedSOPInstanceUID == document.predecessors[0].sop_instance_uid
    texts = [
        item.TextValue
        for heading in dataset.ContentSequence
        for item in heading.get("ContentSequence", [])
        if "TextValue" in item
    ]
    assert texts[-3:] == [document.findings, document.reason, document.impression]
    assert document.previous_impression not in texts
    assert dataset.SeriesDescription.startswith("修订 Amended: ")
    assert "PredecessorDocumentsSequence" not in parsed(FINAL)
