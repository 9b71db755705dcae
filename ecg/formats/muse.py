"""GE MUSE XML (RestingECG): eight leads are stored, the other four limb leads are what I and II make them."""

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from core.errors import InvalidInstance
from ecg.document import (
    DigitalLead,
    DigitalRecording,
    EcgDevice,
    EcgDocument,
    EcgFormat,
    EcgPatient,
    Measurement,
)
from ecg.formats import measured
from ecg.formats.assembly import (
    check_lead_count,
    checked_scale,
    microvolts_in,
    narrowed,
    number_of,
    together,
)
from ecg.formats.base64_samples import bytes_of, whole_numbers
from ecg.formats.identity import date_of, moment_of, person_name, plain, sex_of, years_of
from ecg.formats.plain_xml import Element, parse
from ecg.leads import STANDARD, lead_of_words

_LABELS: Final = {"rhythm": "RHYTHM", "median": "MEDIAN BEAT"}
_MEASURED: Final = {
    measured.HEART_RATE: "VentricularRate",
    measured.PR: "PRInterval",
    measured.QRS: "QRSDuration",
    measured.QT: "QTInterval",
    measured.QTC: "QTCorrected",
    measured.QTC_FRIDERICIA: "QTcFrederica",
    measured.P_AXIS: "PAxis",
    measured.QRS_AXIS: "RAxis",
    measured.T_AXIS: "TAxis",
}
_STATEMENTS: Final = 100
_WAVEFORMS: Final = 64


def read(content: bytes) -> EcgDocument:
    """Read a MUSE XML file. Raises InvalidInstance for what holds no lead, TooLarge beyond the limits."""
    root, oddities = parse(content)
    if root.name != "RestingECG":
        raise InvalidInstance("This XML is no resting ECG of MUSE.")
    odd = list(oddities)
    waveforms = list(root.each("Waveform"))[:_WAVEFORMS]
    recordings = sorted(
        (each for waveform in waveforms for each in _recordings(waveform)),
        key=lambda each: each.label != "RHYTHM",
    )
    if not recordings:
        raise InvalidInstance("This MUSE file holds no lead that can be read.")
    test = root.at("TestDemographics") or Element("TestDemographics", {})
    when = moment_of(f"{test.said('AcquisitionDate')} {test.said('AcquisitionTime')}")
    return EcgDocument(
        format=EcgFormat.MUSE,
        recordings=tuple(recordings),
        patient=_patient(root),
        device=_device(test),
        recorded_at=when[0] if when else None,
        measurements=_measurements(root),
        statements=_statements(root.at("Diagnosis") or root.at("OriginalDiagnosis")),
        confirmed_by=_confirmed_by(test),
        accession_number=plain(
            root.said("Order", "AccessionNumber") or root.said("Order", "RequisitionNumber"), 16
        ),
        oddities=tuple(dict.fromkeys(odd)),
    )


def _recordings(waveform: Element) -> Iterator[DigitalRecording]:
    base = number_of(waveform.said("SampleBase"))
    exponent = number_of(waveform.said("SampleExponent")) or 0.0
    rate = base * 10**exponent if base is not None and abs(exponent) < 6 else None
    oddities: list[str] = []
    stored = list(waveform.each("LeadData"))
    check_lead_count(max(1, len(stored)))
    sums = [_right_sum(each) for each in stored]
    if False in sums and True in sums:
        raise InvalidInstance("This MUSE file is damaged: the check sum of a lead is wrong.")
    if False in sums:
        oddities.append("No lead has a right check sum.")
    filters = _filters(waveform)
    leads = [lead for each in stored if (lead := _lead(each, filters, oddities))]
    if leads:
        kind = waveform.said("WaveformType")
        label = _LABELS.get(kind.lower(), plain(kind) or "RHYTHM")
        yield together(label, rate, with_limb_leads(leads, oddities), oddities)


def _right_sum(stored: Element) -> bool | None:
    """Whether a lead's check sum is right, None where it has none."""
    told = stored.said("LeadDataCRC32")
    if not told.isdecimal() or not int(told):
        return None
    return zlib.crc32(bytes_of(stored.said("WaveFormData"))) == int(told)


