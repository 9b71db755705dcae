"""What is asked of both archives: the same words to each, below its own DICOMweb root."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bench import material
from bench.figures import MILLISECONDS, PER_SECOND, Unit

CLIENTS: Final = 8
_SENDING: Final = "-while-sending"
_CINE: Final = material.place_of("ultrasound")
_RADIOGRAPH: Final = material.place_of("radiograph")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to ask: `paths` of them, one after the other, below a DICOMweb root.

    `clients` is how many ask at once, each on a connection of its own. `paths` takes the number of small
    studies that there are. `while_sending` has a device send studies to the same archive meanwhile.
    """

    name: str
    what: str
    unit: Unit
    accept: str
    clients: int
    aim: float | None
    paths: Callable[[int], Sequence[str]]
    while_sending: bool = False

    @property
    def answered(self) -> str:
        """What is answered, by the name of the question that asks it while nothing is sent."""
        return self.name.removesuffix(_SENDING)


def _frames(_studies: int) -> Sequence[str]:
    return [f"{_CINE.path}/frames/{number}" for number in range(1, material.FRAMES + 1)]


def _days(studies: int) -> Sequence[str]:
    days = sorted({material.day_of(number) for number in range(studies)})
    return [f"/studies?StudyDate={day}&limit={material.STUDIES_A_DAY}" for day in days]


def _days_anew(studies: int) -> Sequence[str]:
    return [f"{path[:-2]}{limit}" for limit in range(50, 150) for path in _days(studies)]


def _windows(_studies: int) -> Sequence[str]:
    return [f"{_RADIOGRAPH.path}/rendered?window={center},3000,linear" for center in range(1_500, 1_700)]


_ASKED_OF_ALL: Final = (
    Question(
        name="frame",
        what=f"one frame (0.9 MB) of a cine of {material.FRAMES} in RGB, {CLIENTS} clients",
        unit=PER_SECOND,
        accept='multipart/related; type="application/octet-stream"',
        clients=CLIENTS,
        aim=100,
        paths=_frames,
    ),
    Question(
        name="metadata",
        what=f"metadata of a study of {material.STILLS + 1} instances, {CLIENTS} clients",
        unit=PER_SECOND,
        accept="application/dicom+json",
        clients=CLIENTS,
        aim=20,
        paths=lambda _: [f"/studies/{_CINE.study}/metadata"],
    ),
    Question(
        name="search",
        what=f"search by date, {material.STUDIES_A_DAY} studies found, {CLIENTS} clients",
        unit=PER_SECOND,
        accept="application/dicom+json",
        clients=CLIENTS,
        aim=20,
        paths=_days,
    ),
    Question(
        name="search-anew",
        what=f"the same, no search like one of the last thousand, {CLIENTS} clients",
        unit=PER_SECOND,
        accept="application/dicom+json",
        clients=CLIENTS,
        aim=20,
        paths=_days_anew,
    ),
    Question(
        name="rendered",
        what=f"a DX of 5 megapixels as JPEG, {CLIENTS} clients",
        unit=PER_SECOND,
        accept="image/jpeg",
        clients=CLIENTS,
        aim=3,
        paths=lambda _: [f"{_RADIOGRAPH.path}/rendered"],
    ),
    Question(
        name="rendered-anew",
        what=f"the same, each in another window, {CLIENTS} clients",
        unit=PER_SECOND,
        accept="image/jpeg",
        clients=CLIENTS,
        aim=3,
        paths=_windows,
    ),
    Question(
        name="first-byte",
        what="first byte of an instance of 36 MB, one client",
        unit=MILLISECONDS,
        accept='multipart/related; type="application/dicom"',
        clients=1,
        aim=None,
        paths=lambda _: [_CINE.path],
    ),
)


def _while_sending(question: Question) -> Question:
    what = f"{question.what}, while a device sends"
    return replace(question, name=f"{question.name}{_SENDING}", what=what, aim=None, while_sending=True)


QUESTIONS: Final = (
    *_ASKED_OF_ALL,
    *(_while_sending(each) for each in _ASKED_OF_ALL if each.name in {"frame", "metadata", "search"}),
)
