"""SCP-ECG files: every coding of the samples, what carts write wrongly, and what is refused."""

import struct
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from core.errors import HubError, InvalidInstance, TooLarge
from ecg.formats.recognition import read_file
from tests.ecg.formats import scp_files as write

RHYTHM = np.round(300 * np.sin(np.arange(400) / 7)).astype(np.int64)
SMALL = np.round(60 * np.sin(np.arange(400) / 40)).astype(np.int64)


def simple(version: int = 20, **header: bytes) -> dict[int, bytes]:
    """Return the sections of a file of leads I and V1 without a code."""
    return {
        1: write.tags(**header),
        3: write.leads([1, 3], 400),
        6: write.samples([write.plain_stream(RHYTHM), write.plain_stream(SMALL)]),
    }


@pytest.mark.parametrize("difference", [0, 1, 2])
@pytest.mark.parametrize(
    ("tables", "encode"),
    [
        (None, write.plain_stream),
        (write.tables(), write.default_stream),
        (write.tables(write.SHORT_CODES, write.SWITCHED_CODES), write.switching_stream),
    ],
    ids=["no code", "the standard's", "the file's own"],
)
def test_samples_come_back_whatever_codes_them(
    difference: int, tables: bytes | None, encode: Callable[[write.Values], bytes]
) -> None:
    values = [SMALL, SMALL[::-1]]
    streams = [encode(write.differences(each, difference)) for each in values]
    bodies = simple() | {6: write.samples(streams, difference=difference)}
    if tables:
        bodies[2] = tables
    recording = read_file(write.scp(bodies)).recordings[0]
    assert [lead.name for lead in recording.leads] == ["I", "V1"]
    assert recording.sampling_frequency_hz == 500
    for lead, expected in zip(recording.leads, values, strict=True):
        np.testing.assert_array_equal(lead.microvolts(), 2.5 * expected)


def test_a_subtracted_reference_beat_comes_back() -> None:
    beat = np.round(200 * np.exp(-(((np.arange(100) - 50) / 9.0) ** 2))).astype(np.int64)
    residual = SMALL.copy()
    full = 2 * SMALL.copy()
    complexes = [(0, 60, 100, 140), (1, 160, 200, 240), (0, 270, 320, 400)]
    for kind, start, fiducial, end in complexes:
        for number in range(start, end + 1):
            if kind == 0 and 0 <= number - fiducial + 49 < 100:
                full[number - 1] += beat[number - fiducial + 49]
    places = b"".join(struct.pack("<HIII", *each) for each in complexes)
    bodies = simple() | {
        3: write.leads([1], 400, flags=5),
        4: struct.pack("<HHH", 200, 50, 3) + places + bytes(24),
        5: write.samples([write.plain_stream(beat)]),
        6: write.samples([write.plain_stream(residual)], nanovolts=5000),
    }
    rhythm, median = read_file(write.scp(bodies)).recordings
    np.testing.assert_array_equal(rhythm.leads[0].microvolts(), 2.5 * full)
    assert (median.label, median.leads[0].samples.tolist()) == ("MEDIAN BEAT", beat.tolist())


def test_samples_left_out_between_beats_are_drawn_through() -> None:
    line = np.arange(400, dtype=np.int64) * 4
    protected = [(101, 140), (301, 340)]
    between = [part[::4] + 6 for part in (line[:100], line[140:300], line[340:])]
    stored = np.concatenate([between[0], line[100:140], between[1], line[300:340], between[2]])
    bodies = simple() | {
        2: write.tables(),
        3: write.leads([1], 400),
        4: struct.pack("<HHH", 20, 5, 2) + b"".join(struct.pack("<II", *each) for each in protected),
        5: write.samples([write.default_stream(line[:10])]),
        6: write.samples([write.default_stream(stored)], microseconds=8000, bimodal=1),
    }
    rhythm = read_file(write.scp(bodies)).recordings[0]
    assert (rhythm.sample_count, rhythm.sampling_frequency_hz) == (400, 500)
    np.testing.assert_array_equal(rhythm.leads[0].samples[100:140], line[100:140])
    assert np.abs(rhythm.leads[0].samples - line).max() <= 6


def test_the_long_rhythm_of_version_3_is_read() -> None:
    body = struct.pack("<IBIB", 500, 2, 400, 4).ljust(70, b"\0")
    body += (
        struct.pack("<BHxBHx", 1, 2500, 3, 5000) + np.stack((RHYTHM, SMALL), axis=1).astype("<i4").tobytes()
    )
    recording = read_file(write.scp({1: write.tags(), 12: body}, version=30)).recordings[0]
    assert [lead.name for lead in recording.leads] == ["I", "V1"]
    np.testing.assert_array_equal(recording.leads[1].microvolts(), 5 * SMALL)
    with pytest.raises(InvalidInstance, match="cut"):
        read_file(write.scp({1: write.tags(), 12: body[:-8]}, version=30))


