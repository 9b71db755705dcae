"""The supervisor, with real processes that are really killed."""

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hub.child import ATTEMPTS, CANNOT_START, LINK_VARIABLE, Child, ChildCommand, restart_delay
from hub.supervisor import Supervisor, say_ready, stay_with_supervisor

REPOSITORY = Path(__file__).resolve().parents[2]

SUPERVISE = """
import json, os, sys
from hub.child import ChildCommand
from hub.logs import configure
from hub.supervisor import Supervisor

configure("supervisor")
children, grace = json.loads(sys.argv[1])
commands = [ChildCommand(name=name, argv=(sys.executable, "-c", source)) for name, source in children.items()]
ready = lambda: os.write(1, b"all ready\\n")
sys.exit(Supervisor(commands, when_ready=ready, grace_seconds=grace).run())
"""

# in one write each, so that lines of several processes do not mix
HELLO = "import os, signal, subprocess, sys, time; os.write(1, b'pid %d\\n' % os.getpid())\n"
READY = "from hub.supervisor import say_ready\nsay_ready()\nwhile True: signal.pause()\n"
SERVE = HELLO + READY
STUBBORN = HELLO + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY
GRANDCHILD = "import os, signal; os.write(1, b'pid %d\\n' % os.getpid()); signal.pause()"
SERVE_WITH_GRANDCHILD = HELLO + f"subprocess.Popen([sys.executable, '-c', {GRANDCHILD!r}])\n" + READY


class Running:
    """A supervisor in a process of its own, and what its children print."""

    def __init__(self, children: dict[str, str], grace_seconds: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, json.dumps([children, grace_seconds])],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pids: list[int] = []

    def until(self, line: str) -> None:
        """Read what is printed up to a line, noting the process numbers."""
        assert self.process.stdout is not None
        for printed in self.process.stdout:
            if printed.startswith("pid "):
                self.pids.append(int(printed.split()[1]))
            if printed.strip().startswith(line):
                return
        pytest.fail(f"{line!r} was never printed: {self.process.stderr and self.process.stderr.read()}")

    def finish(self) -> tuple[int, str]:
        """Return its exit status and what it and its children wrote to standard error."""
        _, errors = self.process.communicate(timeout=15)
        return self.process.returncode, errors


@contextmanager
def supervising(children: dict[str, str], *, grace_seconds: float = 8.0) -> Iterator[Running]:
    running = Running(children, grace_seconds)
    with running.process:
        try:
            yield running
        finally:
            for pid in [running.process.pid, *running.pids]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be noticed as dead does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_it_is_ready_once_every_child_said_so(tmp_path: Path) -> None:
    gate = tmp_path / "open"
    late = f"import pathlib\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.02)\n"
    with supervising({"gateway": SERVE, "worker": HELLO + late + READY}) as running:
        running.until("pid")
        running.until("pid")
        time.sleep(0.5)
        gate.touch()
        running.until("all ready")
        running.process.terminate()
        status, errors = running.finish()
    assert status == 0
    events = [json.loads(line) for line in errors.splitlines()]
    order = [(event["event"], event.get("child")) for event in events if "ready" in event["event"]]
    assert order == [
        ("process is ready", "gateway"),
        ("process is ready", "worker"),
        ("all processes are ready", None),
    ]


def test_a_child_that_is_killed_is_started_again_and_the_other_is_left_alone() -> None:
    with supervising({"gateway": SERVE, "worker": SERVE}) as running:
        running.until("all ready")
        killed, other = running.pids
        os.kill(killed, signal.SIGKILL)
        running.until("pid")
        assert running.pids[2] not in (killed, other)
        assert is_alive(other)
        running.process.terminate()
        status, errors = running.finish()
    assert status == 0
    assert '"status": -9' in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_every_child_cleanly(number: signal.Signals) -> None:
    tidy = "import atexit; atexit.register(os.write, 1, b'tidied up\\n')\n"
    tidy = HELLO + tidy + "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n" + READY
    with supervising({"gateway": tidy, "worker": tidy}) as running:
        running.until("all ready")
        running.process.send_signal(number)
        running.until("tidied up")
        running.until("tidied up")
        status, errors = running.finish()
    assert status == 0
    assert '"event": "stopping"' in errors
    assert '"event": "all processes have ended"' in errors
    assert not any(is_alive(pid) for pid in running.pids)


def test_a_child_that_ignores_the_request_is_ended_by_force() -> None:
    with supervising({"gateway": SERVE, "worker": STUBBORN}, grace_seconds=0.5) as running:
        running.until("all ready")
        running.process.terminate()
        status, errors = running.finish()
    assert status == 0
    assert "ended by force" in errors
    assert not any(is_alive(pid) for pid in running.pids)


def test_a_second_request_does_not_wait() -> None:
    with supervising({"worker": STUBBORN}) as running:
        running.until("all ready")
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert is_alive(running.pids[0])
        running.process.send_signal(signal.SIGINT)
        assert wait_until(lambda: not is_alive(running.pids[0]), 2)
        assert running.finish()[0] == 0


def test_nothing_is_left_two_seconds_after_the_supervisor_was_killed() -> None:
    with supervising({"gateway": SERVE, "api": STUBBORN, "worker": SERVE_WITH_GRANDCHILD}) as running:
        running.until("all ready")
        if len(running.pids) < 4:
            running.until("pid")  # the grandchild started a little later
        assert all(is_alive(pid) for pid in running.pids)
        running.process.kill()
        left = [pid for pid in running.pids if not wait_until(lambda pid=pid: not is_alive(pid), 2)]
        assert left == []


