"""Leads as few bytes as they need, for a browser to draw: a JSON head, then the samples.

Layout, little endian: the four bytes `ECG1`, the head's length (uint32), the head (JSON in UTF-8, padded with
blanks so that the samples begin at a multiple of 4), then each lead's microvolts as float32, in the order of
the head's `leads`. NaN where nothing was recorded.
"""

import json
import struct
from typing import Final

import numpy as np

from ecg.recording import Recording

MAGIC: Final = b"ECG1"
_HEAD: Final = struct.Struct("<4sI")


def compact(recording: Recording, begins_at_seconds: float = 0.0) -> bytes:
    """Return a recording, or the part of one that begins there, in the compact form."""
    head = json.dumps(
        {
            "label": recording.label,
            "sampling_frequency_hz": recording.sampling_frequency_hz,
            "begins_at_seconds": begins_at_seconds,
            "leads": [lead.name for lead in recording.leads],
            "samples": recording.sample_count,
        },
        ensure_ascii=False,
    ).encode()
    head += b" " * (-(len(head) + _HEAD.size) % 4)
    samples = np.stack([lead.microvolts for lead in recording.leads]).astype("<f4")
    return _HEAD.pack(MAGIC, len(head)) + head + samples.tobytes()
