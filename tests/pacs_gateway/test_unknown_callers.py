"""Who is turned away appears on the list, and a storm of strangers writes little."""

from collections.abc import Callable
from typing import Any

import pytest

from core.access import Scope
from core.clock import SystemClock
from core.errors import StorageUnavailable
from pacs_gateway.unknown_callers import HELD, UnknownCallers
from registry.unknown_devices import Attempts, UnknownDevice
from tests.fixtures.raw_scu import ASSOCIATE_RJ, ASSOCIATE_RQ, association_request
from tests.pacs_gateway.running_gateway import SITE, RunningGateway, eventually

EVERYWHERE = Scope(everything=True)
CONTEXTS = [
    ("1.2.840.10008.5.1.4.1.1.6.1", ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1"]),
    ("1.3.6.1.4.1.99\x00", ["1.2.3\x1b"]),
]


def turned_away(gateway: RunningGateway, calling: bytes = b"NEW_US", called: bytes = b"HUB") -> None:
    with gateway.scu() as scu:
        scu.send_pdu(ASSOCIATE_RQ, association_request(CONTEXTS, calling=calling, called=called))
        assert scu.receive_pdu()[0] == ASSOCIATE_RJ


def listed(gateway: RunningGateway) -> list[UnknownDevice]:
    return gateway.unknown_devices.listed(EVERYWHERE)


def test_who_is_turned_away_is_listed_and_once_adopted_let_in(gateway: RunningGateway) -> None:
    turned_away(gateway)
    assert eventually(lambda: len(listed(gateway)) == 1, seconds=2)
    (unknown,) = listed(gateway)
    assert (unknown.calling_ae_title, unknown.called_ae_title, unknown.address) == (
        "NEW_US",
        "HUB",
        "127.0.0.1",
    )
    assert unknown.proposed == (
        "Ultrasound Image (JPEG Baseline (Process 1), Explicit VR Little Endian); 1.3.6.1.4.1.99 (1.2.3\\x1b)"
    )
    assert (unknown.refusal, unknown.certificate) == ("calling AE title not recognized", None)
    gateway.unknown_devices.adopt(unknown.unknown_device_id, site_id=SITE, scope=EVERYWHERE, by="chief")
    with gateway.scu().associate(calling="NEW_US") as scu:
        assert scu.echo() == 0
    assert listed(gateway) == []


@pytest.mark.parametrize(
    ("calling", "called", "shown"),
    [
        (b"US1", b"OTHER", ("US1", "OTHER", "called AE title not recognized")),
        (b"US1\r\nlevel=x", b"HUB", ("US1\\r\\nlevel=x", "HUB", "calling AE title not recognized")),
        (b"US1", b"\xff\xfe", ("US1", "ÿþ", "called AE title not recognized")),
    ],
)
def test_why_and_as_what_it_was_turned_away_is_listed(
    gateway: RunningGateway, calling: bytes, called: bytes, shown: tuple[str, str, str]
) -> None:
    turned_away(gateway, calling, called)
    assert eventually(lambda: len(listed(gateway)) == 1)
    (unknown,) = listed(gateway)
    assert (unknown.calling_ae_title, unknown.called_ae_title, unknown.refusal) == shown


def test_known_devices_and_full_houses_are_not_strangers(
    start_gateway: Callable[..., RunningGateway],
) -> None:
    gateway = start_gateway(overall=1)
    with gateway.scu().associate():
        turned_away(gateway, b"US2")
    gateway.gateway.stop()
    assert listed(gateway) == []


class Register:
    """Takes down what is written, or is away."""

    def __init__(self) -> None:
        self.written: list[list[Attempts]] = []
        self.is_away = False

    def record(self, attempts: Any) -> None:
        if self.is_away:
            raise StorageUnavailable
        self.written.append(list(attempts))


def note(callers: UnknownCallers, title: str) -> None:
    callers.note(calling_ae_title=title, called_ae_title="HUB", address="10.0.0.1", refusal="unknown")


def test_a_storm_is_written_in_bounded_pieces() -> None:
    register = Register()
    callers = UnknownCallers(register, SystemClock())  # type: ignore[arg-type] # takes down, no more
    for number in range(500):
        note(callers, f"STORM{number}")
        note(callers, "STORM0")
    callers.write()
    callers.write()
    (written,) = register.written
    assert len(written) == HELD
    assert written[0].count == 501


def test_what_could_not_be_written_is_written_later() -> None:
    register = Register()
    callers = UnknownCallers(register, SystemClock())  # type: ignore[arg-type] # takes down, no more
    register.is_away = True
    note(callers, "US1")
    callers.write()
    register.is_away = False
    note(callers, "US1")
    note(callers, "US2")
    callers.write()
    assert [(each.calling_ae_title, each.count) for each in register.written[0]] == [("US1", 2), ("US2", 1)]


def test_the_first_is_written_at_once_and_the_rest_when_it_stops() -> None:
    register = Register()
    callers = UnknownCallers(register, SystemClock(), write_seconds=60)  # type: ignore[arg-type] # takes down, no more
    callers.start()
    note(callers, "US1")
    assert eventually(lambda: len(register.written) == 1)
    note(callers, "US2")
    note(callers, "US3")
    assert len(register.written) == 1
    callers.stop()
    assert [len(each) for each in register.written] == [1, 2]
