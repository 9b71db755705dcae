"""EDF, BDF, ISHNE, WFDB and MFER: what they tell, what is odd in them, and what is refused."""

import struct
from datetime import date, datetime

import numpy as np
import pytest

from core.errors import HubError, InvalidInstance, TooLarge
from ecg.document import EcgFormat
from ecg.formats.recognition import read_file, recognise
from tests.ecg.formats import long_files as write
from tests.ecg.formats.written_records import SLOW, WAVE

MORNING = datetime(2026, 11, 1, 8, 0, 5)  # noqa: DTZ001 - as a device's clock has it


def test_headers_tell_who_when_and_by_what() -> None:
    for content, name, years in (
        (write.edf([WAVE, SLOW]), "Li Ming", None),
        (write.ishne([WAVE, SLOW]), "李^明", None),
        (write.mfer([WAVE, SLOW]), "李^明", 66),
    ):
        document = read_file(content)
        assert (document.patient.name, document.patient.patient_id, document.patient.sex) == (name, "P7", "F")
        assert (document.patient.birth_date, document.patient.age_years) == (date(1960, 2, 29), years)
        assert document.recorded_at is not None
        assert document.recorded_at.replace(microsecond=0) == MORNING
        assert document.device.model in ("Cart 9", "Holter 9", "Cart9")
        assert [lead.name for lead in document.recordings[0].leads] == ["I", "V1"]
        assert document.oddities == document.recordings[0].oddities == ()


def test_24_bits_are_whole() -> None:
    values = np.array([-(2**23), 2**23 - 1, -1, 0, 1, 70_000] * 100)
    recording = read_file(write.edf([values], ["ECG II"], [100], bdf=True)).recordings[0]
    np.testing.assert_array_equal(recording.leads[0].samples, values)


def test_signals_of_another_rate_are_another_recording() -> None:
    document = read_file(write.edf([WAVE, SLOW[:600]], per_record=[100, 50]))
    assert [(each.sampling_frequency_hz, len(each.leads)) for each in document.recordings] == [
        (100, 1),
        (50, 1),
    ]
    header, signals = write.wfdb([WAVE, SLOW[:600]], each=[2, 1])
    document = read_file(header, {"rec.dat": signals})
    np.testing.assert_array_equal(document.recordings[0].leads[0].samples, WAVE)
    assert [each.sampling_frequency_hz for each in document.recordings] == [500, 250]


def test_samples_that_lie_one_in_each_frame_are_a_view_of_the_file() -> None:
    content = write.ishne([WAVE, SLOW])
    samples = read_file(content).recordings[0].leads[0].samples
    assert np.shares_memory(samples, np.frombuffer(content, np.uint8))


def test_first_differences_are_summed() -> None:
    header, _ = write.wfdb([SLOW, SLOW], 8)
    stored = np.stack([np.diff(SLOW, prepend=0)] * 2, axis=1).astype("<i1").tobytes()
    recording = read_file(header, {"rec.dat": stored}).recordings[0]
    np.testing.assert_array_equal(recording.leads[0].samples, SLOW)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (write.edf([WAVE, SLOW], records=-1), "not closed"),
        (write.edf([WAVE, SLOW]) + bytes(9), "behind the last record"),
        (write.edf([WAVE, SLOW], labels=["ECG I", "Resp chest"]), "left out"),
        (write.edf([WAVE, SLOW]).replace(b"EDF+C", b"EDF+D"), "interruptions"),
        (write.ishne([WAVE, SLOW], count=2400), "all leads together"),
        (write.ishne([WAVE, SLOW], count=5), "fewer samples"),
        (write.ishne([WAVE, SLOW])[:8] + b"\0\0" + write.ishne([WAVE, SLOW])[10:], "check sum"),
        (write.mfer([WAVE, SLOW], more=write.tlv(0x0C, b"\x01\x00\x01", 1)), "not in volts"),
    ],
)
def test_what_is_odd_is_read_and_said(content: bytes, said: str) -> None:
    document = read_file(content)
    assert said in " ".join(document.oddities)
    np.testing.assert_array_equal(document.recordings[0].leads[0].samples, WAVE)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (write.edf([WAVE, SLOW])[:-9], InvalidInstance),
        (write.edf([WAVE, SLOW])[:500], InvalidInstance),
        (write.edf([WAVE, SLOW], seconds="0"), InvalidInstance),
        (write.edf([WAVE, SLOW], seconds="nan"), InvalidInstance),
        (write.edf([WAVE, SLOW], seconds="-1"), InvalidInstance),
        (write.edf([WAVE, SLOW], unit="mmHg"), InvalidInstance),
        (write.edf([WAVE, SLOW], digital=(5, 5)), InvalidInstance),
        (write.edf([WAVE[:10]] * 100, ["ECG"] * 100, [10] * 100), TooLarge),
        (write.ishne([WAVE, SLOW])[:-9], InvalidInstance),
        (write.ishne([WAVE, SLOW])[:99], InvalidInstance),
        (write.ishne([WAVE, SLOW], rate=0), InvalidInstance),
        (write.ishne([WAVE, SLOW], rate=-200), InvalidInstance),
        (write.ishne([WAVE, SLOW], nanovolts=0), InvalidInstance),
        (write.mfer([WAVE, SLOW])[:-9], InvalidInstance),
        (write.mfer([WAVE, SLOW], rate=b"\0\0\0\0"), InvalidInstance),
        (write.mfer([WAVE, SLOW], more=write.tlv(0x0E, b"\1")), InvalidInstance),
        (b"nothing of that kind", InvalidInstance),
        (b"", InvalidInstance),
    ],
)
def test_what_is_cut_or_senseless_is_refused_in_words(content: bytes, error: type[HubError]) -> None:
    with pytest.raises(error, match=r"\w+ \w+ \w+"):
        read_file(content)


