"""An ECG file as a DICOM waveform object (PS3.3 A.34, C.10.8 to C.10.10). Pure.

The device's whole numbers are kept: sensitivity, correction and baseline say what they are in microvolts.
Whatever is made of one file has UIDs that come of the file alone, so the same file is the same instance.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pydicom.dataset import Dataset

from core.errors import InvalidInstance
from core.limits import ECG_CHANNELS, ECG_RECORDINGS
from core.uids import derived_uid
from core.value_representation import (
    LONG_STRING_LIMIT,
    SHORT_STRING_LIMIT,
    described,
    identifier,
    patient_sex,
    person_name,
    study_date,
)
from ecg.annotating import annotations_of
from ecg.channels import bits_of, multiplex_group
from ecg.document import DigitalRecording, EcgDocument, EcgFormat
from ecg.new_elements import coded, data_set
from ecg.waveform_class import GENERAL, WaveformClass, class_for

_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_LONGEST_NOTE = 1024


def instances(
    document: EcgDocument, *, digest: str, received_at: datetime, content: bytes = b""
) -> tuple[Dataset, ...]:
    """Return the objects that hold all of a file, one where a SOP class takes it whole.

    `digest` is the file's SHA-256; `content` is the file itself where it is a PDF. Where the file tells no
    time, `received_at` stands as the acquisition's, which must have one; the study has none then.

    Raises:
        InvalidInstance: there is nothing to draw in it, or more than an ECG has.
    """
    if document.format is EcgFormat.PDF:
        return (_encapsulated(document, content, digest=digest, received_at=received_at),)
    _require_drawable(document.recordings)
    groups = [part for recording in document.recordings for part in _parts(recording)]
    bits = [bits_of(group) for group in groups]
    together = class_for(groups, max(bits))
    plan = [(together, groups, max(bits))] if together else []
    if together is None:
        plan = [(_alone(group, own), [group], own) for group, own in zip(groups, bits, strict=True)]
    return tuple(
        _waveform(document, waveform_class, held, of_bits, number, digest=digest, received_at=received_at)
        for number, (waveform_class, held, of_bits) in enumerate(plan, 1)
    )


def _require_drawable(recordings: Sequence[DigitalRecording]) -> None:
    if not 0 < len(recordings) <= ECG_RECORDINGS:
        raise InvalidInstance(
            f"An ECG file has 1 to {ECG_RECORDINGS} recordings; this has {len(recordings)}."
        )
    for recording in recordings:
        if not 0 < len(recording.leads) <= ECG_CHANNELS:
            raise InvalidInstance(f"A recording has 1 to {ECG_CHANNELS} leads, not {len(recording.leads)}.")
        if not 0 < recording.sampling_frequency_hz <= 1_000_000:
            raise InvalidInstance("The sampling frequency is missing or impossible.")
        if recording.sample_count == 0:
            raise InvalidInstance("A recording holds no samples.")
        if any(len(lead.samples) != recording.sample_count for lead in recording.leads):
            raise InvalidInstance("The leads of a recording are not of one length.")


def _parts(recording: DigitalRecording) -> list[DigitalRecording]:
    """Return a recording as groups of no more channels than any class takes."""
    most = GENERAL.channels_of_a_group
    if len(recording.leads) <= most:
        return [recording]
    return [
        replace(recording, leads=recording.leads[first : first + most])
        for first in range(0, len(recording.leads), most)
    ]


def _alone(group: DigitalRecording, bits: int) -> WaveformClass:
    """Return the class for one group. Raises InvalidInstance."""
    found = class_for([group], bits)
    if found is None:
        raise InvalidInstance("No ECG object takes this recording.")
    return found


def _waveform(
    document: EcgDocument,
    waveform_class: WaveformClass,
    groups: Sequence[DigitalRecording],
    bits: int,
    number: int,
    *,
    digest: str,
    received_at: datetime,
) -> Dataset:
    dataset = _identified(
        document, waveform_class.sop_class_uid, number, digest=digest, received_at=received_at
    )
    oddities = dict.fromkeys(oddity for group in groups for oddity in group.oddities)
    dataset.update(_conversion(document, [*document.oddities, *oddities]))
    dataset.update(
        data_set(
            AcquisitionContextSequence=[],
            WaveformSequence=[
                multiplex_group(group, bits=bits, place=place) for place, group in enumerate(groups, 1)
            ],
        )
    )
    if annotations := annotations_of(document, groups):
        dataset.update(data_set(WaveformAnnotationSequence=annotations))
    return dataset


def _encapsulated(document: EcgDocument, content: bytes, *, digest: str, received_at: datetime) -> Dataset:
    """Return the PDF inside an object of an ECG series (PS3.3 A.45.1)."""
    dataset = _identified(document, _ENCAPSULATED_PDF, 1, digest=digest, received_at=received_at)
    dataset.update(_conversion(document, document.oddities))
    dataset.update(
        data_set(
            ConversionType="WSD",
            BurnedInAnnotation="YES",
            ConceptNameCodeSequence=[coded("LN", "11524-6", "EKG study")],
            DocumentTitle="ECG",
            EncapsulatedDocument=content + b"\0" * (len(content) % 2),
            EncapsulatedDocumentLength=len(content),
            MIMETypeOfEncapsulatedDocument="application/pdf",
        )
    )
    return dataset


def _identified(
    document: EcgDocument, sop_class_uid: str, number: int, *, digest: str, received_at: datetime
) -> Dataset:
    """Return patient, study, series, equipment and acquisition."""
    patient, device = document.patient, document.device
    recorded_at = document.recorded_at
    acquired = recorded_at or received_at
    dataset = data_set(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class_uid,
        SOPInstanceUID=derived_uid("ECG file", digest, "instance", str(number)),
        StudyDate=study_date(recorded_at.date()) if recorded_at else "",
        ContentDate=f"{acquired:%Y%m%d}",
        AcquisitionDateTime=_date_time(acquired),
        StudyTime=f"{recorded_at:%H%M%S}" if recorded_at else "",
        ContentTime=f"{acquired:%H%M%S}",
        AccessionNumber=identifier(document.accession_number, SHORT_STRING_LIMIT),
        Modality="ECG",
        Manufacturer=described(device.manufacturer),
        InstitutionName=described(device.institution),
        ReferringPhysicianName="",
        StudyDescription="ECG",
        ManufacturerModelName=described(device.model),
        PatientName=person_name(patient.name),
        PatientID=identifier(patient.patient_id, LONG_STRING_LIMIT),
        PatientBirthDate=study_date(patient.birth_date),
        PatientSex=patient_sex(patient.sex),
        DeviceSerialNumber=described(device.serial_number),
        SoftwareVersions=described(device.software),
        StudyInstanceUID=derived_uid("ECG file", digest, "study"),
        SeriesInstanceUID=derived_uid("ECG file", digest, "series"),
        StudyID="",
        SeriesNumber=1,
        InstanceNumber=number,
    )
    if patient.age_years is not None and 0 <= patient.age_years < 1000:
        dataset.update(data_set(PatientAge=_age(patient.age_years)))
    if acquired.tzinfo is not None:
        dataset.update(data_set(TimezoneOffsetFromUTC=f"{acquired:%z}"[:5]))
    return dataset


def _conversion(document: EcgDocument, oddities: Sequence[str]) -> Dataset:
    """Return which file the object was made of, and what was odd in it (PS3.3 C.12.1, CID 7005)."""
    note = "; ".join([f"Converted from {document.format.value}", *oddities])
    equipment = data_set(
        Manufacturer="Imaging Consultation Hub",
        ContributionDescription=described(note, _LONGEST_NOTE),
        PurposeOfReferenceCodeSequence=[coded("DCM", "109103", "Modifying Equipment")],
    )
    return data_set(ContributingEquipmentSequence=[equipment])


def _date_time(moment: datetime) -> str:
    fraction = f".{moment:%f}" if moment.microsecond else ""
    return f"{moment:%Y%m%d%H%M%S}{fraction}{moment:%z}"[:26]


def _age(years: float) -> str:
    """Return an AS (PS3.5 6.2): months and days for the first years, where they matter."""
    if years >= 2:
        return f"{int(years):03}Y"
    return f"{round(years * 12):03}M" if years * 12 >= 1 else f"{round(years * 365):03}D"
