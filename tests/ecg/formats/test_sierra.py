"""Philips Sierra XML: compressed and plain, in UTF-16, of versions known and unknown."""

import base64
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from core.errors import HubError, InvalidInstance, TooLarge
from ecg.formats.recognition import read_file

SAMPLES = np.arange(24, dtype="<i2").reshape(3, 8) - 9


def sierra(
    labels: str = "I V1 V2",
    content: str | None = None,
    rate: str = "500",
    version: str = "1.04",
    more: str = "",
) -> str:
    packed = base64.b64encode(SAMPLES.tobytes()).decode() if content is None else content
    return (
        '<?xml version="1.0" encoding="UTF-8"?><restingecgdata xmlns="http://www3.medical.philips.com">'
        f"<documentinfo><documenttype>PhilipsECG</documenttype><documentversion>{version}</documentversion>"
        '</documentinfo><dataacquisition date="2026-11-01" time="08:00:05"><machine machineid="7"/>'
        f"<signalcharacteristics><samplingrate>{rate}</samplingrate><resolution>5</resolution>"
        "</signalcharacteristics></dataacquisition><patient><generalpatientdata><patientid>---</patientid>"
        "<name><lastname>李</lastname></name><sex>Male</sex></generalpatientdata></patient>"
        f'<waveforms><parsedwaveforms dataencoding="Base64" leadlabels="{labels}" {more}>{packed}'
        "</parsedwaveforms></waveforms></restingecgdata>"
    )


def test_leads_that_are_not_compressed_are_read_as_they_are() -> None:
    document = read_file(sierra().encode("utf-16-le"))
    recording = document.recordings[0]
    assert [lead.name for lead in recording.leads] == ["I", "V1", "V2"]
    np.testing.assert_array_equal([lead.samples for lead in recording.leads], SAMPLES)
    assert (document.patient.name, document.patient.patient_id, document.patient.sex) == ("李", "", "M")
    assert document.recorded_at == datetime(2026, 11, 1, 8, 0, 5)  # noqa: DTZ001 - as the device's clock had it


def test_what_is_odd_is_said() -> None:
    document = read_file(sierra(version="1.05", more='durationperchannel="9000"').encode())
    assert "1.05" in document.oddities[0]
    assert document.recordings[0].oddities == ("Leads end before the time that the file says.",)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (sierra(rate="0"), InvalidInstance),
        (sierra(rate="-500"), InvalidInstance),
        (sierra(content=""), InvalidInstance),
        (sierra(content="AAAA", more='compression="XLI"'), InvalidInstance),
        (sierra(content="EAAAAAAAAAD//////w==", more='compression="XLI"'), InvalidInstance),
        (sierra(more='compression="ZIP"'), InvalidInstance),
        (sierra(labels="I " * 10_000), TooLarge),
        (sierra()[:600], InvalidInstance),
    ],
)
def test_what_is_damaged_is_refused_in_words(content: str, error: type[HubError]) -> None:
    with pytest.raises(error, match=r"\w+ \w+ \w+"):
        read_file(content.encode())


def test_the_public_samples_tell_leads_beats_and_statements(sample_data: Path) -> None:
    folder = sample_data / "sierra-ecg-tools"
    document = read_file((folder / "1_04/ad4d3d80-d165_1-04_orig.xml").read_bytes())
    rhythm, beat = document.recordings
    assert (len(rhythm.leads), rhythm.sample_count, beat.label, beat.sample_count) == (
        12,
        5500,
        "MEDIAN BEAT",
        1200,
    )
    assert document.statements[0] == "SINUS BRADYCARDIA (V-rate<60)"
    assert document.confirmed_by
    older = read_file((folder / "1_03/129DYPRG.XML").read_bytes())
    assert (len(older.recordings), older.confirmed_by, older.patient.age_years) == (1, "", 50)
    with pytest.raises(InvalidInstance, match="document type"):
        read_file((folder / "fixtures/invalid-doc-type.xml").read_bytes())
