"""Processes are known again by what only they had, and are thought to run where that cannot be seen."""

import os
import subprocess

import pytest

from database.holder import LENGTH, has_ended, name_of, this_process


def test_a_process_has_ended_once_it_has_and_not_before() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
        name = name_of(other.pid)
        assert name is not None
        assert not has_ended(name)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(name), "nobody has taken note of its end yet"
        other.wait()
        assert has_ended(name)


@pytest.mark.parametrize(
    ("other", "ended"),
    [
        ("{boot}.{space}:{pid}:{start}", False),
        ("{boot}.{space}:{pid}:1", True),
        ("{boot}.{space}:1:{start}", True),
        ("{boot}.1:{pid}:1", False),
        ("elsewhere.{space}:{pid}:1", False),
        ("{boot}.{space}:-1:1", False),
        ("{boot}.{space}:99999999999999999999:1", False),
        ("{boot}.{space}", False),
        ("", False),
    ],
)
def test_only_a_process_of_this_machine_and_container_can_be_seen_to_have_ended(
    other: str, ended: bool
) -> None:
    name = this_process()
    assert name is not None
    assert len(name) <= LENGTH
    place, pid, start = name.split(":")
    boot, space = place.split(".")
    assert has_ended(other.format(boot=boot, space=space, pid=pid, start=start)) is ended
