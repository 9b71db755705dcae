"""The signed report as a Basic Text SR of template 2000 (PS3.3 A.35.1, PS3.16 TID 2000)."""

from collections.abc import Sequence
from typing import Final

from pydicom.dataset import Dataset

from core.value_representation import (
    SHORT_STRING_LIMIT,
    date_time,
    described,
    displayed_name,
    identifier,
    text_value,
)
from ecg.storage_classes import ELECTROCARDIOGRAMS
from reporting import terms
from reporting.document import KeyImage, LinkedStudy, ReportDocument, ReportedInstance, ReportStatus
from reporting.report_instance import (
    coded,
    data_set,
    document_title,
    in_order,
    part_10_file,
    referenced,
    report_instance,
)
from reporting.terms import Code

BASIC_TEXT_SR_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.88.11"
TEMPLATE_IDENTIFIER: Final = "2000"
_MULTI_FRAME: Final = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{suffix}"
    for suffix in (
        *("2.1", "3.1", "4.1", "4.3", "7.1", "7.2", "7.3", "7.4", "20"),
        *("12.1", "12.1.1", "12.2", "12.2.1", "13.1.1", "13.1.2", "13.1.3"),
        *("77.1.1.1", "77.1.2.1", "77.1.4.1", "77.1.5.4", "77.1.6", "128.1", "130"),
    )
)
"""Storage classes whose images have frames (PS3.3 A): of any other a reference names none."""
_NOT_STATED: Final = "not stated"
"""For a Type 1 value that the document leaves empty."""


def structured_report(
    document: ReportDocument, *, sop_instance_uid: str, series_instance_uid: str, series_number: int
) -> bytes:
    """Return the Part 10 file; the same document and UIDs give the same bytes."""
    dataset = report_instance(
        document,
        sop_class_uid=BASIC_TEXT_SR_STORAGE,
        sop_instance_uid=sop_instance_uid,
        series_instance_uid=series_instance_uid,
        series_number=series_number,
        modality="SR",
    )
    dataset.update(_series_module(document))
    dataset.update(_document_module(document))
    dataset.update(_content(document))
    return part_10_file(dataset)


def _series_module(document: ReportDocument) -> Dataset:
    """PS3.3 C.17.1: a performed procedure step of the report's own is not known, and Type 2."""
    title = document_title(document)
    return data_set(SeriesDescription=title, ReferencedPerformedProcedureStepSequence=[])


def _document_module(document: ReportDocument) -> Dataset:
    """PS3.3 C.17.2."""
    final = document.status is not ReportStatus.PRELIMINARY
    module = data_set(
        PreliminaryFlag="FINAL" if final else "PRELIMINARY",
        CompletionFlag="COMPLETE" if final else "PARTIAL",
        VerificationFlag="VERIFIED" if final else "UNVERIFIED",
        AuthorObserverSequence=[_author(document)],
        PerformedProcedureCodeSequence=[],
    )
    if final:
        module.update(data_set(VerifyingObserverSequence=[_verifying_observer(document)]))
    if document.instances:
        evidence = _study_references(document, document.instances)
        module.update(data_set(CurrentRequestedProcedureEvidenceSequence=evidence))
    if document.predecessors:
        predecessors = _study_references(document, document.predecessors)
        module.update(data_set(PredecessorDocumentsSequence=predecessors))
    if requests := _requests(document):
        module.update(data_set(ReferencedRequestSequence=requests))
    return module


def _author(document: ReportDocument) -> Dataset:
    """PS3.3 table 10-23c: who wrote it, signed or not."""
    return data_set(
        InstitutionName=described(document.reading_organization),
        InstitutionCodeSequence=[],
        PersonIdentificationCodeSequence=[],
        ObserverType="PSN",
        PersonName=_reading_physician(document),
    )


def _verifying_observer(document: ReportDocument) -> Dataset:
    return data_set(
        VerifyingOrganization=_accountable_organization(document),
        VerificationDateTime=date_time(document.signed_at, document.time_zone),
        VerifyingObserverName=_reading_physician(document),
        VerifyingObserverIdentificationCodeSequence=[],
    )


