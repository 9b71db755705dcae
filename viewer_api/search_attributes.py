"""What a search answers about a study, series or instance (PS3.18 tables 10.6.3-3 to 10.6.3-5). Pure."""

from typing import Any

from storage.dicom_json import JSONDataSet, item
from storage.instance import Instance, RequestAttributes, Series, Study
from viewer_api.dicom_web_root import Root


def study_attributes(study: Study, root: Root) -> dict[str, Any]:
    """Return a study's attributes by keyword."""
    return {
        "StudyDate": study.study_date,
        "StudyTime": study.study_time,
        **_where_said({"TimezoneOffsetFromUTC": study.timezone_offset_from_utc}),
        "AccessionNumber": study.accession_number,
        "InstanceAvailability": "ONLINE",
        "ModalitiesInStudy": study.modalities_in_study,
        "ReferringPhysicianName": study.referring_physician_name,
        "RetrieveURL": root.url(study.site_id, study.study_instance_uid),
        "StudyDescription": study.study_description,
        "PatientName": study.patient_name,
        "PatientID": study.patient_id,
        "IssuerOfPatientID": study.issuer_of_patient_id,
        "PatientBirthDate": study.patient_birth_date,
        "PatientSex": study.patient_sex,
        "StudyInstanceUID": study.study_instance_uid,
        "StudyID": study.study_id,
        "NumberOfStudyRelatedSeries": study.number_of_study_related_series,
        "NumberOfStudyRelatedInstances": study.number_of_study_related_instances,
    }


def series_attributes(series: Series, root: Root) -> dict[str, Any]:
    """Return a series' attributes by keyword."""
    return {
        "StudyInstanceUID": series.study_instance_uid,
        "Modality": series.modality,
        "SeriesDescription": series.series_description,
        "BodyPartExamined": series.body_part_examined,
        "RetrieveURL": root.url(series.site_id, series.study_instance_uid, series.series_instance_uid),
        "SeriesInstanceUID": series.series_instance_uid,
        "SeriesNumber": series.series_number,
        "PerformedProcedureStepStartDate": series.performed_procedure_step_start_date,
        "PerformedProcedureStepStartTime": series.performed_procedure_step_start_time,
        "RequestAttributesSequence": [_request(request) for request in series.requests],
        "NumberOfSeriesRelatedInstances": series.number_of_series_related_instances,
    }


def instance_attributes(instance: Instance, root: Root) -> dict[str, Any]:
    """Return an instance's attributes by keyword."""
    return {
        "SOPClassUID": instance.sop_class_uid,
        "SOPInstanceUID": instance.sop_instance_uid,
        "InstanceAvailability": "ONLINE",
        "RetrieveURL": root.url_of(instance),
        "AvailableTransferSyntaxUID": instance.transfer_syntax_uid,
        "StudyInstanceUID": instance.study_instance_uid,
        "SeriesInstanceUID": instance.series_instance_uid,
        "InstanceNumber": instance.instance_number,
        "Rows": instance.rows,
        "Columns": instance.columns,
        "BitsAllocated": instance.bits_allocated,
        "NumberOfFrames": instance.number_of_frames,
    }


def _request(request: RequestAttributes) -> JSONDataSet:
    return item(
        _where_said(
            {
                "RequestedProcedureID": request.requested_procedure_id,
                "ScheduledProcedureStepID": request.scheduled_procedure_step_id,
            }
        )
    )


def _where_said(values: dict[str, str]) -> dict[str, str]:
    return {keyword: value for keyword, value in values.items() if value}
