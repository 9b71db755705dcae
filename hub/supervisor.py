"""Keeps the hub's processes running: starts them, restarts what died, and stops them all together.

Each child has a socket to its supervisor: over it the child says that it is ready, and by its end the child
learns that the supervisor is gone, however that happened, and ends itself. Each child leads a process group,
so whatever it left behind goes with it.
"""

import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Final

import structlog

from hub.child import LINK_VARIABLE, Child, ChildCommand, show
from hub.nursery import Nursery

GRACE_SECONDS: Final = 8.0
"""From SIGTERM to SIGKILL, so that all is over within 10 s."""
ORPHAN_SECONDS: Final = 1.0
"""What a child has to finish once its supervisor is gone."""
LOOK_SECONDS: Final = 0.1
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = structlog.stdlib.get_logger("hub.supervisor")


class Supervisor:
    """Runs a set of processes until it is told to stop or one of them can never start.

    It may run in any thread of a program; only in the main thread does it answer to signals.
    """

    def __init__(
        self,
        children: Sequence[ChildCommand],
        *,
        when_ready: Callable[[], None] = lambda: None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._nursery = Nursery()
        self._listeners = {listener for command in children for listener in command.listeners}
        self._children = [Child(command, self._nursery) for command in children]
        self._when_ready = when_ready
        self._grace_seconds = grace_seconds
        self._stop_requests = 0

    def run(self) -> int:
        """Run until stopped; return the exit status: 0, or 1 if a child cannot be started."""
        with self._answering_signals():
            try:
                status = self._keep_running()
            finally:
                self._stop_all()
        if status == 0:  # else the reason why it stopped stays the last that is said
            log.info("all processes have ended")
        return status

    def stop(self) -> None:
        """Ask for a clean stop, from any thread or signal handler; asked again, it does not wait for it."""
        self._stop_requests += 1

    @property
    def is_stopping(self) -> bool:
        """Whether somebody has asked for a stop."""
        return self._stop_requests > 0

    def _keep_running(self) -> int:
        was_announced = False
        while not self._stop_requests:
            for child in self._children:
                if reason := child.look_after(time.monotonic()):
                    self._give_up(child, reason)
                    return 1
            if not was_announced and all(child.is_ready for child in self._children):
                was_announced = True
                log.info("all processes are ready")
                self._when_ready()
            self._listen()
        log.info("stopping")
        return 0

    def _listen(self) -> None:
        """Take what the children say, for a moment."""
        with selectors.DefaultSelector() as selector:
            for child in self._children:
                child.register(selector)
            for key, _ in selector.select(LOOK_SECONDS):
                key.data()

    def _give_up(self, child: Child, reason: str) -> None:
        log.error("a process cannot be started; the hub stops", child=child.name, reason=reason)
        tail = "".join(f"  {line}\n" for line in child.last_lines) or "  (none)\n"
        show(f"{child.name} cannot be started: {reason}. Its last lines:\n{tail}".encode())

    def _stop_all(self) -> None:
        """End every child: asked first, then by force."""
        self._nursery.close()  # so that none comes while the others go
        for child in self._children:
            child.ask_to_stop()
        for listener in self._listeners:
            listener.close()  # once the last child has closed its own, nobody waits to be answered
        deadline = time.monotonic() + self._grace_seconds
        while any(child.is_running() for child in self._children):
            if time.monotonic() > deadline or self._stop_requests > 1:
                log.warning("processes that did not stop are ended by force")
                break
            self._listen()
        for child in self._children:
            child.end()

    @contextmanager
    def _answering_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, lambda *_: self.stop()) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def stay_with_supervisor() -> None:
    """Let this process end when its supervisor is gone: by SIGTERM, and after a second by force.

    Called first thing by each child; does nothing in a process that was started alone.
    """
    _link_to_supervisor()


def say_ready() -> None:
    """Tell the supervisor that this process serves; does nothing in a process that was started alone."""
    link = _link_to_supervisor()
    if link is not None:
        with suppress(OSError):  # it is gone, which the watching thread sees too
            link.send(b"ready")


@cache
def _link_to_supervisor() -> socket.socket | None:
    number = os.environ.pop(LINK_VARIABLE, None)
    if number is None:
        return None
    link = socket.socket(fileno=int(number))
    link.set_inheritable(False)
    threading.Thread(target=_end_with_supervisor, args=[link], name="supervisor-link", daemon=True).start()
    return link


def _end_with_supervisor(link: socket.socket) -> None:
    """Wait for the end of the supervisor, then end this process and those that it started."""
    with suppress(OSError):
        while link.recv(64):
            pass
    leads_group = os.getpgrp() == os.getpid()
    target = 0 if leads_group else os.getpid()  # 0: the whole group
    os.kill(target, signal.SIGTERM)
    time.sleep(ORPHAN_SECONDS)
    os.kill(target, signal.SIGKILL)
