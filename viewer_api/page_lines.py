"""What the page shows of cases and reports: every text ready to be read, nothing decided in the templates."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from reporting.paper.sheet import printed_name
from reporting.paper.words import ARRIVED, MODALITIES, NOT_STATED, SEXES, STATUS, Words
from reporting.report import Report
from storage.character_sets import DOUBTFUL, UNDECODABLE, UNKNOWN
from storage.shelf import Alarm, AlarmKind
from worklist.case import Case
from worklist.retake import RetakeReason
from worklist.urgency import Urgency
from worklist.workitem import InputReadinessState, ProcedureStepState

URGENCIES: Final = {
    Urgency.EMERGENCY: Words(zh="急诊", en="EMERGENCY"),
    Urgency.URGENT: Words(zh="加急", en="Urgent"),
    Urgency.ROUTINE: Words(zh="常规", en="Routine"),
}
TEXT_MARKS: Final = {
    UNDECODABLE: Words(zh="文字有误", en="text damaged"),
    UNKNOWN: Words(zh="字符集未知", en="character set unknown"),
    DOUBTFUL: Words(zh="字符集存疑", en="character set in doubt"),
}
RETAKE_REASONS: Final = {
    RetakeReason.MOTION: Words(zh="运动伪影", en="motion"),
    RetakeReason.POSITIONING: Words(zh="体位不当", en="positioning"),
    RetakeReason.EXPOSURE: Words(zh="曝光或增益不当", en="exposure or gain"),
    RetakeReason.LEAD: Words(zh="导联接反或脱落", en="lead reversed or off"),
    RetakeReason.WRONG_PATIENT: Words(zh="患者有误", en="wrong patient"),
    RetakeReason.WRONG_SIDE: Words(zh="左右有误", en="wrong side"),
    RetakeReason.INCOMPLETE: Words(zh="检查不完整", en="incomplete"),
    RetakeReason.OTHER: Words(zh="其他", en="other"),
}
ALARMS: Final = {
    AlarmKind.NEARLY_FULL: Words(zh="隔离区将满", en="quarantine nearly full"),
    AlarmKind.WAITING_LONG: Words(zh="隔离区久未处理", en="quarantine waits for a decision"),
}
CLOCK_AHEAD_SHOWN: Final = timedelta(minutes=5)
"""A clock that is ahead by no more is not worth a word on the page."""
SOON_MINUTES: Final = 10
"""From here on the time left is marked."""


@dataclass(frozen=True, kw_only=True)
class AlarmOnPage:
    """Something that cannot wait, where, and how it stands."""

    words: Words
    site: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class PersonOnPage:
    """Who was examined, as people write it."""

    name: str
    details: str
    """Sex, birth date and patient ID, as far as the device gave them."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """Where to look at a study: its first image as a picture, its ECG as a sheet, else the study itself."""

    path: str
    is_image: bool = False
    is_electrocardiogram: bool = False
    is_for_processing: bool = False


@dataclass(frozen=True, kw_only=True)
class ReportOnPage:
    """A signed version and where to have it; no PDF where there is none (yet)."""

    status: Words
    signed_at: str
    person: PersonOnPage
    exam: Words
    site: str
    reading_physician: str
    is_received: bool
    is_being_printed: bool
    look: Look
    json_path: str
    pdf_path: str | None


@dataclass(frozen=True, kw_only=True)
class CaseOnPage:
    """One line of the reading list."""

    urgency: Words
    urgency_mark: str
    state: Words
    state_mark: str
    due_at: str
    time_left: Words
    time_mark: str
    person: PersonOnPage
    text_mark: Words | None
    """What a reader has to know about how the text could be read."""
    exam: Words
    description: str
    when: str
    clinical_question: str
    number_of_instances: int
    late_instances: int
    patient_in_doubt: bool
    clock_ahead: Words | None
    """By how much the device's clock is ahead, where that is worth a look."""
    retake: Words | None
    """What better images are asked for."""
    retake_note: str
    site: str
    look: Look
    reports: tuple[ReportOnPage, ...]


def alarm_on_page(alarm: Alarm, site_name: str) -> AlarmOnPage:
    """Return an alarm as it reads."""
    return AlarmOnPage(words=ALARMS[alarm.kind], site=site_name, detail=alarm.detail)


def case_on_page(
    case: Case,
    *,
    site_name: str,
    time_zone: str,
    now: datetime,
    look: Look,
    reports: tuple[ReportOnPage, ...],
) -> CaseOnPage:
    """Return a line of the reading list as it reads at this moment."""
    state, state_mark = _state(case)
    minutes = _minutes_left(case.due_at, now)
    return CaseOnPage(
        urgency=URGENCIES[case.urgency],
        urgency_mark=case.urgency.value,
        state=state,
        state_mark=state_mark,
        due_at=_clock_time(case.due_at, time_zone, now=now),
        time_left=_time_left(minutes),
        time_mark="late" if minutes < 0 else "soon" if minutes < SOON_MINUTES else "",
        person=person_on_page(case.patient_name, case.patient_sex, case.patient_birth_date, case.patient_id),
        text_mark=TEXT_MARKS.get(case.text_finding),
        exam=_exam(case.modality),
        description=case.study_description,
        when=_when(case, time_zone, now=now),
        clinical_question=case.clinical_question,
        number_of_instances=case.number_of_instances,
        late_instances=case.late_instances or case.instances_since_claim,
        patient_in_doubt=case.patient_in_doubt,
        clock_ahead=_clock_ahead(case),
        retake=_retake(case),
        retake_note=case.open_retake.note if case.open_retake else "",
        site=site_name,
        look=look,
        reports=reports,
    )


