"""A folder into which a device writes files: what no longer grows is taken, and moved to `done` or `refused`.

A file is moved only once it is kept, so after a crash it is still there; taken again it is held already.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from core.errors import QuotaExceeded, StorageUnavailable
from storage.companion_files import opener_of
from storage.file_taking import WORDS, LeftOut, Taken
from storage.zip_files import Opener

SETTLED_SECONDS: Final = 2.0
"""A file that has not changed for so long is whole."""
ALONE_SECONDS: Final = 60.0
"""What is nothing by itself waits so long for the file that it belongs to."""
_FILES_AT_ONCE: Final = 1_000
_NAMES_TRIED: Final = 10_000

Take = Callable[[str, Opener, Mapping[str, Opener]], Taken]
"""Stores what a file holds; told its name, how to open it, and what lies beside it."""


@dataclass(frozen=True, kw_only=True)
class _Seen:
    size: int
    written: int
    since: float


class WatchedFolder:
    """One folder; what lies in its own subfolders is not looked at."""

    def __init__(self, folder: Path, take: Take, tell: Callable[[str], None]) -> None:
        """Raises OSError where the folder cannot be written."""
        self._folder = folder
        self._done, self._refused = folder / "done", folder / "refused"
        self._take = take
        self._tell = tell
        self._seen: dict[str, _Seen] = {}
        for place in (self._done, self._refused):
            place.mkdir(exist_ok=True)

    def look(self, now: float) -> int:
        """Take what is whole; return how many files were moved. `now` is of a clock that only goes on.

        Raises:
            OSError: the folder is not there.
        """
        present = self._present(now)
        moved = 0
        for name in sorted(present):
            if name not in self._seen:
                continue  # it went with another
            group = {other for other in present if Path(other).stem == Path(name).stem}
            if all(now - present[other].since >= SETTLED_SECONDS for other in group):
                moved += self._take_one(name, group & self._seen.keys(), now)
        return moved

    def _present(self, now: float) -> dict[str, _Seen]:
        """Return what lies there, with since when it has been as it is."""
        found = {}
        for name, size, written in islice(self._files(), _FILES_AT_ONCE):
            before = self._seen.get(name)
            is_same = before is not None and (before.size, before.written) == (size, written)
            found[name] = before if before and is_same else _Seen(size=size, written=written, since=now)
        self._seen = dict(found)
        return found

    def _files(self) -> Iterator[tuple[str, int, int]]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield entry.name, status.st_size, status.st_mtime_ns

    def _take_one(self, name: str, group: set[str], now: float) -> int:
        beside = {other: opener_of(self._folder / other) for other in group}
        try:
            taken = self._take(name, beside[name], beside)
        except (StorageUnavailable, QuotaExceeded) as error:
            self._tell(f"{name}: {error} It stays here and is tried again.")
            return 0
        except OSError:
            return 0  # it was taken away, or is being written again
        is_alone = taken.outcome is LeftOut.NOT_DICOM
        if is_alone and now - self._seen[name].since < ALONE_SECONDS:
            return 0
        words = " ".join(filter(None, (WORDS[taken.outcome], taken.detail)))
        self._tell(f"{name}: {words}")
        if isinstance(taken.outcome, LeftOut) and taken.outcome is not LeftOut.DIRECTORY:
            kept = self._move(name, self._refused)
            kept.with_name(f"{kept.name}.why.txt").write_text(f"{words}\n", encoding="utf-8")
            return 1
        files = [name, *sorted(taken.companions & group)]
        for each in files:
            self._move(each, self._done)
        return len(files)

    def _move(self, name: str, place: Path) -> Path:
        """Move a file, and number it where one of that name is there; none is ever written over."""
        source, target = self._folder / name, place / name
        for number in range(2, _NAMES_TRIED):
            if not target.exists():
                break
            target = place / f"{source.stem} ({number}){source.suffix}"
        else:
            raise FileExistsError(errno.EEXIST, "Too many files of one name", str(target))
        source.rename(target)
        del self._seen[name]
        return target
