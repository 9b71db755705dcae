"""EDF, BDF, ISHNE, WFDB and MFER files, for tests: an encoder for each, checked by another's decoder."""

import struct
from binascii import crc_hqx
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.int64]


def wide(values: Values) -> bytes:
    """Return samples of 24 bits."""
    return values.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def edf(
    signals: Sequence[Values],
    labels: Sequence[str] = ("ECG I", "ECG V1"),
    per_record: Sequence[int] = (100, 100),
    *,
    bdf: bool = False,
    records: int | None = None,
    seconds: str = "1",
    unit: str = "uV",
    patient: str = "P7 F 29-FEB-1960 Li_Ming",
    digital: tuple[int, int] | None = None,
) -> bytes:
    """Return a file whose records have so many samples of each signal; a unit is a quarter of `unit`."""
    least, most = digital or ((-(2**23), 2**23 - 1) if bdf else (-(2**15), 2**15 - 1))
    count = len(signals[0]) // per_record[0]
    columns = [
        (16, labels),
        (80, [""] * len(signals)),
        (8, [unit] * len(signals)),
        (8, [f"{least / 4:g}"[:8] if not bdf else f"{least // 4}" for _ in signals]),
        (8, [f"{most / 4:.2f}" if not bdf else f"{most / 4:.0f}"[:8] for _ in signals]),
        (8, [str(least)] * len(signals)),
        (8, [str(most)] * len(signals)),
        (80, ["HP:0.05Hz LP:150Hz N:50Hz"] * len(signals)),
        (8, [str(each) for each in per_record]),
        (32, [""] * len(signals)),
    ]
    fixed = (b"\xffBIOSEMI" if bdf else b"0       ") + patient.encode("gbk").ljust(80)
    fixed += b"Startdate 01-NOV-2026 X X Cart_9".ljust(80) + b"01.11.2608.00.05"
    fixed += str(256 * (1 + len(signals))).encode().ljust(8) + (b"24BIT" if bdf else b"EDF+C").ljust(44)
    told = count if records is None else records
    fixed += f"{told:<8}{seconds:<8}{len(signals):<4}".encode()
    header = b"".join(text.encode().ljust(width)[:width] for width, texts in columns for text in texts)
    body = b""
    for record in range(count):
        for values, each in zip(signals, per_record, strict=True):
            part = values[record * each : (record + 1) * each]
            body += wide(part) if bdf else part.astype("<i2").tobytes()
    return fixed + header + body


def ishne(
    signals: Sequence[Values],
    *,
    leads: Sequence[int] = (5, 11),
    rate: int = 200,
    count: int | None = None,
    nanovolts: int = 2500,
    extra: bytes = b"",
) -> bytes:
    """Return a Holter file."""
    number = len(signals)
    header = struct.pack(
        "<iiiih", len(extra), len(signals[0]) if count is None else count, 522, 522 + len(extra), 1
    )
    header += (
        "明".encode("gbk").ljust(40, b"\0") + "李".encode("gbk").ljust(40, b"\0") + b"P7".ljust(20, b"\0")
    )
    header += struct.pack("<12h", 2, 3, 29, 2, 1960, 1, 11, 2026, 2, 11, 2026, 8) + struct.pack("<hh", 0, 5)
    header += struct.pack("<h", number)
    for values, filler in ((leads, -9), ([1] * number, -9), ([nanovolts] * number, -9)):
        header += struct.pack("<12h", *values, *[filler] * (12 - number))
    header += struct.pack("<h40sh", 0, b"Holter 9", rate) + bytes(248) + extra
    body = np.stack(signals, axis=1).astype("<i2").tobytes()
    return b"ISHNE1.0" + struct.pack("<H", crc_hqx(header, 0xFFFF)) + header + body


