"""An ECG as JSON: its leads in microvolts, and what its device measured and said, marked as the device's."""

import json
from typing import Any

import numpy as np

from ecg.annotations import Stated
from ecg.recording import Recording


def told(recording: Recording, stated: Stated, begins_at_seconds: float = 0.0) -> bytes:
    """Return what the route `/ecg` and the command `ecg` answer."""
    body = {
        "label": recording.label,
        "sampling_frequency_hz": recording.sampling_frequency_hz,
        "begins_at_seconds": begins_at_seconds,
        "leads": {
            lead.name: [
                value if known else None
                for value, known in zip(
                    np.round(lead.microvolts, 4).tolist(), np.isfinite(lead.microvolts).tolist(), strict=True
                )
            ]
            for lead in recording.leads
        },
        "oddities": list(recording.oddities),
        **_of_the_device(stated),
    }
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def state_of(stated: Stated) -> str:
    """Return whether anybody confirmed the device's statements: nobody, unless a file says so."""
    return "confirmed" if stated.confirmed_by else "unconfirmed"


def _of_the_device(stated: Stated) -> dict[str, Any]:
    return {
        "device": dict(vars(stated.device)),
        "measurements": [dict(vars(each)) for each in stated.measurements],
        "statements": list(stated.statements),
        "statements_state": state_of(stated),
        "confirmed_by": stated.confirmed_by,
    }
