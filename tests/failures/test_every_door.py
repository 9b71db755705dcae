"""What is malformed, and what is sent twice, is treated alike by every door: C-STORE, STOW-RS and import."""

import random
import re
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from core.access import Grant, Role
from core.uids import new_uid
from hub.serve import bring_up_to_date
from hub.settings import load
from hub.wiring import open_house
from tests.fixtures.doors import DEVICE, FAILED, Doors, opened_doors, part10
from tests.fixtures.held import held
from tests.fixtures.instances import data_set, encoded, labelled
from tests.fixtures.raw_scu import EXPLICIT_VR_LITTLE_ENDIAN as EXPLICIT
from tests.fixtures.raw_scu import IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT
from tests.fixtures.raw_scu import RawSCU

KEPT, REFUSED = "kept", "refused"
DIMSE_VERDICTS = {0x0000: KEPT, 0xC000: REFUSED, 0xA900: REFUSED}
HTTP_VERDICTS = {200: KEPT, 409: REFUSED}
BLOB_KEY = re.compile(r"[a-z]+/[0-9a-f]{2}/[0-9A-Za-z]+")
SAMPLES = 40
DOORS = ("C-STORE", "STOW-RS")


def with_uid(keyword: str, replacement: bytes) -> bytes:
    """Return an instance one of whose UIDs is these bytes."""
    placeholder = "#" * len(replacement)
    return encoded(data_set(**{keyword: placeholder})).replace(placeholder.encode(), replacement)


def nested(depth: int, *, is_closed: bool = True, vr: bytes = b"SQ") -> bytes:
    """Return an instance with sequences of undefined length, one in the other."""
    opening = struct.pack("<HH2sHL", 0x0040, 0xA730, vr, 0, 0xFFFFFFFF)
    opening += struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    ending = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return encoded(data_set(PixelData=None)) + opening * depth + ending * depth * is_closed


UIDS = {
    # what: (value, verdict)
    "a path upwards": (b"../../../x", REFUSED),
    "a path": (b"/etc/x", REFUSED),
    "NUL inside": (b"1.2\0\0.3", REFUSED),
    "a backslash": (b"1.2\\3.4", REFUSED),
    "65 characters and more": (b"1." * 33, REFUSED),
    "empty": (b"", REFUSED),
    "digits of another script": ("1.٢.٣".encode(), REFUSED),
    "only dots": (b"..", KEPT),
    "leading zeros": (b"1.02.003", KEPT),
    "64 characters": (b"1" * 64, KEPT),
}
NESTINGS = {
    "50 deep": (nested(50), KEPT),
    "64 deep": (nested(64), KEPT),
    "65 deep": (nested(65), REFUSED),
    "200 deep": (nested(200), REFUSED),
    "20,000 deep": (nested(20_000), REFUSED),
    "unclosed": (nested(10, is_closed=False), REFUSED),
    "200 deep as UN": (nested(200, vr=b"UN"), REFUSED),
}


def named_cases() -> dict[str, tuple[bytes, str]]:
    """Return B1 and B4: data set and verdict by what is wrong."""
    uids = {
        f"{keyword}: {what}": (with_uid(keyword, value), verdict)
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        for what, (value, verdict) in UIDS.items()
    }
    return {"nothing is wrong": (encoded(data_set()), KEPT)} | uids | NESTINGS


def damaged(chance: random.Random) -> Iterator[bytes]:
    """Yield B7: instances cut anywhere, and some with one bit flipped."""
    for _ in range(SAMPLES):
        whole = encoded(data_set())
        yield whole[: chance.randrange(len(whole))]
        flipped = bytearray(encoded(data_set()))
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        yield bytes(flipped)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    settings = load(data=tmp_path_factory.mktemp("doors"), dicom_port=0, disk_reserve=0)
    bring_up_to_date(settings)
    with closing(open_house(settings)) as house, opened_doors(house) as opened:
        yield opened


