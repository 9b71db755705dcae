"""Jobs: leased, given back when a worker dies, put off when they fail, at rest when they never succeed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from database.engine import Database
from database.jobs import (
    ATTEMPTS,
    LONGEST_DELAY,
    Job,
    claim_jobs,
    complete,
    enqueue,
    give_back,
    give_back_of_ended,
    jobs,
    postpone,
    resting_jobs,
    wait_out,
)

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
LEASE = timedelta(minutes=2)
SECOND = timedelta(seconds=1)


def ask(database: Database, kind: str = "render", **values: Any) -> None:
    with database.write() as connection:
        enqueue(connection, **({"kind": kind, "body": {}, "due_at": NOW} | values))


def claim(
    database: Database, *, kinds: tuple[str, ...] = ("render",), now: datetime = NOW, limit: int = 10
) -> list[Job]:
    return claim_jobs(database, kinds=kinds, now=now, lease=LEASE, limit=limit)


def finish(database: Database, job: Job) -> bool:
    with database.write() as connection:
        return complete(connection, job)


def fail(database: Database, job: Job, *, now: datetime = NOW, error: str = "it failed") -> None:
    with database.write() as connection:
        postpone(connection, job, now=now, error=error)


def due_at(database: Database) -> datetime:
    with database.read() as connection:
        moment = connection.execute(select(jobs.c.due_at)).scalar_one()
    assert isinstance(moment, datetime)
    return moment


def test_a_job_is_claimed_with_its_body_and_done_once(database: Database) -> None:
    ask(database, body={"report": "R1", "pages": [1, 2]})
    (job,) = claim(database)
    assert (job.kind, job.body, job.attempts) == ("render", {"report": "R1", "pages": [1, 2]}, 1)
    assert claim(database) == []
    assert finish(database, job)
    assert not finish(database, job)
    assert claim(database, now=NOW + timedelta(days=9)) == []


def test_a_job_of_an_act_that_failed_was_never_asked(database: Database) -> None:
    def half() -> None:
        with database.write() as connection:
            enqueue(connection, kind="render", body={}, due_at=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        half()
    assert claim(database) == []


@pytest.mark.parametrize(
    ("asked", "now", "claimed"),
    [
        ({}, NOW, True),
        ({"due_at": NOW + SECOND}, NOW, False),
        ({"due_at": NOW + SECOND}, NOW + SECOND, True),
        ({"kind": "deliver"}, NOW, False),
    ],
)
def test_only_what_is_due_and_of_this_kind_is_claimed(
    database: Database, asked: dict[str, Any], now: datetime, claimed: bool
) -> None:
    ask(database, **asked)
    assert bool(claim(database, now=now)) is claimed


def test_no_kinds_are_no_jobs(database: Database) -> None:
    ask(database)
    assert claim(database, kinds=()) == []


def test_a_lease_that_ended_gives_the_job_to_another_and_the_first_token_is_worth_nothing(
    database: Database,
) -> None:
    ask(database)
    (first,) = claim(database)
    assert claim(database, now=NOW + LEASE - SECOND) == []
    (second,) = claim(database, now=NOW + LEASE)
    assert second.attempts == 2
    assert second.token != first.token
    fail(database, first, now=NOW + 10 * LEASE)
    assert due_at(database) == NOW + 2 * LEASE
    assert not finish(database, first)
    assert finish(database, second)


def test_the_more_urgent_goes_first_then_the_longer_due(database: Database) -> None:
    for number, (priority, minutes) in enumerate([(0, 1), (5, 1), (0, 9), (9, 0), (5, 3)]):
        ask(database, body={"n": number}, priority=priority, due_at=NOW - timedelta(minutes=minutes))
    assert [job.body["n"] for job in claim(database, limit=2)] == [3, 4]
    assert [job.body["n"] for job in claim(database)] == [1, 2, 0]


def test_each_failure_puts_a_job_off_for_longer_and_at_last_it_rests(database: Database) -> None:
    ask(database)
    now, delays = NOW, []
    for attempt in range(1, ATTEMPTS + 1):
        (job,) = claim(database, now=now)
        assert job.attempts == attempt
        fail(database, job, now=now, error=f"failure {attempt}")
        with database.read() as connection:
            assert bool(resting_jobs(connection)) is (attempt == ATTEMPTS)
        delays.append(due_at(database) - now)
        now = due_at(database)
    assert delays == [min(SECOND * 2**power, LONGEST_DELAY) for power in range(ATTEMPTS)]
    assert claim(database, now=NOW + timedelta(days=365)) == []
    with database.read() as connection:
        assert resting_jobs(connection) == [(1, "render", f"failure {ATTEMPTS}")]


def test_a_job_that_kills_its_worker_every_time_rests_too(database: Database) -> None:
    """Nobody is left to postpone it, so claiming itself must stop."""
    ask(database)
    now, claims = NOW, 0
    for _ in range(3 * ATTEMPTS):
        claims += len(claim(database, now=now))
        now += LEASE
    assert claims == ATTEMPTS
    with database.read() as connection:
        ((_, kind, error),) = resting_jobs(connection)
    assert kind == "render"
    assert error


def test_a_resting_job_does_not_hold_up_the_others(database: Database) -> None:
    ask(database, priority=9)
    now = NOW
    for _ in range(ATTEMPTS):
        (job,) = claim(database, now=now)
        fail(database, job, now=now)
        now = due_at(database)
    ask(database, body={"n": 2}, due_at=now)
    assert [job.body for job in claim(database, now=now)] == [{"n": 2}]


def test_what_an_error_says_is_kept_short(database: Database) -> None:
    ask(database)
    (job,) = claim(database)
    fail(database, job, error="字" * 5000)
    with database.read() as connection:
        assert connection.execute(select(jobs.c.last_error)).scalar_one() == "字" * 200


def test_racing_workers_never_hold_one_job_together(database: Database) -> None:
    for number in range(60):
        ask(database, body={"n": number})

    def work(_: int) -> list[int]:
        mine: list[int] = []
        while taken := claim(database, limit=3):
            mine += [job.body["n"] for job in taken if finish(database, job)]
        return mine

    with ThreadPoolExecutor(6) as pool:
        shares = list(pool.map(work, range(6)))
    assert sorted(number for share in shares for number in share) == list(range(60))


def claimed_together(database: Database, *, urgent: bool | None = None) -> list[str]:
    found = claim_jobs(
        database, kinds=["render"], now=NOW, lease=LEASE, limit=3, urgent=urgent, only_plain_together=True
    )
    return [job.body["name"] for job in found]


def test_only_what_is_neither_urgent_nor_tried_before_is_claimed_together(database: Database) -> None:
    for name in "abcd":
        ask(database, body={"name": name})
    for name in ("first", "second"):
        ask(database, body={"name": name}, priority=10)
    tried = claim(database, limit=3)
    with database.write() as connection:
        give_back(connection, tried[1:], now=NOW)
    assert [job.body["name"] for job in tried] == ["first", "second", "a"]
    assert [claimed_together(database) for _ in range(4)] == [["second"], ["a"], ["b", "c", "d"], []]


def test_one_may_ask_for_what_is_urgent_or_for_the_rest(database: Database) -> None:
    ask(database, body={"name": "plain"})
    ask(database, body={"name": "urgent"}, priority=10)
    assert [claimed_together(database, urgent=urgent) for urgent in (False, False, True, True)] == [
        ["plain"],
        [],
        ["urgent"],
        [],
    ]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of processes that have ended; this one is "first" until a test says otherwise."""
    names: set[str] = set()
    monkeypatch.setattr("database.jobs.this_process", lambda: "first")
    monkeypatch.setattr("database.jobs.has_ended", names.__contains__)
    return names


