"""Samples are those that other decoders read, to a hundredth of a microvolt."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ecg.document import DigitalRecording, EcgDocument
from ecg.formats.recognition import read_file
from tests.ecg.formats import long_files, scp_files
from tests.ecg.formats.witnesses import TABLE, digested
from tests.ecg.formats.written_records import SLOW, WAVE, written

ROWS = json.loads(TABLE.read_text())
OWN = written()


def recording(document: EcgDocument, label: str) -> DigitalRecording:
    return next(each for each in document.recordings if each.label == label)


def compare(document: EcgDocument, row: dict[str, object]) -> None:
    """Compare the leads that both have: the witness gives all signals of an EDF, and not what we derive."""
    ours = recording(document, str(row["label"]))
    assert ours.sampling_frequency_hz == row["rate"]
    leads = {lead.name.lower(): lead for lead in ours.leads}
    told = {name.lower(): value for name, value in dict(row["leads"]).items()}  # type: ignore[call-overload]  # of JSON
    shared = leads.keys() & told.keys()
    assert len(shared) == min(len(leads), len(told))
    assert {name: digested(leads[name].microvolts()) for name in shared} == {
        name: told[name] for name in shared
    }


@pytest.mark.parametrize("row", [row for row in ROWS if row["file"] in OWN], ids=lambda row: row["file"])
def test_what_our_encoders_write_is_read_as_others_read_it(row: dict[str, object]) -> None:
    compare(read_file(OWN[str(row["file"])], OWN), row)


def test_the_public_samples_are_read_as_others_read_them(sample_data: Path) -> None:
    rows = [row for row in ROWS if row["file"] not in OWN]
    for row in rows:
        file = sample_data / row["file"]
        if not file.exists():
            continue
        beside = file.parent.glob(f"{file.stem}.*")
        companions = {each.name: each.read_bytes() for each in beside if each.suffix in (".dat", ".mat")}
        compare(read_file(file.read_bytes(), companions), row)
    assert rows


@pytest.mark.tool("save2gdf")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("two.edf", OWN["two.edf"]),
        ("two.bdf", long_files.edf([1000 * WAVE, 1000 * SLOW], bdf=True)),
        (
            "coded.scp",
            scp_files.scp(
                {
                    1: scp_files.tags(t2=b"P7\0"),
                    2: scp_files.tables(),
                    3: scp_files.leads([1, 3], 1200),
                    6: scp_files.samples(
                        [scp_files.default_stream(scp_files.differences(each, 2)) for each in (WAVE, SLOW)],
                        difference=2,
                    ),
                }
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_biosig_reads_the_same(name: str, content: bytes, tmp_path: Path) -> None:
    file, table = tmp_path / name, tmp_path / "table.csv"
    file.write_bytes(content)
    program = shutil.which("save2gdf") or ""
    subprocess.run([program, "-CSV", file, table], check=True, capture_output=True, timeout=30)
    theirs = np.loadtxt(table, delimiter=",", skiprows=1)
    for index, lead in enumerate(read_file(content).recordings[0].leads):
        np.testing.assert_allclose(
            theirs[:, index], lead.microvolts(), rtol=1e-5, atol=lead.microvolts_per_unit
        )