def _reading_physician(document: ReportDocument) -> str:
    return displayed_name(document.reading_physician) or _NOT_STATED


def _accountable_organization(document: ReportDocument) -> str:
    return described(document.reading_organization) or described(document.site_name) or _NOT_STATED


def _study_references(document: ReportDocument, instances: tuple[ReportedInstance, ...]) -> list[Dataset]:
    """Return a Hierarchical SOP Instance Reference for each study, its own first (PS3.3 C.17.2.1)."""
    return [
        _study_reference(
            study_instance_uid or document.study_instance_uid,
            [instance for instance in instances if instance.study_instance_uid == study_instance_uid],
        )
        for study_instance_uid in sorted({instance.study_instance_uid for instance in instances})
    ]


def _study_reference(study_instance_uid: str, instances: list[ReportedInstance]) -> Dataset:
    by_series: dict[str, list[Dataset]] = {}
    for instance in in_order(instances):
        by_series.setdefault(instance.series_instance_uid, []).append(referenced(instance))
    series = [
        data_set(SeriesInstanceUID=series_instance_uid, ReferencedSOPSequence=references)
        for series_instance_uid, references in by_series.items()
    ]
    return data_set(StudyInstanceUID=study_instance_uid, ReferencedSeriesSequence=series)


def _requests(document: ReportDocument) -> list[Dataset]:
    """Return an item for each study that was ordered, the report's own first (PS3.3 C.17.2)."""
    own = LinkedStudy(
        study_instance_uid=document.study_instance_uid,
        accession_number=document.accession_number,
        study_description=document.study_description,
    )
    ordered = [
        (study, identifier(study.accession_number, SHORT_STRING_LIMIT))
        for study in (own, *document.linked_studies)
    ]
    return [_request(study, accession_number) for study, accession_number in ordered if accession_number]


def _request(study: LinkedStudy, accession_number: str) -> Dataset:
    """PS3.3 C.17.2: of the order the hub knows its accession number; the rest is Type 2."""
    return data_set(
        AccessionNumber=accession_number,
        ReferencedStudySequence=[],
        StudyInstanceUID=study.study_instance_uid,
        RequestedProcedureDescription=described(study.study_description),
        RequestedProcedureCodeSequence=[],
        RequestedProcedureID="",
        PlacerOrderNumberImagingServiceRequest="",
        FillerOrderNumberImagingServiceRequest="",
    )


def _content(document: ReportDocument) -> Dataset:
    """The root of the content tree (TID 2000 row 1) and all below it, in the order the template fixes."""
    kind = terms.report_kind(document.modality)
    items = [
        *_concept_modifiers(kind),
        *_observation_context(document),
        *_headings(document),
    ]
    return data_set(
        ValueType="CONTAINER",
        ConceptNameCodeSequence=coded(kind.title),
        ContinuityOfContent="SEPARATE",
        ContentTemplateSequence=[data_set(MappingResource="DCMR", TemplateIdentifier=TEMPLATE_IDENTIFIER)],
        ContentSequence=items,
    )


def _concept_modifiers(kind: terms.ReportKind) -> list[Dataset]:
    """TID 2000 rows 2, 3 and 5 (language, TID 1204)."""
    modifiers = []
    if kind.procedure_reported is not None:
        modifiers.append(_code(terms.PROCEDURE_REPORTED, kind.procedure_reported))
    if kind.acquisition_device_type is not None:
        modifiers.append(_code(terms.ACQUISITION_DEVICE_TYPE, kind.acquisition_device_type))
    modifiers.append(_code(terms.LANGUAGE, terms.CHINESE))
    return modifiers


