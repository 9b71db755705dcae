"""A file's ECG as DICOM: the same microvolts, the class that takes it, what the device said, and legal."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from core.errors import InvalidInstance
from ecg.annotations import stated
from ecg.document import DigitalRecording, EcgDocument, EcgFormat, EcgPatient
from ecg.instance import instances
from ecg.waveform import recordings
from ecg.waveform_class import AMBULATORY, GENERAL, GENERAL_32_BIT, TWELVE_LEAD
from tests.ecg.documents import DIGEST, RECEIVED_AT, beats, document, recorded

MEDIAN = recorded(count=60, label="MEDIAN BEAT")


def made(of: EcgDocument, **values: bytes) -> list[Dataset]:
    return [
        pydicom.dcmread(BytesIO(written(each)))
        for each in instances(of, digest=DIGEST, received_at=RECEIVED_AT, **values)
    ]


def written(dataset: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    target = BytesIO()
    pydicom.dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()


def assert_same(dataset: Dataset, expected: Sequence[DigitalRecording]) -> None:
    found = recordings(dataset)
    assert [each.label for each in found] == [each.label for each in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.sampling_frequency_hz == other.sampling_frequency_hz
        for read, digital in zip(one.leads, other.leads, strict=True):
            assert read.name == digital.name
            assert read.filters == digital.filters
            np.testing.assert_allclose(read.microvolts, digital.microvolts(), rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ((recorded(),), TWELVE_LEAD),
        ((recorded(), MEDIAN), GENERAL),  # together more than 13 channels
        ((recorded(("I", "II", "III")),), GENERAL),
        ((recorded(count=16_385),), GENERAL),
        ((recorded(frequency=125),), AMBULATORY),
        ((recorded(("ES", "AS", "AI"), count=80_000, frequency=250),), AMBULATORY),
        ((recorded(frequency=2000),), GENERAL_32_BIT),
        ((recorded(samples=beats(100, most=2**22)),), GENERAL_32_BIT),
        ((recorded(tuple(f"electrode {n}" for n in range(64))),), GENERAL),
    ],
)
def test_the_class_that_takes_it_holds_the_same_microvolts(
    held: tuple[DigitalRecording, ...], expected: object
) -> None:
    [dataset] = made(document(*held))

    assert dataset.SOPClassUID == getattr(expected, "sop_class_uid", "")
    if len(held[0].leads) <= 24:
        assert_same(dataset, held)
    assert sum(len(each.leads) for each in recordings(dataset)) == sum(len(each.leads) for each in held)


@pytest.mark.parametrize(
    "held",
    [
        recorded(microvolts_per_unit=1 / 3, zero_at=17.5),
        recorded(microvolts_per_unit=-2.44140625, zero_at=2048, samples=beats(100) + 2048),
        recorded(samples=np.array([0, -9999, -32768, 32767]), missing=-9999),
        recorded(samples=np.array([0, -9999, -32767, 7]), missing=-9999),
        recorded(filters=("0.05 Hz high-pass", "150 Hz low-pass", "50 Hz notch")),
        recorded(samples=np.arange(200, dtype=np.uint8)),
    ],
)
def test_calibration_gaps_and_filters_survive(held: DigitalRecording) -> None:
    [dataset] = made(document(held))

    assert_same(dataset, [held])


def test_what_no_class_takes_together_becomes_several_instances_of_one_series() -> None:
    strips = [recorded(("own",), count=10 + place, frequency=100, label=f"S{place}") for place in range(5)]

    several = made(document(*strips))

    for dataset, strip in zip(several, strips, strict=True):
        assert_same(dataset, [strip])
    assert len({each.SeriesInstanceUID for each in several}) == 1
    assert len({each.SOPInstanceUID for each in several}) == 5


@pytest.mark.parametrize(
    ("held", "interpretation"),
    [
        (recorded(("II",), frequency=32, samples=np.array([0, 70, -5, 30]), missing=-5), "SS"),
        (recorded(("II",), frequency=100, samples=beats(100, most=2**22)), "SL"),
        (recorded(tuple(f"electrode {n}" for n in range(24)), frequency=100), "SS"),
    ],
)
def test_what_is_slower_than_other_classes_take_keeps_its_own_samples(
    held: DigitalRecording, interpretation: str
) -> None:
    [dataset] = made(document(held))

    assert dataset.SOPClassUID == GENERAL_32_BIT.sop_class_uid
    assert_same(dataset, [held])
    [group] = dataset.WaveformSequence
    assert (group.WaveformOriginality, group.WaveformSampleInterpretation) == ("ORIGINAL", interpretation)


def test_strips_one_after_another_say_when_they_begin() -> None:
    strips = recorded(("I",)), replace(recorded(("V1",)), starts_at_seconds=2.5)

    [dataset] = made(document(*strips))

    assert [item.get("MultiplexGroupTimeOffset") for item in dataset.WaveformSequence] == [None, 2500]


def test_patient_device_and_time_are_those_of_the_file() -> None:
    [dataset] = made(document())

    assert str(dataset.PatientName) == "Li^Yun=李^運"
    assert (dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex) == ("E-17", "19610203", "F")
    assert (dataset.StudyDate, dataset.StudyTime, dataset.PatientAge) == ("20260301", "162510", "065Y")
    assert (dataset.ManufacturerModelName, dataset.DeviceSerialNumber) == ("C-3", "0815")
    assert "TimezoneOffsetFromUTC" not in dataset


def test_a_time_that_nobody_told_is_not_invented_for_the_study() -> None:
    [dataset] = made(document(recorded_at=None))

    assert (dataset.StudyDate, dataset.StudyTime) == ("", "")
    assert dataset.AcquisitionDateTime == "20260301083000+0000"


def test_what_the_device_said_is_read_back_and_unconfirmed() -> None:
    source = document()

    [dataset] = made(source)

    found = stated(dataset)
    assert found.statements == source.statements
    assert [(each.code, each.value, each.unit, each.lead) for each in found.measurements] == [
        ("MDC_ECG_TIME_PD_PR", 162, "ms", ""),
        ("", -120.5, "uV", "V3"),
    ]
    assert found.measurements[1].meaning == "ST at J+60"
    assert found.confirmed_by == ""


def test_who_confirmed_the_statements_is_named() -> None:
    [dataset] = made(document(confirmed_by="Dr. Wang"))

    assert stated(dataset).confirmed_by == "Dr. Wang"


def test_the_same_file_is_the_same_instance_and_another_is_not() -> None:
    def uids(digest: str) -> set[str]:
        [dataset] = instances(document(), digest=digest, received_at=RECEIVED_AT)
        return {dataset.SOPInstanceUID, dataset.SeriesInstanceUID, dataset.StudyInstanceUID}

    assert uids(DIGEST) == uids(DIGEST)
    assert len(uids(DIGEST) | uids("cd" * 32)) == 6


@pytest.mark.parametrize(
    "held",
    [
        recorded(frequency=0),
        recorded(count=0),
        recorded(tuple(f"lead {n}" for n in range(65))),
        recorded(samples=np.array([0.5, 1.5])),
        recorded(samples=np.array([2**40])),
        DigitalRecording(
            label="", sampling_frequency_hz=500, leads=(recorded().leads[0], recorded(count=9).leads[1])
        ),
    ],
)
def test_what_is_no_recording_is_refused(held: DigitalRecording) -> None:
    with pytest.raises(InvalidInstance):
        instances(document(held), digest=DIGEST, received_at=RECEIVED_AT)


def test_a_pdf_lies_in_an_object_as_it_is() -> None:
    pdf = b"%PDF-1.4 three"

    [dataset] = made(document(format=EcgFormat.PDF, recordings=()), content=pdf)

    assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == pdf
    assert dataset.Modality == "ECG"


@pytest.mark.tool("dciodvfy")
@pytest.mark.parametrize(
    "source",
    [
        document(confirmed_by="Dr. Wang"),
        document(recorded(missing=0), MEDIAN, recorded_at=None, patient=EcgPatient(age_years=0.3)),
        document(recorded(("ES", "own"), frequency=125, filters=("50 Hz notch",))),
        document(format=EcgFormat.PDF, recordings=()),
    ],
)
def test_a_validator_finds_no_error(source: EcgDocument, tmp_path: Path) -> None:
    [dataset] = instances(source, digest=DIGEST, received_at=RECEIVED_AT, content=b"%PDF-1.4")
    dataset.file_meta = FileMetaDataset()
    path = tmp_path / "ecg.dcm"
    path.write_bytes(written(dataset))

    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)

    assert [line for line in done.stderr.splitlines() if "Error" in line] == []
