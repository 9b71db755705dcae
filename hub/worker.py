"""The worker: follows the feed, watches the clock, prints signed reports, sweeps.

Each duty runs in a thread of its own, so that a report in print never holds up an ECG's way to the list. All
it knows is in rows: any number of workers may run, and any of them may die at any time.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog

from core.access import EVERY_SITE
from core.errors import HubError, StorageUnavailable
from database import audit_chain
from database.change_feed import follow
from database.jobs import give_back_of_ended
from hub.audit_anchors import AnchorFolder
from hub.bell import Bell
from hub.process import begin, until_stopped
from hub.process_figures import Figure, served
from hub.settings import Settings
from hub.wiring import House
from renditions import preparation
from renditions.working_off import Run
from storage.sweep import sweep, sweep_discarded
from worklist.intake import CURSOR

log = structlog.stdlib.get_logger("hub.worker")

LONGEST_PAUSE_SECONDS = 10.0
NICENESS = 5
"""A third of the processor's time while others want it. Little enough that a writer who gives way, and holds
the catalogue's lock, does not keep others waiting for long."""
FEED_BATCH = 50
CHAINED_WITHIN_SECONDS = 0.5
ANCHOR_SECONDS = 3600.0
FOLLOWER_IDLE_SECONDS = 10.0
"""What follows the feed has nothing to do until something is committed; a look now and then costs nothing."""
JOBS_IDLE_SECONDS = 1.0
"""A job that failed is due again by the clock."""


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something to do again and again, and once more at the end where `is_last` says so.

    `act` returns whether there may be more to do at once. Where it said no and nothing was committed since,
    nothing is done for `idle_seconds`: only so long may what is due by the clock alone wait. Where it
    `gives_way`, whoever reads goes first.
    """

    name: str
    every_seconds: float
    act: Callable[[], bool]
    idle_seconds: float = 0.0
    is_last: bool = False
    gives_way: bool = False


def duties(house: House) -> list[Duty]:
    """Return what a worker does."""
    intake, timers, publisher = house.intake(), house.timers(), house.publisher()
    rereading = house.rereading()

    def take_in() -> bool:
        return follow(house.database, CURSOR, intake.handle, limit=FEED_BATCH) == FEED_BATCH

    def watch_the_clock() -> bool:
        timers.run()
        return False

    def publish() -> bool:
        for report_id, error in publisher.run():
            log.error("a report could not be published yet", report_id=report_id, error=error)
        return False

    anchors = AnchorFolder(house.settings.audit_anchors)

    def chain() -> bool:
        return audit_chain.link(house.database) == audit_chain.BATCH

    def anchor() -> bool:
        with house.database.read(within=EVERY_SITE) as connection:
            heads = audit_chain.heads(connection)
        try:
            anchors.write(heads, house.clock.now())
        except OSError as error:
            raise StorageUnavailable(f"The audit's anchors cannot be written: {error.strerror}.") from error
        return False

    return [
        Duty(
            name="audit-chain",
            every_seconds=CHAINED_WITHIN_SECONDS,
            act=chain,
            idle_seconds=FOLLOWER_IDLE_SECONDS,
            is_last=True,
        ),
        Duty(name="audit-anchors", every_seconds=ANCHOR_SECONDS, act=anchor, is_last=True),
        Duty(name="intake", every_seconds=0.1, act=take_in, idle_seconds=FOLLOWER_IDLE_SECONDS),
        Duty(name="clock", every_seconds=0.5, act=watch_the_clock),
        Duty(name="publication", every_seconds=0.2, act=publish, idle_seconds=JOBS_IDLE_SECONDS),
        *_preparing(house),
        Duty(name="uploads", every_seconds=1, act=house.upload_intake.unpack, idle_seconds=JOBS_IDLE_SECONDS),
        Duty(name="text", every_seconds=1, act=rereading.run, idle_seconds=FOLLOWER_IDLE_SECONDS),
        Duty(name="sweep", every_seconds=3600, act=lambda: _tidy(house)),
    ]


def _preparing(house: House) -> list[Duty]:
    """Return what prepares instances for their readers."""
    asking = house.preparation_follower()

    def ask_for_preparation() -> bool:
        followed = follow(house.database, preparation.CURSOR, asking.handle, limit=FEED_BATCH)
        return followed == FEED_BATCH

    def work_off(act: Callable[[], Run]) -> bool:
        run = act()
        for sop_instance_uid, error in run.failures:
            log.error("an instance is not prepared yet", sop_instance_uid=sop_instance_uid, error=error)
        return run.has_more

    preparer, pictures = house.preparer(), house.picture_maker()
    # Begun by the duty that uses them, its children give way as it does.
    routine_pictures = house.picture_maker(house.routine_decoders)
    runs: list[tuple[str, float, Callable[[], Run], bool]] = [
        ("preparation", 0.2, partial(preparer.run, urgent=True), False),
        ("pictures", 0.2, partial(pictures.run, urgent=True), False),
        ("routine-preparation", 0.2, partial(preparer.run, urgent=False), True),
        ("routine-pictures", 0.5, partial(routine_pictures.run, urgent=False), True),
        ("overviews", 1, house.overview_maker().run, False),
    ]
    return [
        Duty(
            name="preparation-feed",
            every_seconds=0.2,
            act=ask_for_preparation,
            idle_seconds=FOLLOWER_IDLE_SECONDS,
        ),
        *(
            Duty(
                name=name,
                every_seconds=every,
                act=partial(work_off, run),
                idle_seconds=JOBS_IDLE_SECONDS,
                gives_way=gives_way,
            )
            for name, every, run, gives_way in runs
        ),
    ]


def _tidy(house: House) -> bool:
    now, settings = house.clock.now(), house.settings
    grace = timedelta(hours=settings.sweep_grace_hours)
    house.upload_intake.sweep()
    report = sweep(house.archive, now=now, grace=grace, named_elsewhere=house.named_elsewhere)
    if report.orphans_deleted or report.incoming_deleted:
        log.info("swept", orphans=report.orphans_deleted, incoming=report.incoming_deleted)
    grace = timedelta(days=settings.discard_grace_days)
    if discarded := sweep_discarded(house.archive, now=now, grace=grace):
        log.info("what was discarded is deleted", blobs=discarded)
    return False


@dataclass(kw_only=True)
class _Record:
    """How one duty went; only its own thread writes."""

    runs: int = 0
    failures: int = 0
    done_at: float = field(default_factory=time.monotonic)


class Worker:
    """Runs its duties until it is stopped."""

    def __init__(self, house: House) -> None:
        self._stop = threading.Event()
        self._bell = Bell(house.database.revision)
        self._duties = duties(house)
        self._records = {duty.name: _Record() for duty in self._duties}
        self._threads = [
            threading.Thread(target=self._repeat, args=(duty,), name=duty.name, daemon=True)
            for duty in self._duties
        ]

    def start(self) -> None:
        """Begin every duty."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End every duty after its present step."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        for duty in (duty for duty in self._duties if duty.is_last):
            try:
                while duty.act():
                    pass
            except HubError as error:
                log.warning("a duty was not done at the end", duty=duty.name, error=str(error))

    def figures(self) -> list[Figure]:
        """Return how each duty goes, for a monitor."""
        records, now = self._records, time.monotonic()
        return [
            Figure(
                name="hub_worker_runs",
                meaning="Times that a duty was done",
                grows=True,
                label="duty",
                values={name: record.runs for name, record in records.items()},
            ),
            Figure(
                name="hub_worker_failures",
                meaning="Times that a duty was put off or failed",
                grows=True,
                label="duty",
                values={name: record.failures for name, record in records.items()},
            ),
            Figure(
                name="hub_worker_seconds_since_done",
                meaning="Since a duty was last done",
                grows=False,
                label="duty",
                values={name: round(now - record.done_at, 3) for name, record in records.items()},
            ),
        ]

    def _repeat(self, duty: Duty) -> None:
        failures = 0
        record = self._records[duty.name]
        done_with, idle_until = None, 0.0
        if duty.gives_way:
            # On Linux each thread has its own, and what it starts has the same.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while not self._stop.is_set():
            state = self._bell.state() if duty.idle_seconds else None
            if state is not None and state == done_with and time.monotonic() < idle_until:
                record.done_at = time.monotonic()
                self._stop.wait(duty.every_seconds)
                continue
            done_with = None
            try:
                has_more = duty.act()
                record.runs, record.done_at = record.runs + 1, time.monotonic()
                if has_more:
                    continue
                failures = 0
                pause = duty.every_seconds
                done_with, idle_until = state, time.monotonic() + duty.idle_seconds
            except HubError as error:
                failures += 1
                record.failures += 1
                log.warning("a duty is put off", duty=duty.name, error=str(error))
                pause = min(2.0**failures / 10, LONGEST_PAUSE_SECONDS)
            except Exception:
                # The worker's one catch-all: a bug in one duty must not end the others.
                failures += 1
                record.failures += 1
                log.exception("a duty failed", duty=duty.name)
                pause = LONGEST_PAUSE_SECONDS
            self._stop.wait(pause)


def take_up_again(house: House) -> None:
    """Let what a worker was at when it was killed be claimed again."""
    try:
        number = give_back_of_ended(house.database, now=house.clock.now())
    except StorageUnavailable as error:
        log.warning("what was begun before waits for the end of its lease", error=str(error))
        return
    if number:
        log.info("what was begun by a worker that ended is begun again", jobs=number)


def run_worker(settings: Settings) -> None:
    """Work until told to stop. Raises Misconfigured."""
    house = begin("worker", settings)
    worker = Worker(house)
    take_up_again(house)
    worker.start()
    with served(settings.metrics_port_worker, worker.figures):
        until_stopped(worker.stop)
    house.close()
