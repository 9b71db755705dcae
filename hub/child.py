"""One process that the supervisor keeps running, seen from the supervisor."""

import os
import selectors
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from hub.nursery import PID, Nursery, reap

LINK_VARIABLE: Final = "HUB_SUPERVISOR_FD"
"""Tells a child the number of its socket to the supervisor."""
LISTENERS_VARIABLE: Final = "HUB_LISTENER_FDS"
"""Tells a child the numbers of the sockets that it is to listen on, comma separated."""
CANNOT_START: Final = 78
"""EX_CONFIG: a child that ends with this is not tried again; settings or schema must change first."""
NEVER_BORN: Final = 71
"""EX_OSERR: the nursery ended before it forked the child."""

FIRST_DELAY_SECONDS: Final = 0.2
LONGEST_DELAY_SECONDS: Final = 10.0
LONGEST_DELAY_AFTER_SERVING_SECONDS: Final = 1.0
"""A child that served until it died is soon back, however often it dies: devices wait for it."""
STEADY_SECONDS: Final = 60.0
"""A child that ran this long has proved itself: its next restart is quick again."""
ATTEMPTS: Final = 5
"""Exits of a child that was never ready, after which the hub gives up."""
LAST_LINES: Final = 20
LINE_BYTES: Final = 64 * 1024

log = structlog.stdlib.get_logger("hub.child")


