"""Titles, network and site together, in all their combinations, over real associations."""

from itertools import product

import pytest

from core.origin import OriginKind
from registry.device import Device
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.raw_scu import ASSOCIATE_AC, ASSOCIATE_RJ, ASSOCIATE_RQ, VERIFICATION, association_request
from tests.pacs_gateway.running_gateway import RunningGateway

CALLING = ("SAME", "SAME ", "same", "OTHER", "SAM")
CALLED = ("HUB", "HUB2")
NETWORKS = ("127.0.0.1", "127.0.0.0/8", "10.1.0.0/16", "127.0.0.2", "::1")
"""Where the one device of the title SAME is registered from; the test calls from 127.0.0.1."""


@pytest.mark.parametrize("network", NETWORKS)
def test_each_of_fifty_combinations_is_let_in_or_not(gateway: RunningGateway, network: str) -> None:
    gateway.directory.add_site("qingshan", "Qingshan")
    add = gateway.directory.add_device
    add(site_id="qingshan", name="a", calling_ae_title="SAME", called_ae_title="HUB", network=network)
    add(site_id="xinglong", name="b", calling_ae_title="OTHER", called_ae_title="HUB2", network="127.0.0.1")
    for calling, called in product(CALLING, CALLED):
        is_here = network.startswith("127.0.0.0") or network == "127.0.0.1"
        known = calling.strip() == "OTHER" or (calling.strip() == "SAME" and is_here)
        is_called = called == ("HUB2" if calling == "OTHER" else "HUB")
        with gateway.scu() as scu:
            scu.send_pdu(
                ASSOCIATE_RQ,
                association_request(
                    [(VERIFICATION, ["1.2.840.10008.1.2"])], calling=calling.encode(), called=called.encode()
                ),
            )
            kind, body = scu.receive_pdu()
        if known and is_called:
            assert kind == ASSOCIATE_AC, (calling, called, network)
        else:
            expected = bytes([0, 1, 1, 7 if known else 3])
            assert (kind, body) == (ASSOCIATE_RJ, expected), (calling, called, network)


def test_the_site_is_that_of_the_registration_whatever_the_data_say(gateway: RunningGateway) -> None:
    gateway.directory.add_site("qingshan", "Qingshan")
    device: Device = gateway.directory.add_device(
        site_id="qingshan",
        name="b",
        calling_ae_title="US1",
        called_ae_title="HUB2",
        network="127.0.0.1",
    )
    instance = data_set(InstitutionName="Xinglong", StationName="US1")
    for called in ("HUB", "HUB2"):
        with gateway.scu().associate(calling="US1", called=called) as scu:
            assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0
    kept = {row["site_id"]: row for row in gateway.instances()}
    assert set(kept) == {"xinglong", "qingshan"}
    assert (kept["qingshan"]["origin_kind"], kept["qingshan"]["source"]) == (
        OriginKind.DEVICE.value,
        device.device_id,
    )
