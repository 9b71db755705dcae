"""What every object the hub publishes has in common, SR or PDF: patient, study, series, equipment, file."""

from collections.abc import Iterable
from io import BytesIO
from typing import Final

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from core.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from core.value_representation import (
    LONG_STRING_LIMIT,
    SHORT_STRING_LIMIT,
    date_and_time,
    described,
    identifier,
    offset_from_utc,
    patient_sex,
    person_name,
    study_date,
    study_time,
)
from reporting.document import ReportDocument, ReportedInstance, ReportStatus
from reporting.terms import Code, report_kind

EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
MANUFACTURER: Final = "Imaging Consultation Hub"

Value = str | int | bytes | list[Dataset]


def data_set(**values: Value) -> Dataset:
    """Return a data set of these keywords and values, exactly as given.

    The library's own checks are off, because a UID that a device made wrong must be referred to as it is.
    """
    dataset = Dataset()
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise KeyError(keyword)
        dataset.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=config.IGNORE))
    return dataset


def document_title(document: ReportDocument) -> str:
    """Return what a viewer's list calls the document: one that stands in place of another says so first."""
    title = report_kind(document.modality).bilingual_title
    return f"修订 Amended: {title}" if document.status is ReportStatus.AMENDED else title


def coded(code: Code) -> list[Dataset]:
    """Return a code sequence of the one item `code` (PS3.3 table 8.8-1)."""
    return [data_set(CodeValue=code.value, CodingSchemeDesignator=code.scheme, CodeMeaning=code.meaning)]


def referenced(instance: ReportedInstance) -> Dataset:
    """Return a reference to one instance (PS3.3 table 10-11)."""
    return data_set(
        ReferencedSOPClassUID=instance.sop_class_uid, ReferencedSOPInstanceUID=instance.sop_instance_uid
    )


def in_order(instances: Iterable[ReportedInstance]) -> list[ReportedInstance]:
    """Return each instance once, in an order that does not depend on how they were found."""
    return sorted(
        set(instances), key=lambda instance: (instance.series_instance_uid, instance.sop_instance_uid)
    )


def report_instance(
    document: ReportDocument,
    *,
    sop_class_uid: str,
    sop_instance_uid: str,
    series_instance_uid: str,
    series_number: int,
    modality: str,
) -> Dataset:
    """Return the modules that all published objects share; `modality` is that of the report's own series.

    Nothing in it tells the time of publication or the hub's version: published again after a crash or an
    upgrade, the object is the same to the byte.
    """
    patient = document.patient
    content_date, content_time = date_and_time(document.signed_at, document.time_zone)
    return data_set(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class_uid,
        SOPInstanceUID=sop_instance_uid,
        StudyDate=study_date(document.study_date),
        ContentDate=content_date,
        StudyTime=study_time(document.study_time),
        ContentTime=content_time,
        AccessionNumber=identifier(document.accession_number, SHORT_STRING_LIMIT),
        Modality=modality,
        Manufacturer=MANUFACTURER,
        InstitutionName=described(document.site_name),
        ReferringPhysicianName=person_name(document.referring_physician_name),
        TimezoneOffsetFromUTC=offset_from_utc(document.signed_at, document.time_zone),
        StudyDescription=described(document.study_description),
        PatientName=person_name(patient.patient_name),
        PatientID=identifier(patient.patient_id, LONG_STRING_LIMIT),
        IssuerOfPatientID=identifier(patient.issuer_of_patient_id, LONG_STRING_LIMIT),
        PatientBirthDate=study_date(patient.patient_birth_date),
        PatientSex=patient_sex(patient.patient_sex),
        StudyInstanceUID=document.study_instance_uid,
        SeriesInstanceUID=series_instance_uid,
        StudyID=identifier(document.study_id, SHORT_STRING_LIMIT),
        SeriesNumber=series_number,
        InstanceNumber=1,
    )


def part_10_file(dataset: Dataset) -> bytes:
    """Return `dataset` as a whole Part 10 file in Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(EXPLICIT_VR_LITTLE_ENDIAN)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    dataset.file_meta = meta
    target = BytesIO()
    dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()