def test_a_child_that_starts_after_its_supervisor_died_ends_too() -> None:
    late = HELLO + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(0.5)\n" + READY
    with supervising({"worker": late}) as running:
        running.until("pid")
        running.process.kill()
        assert is_alive(running.pids[0])
        assert wait_until(lambda: not is_alive(running.pids[0]), 5)


def test_what_a_killed_child_left_behind_is_gone_before_the_next_is_started() -> None:
    with supervising({"worker": SERVE_WITH_GRANDCHILD}) as running:
        running.until("all ready")
        if len(running.pids) < 2:
            running.until("pid")
        child, grandchild = running.pids
        os.kill(child, signal.SIGKILL)
        running.until("pid")
        assert not is_alive(grandchild)


def test_a_child_that_can_never_start_stops_everything_and_is_heard() -> None:
    broken = (
        "import sys; print('no room in /srv', file=sys.stderr); sys.stderr.write('unfinished'); sys.exit(3)"
    )
    with supervising({"gateway": SERVE, "worker": broken}) as running:
        status, errors = running.finish()
    assert status == 1
    assert (
        f"worker cannot be started: it ended {ATTEMPTS} times before it was ready, last with status 3."
        in errors
    )
    assert errors.endswith("  no room in /srv\n  unfinished\n")
    assert errors.splitlines().count("no room in /srv") == ATTEMPTS
    assert not any(is_alive(pid) for pid in running.pids)


def test_a_child_that_refuses_to_run_is_not_tried_again() -> None:
    with supervising(
        {"worker": f"import sys; print('migrate first', file=sys.stderr); sys.exit({CANNOT_START})"}
    ) as running:
        status, errors = running.finish()
    assert status == 1
    assert errors.splitlines().count("migrate first") == 1
    assert (
        "worker cannot be started: it refuses to run as things are. Its last lines:\n  migrate first\n"
        in errors
    )


def test_a_child_that_closes_its_standard_error_keeps_nobody_busy() -> None:
    quiet = HELLO + "os.close(2)\n" + READY
    with supervising({"worker": quiet}) as running:
        running.until("all ready")
        before = cpu_seconds(running.process.pid)
        time.sleep(1)
        assert cpu_seconds(running.process.pid) - before < 0.3


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_runs_in_a_thread_of_a_program_and_is_stopped_from_there(
    capfd: pytest.CaptureFixture[str],
) -> None:
    ready = threading.Event()
    argv = (sys.executable, "-c", HELLO + "os.write(1, os.environb[b'GIVEN'])\n" + READY)
    command = ChildCommand(name="worker", argv=argv, environment={"GIVEN": "its own setting"})
    supervisor = Supervisor([command], when_ready=ready.set)
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    assert ready.wait(20)
    supervisor.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert signal.getsignal(signal.SIGTERM) is before
    assert "its own setting" in capfd.readouterr().out


def test_a_process_started_alone_says_ready_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LINK_VARIABLE, raising=False)
    threads = threading.active_count()
    stay_with_supervisor()
    say_ready()
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    ("failures", "never_ready", "ready"),
    [(0, 0.2, 0.2), (1, 0.4, 0.4), (2, 0.8, 0.8), (3, 1.6, 1.0), (6, 10.0, 1.0), (10_000, 10.0, 1.0)],
)
def test_the_wait_before_a_restart_doubles_up_to_ten_seconds_or_one_where_it_had_served(
    failures: int, never_ready: float, ready: float
) -> None:
    assert restart_delay(failures, has_served=False) == pytest.approx(never_ready)
    assert restart_delay(failures, has_served=True) == pytest.approx(ready)


def says_ready(tmp_path: Path) -> Child:
    """Return a child that says it is ready, leaves a mark, and ends."""
    source = f"import os; os.write(int(os.environ[{LINK_VARIABLE!r}]), b'ready')\n"
    source += f"open({str(tmp_path / 'lives')!r}, 'a').write('x')"
    return Child(ChildCommand(name="worker", argv=(sys.executable, "-S", "-c", source)))


def live(child: Child, tmp_path: Path, *, start: float, end: float) -> None:
    """Let a child start, be heard and end, at times of our own."""
    marks = tmp_path / "lives"
    lived = marks.stat().st_size if marks.exists() else 0
    assert child.look_after(start) == ""
    with selectors.DefaultSelector() as selector:
        child.register(selector)
        for key, _ in selector.select(10):
            key.data()
    assert wait_until(lambda: not child.is_running(), 10)
    assert marks.stat().st_size == lived + 1
    assert child.look_after(end) == ""


def test_a_child_is_not_started_again_before_its_wait_is_over(tmp_path: Path) -> None:
    child = says_ready(tmp_path)
    now = 1000.0
    for delay in (0.2, 0.4, 0.8, 1.0, 1.0):
        live(child, tmp_path, start=now, end=now)
        child.look_after(now + delay - 0.01)
        assert not child.is_running()
        now += delay


def test_a_child_that_was_ready_once_is_never_given_up_and_quick_again_after_a_steady_minute(
    tmp_path: Path,
) -> None:
    child = says_ready(tmp_path)
    now = 1000.0
    for _ in range(2 * ATTEMPTS):
        live(child, tmp_path, start=now, end=now)
        now += 10.0
    live(child, tmp_path, start=now, end=now + 60.0)
    live(child, tmp_path, start=now + 60.2, end=now + 60.2)