def test_a_record_needs_the_files_that_its_header_names() -> None:
    header, signals = write.wfdb([WAVE, SLOW])
    assert read_file(signals, {"rec.hea": header}, "rec.dat").patient.age_years == 66
    with pytest.raises(InvalidInstance, match=r"rec\.dat"):
        read_file(header)
    two = header.replace(b"rec.dat 16 4000(3)/mV 12 0 0 0", b"more.dat 16 4000(3)/mV 12 0 0 0")
    assert two == header or "did not come" in " ".join(read_file(two, {"rec.dat": signals}).oddities)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"250 1200", b"0 1200"),
        (b"250 1200", b"nan 1200"),
        (b"250 1200", b"-250 1200"),
        (b"250 1200", b"250 1201"),
        (b"rec 2", b"rec/3 2"),
        (b"rec 2", b"rec 9"),
        (b"rec.dat 16 ", b"rec.dat 516 "),
        (b"/mV", b"/mmHg"),
        (b"4000(3)", b"0.0000000001(3)"),
    ],
)
def test_a_senseless_header_of_a_record_is_refused(old: bytes, new: bytes) -> None:
    header, signals = write.wfdb([WAVE, SLOW])
    with pytest.raises(InvalidInstance):
        read_file(header.replace(old, new), {"rec.dat": signals})


def test_a_damaged_signal_of_a_record_is_found_by_its_sum() -> None:
    header, signals = write.wfdb([WAVE, SLOW])
    with pytest.raises(InvalidInstance, match="check sum"):
        read_file(header, {"rec.dat": b"\x07" + signals[1:]})
    both = bytes(each ^ 1 if index in (0, 2) else each for index, each in enumerate(signals))
    assert "No signal has a right check sum." in read_file(header, {"rec.dat": both}).oddities
    missing = struct.pack("<h", -(2**15)) + signals[2:]
    with pytest.raises(InvalidInstance):
        read_file(header, {"rec.dat": missing})


def test_content_and_not_the_name_tells_what_a_file_is() -> None:
    header, signals = write.wfdb([WAVE, SLOW])
    assert recognise(write.edf([WAVE, SLOW]), "x.scp") is EcgFormat.EDF
    assert recognise(write.edf([WAVE, SLOW], bdf=True)) is EcgFormat.EDF
    assert recognise(write.ishne([WAVE, SLOW]), "x.xml") is EcgFormat.ISHNE
    assert recognise(write.mfer([WAVE, SLOW])) is EcgFormat.MFER
    assert recognise(header, "x.pdf") is EcgFormat.WFDB
    assert recognise(b"%PDF-1.4", "x.hea") is EcgFormat.PDF
    assert recognise(bytes(128) + b"DICM") is EcgFormat.DICOM
    assert [recognise(each) for each in (signals, b"", b"{}", b"<html/>", b"PK\x03\x04")] == [None] * 5
    assert read_file(b"%PDF-1.4 ...").recordings == ()
