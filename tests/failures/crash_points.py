"""Ends this process at a named point of a store, as `kill -9` does: nothing is flushed, nobody is told."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from database.change_feed import changes
from storage.archive import Archive
from storage.catalogue import Catalogue
from storage.filesystem_blobs import FilesystemBlobs
from storage.s3_blobs import S3Blobs

AFTER_THE_ANSWER = "after the answer"
"""Nothing is armed for it: the sender kills the gateway once it has the response."""

BOTH = {
    # point: whether a row, whether an orphan is left
    "before the file is synced": (False, False),
    "after the file is synced": (False, False),
    "before the put": (False, False),
    "after the put": (False, True),
    "inside the transaction": (False, True),
    "before the commit": (False, True),
    "after the commit": (True, False),
    "before the answer": (True, False),
    AFTER_THE_ANSWER: (True, False),
}
FILES = BOTH | {
    "before the blob has its name": (False, False),
    "after the blob has its name": (False, True),
}
OBJECTS = BOTH | {
    "before the object is sent": (False, False),
    "after the object is kept, before it is read back": (False, True),
}


def arm(point: str) -> None:
    """Let this process end when it comes to the point for the first time."""
    _POINTS[point]()


def _die(*_arguments: object, **_options: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _always(*_arguments: object) -> bool:
    return True


def _calls(name: str, *holders: Any, before: bool, when: Callable[..., bool] = _always) -> Callable[[], None]:
    """Return what makes a call the last thing that this process begins, or the last that it finishes."""

    def replace(holder: Any) -> None:
        call = getattr(holder, name)

        def dying(*arguments: Any, **options: Any) -> Any:
            is_meant = when(*arguments)
            if is_meant and before:
                _die()
            result = call(*arguments, **options)
            if is_meant:
                _die()
            return result

        setattr(holder, name, dying)

    def replace_all() -> None:
        for holder in holders:
            replace(holder)

    return replace_all


def _is_incoming(descriptor: int) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").readlink().parent.name == "incoming"


def _is_no_probe(_blobs: S3Blobs, key: str, *_arguments: object) -> bool:
    return not key.startswith("probe/")


def _is_change(statement: str) -> bool:
    return statement.startswith(f"INSERT INTO {changes.name} ")


def _inside() -> None:
    event.listen(Engine, "before_cursor_execute", lambda *call: _die() if _is_change(call[2]) else None)


def _before_commit() -> None:
    written = []
    event.listen(
        Engine, "before_cursor_execute", lambda *call: written.append(1) if _is_change(call[2]) else None
    )

    def die_if_written(_connection: Connection) -> None:
        if written:
            _die()

    event.listen(Engine, "commit", die_if_written)


_POINTS: dict[str, Callable[[], None]] = {
    "before the file is synced": _calls("fsync", os, before=True, when=_is_incoming),
    "after the file is synced": _calls("fsync", os, before=False, when=_is_incoming),
    "before the put": _calls("put", FilesystemBlobs, S3Blobs, before=True),
    "before the blob has its name": _calls("link", os, before=True),
    "after the blob has its name": _calls("link", os, before=False),
    "before the object is sent": _calls("_put_once", S3Blobs, before=True, when=_is_no_probe),
    "after the object is kept, before it is read back": _calls(
        "_put_once", S3Blobs, before=False, when=_is_no_probe
    ),
    "after the put": _calls("put", FilesystemBlobs, S3Blobs, before=False),
    "inside the transaction": _inside,
    "before the commit": _before_commit,
    "after the commit": _calls("admit", Catalogue, before=False),
    "before the answer": _calls("store", Archive, before=False),
    AFTER_THE_ANSWER: lambda: None,
}
