"""Decodes in children that are limited, warm and forked ahead; what they cannot do is one of our errors."""

import os
import select
import socket
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from core import errors
from core.errors import HubError, StorageUnavailable
from imaging.decoding import undecodable
from renditions.allowance import Allowance
from renditions.child_messages import Answer, BrokenOff, Request, Task, receive_answer, send_request

AT_ONCE: Final = 2
_PATIENCE_SECONDS: Final = 30
"""For a child to be there at all, on top of what its task may take."""
_GOING_SECONDS: Final = 0.1
_NO_PROCESS: Final = "No process can be started to decode in."
_REPOSITORY: Final = Path(__file__).resolve().parents[1]
_ERRORS: Final[dict[str, type[HubError]]] = {
    kind.__name__: kind
    for kind in (
        errors.InvalidInstance,
        errors.InvalidRequest,
        errors.TooLarge,
        errors.UnsupportedTransferSyntax,
    )
}
"""What a child may say that it found; anything else is a bug."""


class Decoders:
    """Children for `at_once` tasks, begun with the first task or by `start`; many threads may use them."""

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._places = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._nursery: _Nursery | None = None
        self._idle: deque[socket.socket] = deque()

    def start(self) -> None:
        """Have as many children ready as may work at once. Raises StorageUnavailable."""
        with self._lock:
            while len(self._idle) < self._at_once:
                self._idle.append(self._new_child())

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            self._end_all()

    def run(self, task: Task, *arguments: Any, allowance: Allowance) -> list[bytes]:
        """Return what a function of `renditions.decoding_tasks` makes of its arguments, in a child.

        Raises:
            UnsupportedTransferSyntax: it found so, or took more memory or time than its allowance.
            StorageUnavailable: no child can be had.
        """
        request = Request(task=task, arguments=arguments, allowance=allowance)
        with self._places:
            child = self._taken()
            try:
                child.settimeout(_PATIENCE_SECONDS + allowance.wall_seconds)
                send_request(child, request)
                answer = receive_answer(child, most=allowance.answer_bytes)
            except (BrokenOff, OSError) as error:
                child.close()
                if not self._has_nursery():
                    raise StorageUnavailable(_NO_PROCESS) from error
                self._replace()
                raise undecodable("takes more memory or time to decode than is allowed") from error
            with self._lock:
                self._idle.append(child)
        return _parts_of(answer)

    def _taken(self) -> socket.socket:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if not _has_ended(child):
                    return child
                child.close()
            return self._new_child()

    def _has_nursery(self) -> bool:
        """Whether a child could be forked; without a nursery it says nothing of its task that it ended."""
        with self._lock:
            if self._nursery is not None and self._nursery.has_ended():
                self._end_all()
            return self._nursery is not None

    def _end_all(self) -> None:
        while self._idle:
            self._idle.pop().close()
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None

    def _replace(self) -> None:
        with suppress(StorageUnavailable), self._lock:
            self._idle.append(self._new_child())

    def _new_child(self) -> socket.socket:
        for _ in range(2):
            if self._nursery is None:
                self._nursery = _Nursery()
            try:
                return self._nursery.child()
            except OSError:
                self._nursery.close()
                self._nursery = None
        raise StorageUnavailable(_NO_PROCESS)


class _Nursery:
    """The process that imports all that decodes, once, and forks."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            # Nothing of our environment: it holds keys and passwords, and a child decodes foreign bytes.
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "renditions.decoding_child", str(theirs.fileno())],
                env={"PYTHONPATH": str(_REPOSITORY), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=os.sep,
            )
        except OSError as error:
            ours.close()
            raise StorageUnavailable(_NO_PROCESS) from error
        finally:
            theirs.close()
        self._link = ours

    def has_ended(self) -> bool:
        """Whether it is gone, or just going: its sockets are closed a moment before."""
        try:
            self._process.wait(_GOING_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def child(self) -> socket.socket:
        """Return the link to a new child; what is sent waits until it is there. Raises OSError."""
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._link, [b"c"], [theirs.fileno()])
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def close(self) -> None:
        """Let it end: it does when nobody speaks to it any more."""
        self._link.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _has_ended(child: socket.socket) -> bool:
    """Whether an idle child has something to say: that can only be that it has gone."""
    return bool(select.select([child], [], [], 0)[0])


def _parts_of(answer: Answer) -> list[bytes]:
    if answer.error:
        raise _ERRORS.get(answer.error, errors.UnsupportedTransferSyntax)(answer.message)
    if answer.message:
        raise RuntimeError(f"A bug in a decoding child: {answer.message}")
    return answer.parts
