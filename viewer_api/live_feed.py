"""What happens, told to open pages: one follower of the feed for a process, however many watch.

Nothing here is kept: who comes back says when they last heard something, and is told what happened since.
The moments that mark a place are the hub's time and not the feed's numbers, whose gaps would tell how much
happens at other sites.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.concurrency import run_in_threadpool

from core.access import EVERY_SITE, Act, Actor
from core.clock import Clock
from core.errors import StorageUnavailable
from core.limits import EVENT_BACKLOG, EVENT_STREAMS, EVENT_STREAMS_PER_ACCOUNT
from database.change_feed import Change, ChangeKind, changes_after, changes_since, newest_sequence
from database.engine import Database
from viewer_api.problems import Busy
from worklist.study_records import Holding, holdings

POLL_SECONDS: Final = 0.5
_BATCH: Final = 500
_OVERLAP: Final = timedelta(seconds=30)
"""An act is written down a little after its time; rather tell something twice than never."""
_ACTS: Final = {"request": Act.REQUEST, "report": Act.RECEIVE}
"""What a kind of change is about, by its first word, where looking is not enough to be told of it."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One change and the case that it is about now, if there is one."""

    change: Change
    holding: Holding | None

    def is_for(self, actor: Actor) -> bool:
        """Whether an actor may see what changed; who holds a case may, wherever it lies."""
        scope = actor.scope(_act(self.change.kind))
        if scope.everything or self.change.site_id in scope.site_ids:
            return True
        if self.holding is None:
            return False
        routed = {modality for site_id, modality in scope.site_modalities if site_id == self.change.site_id}
        return self.holding.modalities <= routed or self.holding.held_by == actor.account_id


@dataclass(eq=False, kw_only=True)
class Listener:
    """One open page. `waiting` is None when it has missed something and must look at everything."""

    account_id: str
    waiting: list[Told] | None = field(default_factory=list)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, batch: Sequence[Told]) -> None:
        """Hand over what happened; a page that does not take it loses count."""
        if self.waiting is not None:
            fits = len(self.waiting) + len(batch) <= _BATCH
            self.waiting = [*self.waiting, *batch] if fits else None
        self.woken.set()

    async def take(self, seconds: float) -> list[Told] | None:
        """Return what happened since, waiting for it so long; empty if nothing did."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        self.woken.clear()
        taken, self.waiting = self.waiting, []
        return taken


class LiveFeed:
    """Follows the feed while anybody listens."""

    def __init__(self, database: Database, clock: Clock, *, every_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._every_seconds = every_seconds
        self._listeners: set[Listener] = set()
        self._follower: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self.is_stopped = False

    def join(self, account_id: str) -> Listener:
        """Begin to listen; `leave` must follow. Raises Busy."""
        of_accounts = Counter(listener.account_id for listener in self._listeners)
        if len(self._listeners) >= EVENT_STREAMS or of_accounts[account_id] >= EVENT_STREAMS_PER_ACCOUNT:
            raise Busy("Too many pages are kept up to date at once; close some.")
        listener = Listener(account_id=account_id)
        self._listeners.add(listener)
        if self._follower is None:
            self._begun = asyncio.Event()
            self._follower = asyncio.create_task(self._follow())
        return listener

    def leave(self, listener: Listener) -> None:
        """End listening; the last one ends the follower too."""
        self._listeners.discard(listener)
        if not self._listeners and self._follower is not None:
            self._follower.cancel()
            self._follower = None

    def stop(self) -> None:
        """End every stream, because the process ends."""
        self.is_stopped = True
        for listener in self._listeners:
            listener.woken.set()

    def place(self) -> int:
        """Return the number that names this moment in a stream."""
        return milliseconds(self._clock.now())

    async def since(self, moment: datetime | None) -> tuple[datetime, list[Told] | None]:
        """Return what happened after a moment that somebody was told of, and until when that is all.

        None stands for too much to tell; nothing is returned without a moment. Ask after `join`.

        Raises StorageUnavailable.
        """
        if self._follower is not None:
            await self._begun.wait()
        until = self._clock.now()
        if moment is None:
            return until, []
        return until, await run_in_threadpool(self._backlog, moment - _OVERLAP)

    async def _follow(self) -> None:
        position: int | None = None
        while True:
            with suppress(StorageUnavailable):
                if position is None:
                    position = await run_in_threadpool(self._newest)
                    self._begun.set()
                position, batch = await run_in_threadpool(self._next, position)
                for listener in list(self._listeners) if batch else ():
                    listener.offer(batch)
            await asyncio.sleep(self._every_seconds)

    def _newest(self) -> int:
        with self._database.read(within=EVERY_SITE) as connection:
            return newest_sequence(connection)

    def _next(self, position: int) -> tuple[int, list[Told]]:
        with self._database.read(within=EVERY_SITE) as connection:
            found = changes_after(connection, position, _BATCH)
            held = holdings(connection, {_key(change) for change in found}) if found else {}
        return (found[-1].sequence if found else position), _told(found, held)

    def _backlog(self, moment: datetime) -> list[Told] | None:
        with self._database.read(within=EVERY_SITE) as connection:
            found = changes_since(connection, moment, at_most=EVENT_BACKLOG)
            held = holdings(connection, {_key(change) for change in found}) if found else {}
        return None if found is None else _told(found, held)


def milliseconds(moment: datetime) -> int:
    """Return a moment as the number that names a place in a stream."""
    return int(moment.timestamp() * 1000)


def moment_of(number: int) -> datetime:
    """Return the moment that such a number, of at most 14 digits, names."""
    return max(datetime.fromtimestamp(number / 1000, UTC), _LONG_AGO)


def each_once(batch: Sequence[Told]) -> Iterator[Told]:
    """Yield what happened, each kind once for a study: a hundred images that came are one reason to look."""
    last = {(told.change.kind, _key(told.change)): told for told in batch}
    yield from sorted(last.values(), key=lambda told: told.change.sequence)


_LONG_AGO: Final = datetime(1970, 2, 1, tzinfo=UTC)


def _told(found: Sequence[Change], held: dict[tuple[str, str], Holding]) -> list[Told]:
    return [Told(change=change, holding=held.get(_key(change))) for change in found]


def _key(change: Change) -> tuple[str, str]:
    return change.site_id, change.study_instance_uid


def _act(kind: ChangeKind) -> Act:
    return _ACTS.get(kind.value.partition(".")[0], Act.SEARCH)
