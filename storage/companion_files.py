"""Which files belong together: a recording may be a header and, beside it, what the header describes."""

import glob
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from core.errors import TooLarge
from core.limits import FOREIGN_FILE_LIMIT, MIB
from storage.zip_files import Opener

Companions = Callable[[], Mapping[str, bytes]]

MOST_COMPANIONS: Final = 8
RECORD_HEADER: Final = ".hea"
"""Of a WFDB record, beside the signals of the same name."""
TOO_LONG: Final = (
    f"An ECG file has at most {FOREIGN_FILE_LIMIT // MIB} MiB with those beside it."
    " Export the recording in parts of fewer hours, and send each part."
)


def no_companions() -> Mapping[str, bytes]:
    """Say that a file came alone."""
    return {}


def companions_of(name: str, files: Mapping[str, Opener]) -> Mapping[str, bytes]:
    """Return the files beside one that are named like it but for their ending, by their own names.

    Raises:
        TooLarge: they are longer than a file with them may be.
    """
    found: dict[str, bytes] = {}
    room = FOREIGN_FILE_LIMIT
    for other in islice(beside(name, files), MOST_COMPANIONS):
        with files[other]() as stream:
            content = stream.read(room + 1)
        room -= len(content)
        if room < 0:
            raise TooLarge(TOO_LONG)
        found[_path(other).name] = content
    return found


def files_beside(path: Path, *, follow_links: bool) -> dict[str, Opener]:
    """Return a file and those named like it but for their ending, as many as belong to one at most.

    On a medium that somebody else wrote a link may lead anywhere: there none is followed.
    """
    found = (
        each
        for each in sorted(path.parent.glob(f"{glob.escape(path.stem)}*"))
        if each.stem == path.stem and each.is_file() and (follow_links or not each.is_symlink())
    )
    return {each.name: opener_of(each) for each in islice(found, MOST_COMPANIONS + 1)}


def opener_of(path: Path) -> Opener:
    """Return how to open a file of a folder."""
    return partial(_open, path)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def beside(name: str, files: Iterable[str]) -> Iterator[str]:
    """Yield those that lie beside a file and are named like it but for their ending."""
    path = _path(name)
    for other in files:
        candidate = _path(other)
        if other != name and (candidate.parent, candidate.stem) == (path.parent, path.stem):
            yield other


def belonging(name: str, files: Iterable[str], companions: Set[str]) -> list[str]:
    """Return those of the files beside one that were kept with it, by the names they have among all files."""
    return [other for other in beside(name, files) if _path(other).name in companions] if companions else []


def header_first(name: str) -> bool:
    """Sort what may bring others with it before them."""
    return not name.lower().endswith(RECORD_HEADER)


def _path(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/"))
