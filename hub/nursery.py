"""Where the hub's processes come from: one that imports what they need, once, and forks them.

A start costs a processor two to four seconds, nearly all of it for imports that the others need as well.
Forked, a process that was killed is back within its wait alone, and what was imported is in memory once.

The nursery is no parent: the supervisor adopts what it forks (PR_SET_CHILD_SUBREAPER), so it waits for each
child as for one that it started itself, and the nursery may end at any time. Only Linux knows this;
elsewhere, and whenever anything here fails, processes are started by their own command as ever.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36
PID: Final = b"pid "
"""Begins what the nursery says on the link of a child before the child itself says anything."""


class Nursery:
    """A process to fork from, begun with its first order; one that has ended is begun anew."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None

    def order(
        self,
        arguments: Sequence[str],
        *,
        imports: Sequence[str],
        environment: Mapping[str, str],
        ends: list[int],
    ) -> None:
        """Have `python -m ARGUMENTS` forked after `imports`; its number comes over its link, behind `PID`.

        `ends` are the descriptors of its link to the supervisor, of its standard error, and of the sockets
        that it is to listen on.

        Raises:
            OSError: there is no nursery to be had.
        """
        if self._link is None or self._process is None or self._process.poll() is not None:
            self.close()
            self._link = self._begin()
        order = {"arguments": list(arguments), "imports": list(imports), "environment": dict(environment)}
        socket.send_fds(self._link, [json.dumps(order).encode()], ends)

    def close(self) -> None:
        """End it; those that it forked stay."""
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _begin(self) -> socket.socket:
        _adopt_orphans()
        # A message is an order: no order is ever read in two parts, nor two as one.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", "hub.nursery_process", str(theirs.fileno())],
                # No threads of a library before the fork: nothing here computes with matrices.
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours


def reap(process_group: int) -> None:
    """Take note of the end of what a killed child left behind, which this process has adopted."""
    with suppress(ChildProcessError):
        while os.waitpid(-process_group, 0):
            pass


def _adopt_orphans() -> None:
    """Become the parent of each descendant whose own has ended. Raises OSError."""
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if prctl is None or prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this system lets no process adopt others")
