"""DICOM unique identifiers (PS3.5 chapter 9) and the hub's own keys."""

import hashlib
import re
import secrets
import threading
import uuid
from datetime import datetime

MAXIMUM_UID_LENGTH = 64
_INDEXABLE = re.compile(r"[0-9.]{1,64}", re.ASCII)
_WELL_FORMED = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+", re.ASCII)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

IMPLEMENTATION_CLASS_UID = "2.25.230857393413961925861411270486517396813"
IMPLEMENTATION_VERSION_NAME = "IMAGING_HUB_0_1"


def is_indexable(uid: str) -> bool:
    """Whether `uid` can be kept and found: 1 to 64 characters of [0-9.], even where PS3.5 9.1 is broken.

    A real ECG converter writes "..": refusing it would lose an ECG.
    """
    return _INDEXABLE.fullmatch(uid) is not None


def is_well_formed(uid: str) -> bool:
    """Whether `uid` obeys PS3.5 9.1: numeric components without leading zeros, at most 64 characters."""
    return len(uid) <= MAXIMUM_UID_LENGTH and _WELL_FORMED.fullmatch(uid) is not None


def new_uid() -> str:
    """Return a fresh UID under 2.25, derived from a random UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def derived_uid(*of: str) -> str:
    """Return the UID under 2.25 that always comes of the same strings (PS3.5 B.2, RFC 9562 version 8)."""
    digest = hashlib.sha256("\0".join(of).encode()).digest()[:16]
    number = int.from_bytes(digest)
    number = number & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62)
    return f"2.25.{number}"


class _Keys:
    """Makes keys that sort as they were made, also within one millisecond of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest = 0

    def after(self, now: datetime) -> int:
        """Return a number above all of this millisecond; the step is random, so that none can be guessed."""
        milliseconds = int(now.timestamp() * 1000)
        with self._lock:
            if self._newest >> 80 == milliseconds:
                self._newest += 1 + secrets.randbits(64)
            else:
                # The highest bit is left for the steps: they never reach into the next millisecond.
                self._newest = (milliseconds << 80) | secrets.randbits(79)
            return self._newest


_keys = _Keys()


def new_key(now: datetime) -> str:
    """Return a key of 26 characters that sorts by time of making; nothing of a data set is ever in it."""
    number = _keys.after(now)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
