"""Files of our own encoders, of formats that no public sample shows, for other decoders and for ours."""

import numpy as np

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
