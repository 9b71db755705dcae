"""Files of our own encoders, of formats that no public sample shows, for other decoders and for ours."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecg.waveform_class import AMBULATORY, GENERAL, GENERAL_32_BIT, WaveformClass
from tests.ecg.formats import long_files
from tests.ecg.formats.long_files import Values

WAVE: Values = np.round(300 * np.sin(np.arange(1200) / 7)).astype(np.int64)
SLOW: Values = np.round(60 * np.sin(np.arange(1200) / 40)).astype(np.int64)
PACKED = (16, 24, 32, 61, 80, 160, 212, 310, 311)


def written() -> dict[str, bytes]:
    """Return files by their names; WFDB's signal files are named as in their headers."""
    files = {
        "two.edf": long_files.edf([WAVE, SLOW]),
        "two.ecg": long_files.ishne([WAVE, SLOW]),
        "little.mwf": long_files.mfer([WAVE, SLOW]),
        "big.mwf": long_files.mfer([WAVE, SLOW], little=False),
    }
    for number in PACKED:
        small = number in (80, 8)
        header, signals = long_files.wfdb([SLOW if small else WAVE, SLOW], number)
        files[f"rec{number}.hea"] = header.replace(b"rec", f"rec{number}".encode())
        files[f"rec{number}.dat"] = signals
    return files


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Files that one device wrote, the first of them the one that tells all, and what must come of them."""

    files: Mapping[str, bytes]
    becomes: WaveformClass
    frequency: float
    signals: tuple[Values, ...]


def at_the_door() -> dict[str, Recorded]:
    """Return a recording of each kind that long recorders and handhelds write."""
    wide = WAVE * 20_000  # more than 16 bits hold
    header, signals = long_files.wfdb([WAVE, SLOW])
    return {
        "EDF": _alone("one.edf", long_files.edf([WAVE, SLOW], per_record=(200, 200)), GENERAL, 200),
        "EDF of 100 Hz": _alone("slow.edf", long_files.edf([WAVE, SLOW]), AMBULATORY, 100),
        "BDF": _alone(
            "one.bdf",
            long_files.edf([wide, SLOW], per_record=(200, 200), bdf=True),
            GENERAL_32_BIT,
            200,
            (wide, SLOW),
        ),
        "BDF of 100 Hz": _alone(
            "slow.bdf", long_files.edf([wide, SLOW], bdf=True), GENERAL_32_BIT, 100, (wide, SLOW)
        ),
        "ISHNE": _alone("one.ecg", long_files.ishne([WAVE, SLOW]), GENERAL, 200),
        "MFER": _alone("one.mwf", long_files.mfer([WAVE, SLOW]), GENERAL, 200),
        "WFDB": Recorded(
            files={"rec.hea": header, "rec.dat": signals},
            becomes=GENERAL,
            frequency=250,
            signals=(WAVE, SLOW),
        ),
    }


def _alone(
    name: str,
    content: bytes,
    becomes: WaveformClass,
    frequency: float,
    signals: tuple[Values, ...] = (WAVE, SLOW),
) -> Recorded:
    return Recorded(files={name: content}, becomes=becomes, frequency=frequency, signals=signals)