def wfdb_packed(values: Values, number: int) -> bytes:
    """Return samples in one of WFDB's formats."""
    if number in (16, 32, 61):
        return values.astype({16: "<i2", 32: "<i4", 61: ">i2"}[number]).tobytes()
    if number == 24:
        return wide(values)
    if number in (80, 160):
        return (values + (128 if number == 80 else 32768)).astype("<u1" if number == 80 else "<u2").tobytes()
    if number == 8:
        return np.diff(values, prepend=0).astype("<i1").tobytes()
    if number == 212:
        low, high = values[::2] & 0xFFF, values[1::2] & 0xFFF
        return (
            np.stack((low & 0xFF, low >> 8 | high >> 8 << 4, high & 0xFF), axis=1).astype(np.uint8).tobytes()
        )
    one, two, three = (values[index::3] & 0x3FF for index in range(3))
    if number == 311:
        return (one | two << 10 | three << 20).astype("<u4").tobytes()
    words = np.stack((one << 1 | (three & 0x1F) << 11, two << 1 | three >> 5 << 11), axis=1)
    return words.astype("<u2").tobytes()


def wfdb(
    signals: Sequence[Values], number: int = 16, each: Sequence[int] = (1, 1), more: str = ""
) -> tuple[bytes, bytes]:
    """Return a header and its signal file, of 4 units a microvolt."""
    frames = len(signals[0]) // each[0]
    rows = [values.reshape(frames, size) for values, size in zip(signals, each, strict=True)]
    lines = [f"rec {len(signals)} 250 {frames} 08:00:05 01/11/2026"]
    for name, values, size in zip(("MLII", "V1"), signals, each, strict=True):
        total = int(values.sum()) & 0xFFFF
        many = f"x{size}" if size > 1 else ""
        lines.append(
            f"rec.dat {number}{many} 4000(3)/mV 12 0 0 {total - 65536 if total > 32767 else total} 0 {name}"
        )
    header = "\n".join([*lines, "# age: 66 sex", "#<sex>: F", more]).encode()
    return header, wfdb_packed(np.concatenate(rows, axis=1).ravel(), number)


def tlv(tag: int, value: bytes, channel: int | None = None) -> bytes:
    """Return one definition of MFER."""
    length = bytes([len(value)]) if len(value) < 128 else b"\x84" + struct.pack(">I", len(value))
    inner = bytes([tag]) + length + value
    return inner if channel is None else bytes([0x3F, channel, len(inner)]) + inner


def mfer(
    signals: Sequence[Values],
    *,
    little: bool = True,
    block: int = 50,
    more: bytes = b"",
    rate: bytes = b"",
) -> bytes:
    """Return a file of leads I, V1, …; 200 Hz, 2.5 microvolts a unit."""
    order = "<" if little else ">"
    made = b"\x40\x20" + b"MFR Standard 12 leads ECG".ljust(32)
    made += (tlv(1, b"\x01") if little else b"") + tlv(0x17, b"Maker^Cart9^2.1^SN9")
    made += tlv(0x81, "李^明".encode("gbk")) + tlv(0x82, b"P7") + tlv(0x84, b"\x02")
    made += tlv(0x83, struct.pack(order + "BHHBB", 66, 0, 1960, 2, 29))
    made += tlv(0x85, struct.pack(order + "HBBBBBHH", 2026, 11, 1, 8, 0, 5, 250, 0))
    made += (
        tlv(0x0B, rate or b"\x00\x00" + struct.pack(order + "H", 200))
        + tlv(0x0C, b"\x00\xf9\x19")
        + tlv(4, struct.pack(order + "H", block))
        + more
    )
    made += tlv(5, bytes([len(signals)])) + tlv(6, struct.pack(order + "H", len(signals[0]) // block))
    made += b"".join(
        tlv(9, struct.pack(order + "H", code), index) for index, code in enumerate((1, 3)[: len(signals)])
    )
    rows = [values.reshape(-1, block) for values in signals]
    body = np.concatenate(rows, axis=1).astype(order + "i2").tobytes()
    return made + tlv(0x1E, body) + b"\x80\x00"
