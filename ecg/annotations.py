"""What a device measured and said about its own ECG (PS3.3 C.10.10): shown as the device's, never as ours."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from core.limits import ECG_ANNOTATIONS
from ecg.dataset_values import items_of, number_of, text_of, value_of
from ecg.document import EcgDevice, Measurement


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What the device says of the whole recording, without what it says of single beats."""

    device: EcgDevice
    measurements: tuple[Measurement, ...]
    statements: tuple[str, ...]
    """Its interpretation, a sentence each. No attribute says that anybody confirmed it."""


def stated(dataset: Dataset) -> Stated:
    """Return what the device of a waveform object measured and said; nothing where it says nothing."""
    annotations = items_of(dataset, "WaveformAnnotationSequence")[:ECG_ANNOTATIONS]
    of_whole = [each for each in annotations if not text_of(each, "TemporalRangeType")]
    measured: dict[tuple[str, str], Measurement] = {}
    statements: dict[str, None] = {}
    for annotation in of_whole:
        if (measurement := _measurement(annotation)) is not None:
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
    )


def _measurement(annotation: Dataset) -> Measurement | None:
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
        code=text_of(names[0], "CodeValue"),
        meaning=meaning,
        value=value,
        unit=unit,
    )


def _statement(annotation: Dataset) -> str:
    """Return a sentence of the device, empty for what is none."""
    if text := text_of(annotation, "UnformattedTextValue"):
        return text
    if value_of(annotation, "ReferencedSamplePositions") is not None:
        return ""
    return " ".join(text_of(code, "CodeMeaning") for code in items_of(annotation, "ConceptCodeSequence"))
