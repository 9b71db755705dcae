"""Section 4 of an SCP-ECG file: where the beats are, and how what was taken away of them comes back.

Bimodal compression keeps one sample of several outside the protected zones round the beats; reference beat
subtraction keeps what differs from a typical beat. EN 1064 annex C.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ecg.formats.scp_huffman import Samples

_BEATS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Complex:
    """One beat; sample numbers count from 1."""

    type: int
    start: int
    fiducial: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Beats:
    """What section 4 tells."""

    reference_milliseconds: int = 0
    fiducial: int = 0
    """Of the reference beat, counted from 1."""
    complexes: tuple[Complex, ...] = ()
    protected: tuple[tuple[int, int], ...] = ()


def beats_of(body: bytes, *, subtracted: bool) -> Beats:
    """Return the beats of section 4; where nothing was subtracted, only the protected zones follow."""
    if len(body) < 6:
        return Beats()
    milliseconds, fiducial, count = struct.unpack_from("<HHH", body)
    position, complexes, zones = 6, [], []
    if subtracted or len(body) >= 6 + 22 * count:
        for _ in range(min(count, _BEATS, (len(body) - position) // 14)):
            kind, start, centre, end = struct.unpack_from("<HIII", body, position)
            complexes.append(Complex(type=kind, start=start, fiducial=centre, end=end))
            position += 14
    for _ in range(min(count, _BEATS, (len(body) - position) // 8)):
        zones.append(struct.unpack_from("<II", body, position))
        position += 8
    return Beats(
        reference_milliseconds=milliseconds,
        fiducial=fiducial,
        complexes=tuple(complexes),
        protected=tuple((start, end) for start, end in zones),
    )


def _runs(beats: Beats, first: int, count: int) -> list[tuple[int, int, bool]]:
    """Return the runs of a lead of `count` samples, from to before in it, and whether each is protected."""
    runs, at = [], 0
    for start, end in sorted(beats.protected):
        begin, until = max(start - first, at), min(end - first + 1, count)
        if until <= begin:
            continue
        if begin > at:
            runs.append((at, begin, False))
        runs.append((begin, until, True))
        at = until
    if at < count:
        runs.append((at, count, False))
    return runs


def expanded(stored: Samples, beats: Beats, first: int, count: int, rate: int) -> Samples:
    """Return a lead of `count` samples of which one of `rate` was stored outside the protected zones."""
    full = np.zeros(count, dtype=np.int64)
    at = 0
    for begin, end, protected in _runs(beats, first, count):
        length = end - begin
        part = stored[at : at + (length if protected else -(-length // rate))]
        at += len(part)
        if not part.size:
            break
        if protected:
            full[begin : begin + len(part)] = part
        else:
            centres = np.arange(len(part)) * rate + (rate - 1) / 2
            full[begin:end] = np.rint(np.interp(np.arange(length), centres, part))
    return full


def with_reference_beat(residual: Samples, beat: Samples, beats: Beats, first: int) -> Samples:
    """Return a lead with the reference beat added to each beat of its type; both in one unit."""
    signal = residual.copy()
    last = first + len(signal) - 1
    for each in beats.complexes:
        offset = beats.fiducial - 1 - each.fiducial
        begin = max(each.start, first, -offset)
        end = min(each.end, last, len(beat) - 1 - offset)
        if each.type == 0 and begin <= end:
            signal[begin - first : end - first + 1] += beat[begin + offset : end + offset + 1]
    return signal


def in_one_unit(parts: Sequence[tuple[Samples, int]]) -> tuple[list[Samples], int]:
    """Return samples of several units of nanovolts in their greatest common one."""
    unit = int(np.gcd.reduce([each for _, each in parts]))
    return [samples * (each // unit) for samples, each in parts], unit
