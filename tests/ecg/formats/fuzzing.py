"""Damaged ECG files without end: whatever a parser is given, it reads it or refuses it in words, and soon.

    python -m tests.ecg.formats.fuzzing SECONDS [SEED]

gives each parser so many seconds. A damage is made of its seed alone, so that what is found can be had again.
"""

import random
import re
import struct
import sys
import time
from collections.abc import Iterator

import numpy as np

from core.errors import HubError
from ecg.formats.recognition import read_file
from tests.ecg.formats import aecg_files, scp_files
from tests.ecg.formats.test_muse import ONE, TWO, muse, stored
from tests.ecg.formats.test_sierra import sierra
from tests.ecg.formats.written_records import SLOW, WAVE, written

SLOWEST_SECONDS = 5.0
NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 2**31 - 1, 2**31, 2**32 - 1)
WORDS = (
    b"", b"0", b"-1", b"1e308", b"nan", b"inf", b"99999999999999999999", b"<a>", b"</", b"&#0;", b"&x;",
    b"\xff\xfe", b"\x00", b"x9999", b"+9999", b":1", b"/", b"-0", b".5.", "二".encode(), "李".encode("gbk"),
)  # fmt: skip


def without_sums(content: bytes) -> bytes:
    """Return an SCP-ECG file as of a cart that computes no check sums: its damages go unseen."""
    made = bytearray(content)
    made[:2] = bytes(2)
    position = 6
    while position + 16 <= len(made):
        made[position : position + 2] = b"\x01\x02"
        position += max(16, struct.unpack_from("<I", made, position + 4)[0])
    return bytes(made)


def scp_samples() -> list[bytes]:
    """Return files that need every part of the decoder."""
    beat = {
        4: struct.pack("<HHH", 100, 20, 2)
        + struct.pack("<HIIIHIII", 0, 60, 80, 110, 0, 300, 320, 360)
        + struct.pack("<IIII", 61, 100, 301, 340),
        5: scp_files.samples([scp_files.default_stream(SLOW[:50])] * 2),
    }
    coded = {2: scp_files.tables(), 3: scp_files.leads([1, 3], 1200, flags=5)}
    coded[6] = scp_files.samples([scp_files.default_stream(WAVE[:500])] * 2, microseconds=8000, bimodal=1)
    own = {
        2: scp_files.tables(scp_files.SHORT_CODES, scp_files.SWITCHED_CODES),
        3: scp_files.leads([2], 1200),
    }
    own[6] = scp_files.samples([scp_files.switching_stream(SLOW)], difference=2)
    told = {
        1: scp_files.tags(t0="李".encode("gbk"), t2=b"P7", t25=bytes(4), t14=bytes(60)),
        7: bytes(40),
        8: bytes(20),
    }
    return [without_sums(scp_files.scp(told | coded | beat)), without_sums(scp_files.scp(told | own))]


def samples() -> dict[str, list[tuple[bytes, dict[str, bytes]]]]:
    """Return files by kind, each with those beside it."""
    files = written()
    leads = [stored("I", ONE, 0), stored("II", TWO, 0)]
    kinds: dict[str, list[tuple[bytes, dict[str, bytes]]]] = {
        "aECG": [
            (aecg_files.aecg(aecg_files.lead(), aecg_files.lead("MDC_ECG_LEAD_V1", "0.1 2 3")).encode(), {})
        ],
        "MUSE": [(muse(*leads).encode(), {})],
        "Sierra": [(sierra().encode(), {}), (sierra(content=xli(), more='compression="XLI"').encode(), {})],
        "SCP-ECG": [(content, {}) for content in scp_samples()],
    }
    for name, content in sorted(files.items()):
        stem, _, suffix = name.partition(".")
        if suffix != "dat":
            beside = {f"{stem}.dat": files[f"{stem}.dat"]} if suffix == "hea" else {}
            kinds.setdefault(suffix, []).append((content, beside))
    return kinds


def xli() -> str:
    """Return leads packed as Philips does, without a code for more than a byte."""
    import base64

    packed = b""
    for _ in range(12):
        values = np.r_[[3, 5], np.full(30, 64)].astype(">u2")
        body = np.concatenate((values >> 8, values & 0xFF)).astype(np.uint8)
        bits = "".join(format(byte, "010b") for byte in body)
        bits += "0" * (-len(bits) % 8)
        content = int(bits, 2).to_bytes(len(bits) // 8, "big")
        packed += struct.pack("<ixxh", len(content), 1) + content
    return base64.b64encode(packed).decode()


def damaged(content: bytes, seed: int) -> bytes:
    """Return a file with some damages, always the same of one seed."""
    chance = random.Random(seed)
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(made)) if made else 0
        at = min(at, chance.choice((at, at, 300, 700)))
        kind = chance.randrange(7)
        if kind == 0:
            made[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            made[at : at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice(NUMBERS))
        elif kind == 2:
            made[at : at + 2] = struct.pack(chance.choice("<>") + "H", chance.choice(NUMBERS) & 0xFFFF)
        elif kind == 3:
            del made[at : at + chance.choice((1, 2, 16, 100_000))]
        elif kind == 4:
            made[at:at] = made[at : at + chance.choice((1, 8, 200))]
        elif kind == 5:
            made[at:at] = chance.choice(WORDS)
        else:
            found = list(re.finditer(rb"[-+.\d]+|[A-Za-z_]+", bytes(made[:4000])))
            if found:
                spot = chance.choice(found)
                made[spot.start() : spot.end()] = chance.choice(WORDS)
    return bytes(made)


def attempt(content: bytes, beside: dict[str, bytes], name: str = "") -> bool:
    """Whether a damaged file was read; what was read can be drawn. Any error but ours comes through."""
    begun = time.process_time()
    refused = ""
    try:
        document = read_file(content, beside, name)
    except HubError as error:
        refused = str(error)
    else:
        for recording in document.recordings:
            assert recording.drawable(0, 10).leads
            assert len({len(lead.samples) for lead in recording.leads}) == 1
    assert time.process_time() - begun < SLOWEST_SECONDS
    assert not refused or len(refused.split()) > 2
    return not refused


def attempts(kind: str, first: int) -> Iterator[bool]:
    """Yield whether one damaged file after the other was read."""
    for seed in range(first, 2**63):
        for index, (content, beside) in enumerate(samples_of(kind)):
            chance = random.Random(seed ^ index)
            changed = {
                name: damaged(each, seed) if chance.random() < 0.3 else each for name, each in beside.items()
            }
            try:
                yield attempt(damaged(content, seed), changed, "file.mwf" if kind == "mwf" else "")
            except Exception:
                sys.stderr.write(f"{kind} {index} with seed {seed}\n")
                raise


_made: dict[str, list[tuple[bytes, dict[str, bytes]]]] = {}


def samples_of(kind: str) -> list[tuple[bytes, dict[str, bytes]]]:
    """Return the files of one kind, made once."""
    if not _made:
        _made.update(samples())
    return _made[kind]


def main(seconds: float, first: int) -> None:
    """Damage files of every kind for so long each, and tell how many were read nevertheless."""
    for kind in samples():
        read = tried = 0
        until = time.monotonic() + seconds
        for was_read in attempts(kind, first):
            tried, read = tried + 1, read + was_read
            if time.monotonic() > until:
                break
        sys.stdout.write(f"{kind}: {tried} damaged files, {read} read, no crash\n")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
