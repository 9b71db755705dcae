"""How many associations stand at once, and which of them gives way."""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pacs_gateway.places import PlaceLimits, Places, SharedNetwork
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded
from tests.fixtures.raw_scu import ABORT, store_command
from tests.pacs_gateway.running_gateway import RunningGateway, eventually

CLINIC = ipaddress.ip_network("10.7.0.0/16")


@dataclass(eq=False)
class Sender:
    """An association of a device, as the places see it."""

    idle_since: float | None = None
    is_evicted: bool = False

    def evict(self) -> None:
        self.is_evicted = True


def taken(places: Places, count: int, *, address: str = "10.1.1.1", device: str = "US1") -> int:
    """Return how many of so many senders at work get a place."""
    return sum(places.take(Sender(), address=address, device_id=device) for _ in range(count))


def idle(seconds: float) -> Sender:
    return Sender(idle_since=time.monotonic() - seconds)


LIMITS = PlaceLimits(
    overall=20,
    per_address=5,
    per_device=3,
    shared_networks=(SharedNetwork(network=CLINIC, associations=7),),
)


def test_each_limit_holds_by_itself() -> None:
    places = Places(LIMITS)
    assert taken(places, 4) == 3
    assert taken(places, 3, device="US2") == 2
    assert taken(places, 4, address="10.1.1.2") == 3
    assert taken(places, 4, device="US1", address="::1") == 3
    assert taken(places, 4, address="10.7.0.1") + taken(places, 3, address="10.7.99.1") == 6
    assert taken(places, 4, address="10.7.1.9") == 1, "the network is counted as one"
    assert taken(places, 4, address="192.0.2.1") == 2, "there are no more in all"
    assert places.taken == 20


def test_a_place_is_free_again_when_its_association_has_ended() -> None:
    places = Places(PlaceLimits(overall=1))
    first = Sender()
    assert places.take(first, address="10.1.1.1", device_id="US1")
    assert not taken(places, 1)
    places.leave(first)
    places.leave(first)
    assert taken(places, 2) == 1


@pytest.mark.parametrize("limit", ["overall", "per_address", "per_device"])
def test_the_longest_idle_gives_way(limit: str) -> None:
    places = Places(PlaceLimits(**{limit: 4}))
    at_work, shortly, longest, long = Sender(), idle(3), idle(100), idle(50)
    for sender in (at_work, shortly, longest, long):
        assert places.take(sender, address="10.1.1.1", device_id="US1")
    assert taken(places, 3) == 2
    assert [sender.is_evicted for sender in (at_work, shortly, longest, long)] == [False, False, True, True]
    assert (places.taken, places.evicted) == (4, 2)
    places.leave(longest)
    assert places.taken == 4, "what was evicted has no place to give back"


def test_nobody_else_gives_way_to_a_device_with_too_many() -> None:
    places = Places(PlaceLimits(per_device=2))
    other = idle(100)
    assert places.take(other, address="10.1.1.1", device_id="US2")
    assert taken(places, 3) == 2
    assert not other.is_evicted


def test_one_that_gives_way_can_be_enough_for_several_limits() -> None:
    places = Places(PlaceLimits(overall=2, per_address=2, per_device=2))
    senders = [idle(100), idle(50)]
    for sender in senders:
        assert places.take(sender, address="10.1.1.1", device_id="US1")
    assert taken(places, 1) == 1
    assert [sender.is_evicted for sender in senders] == [True, False]


def test_nobody_is_evicted_for_one_who_is_turned_away_all_the_same() -> None:
    places = Places(PlaceLimits(overall=3, per_device=1))
    own = idle(100)
    assert places.take(own, address="10.1.1.1", device_id="US1")
    assert taken(places, 1, device="US2") == 1
    places = Places(PlaceLimits(overall=2, per_device=1, per_address=1))
    assert places.take(own, address="10.1.1.1", device_id="US1")
    assert taken(places, 1, device="US2") == 1, "the address is full, and its idle one gives way"
    assert taken(places, 1, device="US2") == 0


def test_a_device_that_never_closes_its_associations_is_served(
    start_gateway: Callable[..., RunningGateway],
) -> None:
    gateway = start_gateway(per_device=2, evictable_after_seconds=0.2)
    forgotten = [gateway.scu().associate() for _ in range(2)]
    time.sleep(0.3)
    with gateway.scu().associate() as scu:
        assert scu.echo() == 0
        assert forgotten[0].receive_pdu()[0] == ABORT
        assert forgotten[1].echo() == 0
    assert gateway.gateway.counts.evicted == 1
    assert eventually(lambda: gateway.gateway.counts.associations == 1)


def test_who_is_inside_an_instance_does_not_give_way(start_gateway: Callable[..., RunningGateway]) -> None:
    gateway = start_gateway(overall=1, evictable_after_seconds=0.0)
    instance = data_set()
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
        assert eventually(lambda: any(gateway.incoming.iterdir()))
        with pytest.raises(AssertionError):
            gateway.scu().associate(calling="US2")
        scu.send_data_set(encoded(instance))
        assert scu.receive_response().status == 0


def test_a_hundred_silent_connections_do_not_stop_another_devices_echo(gateway: RunningGateway) -> None:
    silent = [gateway.scu().socket for _ in range(100)]
    assert eventually(lambda: gateway.gateway.counts.waiting == len(silent))
    began = time.monotonic()
    with gateway.scu().associate(calling="DR1") as scu:
        assert scu.echo() == 0
    assert time.monotonic() - began < 1
