"""HL7 annotated ECG (aECG, PORT_MT020001): series of leads written as text, and what was measured on them.

Read leniently: carts leave out namespaces, origins and increments, write `nullFlavor` for what they do not
know, and put any number of sequence sets into a series.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.errors import InvalidInstance
from ecg.document import DigitalLead, DigitalRecording, EcgDocument, EcgFormat
from ecg.formats import aecg_annotations, aecg_context
from ecg.formats.assembly import (
    check_lead_count,
    microvolts_in,
    number_of,
    seconds_in,
    together,
    written_samples,
)
from ecg.formats.identity import moment_of, plain
from ecg.formats.plain_xml import Element, parse
from ecg.leads import lead_of_code, lead_of_words

_LABELS: Final = {"RHYTHM": "RHYTHM", "REPRESENTATIVE_BEAT": "MEDIAN BEAT"}
_RECORDINGS: Final = 64


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The leads of one sequence set: those of equal clock in one series were recorded together."""

    head: str
    rate: float | None
    leads: list[DigitalLead]
    oddities: list[str]

    @property
    def clock(self) -> tuple[str, float | None, int]:
        return self.head, self.rate, len(self.leads[0].samples)


def read(content: bytes) -> EcgDocument:
    """Read an aECG file. Raises InvalidInstance for what holds no lead, TooLarge beyond the limits."""
    root, oddities = parse(content)
    if root.name != "AnnotatedECG":
        raise InvalidInstance("This XML is no HL7 annotated ECG.")
    odd = list(oddities)
    check_lead_count(max(1, sum("LEAD" in code for code in _largest_set(root))))
    recordings = tuple(
        recording for label, series in _series(root) for recording in _recordings(label, series, odd)
    )
    if not recordings:
        raise InvalidInstance("This annotated ECG holds no lead that can be read.")
    return EcgDocument(
        format=EcgFormat.AECG,
        recordings=recordings[:_RECORDINGS],
        patient=aecg_context.patient(root),
        device=aecg_context.device(root),
        recorded_at=aecg_context.recorded_at(root, odd),
        measurements=aecg_annotations.measurements(root),
        statements=aecg_annotations.statements(root),
        confirmed_by=aecg_annotations.confirmed_by(root),
        oddities=tuple(dict.fromkeys(odd)),
    )


def _largest_set(root: Element) -> list[str]:
    codes = [
        [code.attribute("code") for code in each.each("component", "sequence", "code")]
        for each in root.all("sequenceSet")
    ]
    return max(codes, key=len, default=[])


def _series(root: Element) -> Iterator[tuple[str, Element]]:
    """Yield what was recorded, then what the device derived of it, with their labels."""
    for series in root.each("component", "series"):
        yield _label(series, "RHYTHM"), series
    for derived in root.all("derivedSeries"):
        yield _label(derived, "MEDIAN BEAT"), derived


def _label(series: Element, otherwise: str) -> str:
    code = series.attribute("code", "code")
    return _LABELS.get(code.upper(), plain(code)) or otherwise


def _recordings(label: str, series: Element, oddities: list[str]) -> Iterator[DigitalRecording]:
    filters = aecg_context.filters(series)
    parts = []
    for sequences in series.each("component", "sequenceSet"):
        part = _part(sequences, filters, series)
        if part.leads:
            parts.append(part)
        else:
            oddities.extend(part.oddities)
    by_clock: dict[tuple[str, float | None, int], list[_Part]] = {}
    for part in parts:
        by_clock.setdefault(part.clock, []).append(part)
    for (_, rate, _), same in by_clock.items():
        leads = [lead for part in same for lead in part.leads]
        yield together(label, rate, leads, [odd for part in same for odd in part.oddities])


def _part(sequences: Element, filters: tuple[str, ...], series: Element) -> _Part:
    head, rate, leads, oddities = "", None, list[DigitalLead](), list[str]()
    for sequence in sequences.each("component", "sequence"):
        code, value = sequence.attribute("code", "code"), sequence.at("value")
        if code.upper().startswith("TIME_") or (value and value.at("increment")):
            head, rate = sequence.attribute("value", "value", "head") or head, _rate(value) or rate
            continue
        lead = _lead(code, sequence, filters, oddities) if value else None
        if lead:
            leads.append(lead)
    if rate is None and leads:
        rate = _rate_of_period(series, len(leads[0].samples))
        if rate:
            oddities.append("The step between samples is missing; the rate is that of the period it names.")
    return _Part(head=head, rate=rate, leads=leads, oddities=oddities)


def _rate(value: Element | None) -> float | None:
    step = value.at("increment") if value else None
    written = number_of(step.attribute("value")) if step else None
    unit = seconds_in(step.attribute("unit") or "s") if step else None
    return 1 / (written * unit) if written and unit and written > 0 else None


def _rate_of_period(series: Element, count: int) -> float | None:
    low = moment_of(series.attribute("value", "effectiveTime", "low"))
    high = moment_of(series.attribute("value", "effectiveTime", "high"))
    if not low or not high or (low[0].tzinfo is None) != (high[0].tzinfo is None):
        return None
    seconds = (high[0] - low[0]).total_seconds()
    return count / seconds if seconds > 0 else None


def _lead(code: str, sequence: Element, filters: tuple[str, ...], oddities: list[str]) -> DigitalLead | None:
    value = sequence.at("value")
    words = sequence.attribute("displayName", "code")
    name = lead_of_code(code) or lead_of_words(code) or lead_of_words(words) or plain(words or code)
    name = name.removeprefix("MDC_ECG_LEAD_") or "unnamed"
    digits = (value.at("digits") or value.at("items")) if value else None
    if value is None or digits is None or not digits.text.strip():
        oddities.append(f"Lead {name} holds no samples.")
        return None
    samples, step, missing = written_samples(digits.text)
    per_unit = _voltage(value, "scale")
    if not per_unit:
        oddities.append(f"Lead {name} was left out: the file does not say how large its unit is.")
        return None
    origin = _voltage(value, "origin")
    if origin is None:
        oddities.append(f"Lead {name} says no origin; it is taken as 0.")
    return DigitalLead(
        name=name,
        samples=samples,
        microvolts_per_unit=per_unit * step,
        zero_at=-(origin or 0.0) / (per_unit * step) + 0.0,
        missing=missing,
        filters=filters,
    )


def _voltage(value: Element, name: str) -> float | None:
    """Return a quantity in microvolts, which is also what a quantity without a unit is in."""
    number = number_of(value.attribute("value", name))
    unit = microvolts_in(value.attribute("unit", name) or "uV")
    return number * unit if number is not None and unit else None
