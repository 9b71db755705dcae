"""What is annotated on an aECG: measurements by their MDC codes, and the interpretation's sentences."""

from collections.abc import Iterator
from typing import Final

from ecg.document import Measurement
from ecg.formats.assembly import microvolts_in, number_of, seconds_in
from ecg.formats.identity import plain
from ecg.formats.measured import KINDS, MEASUREMENTS, code_of
from ecg.formats.plain_xml import Element
from ecg.leads import lead_of_code

_MEASURED: Final = (
    "MDC_ECG_TIME_PD_",
    "MDC_ECG_ANGLE_",
    "MDC_ECG_HEART_RATE",
    "MDC_ECG_AMPL_",
    "MDC_ECG_MAG_",
)
_INTERPRETATION: Final = "MDC_ECG_INTERPRETATION"
_RHYTHM: Final = "MDC_ECG_RHY"
_STATEMENTS: Final = 100


def measurements(root: Element) -> tuple[Measurement, ...]:
    """Return what was measured, of all leads together or of one, the device's before a person's."""
    found: dict[tuple[str, str], Measurement] = {}
    for annotations in sorted(root.all("annotationSet"), key=lambda each: bool(_person(each))):
        for annotation, lead in _annotations(annotations, ""):
            if (measurement := _measurement(annotation, lead)) and len(found) < MEASUREMENTS:
                found.setdefault((measurement.code, lead), measurement)
    return tuple(sorted(found.values(), key=lambda each: bool(each.lead)))


def _annotations(parent: Element, lead: str) -> Iterator[tuple[Element, str]]:
    """Yield annotations with the one lead they are about; those inside another are about its lead."""
    for annotation in parent.each("component", "annotation"):
        leads = {
            found
            for boundary in annotation.each("support", "supportingROI", "component", "boundary", "code")
            if (found := lead_of_code(boundary.attribute("code")))
        }
        about = leads.pop() if len(leads) == 1 else lead
        yield annotation, about
        yield from _annotations(annotation, about)


def _measurement(annotation: Element, lead: str) -> Measurement | None:
    code = code_of(annotation.attribute("code", "code"))
    value = number_of(annotation.attribute("value", "value"))
    if value is None or not code.startswith(_MEASURED):
        return None
    unit = annotation.attribute("unit", "value")
    if seconds := seconds_in(unit):
        value, unit = round(value * seconds * 1000, 6), "ms"
    elif microvolts := microvolts_in(unit):
        value, unit = value * microvolts, "uV"
    elif code in KINDS:
        unit = KINDS[code].unit
    words = annotation.attribute("displayName", "code") or code.removeprefix("MDC_ECG_").replace("_", " ")
    meaning = KINDS[code].meaning if code in KINDS else plain(words)
    return Measurement(code=code[:64], meaning=meaning, value=value, unit=plain(unit, 16), lead=lead)


def statements(root: Element) -> tuple[str, ...]:
    """Return the sentences of the interpretation, and the rhythm where it is coded."""
    said: dict[str, None] = {}
    for annotations in root.all("annotationSet"):
        for annotation, _ in _annotations(annotations, ""):
            code, value = annotation.attribute("code", "code"), annotation.at("value")
            if value is None or not code.startswith((_INTERPRETATION, _RHYTHM)):
                continue
            coded = value.attribute("displayName") or value.attribute("code").removeprefix(
                _RHYTHM + "_"
            ).replace("_", " ")
            if sentence := plain(value.words() or coded, 1024):
                said[sentence] = None
    return tuple(said)[:_STATEMENTS]


def confirmed_by(root: Element) -> str:
    """Return the person who wrote an interpretation, empty where only the device did."""
    for annotations in root.all("annotationSet"):
        codes = [each.attribute("code", "code") for each, _ in _annotations(annotations, "")]
        if any(code.startswith(_INTERPRETATION) for code in codes) and (person := _person(annotations)):
            return person
    return ""


def _person(annotations: Element) -> str:
    person = annotations.at("author", "assignedEntity", "assignedAuthorType", "assignedPerson", "name")
    return plain(person.words()) if person else ""
