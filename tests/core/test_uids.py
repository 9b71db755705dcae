"""UIDs that can be found again, UIDs that obey the standard, and keys of the hub's own."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydicom.uid import UID

from core.uids import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    is_indexable,
    is_well_formed,
    new_key,
    new_uid,
)

WELL_FORMED = ["1.2", "0.0", "1.2.840.10008.1.1", "2.25.0", "1." + "2" * 62]
INDEXABLE_ONLY = ["..", ".", "1", "0", "1.", ".1", "1..2", "01.2", "1.02", "1.00", "9" * 64]
NEITHER = [
    "",
    " ",
    "1.2 ",
    " 1.2",
    "1.2\0",
    "1.2\n",
    "1.2\r\n",
    "1.2a",
    "1,2",
    "1.-2",
    "1.2/3",
    "../../etc/passwd",
    "1.2\\3.4",
    "1.²",
    "１.２",
    "٣.٤",
    "9" * 65,
    "1." + "2" * 63,
    "'; DROP TABLE instances --",
]


@pytest.mark.parametrize("uid", WELL_FORMED)
def test_a_uid_of_the_standard_is_both(uid: str) -> None:
    assert is_well_formed(uid)
    assert is_indexable(uid)
    assert UID(uid).is_valid


@pytest.mark.parametrize("uid", INDEXABLE_ONLY)
def test_digits_and_dots_can_be_indexed_even_if_ill_formed(uid: str) -> None:
    assert is_indexable(uid)
    assert not is_well_formed(uid)


@pytest.mark.parametrize("uid", NEITHER)
def test_anything_else_is_neither(uid: str) -> None:
    assert not is_indexable(uid)
    assert not is_well_formed(uid)


def test_new_uids_are_well_formed_and_differ() -> None:
    uids = {new_uid() for _ in range(1000)}
    assert len(uids) == 1000
    assert all(is_well_formed(uid) and uid.startswith("2.25.") for uid in uids)


def test_the_implementation_names_itself_within_the_limits_of_its_vrs() -> None:
    assert is_well_formed(IMPLEMENTATION_CLASS_UID)
    assert 0 < len(IMPLEMENTATION_VERSION_NAME) <= 16


def test_keys_sort_by_the_time_of_making_and_differ_within_it() -> None:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    moments = [start + timedelta(milliseconds=step) for step in (0, 1, 2, 999, 1000, 10**6, 10**12)]
    keys = [new_key(moment) for moment in moments]
    assert keys == sorted(keys)
    assert all(len(key) == 26 and key.isalnum() and key.isascii() for key in keys)
    assert len({new_key(start) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("chance", [secrets.randbits, lambda bits: 2**bits - 1], ids=["any", "highest"])
def test_keys_of_one_millisecond_sort_as_they_were_made(
    monkeypatch: pytest.MonkeyPatch, chance: Callable[[int], int]
) -> None:
    monkeypatch.setattr(secrets, "randbits", chance)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    keys = [new_key(now) for _ in range(1000)]
    assert keys == sorted(keys)
