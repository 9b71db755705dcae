"""What `imaging-hub import` tells of each file and of all of them, and the exit status that follows."""

import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.text import escaped
from storage.file_taking import WORDS, LeftOut, Taken
from storage.instance import StoreOutcome

NAMED_AT_MOST: Final = 20
"""Files of one kind that are named where nobody has to do anything about each."""
_ALL_NAMED: Final = frozenset({LeftOut.QUARANTINED, LeftOut.FAILED})
_SOME_NAMED: Final = (
    LeftOut.NOT_DICOM,
    StoreOutcome.KEPT_AS_CONFLICT,
    StoreOutcome.KEPT_AS_REPRESENTATION,
)
_IN: Final = (StoreOutcome.STORED, StoreOutcome.ALREADY_HELD, StoreOutcome.KEPT_AS_REPRESENTATION)
_WAITING: Final = (LeftOut.QUARANTINED, StoreOutcome.KEPT_AS_CONFLICT)
"""What a person has to decide on."""


class ImportAccount:
    """What became of the files of one import. Names of files are printed escaped: a medium may hold any."""

    def __init__(self) -> None:
        self.counts: Counter[StoreOutcome | LeftOut] = Counter()
        self.new_in_studies: set[str] = set()
        """The Study Instance UIDs of what was stored now, and not before."""
        self.held_before: set[str] = set()
        """The SOP Instance UIDs of what was held already, be it beside another data set."""
        self.waiting_before: set[str] = set()
        """Those of them under which something waits for a decision."""

    def note(self, name: str, taken: Taken) -> str | None:
        """Count one file, and return the line that names it where one does."""
        outcome = taken.outcome
        self.counts[outcome] += 1
        if outcome is StoreOutcome.STORED and taken.stored is not None:
            self.new_in_studies.add(taken.stored.study_instance_uid)
        if outcome is StoreOutcome.ALREADY_HELD and taken.stored is not None:
            self.held_before.add(taken.stored.sop_instance_uid)
        is_named = outcome in _SOME_NAMED and self.counts[outcome] <= NAMED_AT_MOST
        if outcome not in _ALL_NAMED and not is_named:
            return None
        why = f" ({taken.detail})" if taken.detail else ""
        return escaped(f"{WORDS[outcome]}: {name}{why}")

    def lines(self) -> Iterator[str]:
        """Sum up: which were not named, how many became what, and whether that is nothing at all."""
        for outcome in _SOME_NAMED:
            if self.counts[outcome] > NAMED_AT_MOST:
                yield f"{WORDS[outcome]}: and {self.counts[outcome] - NAMED_AT_MOST} more"
        for outcome, count in self.counts.items():
            yield f"{count:6} {WORDS[outcome]}"
        if self.waiting_before:
            yield f"{len(self.waiting_before):6} of the UIDs held already wait for a decision"
        if not self._number(_IN):
            yield self._nothing()

    def what_waits(self, site_id: str, data: Path) -> str | None:
        """Return what shows that which waits for a person's decision, where anything came that does."""
        if not self._number(_WAITING) and not self.waiting_before:
            return None
        command = f"imaging-hub admin quarantine list --site {site_id} --data {shlex.quote(str(data))}"
        return f"What is kept aside until a person decides is listed by: {command}"

    @property
    def status(self) -> int:
        """Return 0 where there was something and all of it is in; else 1."""
        is_amiss = self._number((*_WAITING, LeftOut.FAILED)) or self.waiting_before
        return 0 if self._number(_IN) and not is_amiss else 1

    def _nothing(self) -> str:
        became = [
            f"{_files(self.counts[outcome])} {_are(self.counts[outcome])} {WORDS[outcome]}"
            for outcome in _WAITING
            if self.counts[outcome]
        ]
        if self.counts[LeftOut.FAILED]:
            became.append(f"{_files(self.counts[LeftOut.FAILED])} failed")
        return (
            f"Nothing could be taken in; {', '.join(became)}." if became else "There was nothing to import."
        )

    def _number(self, outcomes: tuple[StoreOutcome | LeftOut, ...]) -> int:
        return sum(self.counts[outcome] for outcome in outcomes)


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
