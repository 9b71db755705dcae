"""What processes count together: the sum, which does not fall when one of them dies."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.samples import Sample

from hub import shared_figures
from hub.api_share import SHARE_VARIABLE, ApiShare, share_of_this_process
from hub.shared_figures import count_into, figures_folder, told_by_all


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for the folder; afterwards figures are counted as before."""
    monkeypatch.setattr(shared_figures, "IN_MEMORY", tmp_path)
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    yield tmp_path
    values.close_all_multiprocess_files()


def life(folder: str, number: int) -> tuple[Counter, Histogram]:
    """Return what a process counts with in one of its lives."""
    count_into(ApiShare(number=number, processes=2, figures=folder))
    registry = CollectorRegistry()
    return (
        Counter("parts", "Parts", ["outcome"], registry=registry),
        Histogram("seconds", "Time", ["status"], buckets=(1, 2), registry=registry),
    )


def told(folder: str) -> dict[str, float]:
    lines = told_by_all(folder, or_else=bytes).decode().splitlines()
    return {name: float(text) for name, _, text in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_the_sum_is_told_and_goes_on_when_one_begins_again(memory: Path) -> None:
    with figures_folder(2) as folder:
        assert told(folder) == {}
        for number in (1, 2):
            parts, seconds = life(folder, number)
            parts.labels("stored").inc(number)
            seconds.labels("200").observe(0.5)
        assert told(folder)['parts_total{outcome="stored"}'] == 3
        parts, seconds = life(folder, 2)
        assert told(folder)['parts_total{outcome="stored"}'] == 3
        parts.labels("stored").inc()
        parts.labels("refused").inc()
        seconds.labels("200").observe(1.5)
        assert told(folder) == {
            'parts_total{outcome="stored"}': 4,
            'parts_total{outcome="refused"}': 1,
            'seconds_bucket{le="1.0",status="200"}': 2,
            'seconds_bucket{le="2.0",status="200"}': 3,
            'seconds_bucket{le="+Inf",status="200"}': 3,
            'seconds_count{status="200"}': 3,
            'seconds_sum{status="200"}': 2.5,
        }
        assert {path.stat().st_mode & 0o077 for path in Path(folder).parent.iterdir()} == {0}
    assert not Path(folder).exists()


def test_what_a_killed_hub_left_is_removed_and_what_another_uses_is_not(memory: Path) -> None:
    left, fresh = memory / "imaging-hub-figures-left", memory / "imaging-hub-figures-fresh"
    left.mkdir()
    fresh.mkdir()
    with figures_folder(1) as used:
        for folder in (left, Path(used)):
            os.utime(folder, (time.time() - 3600,) * 2)
        with figures_folder(1):
            assert [folder.exists() for folder in (left, fresh, Path(used))] == [False, True, True]


def test_a_process_goes_on_where_the_folder_is_gone(memory: Path) -> None:
    with figures_folder(1) as folder:
        parts, seconds = life(folder, 1)
        parts.labels("stored").inc()
        shutil.rmtree(folder)
        parts.labels("stored").inc()
        parts.labels("refused").inc()
        seconds.labels("200").observe(0.5)
        counted = {sample.labels["outcome"]: sample.value for sample in samples(parts, "parts_total")}
        assert counted == {"stored": 2, "refused": 1}
        assert [sample.value for sample in samples(seconds, "seconds_count")] == [1]
        assert told_by_all(folder, or_else=lambda: b"its own") == b"its own"


def samples(counted: Counter | Histogram, name: str) -> list[Sample]:
    """Return what a process counted by itself."""
    return [sample for metric in counted.collect() for sample in metric.samples if sample.name == name]


def test_where_there_is_no_such_place_each_counts_for_itself(memory: Path) -> None:
    memory.rmdir()
    with figures_folder(2) as folder:
        assert folder == ""
        counted_with = values.ValueClass
        count_into(ApiShare(number=2, processes=2, figures=folder))
        assert values.ValueClass is counted_with
    memory.mkdir()


def test_where_there_is_no_room_for_the_files_the_hub_starts_all_the_same(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with figures_folder(2) as folder:
        assert folder == ""
    assert list(memory.iterdir()) == []


@pytest.mark.parametrize(("processes", "parts"), [(1, 2), (2, 1), (3, 1), (16, 1)])
def test_what_is_had_at_once_is_divided_and_each_has_some(processes: int, parts: int) -> None:
    assert ApiShare(processes=processes).of(2) == parts


def test_a_process_takes_its_share_once_and_all_of_it_if_it_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    share = ApiShare(number=2, processes=2, figures="/figures")
    monkeypatch.setenv(SHARE_VARIABLE, share.environment()[SHARE_VARIABLE])
    assert share_of_this_process() == share
    assert share_of_this_process() == ApiShare()
