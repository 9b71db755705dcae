"""The coded terms a published report is written with, and which of them fit which modality (PS3.16)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Code:
    """A coded concept: value, scheme and the meaning that goes with them (PS3.3 table 8.8-1)."""

    value: str
    scheme: str
    meaning: str


def _dicom(value: str, meaning: str) -> Code:
    return Code(value=value, scheme="DCM", meaning=meaning)


def _loinc(value: str, meaning: str) -> Code:
    return Code(value=value, scheme="LN", meaning=meaning)


def _snomed(value: str, meaning: str) -> Code:
    return Code(value=value, scheme="SCT", meaning=meaning)


@dataclass(frozen=True, kw_only=True)
class ReportKind:
    """What a report of one modality is called, and its device and procedure where those are certain."""

    title: Code
    chinese_title: str
    acquisition_device_type: Code | None
    procedure_reported: Code | None

    @property
    def bilingual_title(self) -> str:
        """The title as people read it, in a viewer's list or on paper."""
        return f"{self.chinese_title} {self.title.meaning}"


_ULTRASOUND_TITLE: Final = _loinc("25061-3", "Ultrasound Report")
_X_RAY_TITLE: Final = _loinc("43468-8", "X-Ray Report")
# CID 7000 prints this code as 11524-0, whose check digit LOINC does not accept; LOINC's own code is used.
_ECG_TITLE: Final = _loinc("11524-6", "ECG Report")
_GENERAL_TITLE: Final = _loinc("18748-4", "Diagnostic Imaging Report")
_PLAIN_RADIOGRAPHY: Final = _snomed("168537006", "Plain radiography")

GENERAL_REPORT: Final = ReportKind(
    title=_GENERAL_TITLE, chinese_title="影像检查报告", acquisition_device_type=None, procedure_reported=None
)
REPORT_KINDS: Final[dict[str, ReportKind]] = {
    "US": ReportKind(
        title=_ULTRASOUND_TITLE,
        chinese_title="超声检查报告",
        acquisition_device_type=_dicom("US", "Ultrasound"),
        procedure_reported=_snomed("16310003", "Diagnostic ultrasonography"),
    ),
    "DX": ReportKind(
        title=_X_RAY_TITLE,
        chinese_title="X线检查报告",
        acquisition_device_type=_dicom("DX", "Digital Radiography"),
        procedure_reported=_PLAIN_RADIOGRAPHY,
    ),
    "CR": ReportKind(
        title=_X_RAY_TITLE,
        chinese_title="X线检查报告",
        acquisition_device_type=_dicom("CR", "Computed Radiography"),
        procedure_reported=_PLAIN_RADIOGRAPHY,
    ),
    "ECG": ReportKind(
        title=_ECG_TITLE,
        chinese_title="心电图检查报告",
        acquisition_device_type=_dicom("ECG", "Electrocardiography"),
        procedure_reported=_snomed("29303009", "Electrocardiographic procedure"),
    ),
}
"""Titles of CID 7000 and devices of CID 29, by modality; any other modality has a GENERAL_REPORT."""


def report_kind(modality: str) -> ReportKind:
    """Return what a report of `modality` is called."""
    return REPORT_KINDS.get(modality, GENERAL_REPORT)


PROCEDURE_REPORTED: Final = _dicom("121058", "Procedure reported")
ACQUISITION_DEVICE_TYPE: Final = _dicom("122142", "Acquisition Device Type")
LANGUAGE: Final = _dicom("121049", "Language of Content Item and Descendants")
CHINESE: Final = Code(value="zh-CN", scheme="RFC5646", meaning="Chinese (China)")
OBSERVER_TYPE: Final = _dicom("121005", "Observer Type")
PERSON: Final = _dicom("121006", "Person")
PERSON_OBSERVER_NAME: Final = _dicom("121008", "Person Observer Name")
PERSON_OBSERVER_ORGANIZATION: Final = _dicom("121009", "Person Observer's Organization Name")
PROCEDURE_STUDY_INSTANCE_UID: Final = _dicom("121018", "Procedure Study Instance UID")
ACCESSION_NUMBER: Final = _dicom("121022", "Accession Number")

REQUEST: Final = _loinc("55115-0", "Request")
HISTORY: Final = _loinc("11329-0", "History")
FINDINGS: Final = _loinc("59776-5", "Findings")
IMPRESSIONS: Final = _loinc("19005-8", "Impressions")
ADDENDUM: Final = _loinc("55107-7", "Addendum")

FINDING: Final = _dicom("121071", "Finding")
BEST_ILLUSTRATION: Final = _dicom("121080", "Best illustration of finding")
IMPRESSION: Final = _dicom("121073", "Impression")
COMMENT: Final = _dicom("121106", "Comment")
"""Outside CID 7002, a baseline that may be extended: nothing there says why an addendum was written."""