def _lead(stored: Element, filters: tuple[str, ...], oddities: list[str]) -> DigitalLead | None:
    written = stored.said("LeadID")
    name = lead_of_words(written) or plain(written) or "unnamed"
    width = number_of(stored.said("LeadSampleSize") or "2") or 0.0
    samples = whole_numbers(bytes_of(stored.said("WaveFormData")), width=round(width))
    if not samples.size:
        oddities.append(f"Lead {name} holds no samples.")
        return None
    told = number_of(stored.said("LeadSampleCountTotal"))
    if told is not None and told != len(samples):
        oddities.append(f"Lead {name} says it has {told:g} samples, and has {len(samples)}.")
    per_unit = number_of(stored.said("LeadAmplitudeUnitsPerBit"))
    unit = microvolts_in(stored.said("LeadAmplitudeUnits") or "MICROVOLTS")
    if stored.said("LeadOff").upper() == "TRUE":
        oddities.append(f"Lead {name} was off.")
    return DigitalLead(
        name=name,
        samples=samples,
        microvolts_per_unit=checked_scale(per_unit * unit if per_unit and unit else None, name),
        zero_at=number_of(stored.said("FirstSampleBaseline")) or 0.0,
        filters=filters,
    )


def _filters(waveform: Element) -> tuple[str, ...]:
    high, low = number_of(waveform.said("HighPassFilter")), number_of(waveform.said("LowPassFilter"))
    mains = number_of(waveform.said("ACFilter"))
    told = [f"{high / 100:g} Hz high-pass"] if high else []
    told += [f"{low:g} Hz low-pass"] if low else []
    return (*told, f"{mains:g} Hz notch") if mains else tuple(told)


def with_limb_leads(leads: Sequence[DigitalLead], oddities: list[str]) -> tuple[DigitalLead, ...]:
    """Return the leads with III, aVR, aVL and aVF made of I and II where they are not stored.

    The augmented ones are counted in halves of a unit, so that they are exact.
    """
    by_name = {lead.name: lead for lead in leads}
    one, two = by_name.get("I"), by_name.get("II")
    missing = [name for name in ("III", "aVR", "aVL", "aVF") if name not in by_name]
    if not one or not two or not missing:
        return tuple(leads)
    if len(one.samples) != len(two.samples) or not math.isclose(
        one.microvolts_per_unit, two.microvolts_per_unit
    ):
        oddities.append("Leads I and II do not match, so that the other limb leads cannot be made of them.")
        return tuple(leads)
    first, second = (lead.samples.astype(np.int64) for lead in (one, two))
    made = {
        "III": (second - first, 1.0, two.zero_at - one.zero_at),
        "aVR": (-(first + second), 0.5, -(one.zero_at + two.zero_at)),
        "aVL": (2 * first - second, 0.5, 2 * one.zero_at - two.zero_at),
        "aVF": (2 * second - first, 0.5, 2 * two.zero_at - one.zero_at),
    }
    for name in missing:
        values, share, zero_at = made[name]
        scale = one.microvolts_per_unit * share
        by_name[name] = replace(
            one, name=name, samples=narrowed(values), microvolts_per_unit=scale, zero_at=zero_at + 0.0
        )
    rest = [lead for lead in leads if lead.name not in STANDARD]
    return (*(by_name[name] for name in STANDARD if name in by_name), *rest)


def _patient(root: Element) -> EcgPatient:
    person = root.at("PatientDemographics") or Element("PatientDemographics", {})
    return EcgPatient(
        patient_id=plain(person.said("PatientID")),
        name=person_name(person.said("PatientLastName"), person.said("PatientFirstName")),
        birth_date=date_of(person.said("DateofBirth")),
        sex=sex_of(person.said("Gender")),
        age_years=years_of(person.said("PatientAge"), person.said("AgeUnits") or "YEARS"),
    )


def _device(test: Element) -> EcgDevice:
    return EcgDevice(
        manufacturer="GE Healthcare",
        model=plain(test.said("AcquisitionDevice")),
        serial_number=plain(test.said("CartNumber")),
        software=plain(test.said("AcquisitionSoftwareVersion")),
        institution=plain(test.said("SiteName") or test.said("LocationName")),
    )


def _measurements(root: Element) -> tuple[Measurement, ...]:
    block = root.at("RestingECGMeasurements") or root.at("OriginalRestingECGMeasurements")
    if block is None:
        return ()
    return measured.by_code({code: number_of(block.said(name)) for code, name in _MEASURED.items()})


def _statements(diagnosis: Element | None) -> tuple[str, ...]:
    """Return the sentences; a sentence goes on until a line that says ENDSLINE."""
    said: list[str] = []
    parts: list[str] = []
    for statement in diagnosis.each("DiagnosisStatement") if diagnosis else ():
        flags = {flag.said() for flag in statement.each("StmtFlag")}
        parts.append(statement.said("StmtText"))
        if "ENDSLINE" in flags or not flags:
            said.append(plain(" ".join(parts), 1024))
            parts = []
    said.append(plain(" ".join(parts), 1024))
    return tuple(sentence for sentence in said if sentence)[:_STATEMENTS]


def _confirmed_by(test: Element) -> str:
    if test.said("Status").upper() != "CONFIRMED":
        return ""
    return person_name(test.said("OverreaderLastName"), test.said("OverreaderFirstName"))
