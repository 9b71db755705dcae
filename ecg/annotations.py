"""What a device measured and said about its own ECG (PS3.3 C.10.10): shown as the device's, never as ours."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from core.limits import ECG_ANNOTATIONS
from ecg.annotation_codes import CONFIRMED, OWN_SCHEME, STATE_CODE, STATE_WORDS, measured_name
from ecg.dataset_values import items_of, number_of, text_of, value_of
from ecg.document import EcgDevice, Measurement
from ecg.waveform import channel_name


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What the device says of the whole recording, without what it says of single beats."""

    device: EcgDevice
    measurements: tuple[Measurement, ...]
    statements: tuple[str, ...]
    """Its interpretation, a sentence each."""
    confirmed_by: str = ""
    """Who confirmed it, as far as a file said; no attribute of a device's own object does."""


def stated(dataset: Dataset) -> Stated:
    """Return what the device of a waveform object measured and said; nothing where it says nothing."""
    annotations = items_of(dataset, "WaveformAnnotationSequence")[:ECG_ANNOTATIONS]
    of_whole = [each for each in annotations if not text_of(each, "TemporalRangeType")]
    leads = _leads_of(dataset)
    measured: dict[tuple[str, str], Measurement] = {}
    statements: dict[str, None] = {}
    confirmed_by = ""
    for annotation in of_whole:
        if _is_state(annotation):
            confirmed_by = _confirmer(annotation)
        elif (measurement := _measurement(annotation, leads)) is not None:
            measured.setdefault((measurement.code or measurement.meaning, measurement.lead), measurement)
        elif statement := _statement(annotation):
            statements.setdefault(statement)
    return Stated(
        device=EcgDevice(
            manufacturer=text_of(dataset, "Manufacturer"),
            model=text_of(dataset, "ManufacturerModelName"),
            serial_number=text_of(dataset, "DeviceSerialNumber"),
            software=text_of(dataset, "SoftwareVersions"),
            institution=text_of(dataset, "InstitutionName"),
        ),
        measurements=tuple(measured.values()),
        statements=tuple(statements),
        confirmed_by=confirmed_by,
    )


def _measurement(annotation: Dataset, leads: dict[tuple[int, int], str]) -> Measurement | None:
    value = number_of(annotation, "NumericValue")
    names = items_of(annotation, "ConceptNameCodeSequence")
    if value is None or not names:
        return None
    meaning = text_of(names[0], "CodeMeaning")
    units = [text_of(unit, "CodeValue") for unit in items_of(annotation, "MeasurementUnitsCodeSequence")]
    unit = units[0] if units else ""
    # A converter writes axes in milliseconds: no axis has a duration.
    if "axis" in meaning.lower():
        unit = "deg"
    return Measurement(
        code=_name_of(names[0]),
        meaning=meaning,
        value=value,
        unit=unit,
        lead=leads.get(_channel(annotation), ""),
    )


def _statement(annotation: Dataset) -> str:
    """Return a sentence of the device, empty for what is none."""
    if text := text_of(annotation, "UnformattedTextValue"):
        return text
    if value_of(annotation, "ReferencedSamplePositions") is not None:
        return ""
    return " ".join(text_of(code, "CodeMeaning") for code in items_of(annotation, "ConceptCodeSequence"))


def _name_of(concept: Dataset) -> str:
    """Return the name of MDC for a concept, its own code where there is none; nothing for what has none."""
    code = text_of(concept, "CodeValue") or text_of(concept, "LongCodeValue")
    scheme = text_of(concept, "CodingSchemeDesignator")
    if scheme == OWN_SCHEME:
        return code if code.startswith("MDC_") else ""
    return measured_name(scheme, code)


def _channel(annotation: Dataset) -> tuple[int, int]:
    """Return the group and channel that an annotation is about; (1, 0) for all of the first group."""
    try:
        group, channel, *_ = annotation.ReferencedWaveformChannels
        return int(group), int(channel)
    except (AttributeError, TypeError, ValueError):
        return 1, 0


def _leads_of(dataset: Dataset) -> dict[tuple[int, int], str]:
    return {
        (group, channel): channel_name(definition, channel - 1)
        for group, item in enumerate(items_of(dataset, "WaveformSequence"), 1)
        for channel, definition in enumerate(items_of(item, "ChannelDefinitionSequence"), 1)
    }


def _is_state(annotation: Dataset) -> bool:
    """Whether it only says who confirmed the statements, as we write it."""
    return any(
        text_of(name, "CodingSchemeDesignator") == OWN_SCHEME and text_of(name, "CodeValue") == STATE_CODE
        for name in items_of(annotation, "ConceptNameCodeSequence")
    )


def _confirmer(annotation: Dataset) -> str:
    for state in items_of(annotation, "ConceptCodeSequence"):
        if text_of(state, "CodeValue") == CONFIRMED:
            return text_of(state, "CodeMeaning").removeprefix(STATE_WORDS)
    return ""
