"""HL7 annotated ECGs, as they should be and as carts write them."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from core.errors import HubError, InvalidInstance, TooLarge
from ecg.document import EcgFormat
from ecg.formats.recognition import read_file
from tests.ecg.formats.aecg_files import aecg, lead


def test_a_file_tells_its_leads_its_person_and_its_time() -> None:
    document = read_file(aecg(lead(), lead("MDC_ECG_LEAD_AVR", "4 5 6", "0.001", "mV", "1")).encode())
    recording = document.recordings[0]
    assert (document.format, recording.label, recording.sampling_frequency_hz) == (
        EcgFormat.AECG,
        "RHYTHM",
        500,
    )
    assert [each.name for each in recording.leads] == ["II", "aVR"]
    assert recording.leads[0].microvolts().tolist() == [2.5, -5, 7.5]
    assert recording.leads[1].microvolts().tolist() == [5, 6, 7]
    assert (document.patient.name, document.patient.patient_id, document.patient.sex) == ("李明", "P7", "F")
    assert document.patient.birth_date == date(1960, 2, 29)
    assert document.recorded_at == datetime(2026, 11, 1, 0, 0, 0, 123000, UTC)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_the_bytes_and_not_the_declaration_tell_the_encoding(encoding: str) -> None:
    document = read_file(aecg().encode(encoding))
    assert document.patient.name == "李明"
    assert bool(document.oddities) == (encoding == "gb18030")


@pytest.mark.parametrize(
    ("digits", "microvolts"),
    [
        ("0.012 -0.3 1", [0.03, -0.75, 2.5]),
        ("1,2;3", [2.5, 5, 7.5]),
        ("1 NaN 3", [2.5, np.nan, 7.5]),
        ("1e1 2 3", [25, 5, 7.5]),
    ],
)
def test_samples_are_read_however_they_are_written(digits: str, microvolts: list[float]) -> None:
    read = read_file(aecg(lead(digits=digits)).encode()).recordings[0].leads[0].microvolts()
    np.testing.assert_allclose(read, microvolts)


def test_what_is_odd_is_read_and_said() -> None:
    without_origin = lead("MDC_ECG_LEAD_I").replace('value="0" unit="uV"', 'nullFlavor="NI"')
    shorter, without_scale = lead("MDC_ECG_LEAD_V1", "1"), lead("MDC_ECG_LEAD_V2").replace('value="2.5"', "")
    recording = read_file(aecg(without_origin, shorter, without_scale).encode()).recordings[0]
    assert [each.name for each in recording.leads] == ["I", "V1"]
    assert np.isnan(recording.leads[1].microvolts()[1:]).all()
    assert len(recording.oddities) == 3


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (aecg(step="0"), InvalidInstance),
        (aecg(step="NaN"), InvalidInstance),
        (aecg(step="-0.002"), InvalidInstance),
        (aecg(lead(scale="NaN")), InvalidInstance),
        (aecg(lead(digits="9" * 30)), InvalidInstance),
        (aecg()[:700], InvalidInstance),
        (aecg(*(lead(f"MDC_ECG_LEAD_{n}") for n in range(10_000))), TooLarge),
        ('<!DOCTYPE a [<!ENTITY b "' + "c" * 99 + '">]>' + aecg().split("?>")[1], InvalidInstance),
        ("<AnnotatedECG>" + "<a>" * 200 + "</a>" * 200 + "</AnnotatedECG>", TooLarge),
        ("<AnnotatedECG>" + "<a/>" * 100_001 + "</AnnotatedECG>", TooLarge),
    ],
)
def test_what_is_no_ecg_is_refused_in_words(content: str, error: type[HubError]) -> None:
    with pytest.raises(error, match=r"\w+ \w+ \w+"):
        read_file(content.encode())


ANNOTATION = '<component><annotation><code code="{}"/><value {}</value></annotation></component>'
OF_V5 = (
    '<support><supportingROI><component><boundary><code code="MDC_ECG_LEAD_V5"/></boundary></component>'
    "</supportingROI></support></annotation>"
)
INTERPRETED = (
    "<subjectOf><annotationSet><author><assignedEntity><assignedAuthorType><assignedPerson><name>Wang</name>"
    "</assignedPerson></assignedAuthorType></assignedEntity></author>"
    + ANNOTATION.format("MDC_ECG_INTERPRETATION_STATEMENT", 'xsi:type="ST">Sinus & slow&#0;')
    + ANNOTATION.format("MDC_ECG_HEART_RATE", 'value="48" unit="bpm">')
    + ANNOTATION.format("MDC_ECG_TIME_PD_QTc", 'value="0.41" unit="s">')
    + ANNOTATION.format("MDC_ECG_AMPL_R", 'value="1.2" unit="mV">').replace("</annotation>", OF_V5)
    + "</annotationSet></subjectOf></series>"
)


def test_what_a_person_wrote_is_confirmed_and_units_are_made_one() -> None:
    document = read_file(aecg().replace("</series>", INTERPRETED).encode())
    assert (document.statements, document.confirmed_by) == (("Sinus & slow",), "Wang")
    assert [(each.meaning, each.value, each.unit, each.lead) for each in document.measurements] == [
        ("Heart rate", 48, "/min", ""),
        ("QTc interval", 410, "ms", ""),
        ("AMPL R", 1200, "uV", "V5"),
    ]
    assert document.oddities


def test_the_official_example_tells_what_its_text_says(sample_data: Path) -> None:
    document = read_file((sample_data / "ecgtoolkit-cs/Example.xml").read_bytes())
    rhythm, beat = document.recordings
    assert (rhythm.label, beat.label) == ("RHYTHM", "MEDIAN BEAT")
    assert (len(rhythm.leads), rhythm.sample_count, beat.sample_count) == (12, 5000, 599)
    assert rhythm.leads[0].samples[:5].tolist() == [-2, -2, -2, -2, -3]
    assert {each.code: each.value for each in document.measurements}["MDC_ECG_TIME_PD_QTc"] == 443
    assert document.statements == ("Sinus Rhythm",)
    assert rhythm.leads[0].filters == ("150 Hz low-pass", "high-pass", "60 Hz notch")
