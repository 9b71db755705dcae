"""MUSE XML: eight stored leads make twelve, and what is damaged is refused."""

import base64
import zlib
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from core.errors import HubError, InvalidInstance, TooLarge
from ecg.formats.recognition import read_file

ONE = np.array([10, -3, 7, 2000], dtype="<i2")
TWO = np.array([4, 5, -8, -2000], dtype="<i2")


def stored(name: str, samples: np.ndarray, check: int | None = None, units: str = "4.88") -> str:  # type: ignore[type-arg]  # any numbers
    content = samples.tobytes()
    return (
        f"<LeadData><LeadSampleCountTotal>{len(samples)}</LeadSampleCountTotal>"
        f"<LeadAmplitudeUnitsPerBit>{units}</LeadAmplitudeUnitsPerBit>"
        f"<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>{name}</LeadID>"
        f"<LeadDataCRC32>{zlib.crc32(content) if check is None else check}</LeadDataCRC32>"
        f"<WaveFormData>\n{base64.b64encode(content).decode()}\n</WaveFormData></LeadData>"
    )


def muse(*leads: str, base: str = "500", exponent: str = "0") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE RestingECG SYSTEM "restecg.dtd"><RestingECG>'
        "<PatientDemographics><PatientID>P7</PatientID><PatientLastName>李</PatientLastName><Gender>FEMALE</Gender>"
        "<DateofBirth>02-29-1960</DateofBirth><PatientAge>66</PatientAge><AgeUnits>YEARS</AgeUnits>"
        "</PatientDemographics><TestDemographics><AcquisitionDate>11-01-2026</AcquisitionDate>"
        "<AcquisitionTime>08:00:05</AcquisitionTime><Status>CONFIRMED</Status>"
        "<OverreaderLastName>Wang</OverreaderLastName></TestDemographics>"
        "<RestingECGMeasurements><QRSDuration>96</QRSDuration><QTCorrected/></RestingECGMeasurements>"
        "<Diagnosis><DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag><StmtText>Sinus & slow</StmtText>"
        "</DiagnosisStatement><DiagnosisStatement><StmtText>Old infarct</StmtText></DiagnosisStatement>"
        "</Diagnosis>"
        f"<Waveform><WaveformType>Rhythm</WaveformType><SampleBase>{base}</SampleBase>"
        f"<SampleExponent>{exponent}</SampleExponent>{''.join(leads)}</Waveform></RestingECG>"
    )


def test_the_limb_leads_that_are_not_stored_are_exact() -> None:
    document = read_file(muse(stored("I", ONE), stored("II", TWO), stored("V1", ONE)).encode())
    leads = {lead.name: lead.microvolts() / 4.88 for lead in document.recordings[0].leads}
    one, two = ONE.astype(float), TWO.astype(float)
    expected = {
        "I": one, "II": two, "III": two - one,
        "aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2, "V1": one,
    }  # fmt: skip
    assert list(leads) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(leads[name], values, atol=1e-9)


def test_a_file_tells_who_when_and_what() -> None:
    document = read_file(muse(stored("V1", ONE), base="5", exponent="2").encode("utf-16"))
    assert (document.patient.name, document.patient.patient_id, document.patient.sex) == ("李", "P7", "F")
    assert (document.patient.birth_date, document.patient.age_years) == (date(1960, 2, 29), 66)
    assert document.recorded_at == datetime(2026, 11, 1, 8, 0, 5)  # noqa: DTZ001 - as the device's clock had it
    assert [(each.meaning, each.value) for each in document.measurements] == [("QRS duration", 96)]
    assert document.statements == ("Sinus & slow", "Old infarct")
    assert document.confirmed_by == "Wang"
    assert document.recordings[0].sampling_frequency_hz == 500
    assert any("ampersand" in odd for odd in document.oddities)


def test_sums_that_are_all_wrong_are_said() -> None:
    recording = read_file(muse(stored("V1", ONE, check=5)).encode()).recordings[0]
    assert recording.oddities == ("No lead has a right check sum.",)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (muse(stored("I", ONE), stored("II", TWO, check=5)), InvalidInstance),
        (muse(stored("I", ONE), base="0"), InvalidInstance),
        (muse(stored("I", ONE), base="nan"), InvalidInstance),
        (muse(stored("I", ONE), exponent="300"), InvalidInstance),
        (muse(stored("I", ONE, units="0")), InvalidInstance),
        (muse(stored("I", ONE).replace("</WaveFormData>", "%%</WaveFormData>")), InvalidInstance),
        (muse(), InvalidInstance),
        (muse(*[stored("I", ONE)] * 100), TooLarge),
    ],
)
def test_what_is_damaged_is_refused_in_words(content: str, error: type[HubError]) -> None:
    with pytest.raises(error, match=r"\w+ \w+ \w+"):
        read_file(content.encode())


def test_a_public_sample_tells_what_its_device_measured(sample_data: Path) -> None:
    document = read_file((sample_data / "braveheart/example1.xml").read_bytes())
    rhythm, beat = document.recordings
    assert (len(rhythm.leads), rhythm.sample_count, len(beat.leads), beat.sample_count) == (12, 5000, 12, 600)
    assert {each.meaning: each.value for each in document.measurements}["QT interval"] == 452
    assert (rhythm.oddities, document.oddities) == ((), ())
