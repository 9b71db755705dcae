"""Philips Sierra XML (restingecgdata, 1.03 to 1.04.02), of PageWriter carts and HeartStart monitors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

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
from ecg.formats.assembly import check_lead_count, checked_rate, checked_scale, narrowed, number_of, together
from ecg.formats.base64_samples import bytes_of, whole_numbers
from ecg.formats.identity import date_of, moment_of, person_name, plain, sex_of, years_of
from ecg.formats.plain_xml import Element, parse
from ecg.formats.sierra_xli import leads_of
from ecg.leads import STANDARD, lead_of_words

_KNOWN: Final = ("1.03", "1.04", "1.04.01", "1.04.02")
_MEASURED: Final = {
    measured.HEART_RATE: ("heartrate", "meanventrate"),
    measured.RR: ("rrint", "meanrrint"),
    measured.P_DURATION: ("pdur",),
    measured.PR: ("print", "meanprint"),
    measured.QRS: ("qrsdur", "meanqrsdur"),
    measured.QT: ("qtint", "meanqtint"),
    measured.QTC: ("meanqtc",),
    measured.QTC_BAZETT: ("qtcb",),
    measured.QTC_FRIDERICIA: ("qtcf",),
    measured.P_AXIS: ("pfrontaxis",),
    measured.QRS_AXIS: ("qrsfrontaxis",),
    measured.T_AXIS: ("tfrontaxis",),
}
_STATEMENTS: Final = 100


@dataclass(frozen=True, kw_only=True)
class _Signal:
    """What 1.03 writes of the signal in one place and 1.04 in another."""

    waveforms: Element
    characteristics: Element

    def said(self, *names: str) -> str:
        """Return the first of these that either place tells."""
        for name in names:
            if found := self.waveforms.attribute(name) or self.characteristics.said(name):
                return found
        return ""


def read(content: bytes) -> EcgDocument:
    """Read a Sierra XML file. Raises InvalidInstance for what holds no lead, TooLarge beyond the limits."""
    root, oddities = parse(content)
    if root.name != "restingecgdata":
        raise InvalidInstance("This XML is no resting ECG of Philips.")
    odd = list(oddities)
    kind, version = root.said("documentinfo", "documenttype"), root.said("documentinfo", "documentversion")
    if kind not in ("SierraECG", "PhilipsECG"):
        raise InvalidInstance("This XML is no Sierra ECG, as its document type says.")
    if version not in _KNOWN:
        odd.append(
            f"Version {plain(version, 16)} of Sierra XML is not known here; it was read as the others."
        )
    waveforms = root.first("parsedwaveforms")
    acquisition = root.at("dataacquisition") or Element("dataacquisition", {})
    if waveforms is None:
        raise InvalidInstance("This Philips ECG holds no waveforms.")
    signal = _Signal(
        waveforms=waveforms,
        characteristics=acquisition.at("signalcharacteristics") or Element("signalcharacteristics", {}),
    )
    interpretation = root.at("interpretations", "interpretation")
    return EcgDocument(
        format=EcgFormat.SIERRA,
        recordings=(_rhythm(signal), *_beats(root)),
        patient=_patient(root.first("generalpatientdata")),
        device=_device(acquisition),
        recorded_at=_recorded_at(acquisition),
        measurements=_measurements(root),
        statements=_statements(interpretation),
        confirmed_by=_confirmed_by(interpretation),
        accession_number=plain(_told(root.said("orderinfo", "ordernumber")), 16),
        oddities=tuple(dict.fromkeys(odd)),
    )


def _told(text: str) -> str:
    """Return what was written, nothing for the dashes that stand for nothing."""
    return "" if not text.strip("- ,") else text


def _rhythm(signal: _Signal) -> DigitalRecording:
    odd: list[str] = []
    rate = checked_rate(number_of(signal.said("samplespersecond", "samplingrate")))
    if signal.said("dataencoding").lower() not in ("base64", ""):
        raise InvalidInstance("The waveforms of this Philips ECG are in an encoding that is not read here.")
    content = bytes_of(signal.waveforms.text)
    compression = signal.said("compression", "compressmethod")
    names = _names(signal)
    if compression.upper() == "XLI":
        parts = leads_of(content)
    elif compression.lower() in ("", "none", "uncompressed"):
        parts = _uncompressed(content, len(names), signal)
    else:
        raise InvalidInstance(
            "The waveforms of this Philips ECG are compressed in a way that is not read here."
        )
    check_lead_count(len(parts))
    if len(parts) < len(names):
        odd.append("The file says it has more leads than it holds.")
    by_name = dict(zip(names, (_cut(part, rate, signal, odd) for part in parts), strict=False))
    if compression.upper() == "XLI":
        by_name = with_residuals(by_name)
    scale = checked_scale(number_of(signal.said("resolution", "signalresolution")), "I")
    filters = _filters(signal)
    leads = [
        DigitalLead(
            name=name,
            samples=samples,
            microvolts_per_unit=scale,
            zero_at=number_of(signal.said("signaloffset")) or 0.0,
            filters=filters,
        )
        for name, samples in by_name.items()
    ]
    return together("RHYTHM", rate, leads, odd)


def _names(signal: _Signal) -> list[str]:
    written = signal.said("leadlabels").split()
    if not written:
        count = number_of(signal.said("numberchannelsvalid", "numberchannelsallocated")) or len(STANDARD)
        check_lead_count(round(count))
        return [*STANDARD, *(f"channel {number}" for number in range(13, round(count) + 1))][: round(count)]
    check_lead_count(len(written))
    return [lead_of_words(each) or plain(each) for each in written]


def _uncompressed(content: bytes, count: int, signal: _Signal) -> list[NDArray[Any]]:
    width = round((number_of(signal.said("bitspersample", "nbitspersample")) or 16) / 8)
    signed = signal.said("signalsigned").lower() != "false"
    samples = whole_numbers(content, width=width, signed=signed)
    each = len(samples) // count
    return [samples[index * each : (index + 1) * each] for index in range(count)]


def _cut(samples: NDArray[Any], rate: float, signal: _Signal, odd: list[str]) -> NDArray[Any]:
    milliseconds = number_of(signal.waveforms.attribute("durationperchannel"))
    told = round(milliseconds * rate / 1000) if milliseconds and milliseconds > 0 else len(samples)
    if told > len(samples):
        odd.append("Leads end before the time that the file says.")
    return samples[:told]


def with_residuals(stored: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return leads of which III, aVR, aVL and aVF were stored as what differs from I and II."""
    whole = dict(stored)
    if not {"I", "II", "III", "aVR", "aVL", "aVF"} <= whole.keys():
        return whole
    count = min(len(whole[name]) for name in ("I", "II", "III", "aVR", "aVL", "aVF"))
    one, two, three, right, left, foot = (
        whole[name][:count].astype(np.int64) for name in ("I", "II", "III", "aVR", "aVL", "aVF")
    )
    three = two - one - three
    whole |= {
        "III": narrowed(three),
        "aVR": narrowed(-right - (one + two) // 2),
        "aVL": narrowed((one - three) // 2 - left),
        "aVF": narrowed((two + three) // 2 - foot),
    }
    return whole


def _filters(signal: _Signal) -> tuple[str, ...]:
    high, low = number_of(signal.said("hipass")), number_of(signal.said("lowpass"))
    band = signal.said("signalbandwidth").split("-")
    if len(band) == 2 and high is None and low is None:
        high, low = number_of(band[0]), number_of(band[1])
    told = [f"{high:g} Hz high-pass"] if high else []
    told += [f"{low:g} Hz low-pass"] if low else []
    mains = number_of(signal.said("notchfilterfreqs", "acsetting"))
    notch = signal.said("notchfiltered").lower() == "true" and mains
    return (*told, f"{mains:g} Hz notch") if notch else tuple(told)


def _beats(root: Element) -> tuple[DigitalRecording, ...]:
    beats = root.first("repbeats")
    if beats is None or beats.attribute("dataencoding").lower() != "base64":
        return ()
    rate, scale = number_of(beats.attribute("samplespersec")), number_of(beats.attribute("resolution"))
    stored = list(beats.each("repbeat"))
    if (
        not rate
        or not scale
        or not stored
        or beats.attribute("compression").lower() not in ("", "uncompressed")
    ):
        return ()
    check_lead_count(len(stored))
    leads = []
    for beat in stored:
        name = lead_of_words(beat.attribute("leadname")) or plain(beat.attribute("leadname"))
        samples = whole_numbers(bytes_of((beat.at("waveform") or beat).text))
        leads.append(DigitalLead(name=name, samples=samples, microvolts_per_unit=checked_scale(scale, name)))
    return (together("MEDIAN BEAT", rate, leads),) if any(len(lead.samples) for lead in leads) else ()


def _patient(person: Element | None) -> EcgPatient:
    if person is None:
        return EcgPatient()
    return EcgPatient(
        patient_id=plain(_told(person.said("patientid") or person.said("MRN"))),
        name=person_name(
            _told(person.said("name", "lastname")),
            _told(person.said("name", "firstname")),
            _told(person.said("name", "middlename")),
        ),
        birth_date=date_of(person.said("age", "dateofbirth")),
        sex=sex_of(person.said("sex")),
        age_years=years_of(person.said("age", "years")),
    )


def _device(acquisition: Element) -> EcgDevice:
    details = acquisition.attribute("detaildescription", "machine").split(":")
    return EcgDevice(
        manufacturer="Philips",
        model=plain(acquisition.said("machine")),
        serial_number=plain(acquisition.attribute("machineid", "machine")),
        software=plain(details[-1]) if len(details) > 1 else "",
        institution=plain(_told(acquisition.said("acquirer", "institutionname"))),
    )


def _recorded_at(acquisition: Element) -> datetime | None:
    found = moment_of(f"{acquisition.attribute('date')} {acquisition.attribute('time')}")
    return found[0] if found else None


def _measurements(root: Element) -> tuple[Measurement, ...]:
    """Return the measurements of the interpretation, else those of all leads together."""
    interpretation = root.at("interpretations", "interpretation") or Element("interpretation", {})
    blocks = [
        block
        for block in (
            interpretation.at("globalmeasurements"),
            interpretation.at("interpretationmeasurements"),
            root.first("crossleadmeasurements"),
            root.at("measurements", "globalmeasurements"),
        )
        if block
    ]
    values: dict[str, float | None] = {}
    for code, names in _MEASURED.items():
        told = [number_of(block.said(name)) for block in blocks for name in names]
        values[code] = next((value for value in told if value is not None), None)
    if values[measured.QTC_BAZETT] == values[measured.QTC]:
        values[measured.QTC] = None
    return measured.by_code(values)


def _statements(interpretation: Element | None) -> tuple[str, ...]:
    said = []
    for statement in interpretation.all("statement") if interpretation else ():
        left, right = statement.said("leftstatement"), statement.said("rightstatement")
        said.append(plain(f"{left} ({right})" if left and right else left or right, 1024))
    severity = plain(interpretation.said("severity").strip("- ")) if interpretation else ""
    return tuple(sentence for sentence in (*said, severity) if sentence)[:_STATEMENTS]


def _confirmed_by(interpretation: Element | None) -> str:
    return plain(_told(interpretation.said("confirmingclinician"))) if interpretation else ""
