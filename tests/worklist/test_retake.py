"""An ask for better images, cell by cell: every state and every act."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import AlreadySettled, InvalidRequest
from core.limits import RETAKE_INSTANCES
from worklist import retake as rules
from worklist.retake import LONGEST_NOTE, Retake, RetakeReason, RetakeState, Wish

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ASKED = Retake(
    retake_id="retake",
    case_id="case",
    site_id="xinglong",
    study_instance_uid="1.2",
    state=RetakeState.ASKED,
    version=1,
    reason=RetakeReason.MOTION,
    note="",
    sop_instance_uids=(),
    asked_by="account",
    asked_by_name="李医师",
    asked_at=NOW,
)
ACTS: dict[str, Callable[[Retake], Retake]] = {
    "acknowledge": lambda retake: rules.acknowledge(retake, by_name="王", now=LATER),
    "answer": lambda retake: rules.answer(retake, by_name="王", now=LATER),
    "decline": lambda retake: rules.decline(retake, by_name="王", why="the patient has left", now=LATER),
    "withdraw": lambda retake: rules.withdraw(retake, by_name="王", now=LATER),
}
STATES = {
    RetakeState.ASKED: ASKED,
    RetakeState.ACKNOWLEDGED: ACTS["acknowledge"](ASKED),
    RetakeState.ANSWERED: ACTS["answer"](ASKED),
    RetakeState.DECLINED: ACTS["decline"](ASKED),
    RetakeState.WITHDRAWN: ACTS["withdraw"](ASKED),
}
# state: what acknowledge, answer, decline and withdraw lead to
TABLE = """
asked        acknowledged answered declined withdrawn
acknowledged -            answered declined withdrawn
answered     -            -        -        -
declined     -            -        -        -
withdrawn    -            -        -        -
"""
CELLS = [
    (line.split()[0], act, cell)
    for line in TABLE.strip().splitlines()
    for act, cell in zip(ACTS, line.split()[1:], strict=True)
]


@pytest.mark.parametrize(("state", "act", "cell"), CELLS)
def test_every_state_takes_only_its_own_acts(state: str, act: str, cell: str) -> None:
    before = STATES[RetakeState(state)]
    assert before.state is RetakeState(state)
    if cell == "-":
        with pytest.raises(AlreadySettled):
            ACTS[act](before)
        return
    after = ACTS[act](before)
    assert after.state is RetakeState(cell)
    assert after.is_open is (after.closed_at is None)
    assert (after.asked_at, after.asked_by_name, after.reason) == (NOW, "李医师", RetakeReason.MOTION)


def test_who_did_it_and_when_is_kept() -> None:
    seen = STATES[RetakeState.ACKNOWLEDGED]
    assert (seen.acknowledged_by_name, seen.acknowledged_at) == ("王", LATER)
    declined = ACTS["decline"](seen)
    assert (declined.closed_by_name, declined.closed_at) == ("王", LATER)
    assert declined.answer == "the patient has left"
    assert declined.acknowledged_at == LATER


@pytest.mark.parametrize(
    ("reason", "note", "instances"),
    [
        (RetakeReason.OTHER, " \n", 0),
        (RetakeReason.MOTION, "x" * (LONGEST_NOTE + 1), 0),
        (RetakeReason.MOTION, "\x00", 0),
        (RetakeReason.MOTION, "\ud800", 0),
        (RetakeReason.MOTION, "", RETAKE_INSTANCES + 1),
    ],
)
def test_an_ask_says_what_is_wrong_within_limits(reason: RetakeReason, note: str, instances: int) -> None:
    with pytest.raises(InvalidRequest):
        Wish(reason=reason, note=note, sop_instance_uids=("1.2",) * instances)


def test_the_longest_ask_is_taken() -> None:
    wish = Wish(
        reason=RetakeReason.OTHER,
        note="重" * LONGEST_NOTE,
        sop_instance_uids=tuple(f"1.{number}" for number in range(RETAKE_INSTANCES)),
    )
    assert len(wish.sop_instance_uids) == RETAKE_INSTANCES
