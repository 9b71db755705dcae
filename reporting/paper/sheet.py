"""What stands on the printed sheet, in order: every word already in characters that the font has."""

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.value_representation import study_time
from reporting.document import ReportDocument, ReportStatus
from reporting.fonts import breakable, printable, printable_lines
from reporting.paper import words
from reporting.paper.words import Words
from reporting.terms import report_kind

Sheet = dict[str, object]
_LONGEST_WORD_IN_TEXT: Final = 40
_LONGEST_WORD_IN_CELL: Final = 16
_LONGEST_WORD_IN_FOOT: Final = 80
_EARLIER: Final = {
    ReportStatus.ADDENDUM: words.EARLIER_REPORT,
    ReportStatus.AMENDED: words.REPLACED_REPORT,
}
_FIRST_IDEOGRAPHIC: Final = "\u2e80"


def sheet(document: ReportDocument) -> Sheet:
    """Return the sheet as the layout expects it: strings, and lists and objects of strings."""
    kind = report_kind(document.modality)
    earlier = _EARLIER.get(document.status)
    return {
        "title": _pair(Words(zh=kind.chinese_title, en=kind.title.meaning)),
        "author": printable(document.reading_physician),
        "signed": _calendar(document.signed_at),
        "site": breakable(printable(document.site_name), _LONGEST_WORD_IN_TEXT),
        "status": {
            **_pair(words.STATUS[document.status]),
            "state": document.status.value,
            "note": _pair(_note(document)),
        },
        "running": _running_head(document),
        "facts": _facts(document),
        "sections": _sections(document),
        "earlier": _earlier_sections(document) if earlier else [],
        "earlier-words": _pair(earlier or words.NOTHING),
        "key-words": {
            "title": _pair(words.KEY_IMAGES),
            "more": _pair(words.KEY_IMAGES_MORE),
            "missing": _pair(words.KEY_IMAGE_MISSING),
        },
        "signature": _signature(document),
        "ecg-words": {
            "title": _pair(words.ECG_TITLE),
            "left-out": _pair(words.ECG_LEFT_OUT),
            "missing": _pair(words.ECG_MISSING),
        },
        "footer": [
            _fact(words.REPORT_ID, document.report_id, _LONGEST_WORD_IN_FOOT),
            _fact(words.CONTENT_DIGEST, document.content_digest, _LONGEST_WORD_IN_FOOT),
        ],
    }


def _note(document: ReportDocument) -> Words:
    if document.status is ReportStatus.FINAL and document.predecessors:
        return words.SUPERSEDING
    return words.STATUS_NOTE[document.status]


def _pair(label: Words) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}


def _fact(label: Words, value: str, longest_word: int = _LONGEST_WORD_IN_CELL) -> dict[str, str]:
    shown = breakable(printable(value.strip()), longest_word) or words.NOT_STATED
    return {**_pair(label), "value": shown}


def _section(label: Words, text: str) -> dict[str, object]:
    lines = [breakable(line, _LONGEST_WORD_IN_TEXT) for line in printable_lines(text)]
    return {**_pair(label), "lines": lines or [words.NOT_STATED]}


def _running_head(document: ReportDocument) -> str:
    """Return what tells a later page from another patient's."""
    patient = document.patient
    parts = (printed_name(patient.patient_name), patient.patient_id, document.accession_number)
    return breakable(printable(" · ".join(part for part in parts if part)), _LONGEST_WORD_IN_TEXT)


def _facts(document: ReportDocument) -> list[dict[str, str]]:
    patient = document.patient
    return [
        _fact(words.PATIENT_NAME, printed_name(patient.patient_name)),
        _fact(words.PATIENT_ID, patient.patient_id),
        _fact(words.PATIENT_SEX, _one_of(words.SEXES, patient.patient_sex)),
        _fact(words.PATIENT_BIRTH_DATE, _day(patient.patient_birth_date)),
        _fact(words.ACCESSION_NUMBER, document.accession_number),
        _fact(words.STUDY_DATE, _study_moment(document)),
        _fact(words.MODALITY, _one_of(words.MODALITIES, document.modality)),
        _fact(words.STUDY_DESCRIPTION, document.study_description),
        _fact(words.REFERRING_PHYSICIAN, printed_name(document.referring_physician_name)),
        _fact(words.INSTANCES_READ, str(len(set(document.instances)))),
        *(_fact(label, value) for label, value in linked_facts(document)),
    ]


