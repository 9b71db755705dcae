"""What other decoders make of ECG files, written down anew into witnesses.json.

They are too heavy for the tests, and live in an environment of their own:

    python -m venv W && W/bin/pip install ecgdatakit==2.0.3 sierraecg==0.4.0 wfdb==4.3.1
    PYTHONPATH=. W/bin/python tests/ecg/formats/witnesses.py SAMPLES

`SAMPLES` is the folder of public sample files. Each lead is a number of samples and the digest of their
hundredths of a microvolt.
"""

import hashlib
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tests.ecg.formats.written_records import written

Leads = dict[str, list[Any]]
TABLE = Path(__file__).with_name("witnesses.json")


def digested(microvolts: Any) -> list[Any]:
    """Return how many samples there are, and the digest of their hundredths of a microvolt.

    The rest of 0.123 keeps halves, which scales are full of, away from where rounding decides.
    """
    values = np.asarray(microvolts, dtype=np.float64)
    hundredths = np.rint(np.nan_to_num(values, nan=1e9) * 100 + 0.123).astype("<i8")
    return [len(values), hashlib.sha256(hundredths.tobytes()).hexdigest()[:16]]


def by_ecgdatakit(file: Path) -> Iterator[tuple[str, float, Leads]]:
    """Yield the rhythm and the median beats that ecgdatakit reads."""
    record = import_module("ecgdatakit").FileParser().parse(file)
    for label, leads in (("RHYTHM", record.leads), ("MEDIAN BEAT", record.median_beats)):
        volts = [lead for lead in leads if lead.units == "mV"]
        if volts:
            yield label, volts[0].sampling_rate, {lead.label: digested(lead.samples * 1000) for lead in volts}


def by_wfdb(file: Path) -> Iterator[tuple[str, float, Leads]]:
    """Yield the record that wfdb reads."""
    record = import_module("wfdb").rdrecord(str(file.with_suffix("")), smooth_frames=False)
    leads = {
        name: digested(signal * 1000) for name, signal in zip(record.sig_name, record.e_p_signal, strict=True)
    }
    yield "RHYTHM", record.fs * record.samps_per_frame[0], leads


def by_sierraecg(file: Path) -> Iterator[tuple[str, float, Leads]]:
    """Yield the rhythm and the median beats that sierraecg reads; 5 microvolts are a unit of its rhythms."""
    record = import_module("sierraecg").read_file(str(file), include_repbeats=True)
    yield (
        "RHYTHM",
        record.leads[0].sampling_freq,
        {lead.label: digested(lead.samples * 5.0) for lead in record.leads},
    )
    beats = record.repbeats
    if beats:
        first = next(iter(beats.values()))
        yield (
            "MEDIAN BEAT",
            first.sampling_freq,
            {name: digested(beat.samples * beat.resolution) for name, beat in beats.items()},
        )


DECODERS: dict[str, Callable[[Path], Iterator[tuple[str, float, Leads]]]] = {
    "ecgdatakit": by_ecgdatakit,
    "wfdb": by_wfdb,
    "sierraecg": by_sierraecg,
}
SAMPLES = (
    ("ecgdatakit", "ecgtoolkit-cs/Example.scp"),
    ("ecgdatakit", "ecgtoolkit-cs/Example.xml"),
    ("ecgdatakit", "FDA-aecg/subject2_0.xml"),
    ("ecgdatakit", "FDA-aecg/minimum_aecg.xml"),
    *(("ecgdatakit", f"braveheart/example{number}.xml") for number in (1, 2, 3, 4)),
    ("ecgdatakit", "wfdb-python/test_generator_2.edf"),
    ("sierraecg", "sierra-ecg-tools/1_03/129DYPRG.XML"),
    ("sierraecg", "sierra-ecg-tools/1_03/repbeats_example.xml"),
    ("sierraecg", "sierra-ecg-tools/1_04/ad4d3d80-d165_1-04_orig.xml"),
    *(("wfdb", f"ludb/{number}.hea") for number in (12, 21, 64, 90, 159)),
    *(("wfdb", f"torch_ecg/{name}.hea") for name in ("E07500", "E07501", "E07504")),
    *(("wfdb", f"torch_ecg/HR0600{number}.hea") for number in (0, 1, 2, 7)),
)


def main(samples: Path) -> None:
    """Write the table."""
    warnings.simplefilter("ignore")
    table = []
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        for name, content in written().items():
            (made / name).write_bytes(content)
        own = [("wfdb" if name.endswith(".hea") else "ecgdatakit", name) for name in written()]
        jobs = [(decoder, name, made / name) for decoder, name in own if not name.endswith(".dat")]
        jobs += [(decoder, name, samples / name) for decoder, name in SAMPLES]
        for decoder, name, file in jobs:
            for label, rate, leads in DECODERS[decoder](file):
                said = f"{decoder} {version(decoder)}"
                table.append({"file": name, "by": said, "label": label, "rate": rate, "leads": leads})
    lines = ",\n".join(json.dumps(row) for row in table)
    TABLE.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