def test_what_a_process_held_when_it_ended_is_given_back_at_once_and_what_others_hold_is_not(
    database: Database, ended: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("render", "deliver"):
        ask(database, kind)
    [begun] = claim(database)
    monkeypatch.setattr("database.jobs.this_process", lambda: "second")
    claim(database, kinds=("deliver",))
    assert give_back_of_ended(database, now=NOW + SECOND) == 0
    ended.add("first")
    assert give_back_of_ended(database, now=NOW + SECOND) == 1
    assert give_back_of_ended(database, now=NOW + SECOND) == 0
    [again] = claim(database, kinds=("render", "deliver"), now=NOW + SECOND)
    assert (again.kind, again.attempts) == ("render", 2)
    assert not finish(database, begun)
    assert finish(database, again)


def test_what_ended_two_processes_waits_for_its_lease(database: Database, ended: set[str]) -> None:
    ask(database)
    claim(database)
    ended.add("first")
    assert give_back_of_ended(database, now=NOW) == 1
    claim(database)
    assert give_back_of_ended(database, now=NOW) == 0
    assert claim(database, now=NOW + LEASE) != []


@pytest.mark.parametrize("put_off", [postpone, wait_out])
def test_what_was_put_off_before_its_process_ended_stays_put_off(
    database: Database, ended: set[str], put_off: Any
) -> None:
    ask(database)
    [job] = claim(database)
    with database.write() as connection:
        put_off(connection, job, now=NOW, error="it failed")
    ended.add("first")
    assert give_back_of_ended(database, now=NOW) == 0
    assert due_at(database) > NOW


def test_where_processes_are_not_known_again_leases_end_by_themselves(
    database: Database, ended: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("database.jobs.this_process", lambda: None)
    ask(database)
    claim(database)
    assert give_back_of_ended(database, now=NOW) == 0