def linked_facts(document: ReportDocument) -> list[tuple[Words, str]]:
    """Return the number of the order and the name of each other study that the report covers."""
    return [
        fact
        for study in document.linked_studies
        for fact in (
            (words.LINKED_ACCESSION_NUMBER, study.accession_number),
            (words.STUDY_DESCRIPTION, study.study_description),
        )
    ]


def _sections(document: ReportDocument) -> list[dict[str, object]]:
    """Return what was asked, where it was, and what is answered, also where the answer is empty."""
    asked = [
        _section(label, text)
        for label, text in (
            (words.CLINICAL_QUESTION, document.clinical_question),
            (words.HISTORY, document.history),
        )
        if text.strip()
    ]
    if document.status is ReportStatus.ADDENDUM:
        return [
            *asked,
            _section(words.REASON, document.reason),
            _section(words.ADDED_FINDINGS, document.findings),
            _section(words.ADDED_IMPRESSION, document.impression),
        ]
    amended = document.status is ReportStatus.AMENDED
    return [
        *asked,
        *([_section(words.AMENDMENT_REASON, document.reason)] if amended else []),
        _section(words.FINDINGS, document.findings),
        _section(words.IMPRESSION, document.impression),
    ]


def _earlier_sections(document: ReportDocument) -> list[dict[str, object]]:
    return [
        _section(words.FINDINGS, document.previous_findings),
        _section(words.IMPRESSION, document.previous_impression),
    ]


def _signature(document: ReportDocument) -> list[dict[str, str]]:
    facts = [
        _fact(words.READING_PHYSICIAN, printed_name(document.reading_physician)),
        _fact(words.SIGNED, _moment(document.signed_at, document.time_zone, "%Y-%m-%d %H:%M:%S")),
    ]
    if document.reading_organization.strip():
        facts.append(_fact(words.READING_ORGANIZATION, document.reading_organization))
    return facts


def _one_of(known: dict[str, Words], value: str) -> str:
    label = known.get(value)
    return f"{label.zh} {label.en}" if label is not None else value


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _study_moment(document: ReportDocument) -> str:
    """Return when the study was made, or, where the device did not say, when it arrived."""
    if document.study_date is None:
        arrived = _moment(document.received_at, document.time_zone, "%Y-%m-%d %H:%M")
        return f"{words.ARRIVED.zh} {words.ARRIVED.en} {arrived}"
    time = study_time(document.study_time)
    clock = f" {time[:2]}:{time[2:4]}" if len(time) >= len("HHMM") else ""
    return document.study_date.isoformat() + clock


def _moment(moment: datetime, time_zone: str, pattern: str) -> str:
    """Return site time with its offset, so that paper read elsewhere means the same moment."""
    local = moment.astimezone(ZoneInfo(time_zone))
    offset = local.strftime("%z")
    return f"{local.strftime(pattern)} UTC{offset[:3]}:{offset[3:5]}"


def _calendar(moment: datetime) -> list[int]:
    utc = moment.astimezone(UTC)
    return [utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second]


def printed_name(name: str) -> str:
    """Return a PN as people write it: the ideographic group first, the alphabetic one in brackets."""
    alphabetic, _, others = name.partition("=")
    ideographic = others.partition("=")[0]
    first, second = _written(ideographic), _written(alphabetic)
    if first and second:
        return f"{first} ({second})"
    return first or second


def _written(component_group: str) -> str:
    parts = [part.strip() for part in component_group.split("^") if part.strip()]
    chinese = any(character >= _FIRST_IDEOGRAPHIC for part in parts for character in part)
    return ("" if chinese else " ").join(parts)
