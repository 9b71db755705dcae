"""What one decoding may take of memory and time, by what the instance says of itself. Pure."""

from dataclasses import dataclass
from typing import Final

from core.limits import (
    DECODING_BYTES,
    DECODING_BYTES_AT_MOST,
    DECODING_BYTES_FOR_A_SAMPLE,
    DECODING_CPU_SECONDS,
)

_FOR_A_BYTE_OF_SAMPLES: Final = 40
"""A sample of two bytes is a number of eight, calibrated, drawn, and a word of JSON."""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Address space on top of what an idle child has, in bytes, and seconds of a core."""

    address_space: int
    cpu_seconds: int

    @property
    def wall_seconds(self) -> int:
        """Return when a child is ended that waits instead of working: a machine may be busy."""
        return 3 * self.cpu_seconds

    @property
    def answer_bytes(self) -> int:
        """Return the longest answer that is taken from a child: it had no room for a longer one."""
        return self.address_space


def allowance_for(*, rows: int, columns: int, samples: int, encoded: int) -> Allowance:
    """Return what decoding a frame of this size from so many encoded bytes may take.

    What the image says is not believed: a frame that needs more is one that says something untrue.
    """
    pixels = rows * columns * max(1, samples)
    wanted = DECODING_BYTES + DECODING_BYTES_FOR_A_SAMPLE * pixels + 4 * encoded
    return Allowance(
        address_space=min(wanted, DECODING_BYTES_AT_MOST),
        cpu_seconds=DECODING_CPU_SECONDS,
    )


def allowance_for_samples(size: int) -> Allowance:
    """Return what reading and drawing so many bytes of a waveform's samples may take."""
    return Allowance(
        address_space=DECODING_BYTES + _FOR_A_BYTE_OF_SAMPLES * size, cpu_seconds=DECODING_CPU_SECONDS
    )
