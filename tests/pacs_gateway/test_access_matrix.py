"""Every DIMSE service, every kind of caller: the answers that the table in tests/house says."""

import socket

import pytest

from tests.fixtures.instances import data_set, encoded
from tests.fixtures.raw_scu import (
    ASSOCIATE_AC,
    ASSOCIATE_RQ,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    RawSCU,
    association_request,
)
from tests.house.access_matrix import DIMSE
from tests.pacs_gateway.running_gateway import SITE, RunningGateway

OTHER = "qingshan"
PERMANENT_CALLING, PERMANENT_CALLED = (1, 1, 3), (1, 1, 7)
ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
CALLERS: dict[str, tuple[str, str, str | None, tuple[int, ...]]] = {
    "a device of here": ("US1", "HUB", SITE, ()),
    "a device of elsewhere": ("FOREIGN", "HUB", OTHER, ()),
    "nobody's device": ("NOBODY", "HUB", None, PERMANENT_CALLING),
    "a device that calls somebody else": ("US1", "ELSE", None, PERMANENT_CALLED),
    "a device from another network": ("FAR", "HUB", None, PERMANENT_CALLING),
    "a device that is disabled": ("OFF", "HUB", None, PERMANENT_CALLING),
    "a device of a site that is disabled": ("CLOSED", "HUB", None, PERMANENT_CALLING),
}
"""Calling and called AE title, the site that what they send belongs to, and why they are turned away."""
UID = {"StudyInstanceUID": "1.2.840.1", "SeriesInstanceUID": "1.2.840.1.5", "SOPInstanceUID": "1.2.840.1.5.1"}


@pytest.fixture
def peopled(gateway: RunningGateway) -> RunningGateway:
    """A gateway that knows devices of two sites, and of a third that is closed."""
    directory = gateway.directory
    for site_id in (OTHER, "closed"):
        directory.add_site(site_id, site_id)
    for site_id, calling, network in (
        (OTHER, "FOREIGN", "127.0.0.0/8"),
        (SITE, "FAR", "10.1.2.0/24"),
        (SITE, "OFF", "127.0.0.0/8"),
        ("closed", "CLOSED", "127.0.0.0/8"),
    ):
        device = directory.add_device(
            site_id=site_id, name=calling, calling_ae_title=calling, called_ae_title="HUB", network=network
        )
        if calling == "OFF":
            directory.disable_device(device.device_id)
    directory.disable_site("closed")
    return gateway


def test_a_service_is_offered_to_whom_the_table_says(peopled: RunningGateway) -> None:
    contexts = [
        (service.sop_class_uid, [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN]) for service in DIMSE
    ]
    for who, (calling, called, _, rejection) in CALLERS.items():
        if rejection:
            assert _rejection(peopled.port, contexts, calling, called) == rejection, who
            continue
        scu = peopled.scu().associate(*contexts, calling=calling, called=called)
        offered = {service.name for number, service in enumerate(DIMSE) if 2 * number + 1 in scu.accepted}
        assert offered == {service.name for service in DIMSE if service.is_offered}, who
        assert set(scu.refused.values()) == {ABSTRACT_SYNTAX_NOT_SUPPORTED}, who


def test_what_a_device_sends_belongs_to_its_own_site_whatever_it_says(peopled: RunningGateway) -> None:
    for number, (calling, called, site_id, rejection) in enumerate(CALLERS.values()):
        if rejection:
            continue
        dataset = data_set(**UID, InstitutionName="Xinglong", PatientID=str(number))
        with peopled.scu() as scu:
            scu.associate(calling=calling, called=called)
            stored = scu.store(encoded(dataset), sop_instance_uid=UID["SOPInstanceUID"])
            assert stored.status == 0
            scu.release()
        assert site_id in {row["site_id"] for row in peopled.instances()}
    # One UID at two sites is two instances, and no conflict: neither site learns of the other.
    assert len({row["digest"] for row in peopled.instances()}) == 2
    assert peopled.kept_aside("conflict") == []


def _rejection(
    port: int, contexts: list[tuple[str, list[str]]], calling: str, called: str
) -> tuple[int, ...]:
    """Return result, source and reason of a rejection; () for an association that stands."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        scu = RawSCU.__new__(RawSCU)
        scu.socket = connection
        request = association_request(contexts, calling=calling.encode(), called=called.encode())
        scu.send_pdu(ASSOCIATE_RQ, request)
        kind, body = scu.receive_pdu()
        return () if kind == ASSOCIATE_AC else tuple(body[1:])
