"""Processes that are forked, not started: kept as any other, whatever becomes of the nursery."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hub.child import Child, ChildCommand
from hub.nursery import Nursery
from tests.hub.test_supervisor import is_alive, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]

SUPERVISE = """
import os, socket, sys
from hub.child import ChildCommand
from hub.logs import configure
from hub.supervisor import Supervisor

configure("supervisor")
listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
command = ChildCommand(
    name="worker",
    argv=(sys.executable, "-P", "-m", "tests.fixtures.supervised", "one", "two"),
    environment={"GIVEN": "its own setting"},
    imports=tuple(sys.argv[1:]),
    listeners=tuple(listeners),
)
supervisor = Supervisor([command], when_ready=lambda: os.write(1, b"all ready\\n"))
os.write(1, f"bound {[listener.getsockname()[1] for listener in listeners]}\\n".encode())
sys.exit(supervisor.run())
"""


class Supervising:
    """A supervisor in a process of its own, and what its child prints."""

    def __init__(self, *imports: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, *imports],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, beginning: str) -> str:
        """Return the rest of the next line that begins so."""
        assert self.process.stdout is not None
        for printed in self.process.stdout:
            if printed.startswith(beginning):
                return printed.removeprefix(beginning).strip()
        pytest.fail(f"{beginning!r} was never printed: {self.process.stderr and self.process.stderr.read()}")

    def nursery(self, child: int) -> int:
        """Return the number of the nursery: the supervisor's other child."""
        known = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (number,) = {int(each) for each in known} - {child}
        return number


@contextmanager
def supervising(*imports: str) -> Iterator[Supervising]:
    running = Supervising(*imports)
    with running.process:
        try:
            yield running
        finally:
            with suppress(ProcessLookupError):
                os.kill(running.process.pid, signal.SIGKILL)


def test_a_forked_process_is_as_its_command_would_have_begun_it_and_comes_back_without_its_nursery() -> None:
    with supervising("json") as running:
        bound = running.line("bound")
        first = int(running.line("pid"))
        given = f"['one', 'two'], 'its own setting', {running.process.pid}, True"
        assert running.line("facts") == f"[{given}] imported True"
        assert running.line("ports") == bound
        running.line("all ready")
        nursery = running.nursery(first)
        os.kill(first, signal.SIGKILL)
        second = int(running.line("pid"))
        assert running.nursery(second) == nursery
        assert running.line("facts") == f"[{given}] imported True"
        assert running.line("ports") == bound
        os.kill(nursery, signal.SIGKILL)
        assert wait_until(lambda: not is_alive(nursery), 5)
        assert is_alive(second)
        os.kill(second, signal.SIGKILL)
        third = int(running.line("pid"))
        assert running.nursery(third) != nursery
        running.line("facts")
        running.process.terminate()
        _, errors = running.process.communicate(timeout=15)
    assert running.process.returncode == 0
    assert errors.splitlines().count("heard") == 3
    assert errors.count('"status": -9') == 2
    assert not any(is_alive(pid) for pid in (first, second, third))


def test_a_process_that_cannot_be_forked_is_started_by_its_command() -> None:
    with supervising("json", "there.is.no.such.module") as running:
        bound = running.line("bound")
        child = int(running.line("pid"))
        assert running.line("ports") == bound
        running.line("all ready")
        running.process.kill()
        assert wait_until(lambda: not is_alive(child), 5)


def test_where_there_is_no_nursery_a_process_is_started_by_its_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.nursery._adopt_orphans", refuse)
    child = Child(
        ChildCommand(name="worker", argv=(sys.executable, "-S", "-m", "this"), imports=("json",)), Nursery()
    )
    assert child.look_after(1000.0) == ""
    assert wait_until(lambda: not child.is_running(), 10)
    assert child.end() == 0


def refuse() -> None:
    raise OSError(22, "not here")
