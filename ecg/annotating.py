"""What a file's device measured and said, written as waveform annotations (PS3.3 C.10.10)."""

import math
from collections.abc import Sequence
from typing import Final

from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds

from core.limits import ECG_ANNOTATIONS
from core.value_representation import LONG_STRING_LIMIT, SHORT_STRING_LIMIT, described
from ecg.annotation_codes import CONFIRMED, OWN_SCHEME, STATE_CODE, STATE_WORDS, UNCONFIRMED, measured_code
from ecg.document import DigitalRecording, EcgDocument, Measurement
from ecg.new_elements import coded, data_set

_LONGEST_TEXT: Final = 1024
_LONGEST_CODE: Final = 120
_UNITS: Final = {
    "ms": "milliseconds",
    "uV": "microvolt",
    "/min": "per minute",
    "deg": "degrees",
    "s": "seconds",
    "1": "no units",
}


def annotations_of(document: EcgDocument, recordings: Sequence[DigitalRecording]) -> list[Dataset]:
    """Return what the device said about an ECG, for an instance that holds these recordings."""
    found = [_statement(sentence) for sentence in document.statements if sentence.strip()]
    if found:
        found.append(_state(document.confirmed_by))
    places = {
        lead.name: [group, channel]
        for group, recording in reversed(list(enumerate(recordings, 1)))
        for channel, lead in enumerate(recording.leads, 1)
    }
    found += [
        _measured(each, places)
        for each in document.measurements
        if math.isfinite(each.value) and (not each.lead or each.lead in places)
    ]
    return found[:ECG_ANNOTATIONS]


def _statement(sentence: str) -> Dataset:
    return data_set(
        UnformattedTextValue=described(sentence, _LONGEST_TEXT),
        ReferencedWaveformChannels=[1, 0],
        AnnotationGroupNumber=0,
    )


def _state(confirmed_by: str) -> Dataset:
    if confirmed_by:
        words = described(STATE_WORDS + confirmed_by)
        state = coded(OWN_SCHEME, CONFIRMED, words)
    else:
        state = coded(OWN_SCHEME, UNCONFIRMED, "Unconfirmed interpretation of the device")
    return data_set(
        ConceptNameCodeSequence=[coded(OWN_SCHEME, STATE_CODE, "State of the device's statements")],
        ConceptCodeSequence=[state],
        ReferencedWaveformChannels=[1, 0],
        AnnotationGroupNumber=0,
    )


def _measured(measurement: Measurement, places: dict[str, list[int]]) -> Dataset:
    known = None if measurement.lead else measured_code(measurement.code)
    unit = measurement.unit.strip() or "1"
    return data_set(
        MeasurementUnitsCodeSequence=[coded("UCUM", unit[:SHORT_STRING_LIMIT], _UNITS.get(unit, unit))],
        ConceptNameCodeSequence=[coded(*known) if known else _own_code(measurement)],
        ReferencedWaveformChannels=places.get(measurement.lead, [1, 0]),
        AnnotationGroupNumber=1,
        NumericValue=format_number_as_ds(float(measurement.value)),
    )


def _own_code(measurement: Measurement) -> Dataset:
    meaning = described(measurement.meaning or measurement.code or "?", LONG_STRING_LIMIT)
    value = described(measurement.code or meaning, _LONGEST_CODE)
    return coded(OWN_SCHEME, value, meaning)
