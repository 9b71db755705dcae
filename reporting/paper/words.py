"""The words printed round a report: Chinese first, as a county clinic reads it, with English beside it."""

from dataclasses import dataclass
from typing import Final

from reporting.document import ReportStatus


@dataclass(frozen=True, kw_only=True)
class Words:
    """One label in both languages."""

    zh: str
    en: str


def _words(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


NOTHING: Final = _words("", "")
STATUS: Final = {
    ReportStatus.PRELIMINARY: _words("初步报告", "PRELIMINARY"),
    ReportStatus.FINAL: _words("正式报告", "FINAL"),
    ReportStatus.ADDENDUM: _words("补充报告", "ADDENDUM"),
    ReportStatus.AMENDED: _words("修订报告", "AMENDED"),
}
STATUS_NOTE: Final = {
    ReportStatus.PRELIMINARY: _words("尚未最终审核，内容可能更改。", "Not final: it may still change."),
    ReportStatus.FINAL: NOTHING,
    ReportStatus.ADDENDUM: _words("补充先前已签发的报告。", "Adds to a report signed before."),
    ReportStatus.AMENDED: _words("取代先前已签发的报告。", "Stands in place of a report signed before."),
}
SUPERSEDING: Final = STATUS_NOTE[ReportStatus.AMENDED]
"""On a final report too, where one was signed before late images came."""

PATIENT_NAME: Final = _words("姓名", "Name")
PATIENT_SEX: Final = _words("性别", "Sex")
PATIENT_BIRTH_DATE: Final = _words("出生日期", "Birth date")
PATIENT_ID: Final = _words("患者编号", "Patient ID")
STUDY_DATE: Final = _words("检查日期", "Study date")
ACCESSION_NUMBER: Final = _words("检查号", "Accession no.")
MODALITY: Final = _words("设备类型", "Modality")
STUDY_DESCRIPTION: Final = _words("检查项目", "Exam")
LINKED_ACCESSION_NUMBER: Final = _words("并入检查", "Linked no.")
REFERRING_PHYSICIAN: Final = _words("申请医师", "Referred by")
INSTANCES_READ: Final = _words("阅片数", "Instances")

CLINICAL_QUESTION: Final = _words("临床问题", "Clinical question")
HISTORY: Final = _words("病史", "History")
FINDINGS: Final = _words("检查所见", "Findings")
IMPRESSION: Final = _words("诊断意见", "Impression")
REASON: Final = _words("补充原因", "Reason for the addendum")
AMENDMENT_REASON: Final = _words("修订原因", "Reason for the amendment")
ADDED_FINDINGS: Final = _words("补充所见", "Added findings")
ADDED_IMPRESSION: Final = _words("补充意见", "Added impression")
EARLIER_REPORT: Final = _words("先前签发的报告", "The report this adds to")
REPLACED_REPORT: Final = _words("已被取代的报告，不再有效", "The report this replaces, no longer valid")

READING_PHYSICIAN: Final = _words("报告医师", "Read by")
READING_ORGANIZATION: Final = _words("报告单位", "Read at")
SIGNED: Final = _words("签发时间", "Signed")
REPORT_ID: Final = _words("报告编号", "Report ID")
CONTENT_DIGEST: Final = _words("内容摘要", "Content digest")

ECG_TITLE: Final = _words("心电图", "Electrocardiogram")
ECG_LEFT_OUT: Final = _words("未印出的导联数", "Leads recorded and not printed:")
ECG_MISSING: Final = _words(
    "此心电图无法绘制，请在系统中查看原始记录。",
    "This ECG cannot be drawn here: look at the recording in the hub.",
)

KEY_IMAGES: Final = _words("关键图像", "Key images")
KEY_IMAGES_MORE: Final = _words("未印出的关键图像", "Key images not printed:")
KEY_IMAGE_MISSING: Final = _words("此图像无法印出。", "This image cannot be shown here.")

NOT_STATED: Final = "—"
ARRIVED: Final = _words("到达", "arrived")

SEXES: Final = {"M": _words("男", "Male"), "F": _words("女", "Female"), "O": _words("其他", "Other")}
MODALITIES: Final = {
    "US": _words("超声", "Ultrasound"),
    "DX": _words("数字X线摄影", "Digital radiography"),
    "CR": _words("计算机X线摄影", "Computed radiography"),
    "ECG": _words("心电图", "Electrocardiography"),
}