def _observation_context(document: ReportDocument) -> list[Dataset]:
    """TID 2000 row 7: who observed (TID 1002), in which procedure (TID 1005); the patient is inherited."""
    context = "HAS OBS CONTEXT"
    organization = described(document.reading_organization)
    accession_number = identifier(document.accession_number, SHORT_STRING_LIMIT)
    items = [
        _code(terms.OBSERVER_TYPE, terms.PERSON, context),
        _item(context, "PNAME", terms.PERSON_OBSERVER_NAME, PersonName=_reading_physician(document)),
    ]
    if organization:
        items.append(_text(terms.PERSON_OBSERVER_ORGANIZATION, organization, context))
    items.append(
        _item(context, "UIDREF", terms.PROCEDURE_STUDY_INSTANCE_UID, UID=document.study_instance_uid)
    )
    if accession_number:
        items.append(_text(terms.ACCESSION_NUMBER, accession_number, context))
    return items


def _headings(document: ReportDocument) -> list[Dataset]:
    """TID 2000 rows 8 and 10: a heading for each part of the report that says something (TID 2002).

    An addendum leaves the report as it was and stands before it, under a heading of its own (PS3.20 7.1.2).
    An amended report says its own words alone, and why it was amended beside the impression.
    """
    findings, impression = document.findings, document.impression
    addendum = None
    amended = [(terms.COMMENT, document.reason)] if document.status is ReportStatus.AMENDED else []
    if document.status is ReportStatus.ADDENDUM:
        said = [(terms.COMMENT, document.reason), (terms.FINDING, findings), (terms.IMPRESSION, impression)]
        addendum = _heading(terms.ADDENDUM, said)
        findings, impression = document.previous_findings, document.previous_impression
    headings = (
        _heading(terms.REQUEST, [(terms.REQUEST, document.clinical_question)]),
        _heading(terms.HISTORY, [(terms.HISTORY, document.history)]),
        addendum,
        _heading(terms.FINDINGS, [(terms.FINDING, findings)], _key_images(document)),
        _heading(terms.IMPRESSIONS, [*amended, (terms.IMPRESSION, impression)]),
    )
    return [heading for heading in headings if heading is not None]


def _heading(concept: Code, texts: list[tuple[Code, str]], images: Sequence[Dataset] = ()) -> Dataset | None:
    """Return a heading with its text, or None where there is none: a TEXT may not be empty (Type 1)."""
    items = [_text(name, value, "CONTAINS") for name, text in texts if (value := text_value(text))]
    items += images
    if not items:
        return None
    return _item("CONTAINS", "CONTAINER", concept, ContinuityOfContent="SEPARATE", ContentSequence=items)


def _key_images(document: ReportDocument) -> list[Dataset]:
    """TID 2002 row 5, TID 2001 row 1 (CID 7003): the frames that the reader chose to show.

    An electrocardiogram is no IMAGE; it is in the evidence with all that was read.
    """
    return [
        _item("CONTAINS", "IMAGE", terms.BEST_ILLUSTRATION, ReferencedSOPSequence=[_frame(image)])
        for image in document.key_images
        if image.sop_class_uid not in ELECTROCARDIOGRAMS
    ]


def _frame(image: KeyImage) -> Dataset:
    """PS3.3 C.18.4: the frame is named where the class is one of frames."""
    reference = data_set(
        ReferencedSOPClassUID=image.sop_class_uid, ReferencedSOPInstanceUID=image.sop_instance_uid
    )
    if image.sop_class_uid in _MULTI_FRAME:
        reference.update(data_set(ReferencedFrameNumber=str(image.frame)))
    return reference


def _code(concept: Code, code: Code, relationship: str = "HAS CONCEPT MOD") -> Dataset:
    return _item(relationship, "CODE", concept, ConceptCodeSequence=coded(code))


def _text(concept: Code, text: str, relationship: str) -> Dataset:
    return _item(relationship, "TEXT", concept, TextValue=text)


def _item(relationship: str, value_type: str, concept: Code, **value: str | list[Dataset]) -> Dataset:
    """Return a content item (PS3.3 C.17.3)."""
    return data_set(
        RelationshipType=relationship,
        ValueType=value_type,
        ConceptNameCodeSequence=coded(concept),
        **value,
    )
