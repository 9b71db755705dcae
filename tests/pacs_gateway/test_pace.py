"""How slowly a message may come."""

import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from core.limits import PACE_SECONDS, SILENCE_SECONDS, SLOWEST_BYTES_PER_SECOND
from pacs_gateway.pace import Pace
from tests.fixtures.instances import ULTRASOUND_IMAGE
from tests.fixtures.raw_scu import store_command
from tests.pacs_gateway.running_gateway import RunningGateway, eventually

WINDOW = int(PACE_SECONDS * SLOWEST_BYTES_PER_SECOND)


def complaints(pace: Pace, steps: list[tuple[float, int]]) -> list[str | None]:
    return [pace.complaint(waited=waited, received=received) for waited, received in steps]


def test_silence_is_complained_of_when_it_lasts_longer_than_its_time() -> None:
    assert complaints(Pace(), [(SILENCE_SECONDS, 0), (0.1, 0)]) == [None, "silent inside a message"]
    assert complaints(Pace(), [(SILENCE_SECONDS, 0), (0.1, 1), (SILENCE_SECONDS - 1, 0)]) == [None] * 3


@pytest.mark.parametrize(("received", "is_borne"), [(WINDOW, True), (WINDOW - 1, False)])
def test_the_average_of_a_minute_has_its_limit(received: int, is_borne: bool) -> None:
    step = PACE_SECONDS / 4
    found = complaints(Pace(), [(step, 0), (step, 1), (step, 1), (step, received - 2)])
    assert found == [None, None, None, None if is_borne else "too slow inside a message"]


def test_a_minute_is_looked_at_by_itself() -> None:
    pace = Pace()
    assert complaints(pace, [(PACE_SECONDS, 100 * WINDOW)]) == [None]
    assert complaints(pace, [(PACE_SECONDS / 3, 1)] * 3)[-1] == "too slow inside a message"


def test_between_messages_it_begins_anew() -> None:
    pace = Pace()
    assert complaints(pace, [(SILENCE_SECONDS, 0)]) == [None]
    pace.rest()
    assert complaints(pace, [(SILENCE_SECONDS, 0)]) == [None]


@pytest.mark.parametrize("sent", [0, 1000])
def test_silence_inside_an_instance_is_cut_and_leaves_nothing(
    start_gateway: Callable[..., RunningGateway], sent: int
) -> None:
    gateway = start_gateway(silence_seconds=0.6)
    with capture_logs() as lines, gateway.scu().associate() as idle, gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, "1.2.3"))
        if sent:
            scu.send_fragment(bytes(sent), context_id=1, control=0)
        assert eventually(lambda: any(gateway.incoming.iterdir()))
        assert scu.is_cut()
        assert gateway.is_clean()
        assert idle.echo() == 0, "between messages one may be silent for longer"
        assert eventually(
            lambda: any(line.get("ended") == "cut off: silent inside a message" for line in lines)
        )
    assert gateway.instances() == []


def test_a_trickle_inside_an_instance_is_cut(
    start_gateway: Callable[..., RunningGateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pacs_gateway.pace.PACE_SECONDS", 0.7)
    gateway = start_gateway()
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, "1.2.3"))
        with pytest.raises(ConnectionError):
            trickle(scu.send_fragment)
    assert gateway.is_clean()


def trickle(send: Callable[..., None]) -> None:
    for _ in range(100):
        send(b"\0", context_id=1, control=0)
        time.sleep(0.1)