def test_the_header_tells_who_and_when() -> None:
    device = bytes(8) + b"CART12" + bytes(22) + b"\x04" + b"1.0\x00SN9\x002.1\x00x\x00Maker\x00"
    header = simple(
        t0="李".encode("gbk"), t1="明".encode("gbk"), t2=b"P7\x00", t5=struct.pack("<HBB", 1960, 2, 29),
        t14=device, t25=struct.pack("<HBB", 2026, 11, 1), t26=bytes([8, 0, 5]), t8=b"\x02",
        t34=struct.pack("<hH", 480, 0),
        t27=struct.pack("<H", 5), t28=struct.pack("<H", 150), t29=b"\x02", t4=struct.pack("<HB", 66, 1),
    )  # fmt: skip
    header[7] = struct.pack("<BBHH5H3h", 1, 0, 800, 29999, 100, 200, 260, 350, 660, 40, -30, 999)
    header[8] = (
        struct.pack("<BHBB3xB", 1, 2026, 11, 1, 1) + struct.pack("<BH", 1, 9) + b"Sinus\x00\x00\x00\x00"
    )
    document = read_file(write.scp(header))
    assert (document.patient.name, document.patient.patient_id, document.patient.sex) == ("李^明", "P7", "F")
    assert document.patient.age_years == 66
    assert document.recorded_at == datetime(2026, 11, 1, 8, 0, 5, tzinfo=timezone(timedelta(hours=8)))
    assert (document.device.model, document.device.serial_number, document.device.manufacturer) == (
        "CART12",
        "SN9",
        "Maker",
    )
    values = {each.meaning: each.value for each in document.measurements}
    assert values == {
        "RR interval": 800, "P duration": 100, "PR interval": 160, "QRS duration": 90, "QT interval": 400,
        "P axis": 40, "QRS axis": -30,
    }  # fmt: skip
    assert document.statements == ("Sinus",)
    assert document.recordings[0].leads[0].filters == ("0.05 Hz high-pass", "150 Hz low-pass", "50 Hz notch")


def test_wrong_lengths_and_sums_are_read_and_said() -> None:
    whole = write.scp(simple())
    start = whole.index(struct.pack("<HI", 6, 16 + len(simple()[6])), 80)
    cases = {
        "length of the file": whole[:2] + struct.pack("<I", 9) + whole[6:],
        "sum of the file": b"\x00\x00" + whole[2:],
        "bytes behind": whole + bytes(100),
        "table pointing nowhere": whole[:38] + b"\xff\xff\x00\x00" + whole[42:],
        "length of section 6": whole[: start + 2] + b"\xff\xff" + whole[start + 4 :],
        "version 3": write.scp(simple(), version=30),
    }
    for name, content in cases.items():
        document = read_file(content)
        np.testing.assert_array_equal(document.recordings[0].leads[0].samples, RHYTHM, err_msg=name)
        assert bool(document.oddities) == (name != "version 3"), name


def changed(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (write.scp(simple())[:900], InvalidInstance),
        (write.scp(simple())[:90], InvalidInstance),
        (changed(write.scp(simple()), -100 % len(write.scp(simple()))), InvalidInstance),
        (write.scp(simple() | {6: write.samples([b"", b""], microseconds=0)}), InvalidInstance),
        (write.scp(simple() | {6: write.samples([b"", b""])}), InvalidInstance),
        (
            write.scp(simple() | {6: simple()[6].replace(struct.pack("<H", 2500), b"\0\0", 1)}),
            InvalidInstance,
        ),
        (write.scp(simple() | {3: b"\x02\x04"}), InvalidInstance),
        (write.scp(simple() | {3: write.leads([1] * 200, 9)}), TooLarge),
        (write.scp(simple() | {2: struct.pack("<H", 5000)}), InvalidInstance),
        (write.scp(simple() | {2: struct.pack("<HHBBBhI", 1, 1, 0, 0, 1, 0, 0)}), InvalidInstance),
        (write.scp(simple() | {3: write.leads([1, 3], 400, flags=5)}), InvalidInstance),
    ],
)
def test_what_is_cut_or_damaged_is_refused_in_words(content: bytes, error: type[HubError]) -> None:
    with pytest.raises(error, match=r"\w+ \w+ \w+"):
        read_file(content)


def test_the_public_example_holds_the_same_samples_in_both_of_its_formats(sample_data: Path) -> None:
    folder = sample_data / "ecgtoolkit-cs"
    scp, aecg = (read_file((folder / name).read_bytes()) for name in ("Example.scp", "Example.xml"))
    for ours, theirs in zip(scp.recordings, aecg.recordings, strict=True):
        other = {lead.name: lead.samples for lead in theirs.leads}
        for lead in ours.leads:
            np.testing.assert_array_equal(lead.samples, other[lead.name])
    shared = {(each.code, each.value) for each in scp.measurements} & {
        (each.code, each.value) for each in aecg.measurements
    }
    assert len(shared) == len(aecg.measurements) == 8


def test_what_healforce_calls_scp_is_read_and_said(sample_data: Path) -> None:
    document = read_file((sample_data / "healforce/62.SCP").read_bytes())
    recording = document.recordings[0]
    assert (len(recording.leads), recording.sample_count, recording.sampling_frequency_hz) == (3, 4500, 150)
    assert document.recorded_at == datetime(2019, 8, 8, 0, 4, 10)  # noqa: DTZ001 - as the device's clock had it
    assert recording.oddities
    assert max(abs(int(value)) for lead in recording.leads for value in lead.samples) < 512
