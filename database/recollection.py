"""What the catalogue answered, given again for as long as nothing was committed that it depends on.

Readers ask the same few things of every frame: who holds this token, where does the instance lie. Whether
anything at all was committed since costs less to ask than any of them. Only if something was, the marks of
the topics that the answer was made of are looked at: they tell of every change at once, whichever process
made it, so that an account that is disabled is refused with the very next request.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar, cast

from core.limits import KIB, MIB
from database.topics import EVERYTHING

Answer = TypeVar("Answer")
Marks = Mapping[str, int | None]

SMALL: Final = 4 * KIB
"""What an answer weighs whose size nobody said."""
LARGEST: Final = MIB
ANSWERS_AT_MOST: Final = 32 * MIB
"""Of one process, all together. Those that were asked for longest ago give way."""


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A state of the catalogue: two that are equal hold the same.

    `catalogue` tells one from another that took its place: the marks of one say nothing of the other's.
    """

    catalogue: Hashable
    state: Hashable


class Revisions(Protocol):
    """Tells how the catalogue stands now. Both raise StorageUnavailable where it cannot be read."""

    def now(self) -> Revision:
        """Return the present revision, which differs whenever anything was committed."""

    def marks(self, topics: Collection[str]) -> Marks:
        """Return the marks of these topics; one that was never raised has none."""


@dataclass(kw_only=True)
class _Kept:
    answer: Any
    weight: int
    revision: Revision
    """At which it was still right."""
    marks: Marks | None
    """Of what it depends on; None where that is anything at all."""


class Recollection:
    """Keeps answers, each with the revision and the marks before which it was asked for."""

    def __init__(self, revisions: Revisions, *, at_most: int = ANSWERS_AT_MOST) -> None:
        self._revisions = revisions
        self._at_most = at_most
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._weight = 0
        self._known: tuple[Revision | None, dict[str, int | None]] = None, {}
        self._lock = threading.Lock()

    def recalled(
        self,
        key: Hashable,
        ask: Callable[[], Answer],
        *,
        on: Collection[str] | None,
        weigh: Callable[[Answer], int] | None = None,
        still: Callable[[Answer], bool] | None = None,
    ) -> Answer:
        """Return what is kept under a key, or ask and keep it; what `ask` raises is not kept.

        `on` are the topics that the answer depends on, None where that is anything at all. Their marks are
        taken before asking: an answer may be newer than they are, never older. `weigh` returns the bytes of
        an answer that may be larger than SMALL; beyond LARGEST it is not kept. An answer is neither kept
        nor given again unless it is `still` of use.
        """
        revision = self._revisions.now()
        kept = self._present(key, revision)
        if kept is not None and (still is None or still(kept.answer)):
            return cast("Answer", kept.answer)
        marks = None if on is None else self._marks_at(revision, {EVERYTHING, *on})
        answer = ask()
        if still is None or still(answer):
            weight = SMALL if weigh is None else weigh(answer)
            self._keep(key, _Kept(answer=answer, weight=weight, revision=revision, marks=marks))
        return answer

    def _present(self, key: Hashable, revision: Revision) -> _Kept | None:
        """Return what is kept under a key if it is right at a revision."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
        if kept is None or kept.revision == revision:
            return kept
        if kept.marks is None or kept.revision.catalogue != revision.catalogue:
            return None
        if self._marks_at(revision, kept.marks) != kept.marks:
            return None
        kept.revision = revision
        return kept

    def _marks_at(self, revision: Revision, topics: Collection[str]) -> Marks:
        """Return marks that are of this revision, or newer; each is asked for once while nothing changes."""
        known_at, known = self._known
        if known_at != revision:
            known = {}
        if missing := [topic for topic in topics if topic not in known]:
            known = {**known, **self._revisions.marks(missing)}
            self._known = revision, known
        return {topic: known[topic] for topic in topics}

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        with self._lock:
            self._forget(key)
            if kept.weight <= LARGEST:
                self._kept[key] = kept
                self._weight += kept.weight
            while self._weight > self._at_most:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        self._weight -= 0 if kept is None else kept.weight
