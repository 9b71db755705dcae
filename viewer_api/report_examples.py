"""A report as the OpenAPI description shows it: one ECG, read within minutes."""

from typing import Final

from pydantic.config import JsonDict

from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID

_DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_PATH: Final = f"/api/v1/reports/{EXAMPLE_KEY}"
_READ: Final[JsonDict] = {
    "series_instance_uid": f"{EXAMPLE_UID}1",
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.9.1.1",
    "sop_instance_uid": f"{EXAMPLE_UID}2",
    "study_instance_uid": "",
}
WORDS: Final[JsonDict] = {
    "findings": "窦性心律，V2-V4 ST段抬高0.3mV。",
    "impression": "急性前壁心肌梗死可能，建议立即转诊。",
}
DRAFT: Final[JsonDict] = {
    "case_id": EXAMPLE_KEY,
    "version": 3,
    **WORDS,
    "written_at": "2026-11-20T08:36:00Z",
}
KEPT_DRAFT: Final[JsonDict] = {
    "kept_key": EXAMPLE_KEY,
    "workitem_uid": EXAMPLE_UID,
    **WORDS,
    "written_at": "2026-11-20T08:36:00Z",
    "reason": "Somebody else changed it since you read it; what you sent is kept aside.",
}
SUMMARY: Final[JsonDict] = {
    "report_id": EXAMPLE_KEY,
    "case_id": EXAMPLE_KEY,
    "site_id": "xinglong-clinic",
    "study_instance_uid": EXAMPLE_UID,
    "number": 1,
    "status": "final",
    "addendum_to": None,
    "supersedes": None,
    "superseded_by": None,
    "needs_notice": False,
    "modality": "ECG",
    "patient_name": "Zhang^San=张^三",
    "patient_id": "0001",
    "study_date": "2026-11-20",
    "accession_number": "A-1001",
    "reading_physician": "陈医生",
    "signed_at": "2026-11-20T08:37:00Z",
    "digest": _DIGEST,
    "is_published": True,
    "is_received": True,
    "confirmations": [{"display_name": "王护士", "username": "wang", "confirmed_at": "2026-11-20T08:39:00Z"}],
    "links": {
        "self": _PATH,
        "page": f"/r/{EXAMPLE_KEY}",
        "confirm": f"{_PATH}/confirm",
        "case": f"/api/v1/cases/{EXAMPLE_KEY}",
        "addenda": f"{_PATH}/addenda",
        "amendments": f"{_PATH}/amendments",
        "pdf": f"{_PATH}/pdf",
        "sr": f"{_PATH}/sr",
    },
}
_DOCUMENT: Final[JsonDict] = {
    "report_id": EXAMPLE_KEY,
    "status": "final",
    "site_id": "xinglong-clinic",
    "site_name": "兴隆镇卫生院",
    "time_zone": "Asia/Shanghai",
    "study_instance_uid": EXAMPLE_UID,
    "study_id": "1",
    "study_date": "2026-11-20",
    "study_time": "162900",
    "accession_number": "A-1001",
    "referring_physician_name": "",
    "study_description": "12-lead ECG",
    "modality": "ECG",
    "patient": {
        "patient_name": "Zhang^San=张^三",
        "patient_id": "0001",
        "issuer_of_patient_id": "",
        "patient_birth_date": "1970-01-02",
        "patient_sex": "M",
    },
    "clinical_question": "胸痛两小时，ST段?",
    "history": "高血压",
    **WORDS,
    "reason": "",
    "previous_findings": "",
    "previous_impression": "",
    "reading_physician": "陈医生",
    "reading_organization": "县人民医院",
    "signed_at": "2026-11-20T08:37:00+00:00",
    "received_at": "2026-11-20T08:30:00+00:00",
    "instances": [_READ],
    "predecessors": [],
}
REPORT: Final[JsonDict] = {
    **SUMMARY,
    "signer": {"account_id": EXAMPLE_KEY, "display_name": "陈医生", "organization": "县人民医院"},
    "document": _DOCUMENT,
    "publications": [
        {
            "form": "pdf",
            "series_instance_uid": f"{EXAMPLE_UID}3",
            "sop_instance_uid": f"{EXAMPLE_UID}4",
            "published_at": "2026-11-20T08:37:02Z",
        }
    ],
    "receipts": [{"username": "wang", "form": "pdf", "received_at": "2026-11-20T08:38:00Z"}],
}
