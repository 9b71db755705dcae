"""The printed report inside a DICOM object, so that it lies in the study (PS3.3 A.45.1)."""

from typing import Final

from reporting.document import ReportDocument, ReportStatus
from reporting.report_instance import (
    coded,
    data_set,
    document_title,
    in_order,
    part_10_file,
    referenced,
    report_instance,
)
from reporting.terms import report_kind

ENCAPSULATED_PDF_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.104.1"


def encapsulated_pdf(
    document: ReportDocument,
    pdf: bytes,
    *,
    sop_instance_uid: str,
    series_instance_uid: str,
    series_number: int,
) -> bytes:
    """Return the Part 10 file that carries `pdf`; the same arguments give the same bytes.

    Encapsulated Document Length says how long the PDF is without the padding to an even length.
    """
    kind = report_kind(document.modality)
    dataset = report_instance(
        document,
        sop_class_uid=ENCAPSULATED_PDF_STORAGE,
        sop_instance_uid=sop_instance_uid,
        series_instance_uid=series_instance_uid,
        series_number=series_number,
        modality="DOC",
    )
    dataset.update(
        data_set(
            AcquisitionDateTime="",
            ConversionType="WSD",
            SeriesDescription=document_title(document),
            BurnedInAnnotation="YES",
            VerificationFlag="UNVERIFIED" if document.status is ReportStatus.PRELIMINARY else "VERIFIED",
            ConceptNameCodeSequence=coded(kind.title),
            DocumentTitle=document_title(document),
            EncapsulatedDocument=pdf + b"\0" * (len(pdf) % 2),
            EncapsulatedDocumentLength=len(pdf),
            MIMETypeOfEncapsulatedDocument="application/pdf",
        )
    )
    if document.instances:
        sources = [referenced(instance) for instance in in_order(document.instances)]
        dataset.update(data_set(SourceInstanceSequence=sources))
    return part_10_file(dataset)