def report_on_page(report: Report, *, now: datetime, look: Look) -> ReportOnPage:
    """Return a line of the inbox."""
    document = report.document
    patient = document.patient
    path = f"/api/v1/reports/{report.report_id}"
    return ReportOnPage(
        status=STATUS[report.status],
        signed_at=_clock_time(report.signed_at, document.time_zone, now=now),
        person=person_on_page(
            patient.patient_name, patient.patient_sex, patient.patient_birth_date, patient.patient_id
        ),
        exam=_exam(document.modality),
        site=document.site_name,
        reading_physician=document.reading_physician,
        is_received=bool(report.receipts),
        is_being_printed=bool(report.publications) and not report.is_published,
        look=look,
        json_path=path,
        pdf_path=f"{path}/pdf" if report.is_published else None,
    )


def person_on_page(name: str, sex: str, birth_date: date | None, patient_id: str) -> PersonOnPage:
    """Return a patient as people write one; a name that no device gave is a dash."""
    word = SEXES.get(sex)
    details = (
        f"{word.zh} {sex}" if word else sex,
        birth_date.isoformat() if birth_date else "",
        f"ID {patient_id}" if patient_id else "",
    )
    return PersonOnPage(
        name=printed_name(name) or NOT_STATED, details=" · ".join(detail for detail in details if detail)
    )


def _state(case: Case) -> tuple[Words, str]:
    match case.workitem.procedure_step_state:
        case ProcedureStepState.IN_PROGRESS:
            name = case.workitem.claimed_by_name
            return Words(zh=f"{name} 阅片中", en="being read"), "reading"
        case ProcedureStepState.COMPLETED:
            return Words(zh="已报告", en="reported"), "reported"
        case _ if case.workitem.input_readiness_state is InputReadinessState.UNAVAILABLE:
            return Words(zh="等待重做", en="waits for better images"), "soon"
        case _ if case.is_arriving:
            return Words(zh="接收中", en="arriving"), "arriving"
        case _:
            return Words(zh="待阅", en="ready"), "ready"


def _retake(case: Case) -> Words | None:
    """Return what better images are asked for, None where they are not."""
    if case.open_retake is None:
        return None
    reason = RETAKE_REASONS[case.open_retake.reason]
    return Words(zh=f"请重做：{reason.zh}", en=f"retake asked: {reason.en}")


def _minutes_left(due_at: datetime, now: datetime) -> int:
    """Return whole minutes until `due_at`, rounded down: a report 10 seconds late is late."""
    return int((due_at - now).total_seconds() // 60)


def _time_left(minutes: int) -> Words:
    if minutes < 0:
        late = _spoken(-minutes)
        return Words(zh=f"超时 {late.zh}", en=f"{late.en} late")
    left = _spoken(minutes)
    return Words(zh=f"剩 {left.zh}", en=f"{left.en} left")


def _spoken(minutes: int) -> Words:
    if minutes < 120:
        return Words(zh=f"{minutes} 分钟", en=f"{minutes} min")
    if minutes < 48 * 60:
        return Words(zh=f"{minutes // 60} 小时", en=f"{minutes // 60} h")
    return Words(zh=f"{minutes // 1440} 天", en=f"{minutes // 1440} d")


def _exam(modality: str) -> Words:
    known = MODALITIES.get(modality)
    return Words(zh=known.zh, en=modality) if known else Words(zh=modality or NOT_STATED, en="")


def _clock_ahead(case: Case) -> Words | None:
    if case.clock_skew is None or case.clock_skew <= CLOCK_AHEAD_SHOWN:
        return None
    ahead = _spoken(int(case.clock_skew.total_seconds() // 60))
    return Words(zh=f"设备时钟快 {ahead.zh}", en=f"device clock {ahead.en} ahead")


def _when(case: Case, time_zone: str, *, now: datetime) -> str:
    """Return the day of the study; a missing one is never invented: then it says when it arrived."""
    if case.study_date is not None:
        return case.study_date.isoformat()
    return f"{ARRIVED.zh} {ARRIVED.en} {_clock_time(case.first_received_at, time_zone, now=now)}"


def _clock_time(moment: datetime, time_zone: str, *, now: datetime) -> str:
    """Return the time at the site, with the day where it is not today."""
    zone = ZoneInfo(time_zone)
    local = moment.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return local.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")