def by_dicom(doors: Doors, payloads: list[bytes]) -> list[str]:
    """Return the verdicts of C-STORE, on one association that must survive them all."""
    with RawSCU(doors.port) as scu:
        scu.associate(calling=DEVICE)
        verdicts = [DIMSE_VERDICTS[scu.store(each, sop_instance_uid=b"").status] for each in payloads]
        assert scu.echo() == 0
        scu.release()
    return verdicts


def by_http(doors: Doors, payloads: list[bytes]) -> list[str]:
    """Return the verdicts of STOW-RS."""
    return [HTTP_VERDICTS[doors.stow(each).status_code] for each in payloads]


def by_import(doors: Doors, payloads: list[bytes], medium: Path) -> list[str]:
    """Return the verdicts of an import of one medium."""
    for number, payload in enumerate(payloads):
        (medium / f"{number:04}").write_bytes(part10(payload))
    printed = doors.import_medium(medium)
    assert "failed" not in printed
    assert "not DICOM" not in printed
    told = re.findall(r"^kept in quarantine: (\d{4})(?: |$)", printed, re.MULTILINE)
    refused = set(map(int, told))
    return [REFUSED if number in refused else KEPT for number in range(len(payloads))]


def test_bad_input_gets_the_same_verdict_at_every_door_and_its_bytes_are_kept_once(
    doors: Doors, tmp_path: Path
) -> None:
    named = named_cases()
    payloads = [data for data, _ in named.values()] + list(damaged(random.Random(20261122)))
    told = by_dicom(doors, payloads)
    assert dict(zip(named, told, strict=False)) == {name: verdict for name, (_, verdict) in named.items()}
    assert by_http(doors, payloads) == told
    assert by_import(doors, payloads, tmp_path) == told
    now = held(doors.house.archive)
    assert len(now.instances) == told.count(KEPT)
    assert [reason for reason, _ in now.aside] == ["quarantine"] * len(set(refused_of(payloads, told)))
    assert now.orphans == set()
    assert all(BLOB_KEY.fullmatch(key) for key in now.blobs)
    assert list(doors.house.archive.incoming.directory.iterdir()) == []


def refused_of(payloads: list[bytes], verdicts: list[str]) -> list[bytes]:
    return [payload for payload, verdict in zip(payloads, verdicts, strict=True) if verdict == REFUSED]


def kept_through(doors: Doors, door: str, data: bytes, **which: str) -> bool:
    """Send an instance through a door; return whether it says that it has it."""
    if door == "C-STORE":
        return doors.c_store(data, b"", **which).status == 0
    answer = doors.stow(data, **which)
    return answer.status_code == 200 and FAILED not in answer.json()


def test_one_uid_sent_at_once_through_two_doors_is_one_instance_and_other_pixels_are_kept_beside(
    doors: Doors,
) -> None:
    first = data_set()
    others = [data_set(**uids_of(first), PixelData=bytes([number]) * 64) for number in range(1, 4)]
    before = held(doors.house.archive)

    def send(number: int, data: bytes) -> bool:
        return kept_through(doors, DOORS[number % 2], data)

    for payloads in ([first] * 20, others * 2):
        data = [encoded(each) for each in payloads]
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(send, range(len(data)), data))
    now = held(doors.house.archive)
    assert len(now.instances) - len(before.instances) == 1
    assert len(now.blobs) - len(before.blobs) == 1 + len(others)
    kept_beside = [reason for reason, _ in now.aside][len(before.aside) :]
    assert kept_beside == ["conflict"] * len(others)


def uids_of(instance: object) -> dict[str, str]:
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    return {keyword: getattr(instance, keyword) for keyword in keywords}


