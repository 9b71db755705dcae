"""Which hub serves a data directory: one at a time, and where it listens.

The lock is the kernel's: it goes with the supervisor, however that ends. No process that it starts holds it
too, because the descriptor is closed where another program begins.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from core.errors import Misconfigured
from database.address import embedded_file
from hub.data_folder import open_lock, require_usable
from hub.settings import Settings

LOCK: Final = "serve.lock"
PATIENCE_SECONDS: Final = 0.5
"""A doctor holds it for a moment to see whether it is held, and a killed supervisor may not be gone yet."""
_LOOK_SECONDS: Final = 0.05
_LONGEST: Final = 4096


@dataclass(frozen=True, kw_only=True)
class Occupant:
    """A hub that serves a directory: its supervisor's number, and where it is reached."""

    pid: int
    ae_title: str
    dicom_host: str
    dicom_port: int
    http_host: str
    http_port: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return this process, serving with these settings."""
        return cls(
            pid=os.getpid(),
            ae_title=settings.ae_title,
            dicom_host=settings.dicom_host,
            dicom_port=settings.dicom_port,
            http_host=settings.http_host,
            http_port=settings.http_port,
        )


class Occupancy:
    """A directory that this process has to itself, or shares where it may."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file

    def tell(self, occupant: Occupant) -> None:
        """Write down who serves the directory, for as long as it does."""
        if self._file is not None:
            self._file.write(json.dumps(asdict(occupant)).encode())
            self._file.flush()


@contextmanager
def occupied(settings: Settings) -> Iterator[Occupancy]:
    """Have the data directory to this hub alone; where the file system knows no locks, nothing is asked.

    On a database server several hubs may share a directory, which then is the first one's.

    Raises:
        Misconfigured: it cannot be used, or another hub serves the catalogue in it.
    """
    require_usable(settings)
    with open_lock(settings.data / LOCK) as file:
        is_ours = _is_locked(file, fcntl.LOCK_EX, patience=PATIENCE_SECONDS)
        if is_ours is False and embedded_file(settings.database_url) is not None:
            raise Misconfigured(
                f"{settings.data} is in use by another hub{_numbered(_said(file))}:"
                " stop that one, or name another directory with --data"
            )
        if is_ours:
            file.truncate(0)
        yield Occupancy(file if is_ours else None)


def occupant_of(data: Path) -> Occupant | None:
    """Return the hub that serves a directory now; None where none does, or that cannot be told."""
    try:
        with (data / LOCK).open("rb") as file:
            is_free = _is_locked(file, fcntl.LOCK_SH)
            return _said(file) if is_free is False else None
    except OSError:
        return None


def _is_locked(file: BinaryIO, kind: int, *, patience: float = 0.0) -> bool | None:
    """Lock a file until it is closed: False where another has it, None where there are no locks."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        except OSError:
            return None
        else:
            return True


def _said(file: BinaryIO) -> Occupant | None:
    """Return what the file says, None where that is not whole."""
    file.seek(0)
    try:
        return Occupant(**json.loads(file.read(_LONGEST)))
    except (TypeError, ValueError):
        return None


def _numbered(occupant: Occupant | None) -> str:
    return f" (process {occupant.pid})" if occupant else ""