@dataclass(frozen=True, kw_only=True)
class ChildCommand:
    """A process to keep running; `environment` is added to the supervisor's own.

    It is given `listeners`, bound, in each of its lives; others may be given the same.

    Where `imports` names modules that it needs, `argv` ends with `-m`, a module and its arguments, and the
    process is forked from one that has imported them.
    """

    name: str
    argv: tuple[str, ...]
    imports: tuple[str, ...] = ()
    listeners: tuple[socket.socket, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # holds keys and passwords


def restart_delay(failures: int, *, has_served: bool) -> float:
    """Return the seconds to wait after so many failures in a row: doubling, up to one or ten."""
    longest = LONGEST_DELAY_AFTER_SERVING_SECONDS if has_served else LONGEST_DELAY_SECONDS
    return min(longest, FIRST_DELAY_SECONDS * 2.0 ** min(failures, 16))


@dataclass(kw_only=True)
class _Run:
    """One life of the process: what it is reached and heard by."""

    process: subprocess.Popen[bytes] | None
    """None where it was forked by the nursery."""
    pid: int | None
    """None until the nursery has said it."""
    link: socket.socket
    stderr: int
    started_at: float
    unfinished_line: bytes = b""
    has_closed_link: bool = False
    has_closed_stderr: bool = False


class Child:
    """A process through all its restarts."""

    def __init__(self, command: ChildCommand, nursery: Nursery | None = None) -> None:
        self.name = command.name
        self.is_ready = False
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._command = command
        self._nursery = nursery if command.imports else None
        self._run: _Run | None = None
        self._was_ever_ready = False
        self._exits_before_ready = 0
        self._failures = 0
        self._start_at = 0.0

    def look_after(self, now: float) -> str:
        """Start it when it is time, and note its end; return why it can never start, or nothing."""
        if self._run is None:
            return self._start(now) if now >= self._start_at else ""
        if self.is_running():
            return ""
        if not self.is_ready:
            self._nursery = None  # whatever the reason is, it is not that it was forked
        lived, has_served = now - self._run.started_at, self.is_ready
        status = self.end()
        if status == CANNOT_START:
            return "it refuses to run as things are"
        self._exits_before_ready += not self._was_ever_ready
        if self._exits_before_ready >= ATTEMPTS:
            return f"it ended {ATTEMPTS} times before it was ready, last with status {status}"
        self._failures = 0 if lived >= STEADY_SECONDS else self._failures
        delay = restart_delay(self._failures, has_served=has_served)
        self._failures += 1
        self._start_at = now + delay
        log.warning("a process ended and is started again", child=self.name, status=status, seconds=delay)
        return ""

    def _start(self, now: float) -> str:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stderr, written = os.pipe()
        try:
            process = None if self._is_ordered(theirs, written) else self._started(theirs, written)
        except OSError as error:
            ours.close()
            os.close(stderr)
            return f"{self._command.argv[0]}: {error.strerror}"
        finally:
            theirs.close()
            os.close(written)
        os.set_blocking(stderr, False)
        self._run = _Run(process=process, pid=None, link=ours, stderr=stderr, started_at=now)
        if process is not None:
            self._note_number(self._run, process.pid)
        return ""

    def _is_ordered(self, link: socket.socket, stderr: int) -> bool:
        """Order it from the nursery, if it has one; False where it has to be started by its own command."""
        if self._nursery is None:
            return False
        argv = self._command.argv
        try:
            self._nursery.order(
                argv[argv.index("-m") + 1 :],
                imports=self._command.imports,
                environment=self._environment(),
                ends=[link.fileno(), stderr, *self._listeners()],
            )
        except OSError as error:
            log.warning("a process is not forked but started", child=self.name, error=error.strerror)
            return False
        return True

    def _started(self, link: socket.socket, stderr: int) -> subprocess.Popen[bytes]:
        given = given_descriptors(link.fileno(), self._listeners())
        return subprocess.Popen(  # noqa: S603 - our own command
            self._command.argv,
            env=self._environment() | given,
            pass_fds=[link.fileno(), *self._listeners()],
            stdin=subprocess.DEVNULL,
            stderr=stderr,
            process_group=0,
        )

    def _listeners(self) -> list[int]:
        return [listener.fileno() for listener in self._command.listeners]

    def _note_number(self, run: _Run, pid: int) -> None:
        run.pid = pid
        log.info("process started", child=self.name, pid=pid)

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, **self._command.environment}
        if sys.stderr.isatty() and environment.get("HUB_LOG_FORMAT", "auto") == "auto":
            environment["HUB_LOG_FORMAT"] = "console"  # the child sees a pipe, the person a terminal
        return environment

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have its log lines and its word of being ready taken as they come."""
        run = self._run
        if run is None:
            return
        callbacks: list[tuple[socket.socket | int, Callable[[], object], bool]] = [
            (run.stderr, lambda: self._take_lines(run), run.has_closed_stderr),
            (run.link, lambda: self._take_word(run), run.has_closed_link),
        ]
        for source, callback, is_closed in callbacks:
            if not is_closed:
                selector.register(source, selectors.EVENT_READ, callback)

    def _take_word(self, run: _Run) -> None:
        try:
            word = run.link.recv(64)
        except OSError:
            word = b""
        if not word:
            run.has_closed_link = True
        elif word.startswith(PID):
            self._note_number(run, int(word.removeprefix(PID)))
        elif not self.is_ready:
            self.is_ready = self._was_ever_ready = True
            log.info("process is ready", child=self.name)

    def _take_lines(self, run: _Run) -> bool:
        """Pass on what it wrote to standard error, whole lines at a time; False when there is no more."""
        try:
            read = os.read(run.stderr, LINE_BYTES)
        except BlockingIOError:
            return False
        *whole, run.unfinished_line = (run.unfinished_line + read).split(b"\n")
        if run.unfinished_line and (not read or len(run.unfinished_line) > LINE_BYTES):
            whole.append(run.unfinished_line)
            run.unfinished_line = b""
        self.last_lines.extend(line.decode(errors="backslashreplace")[:1000] for line in whole)
        show(b"".join(line + b"\n" for line in whole))
        run.has_closed_stderr = not read
        return bool(read)

    def is_running(self) -> bool:
        """Whether it has not ended; its number stays taken until `end` has looked after its group."""
        run = self._run
        if run is None:
            return False
        if run.pid is None:
            return not run.has_closed_link  # ordered; a nursery that ended will never say its number
        return os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def ask_to_stop(self) -> None:
        """Send SIGTERM, if there is anything to send it to."""
        if self._run is not None and self._run.pid is not None:
            os.kill(self._run.pid, signal.SIGTERM)
        elif self._run is not None:
            self.end()

    def end(self) -> int:
        """Kill what is left of it and of what it started, and return its exit status."""
        run = self._run
        if run is None:
            return 0
        status = NEVER_BORN
        if run.pid is not None:
            with suppress(ProcessLookupError):  # nothing is left
                os.killpg(run.pid, signal.SIGKILL)
            status = run.process.wait() if run.process else _exit_status(run.pid)
            reap(run.pid)
        while self._take_lines(run):
            pass
        os.close(run.stderr)
        run.link.close()
        self._run, self.is_ready = None, False
        return status


def given_descriptors(link: int, listeners: Sequence[int]) -> dict[str, str]:
    """Return what tells a child in its environment which descriptors it was given."""
    return {LINK_VARIABLE: str(link), LISTENERS_VARIABLE: ",".join(map(str, listeners))}


def given_listeners() -> list[socket.socket]:
    """Return the sockets that this process was given to listen on; none if it was started alone."""
    told = os.environ.pop(LISTENERS_VARIABLE, "")
    listeners = [socket.socket(fileno=int(number)) for number in told.split(",") if number]
    for listener in listeners:
        listener.set_inheritable(False)
    return listeners


def _exit_status(pid: int) -> int:
    """Return how a process ended, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def show(lines: bytes) -> None:
    """Write to standard error as it is; who closed it does not want to know."""
    with suppress(OSError):
        sys.stderr.buffer.write(lines)
        sys.stderr.buffer.flush()