VARIANTS: dict[str, tuple[dict[str, Any], str, str | None]] = {
    # what differs: (elements, transfer syntax, why it is kept aside; None where it belongs to the instance)
    "nothing": ({}, EXPLICIT, None),
    "the encoding": ({}, IMPLICIT, None),
    "the pixels": ({"PixelData": bytes(64)}, EXPLICIT, "conflict"),
    "the pixels and the encoding": ({"PixelData": bytes(63) + b"a"}, IMPLICIT, "conflict"),
    "the series": ({"SeriesInstanceUID": "1.2.9"}, EXPLICIT, "conflict"),
    "the study": ({"StudyInstanceUID": "1.2.9"}, EXPLICIT, "conflict"),
    "the patient": (
        {"PatientID": "2", "PatientName": "Li^Si"},
        EXPLICIT,
        "patient-conflict",
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_whatever_differs_under_one_uid_is_kept_once_beside_bytes_that_stay(doors: Doors, door: str) -> None:
    archive = doors.house.archive
    for what, (values, syntax, reason) in VARIANTS.items():
        first = data_set()
        other = encoded(data_set(**uids_of(first) | values), syntax)
        assert kept_through(doors, door, encoded(first)), what
        before = held(archive)
        for _ in range(2):
            assert kept_through(doors, door, other, transfer_syntax_uid=syntax), what
        now = held(archive)
        assert now.instances == before.instances, what
        assert now.aside[len(before.aside) :] == [(reason, sha256(other).hexdigest())] * bool(reason), what
        assert len(now.blobs - before.blobs) == (what != "nothing"), what


def test_one_uid_at_two_sites_is_an_instance_of_each_whatever_they_hold(doors: Doors) -> None:
    house = doors.house
    house.directory.add_site("next", "Next", quiet_seconds=0)
    house.directory.add_device(
        site_id="next",
        name="device",
        calling_ae_title="NEXT_US",
        called_ae_title=house.settings.ae_title,
        network="127.0.0.0/8",
    )
    house.accounts.add("neighbour", "neighbour", [Grant(role=Role.TECHNICIAN, site_id="next")])
    bearer = {"Authorization": f"Bearer {house.accounts.add_token('neighbour', 'test')}"}
    before = held(house.archive)
    for theirs in (
        lambda data: doors.c_store(data, b"", calling="NEXT_US").status == 0,
        lambda data: doors.stow(data, headers=bearer).status_code == 200,
    ):
        first = data_set()
        other = data_set(**uids_of(first), PixelData=bytes(64), PatientID="2")
        assert doors.c_store(encoded(first), b"").status == 0
        assert theirs(encoded(other))
    now = held(house.archive)
    assert now.aside == before.aside
    assert len(now.instances) == len(before.instances) + 4


NAMES = [
    # what, Specific Character Set, the name's bytes, what is shown, a beginning by which it is found
    ("a term that nobody knows", "KLINGON", b"Worf^\xff\xfe", "Worf^\ufffd\ufffd", "worf*"),
    ("an escape that is cut", "\\ISO 2022 IR 58", b"Zhang=\x1b$)", "Zhang=\ufffd$)", "zhang*"),
    ("four bytes that are cut", "GB18030", b"Li=" + "𠮷".encode("gb18030")[:3], "Li=\ufffd", "li*"),
    ("an overlong sequence", "ISO_IR 192", b"Li\xc0\xafetc", "Li\ufffd\ufffdetc", "li*"),
    ("two encodings", "ISO_IR 192", "张^".encode() + "三".encode("gbk"), "张^\ufffd\ufffd", "张*"),
    ("10,000 characters", "ISO_IR 192", "张".encode() * 10_000, "张" * 1_023 + "…", "张张*"),
    ("an order turned round", "ISO_IR 192", "Li\u202egnahZ".encode(), "Li\ufffdgnahZ", "li*"),
    ("NUL inside", "ISO_IR 192", b"Li\0San", "LiSan", "lisan*"),
]


@pytest.mark.parametrize("door", DOORS)
def test_a_name_that_cannot_be_read_is_kept_as_it_is_marked_and_found(doors: Doors, door: str) -> None:
    for what, label, name, shown, beginning in NAMES:
        study = new_uid()
        sent = labelled(name, label, StudyInstanceUID=study)
        assert kept_through(doors, door, sent), what
        assert sha256(sent).hexdigest() in held(doors.house.archive).instances, what
        asked = {"StudyInstanceUID": study, "PatientName": beginning}
        [answer] = doors.http.get("/dicom-web/studies", params=asked).json()
        assert "=".join(answer["00100010"]["Value"][0].values()) == shown, what
