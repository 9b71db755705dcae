"""A certificate is a device only with its titles, and nobody could be two devices."""

from datetime import UTC, datetime

import pytest

from core.errors import AlreadyRegistered, NotFound
from database.engine import Database
from registry.certificate import Certificate, certificate_of
from registry.device import Device, DeviceRefusal, match_device, overlap
from registry.directory import Directory
from tests.fixtures.clock import FixedClock

UNTIL = datetime(2028, 1, 1, tzinfo=UTC)
CALLING, CALLED, CERTIFICATE = (
    DeviceRefusal.CALLING_AE_TITLE,
    DeviceRefusal.CALLED_AE_TITLE,
    DeviceRefusal.CERTIFICATE,
)


def certificate(fingerprint: str) -> Certificate:
    return Certificate(fingerprint=fingerprint, subject="CN=x", not_after=UNTIL)


def device(
    key: str, *fingerprints: str, network: str = "", calling: str = "US1", called: str = "HUB", **values: bool
) -> Device:
    return Device(
        device_id=key,
        site_id="site",
        name=key,
        calling_ae_title=calling,
        called_ae_title=called,
        network=network,
        certificates=tuple(map(certificate, fingerprints)),
        needs_certificate=values.pop("needs_certificate", bool(fingerprints)),
        **values,
    )


REGISTER = [
    device("cart", "aa", "bb"),
    device("room", network="10.1.0.0/16"),
    device("both", "cc", calling="DR1", network="10.1.0.0/16"),
    device("box", "aa", calling="ECG1"),
    device("test", "aa", called="HUB_TEST"),
    device("withdrawn", calling="CT1", network="10.1.0.0/16", needs_certificate=True),
    device("off", "ff", calling="MR1", is_disabled=True),
]
CASES: list[tuple[str, str, str, str | None, str | DeviceRefusal]] = [
    ("US1", "HUB", "10.1.2.3", "aa", "cart"),
    ("US1", "HUB", "192.0.2.9", "bb", "cart"),
    ("US1", "HUB", "", "aa", "cart"),
    ("US1", "HUB_TEST", "10.1.2.3", "aa", "test"),
    ("US1", "HUB_TEST", "10.1.2.3", "bb", CALLED),
    ("ECG1", "HUB", "10.1.2.3", "aa", "box"),
    ("ECG1", "HUB", "10.1.2.3", "bb", CERTIFICATE),
    ("US1", "HUB", "10.1.2.3", "cc", CERTIFICATE),
    ("US1", "HUB", "10.1.2.3", "AA", CERTIFICATE),
    ("US1", "HUB", "10.1.2.3", "", CERTIFICATE),
    ("US1", "HUB", "10.1.2.3", None, "room"),
    ("US1", "HUB", "192.0.2.9", None, CERTIFICATE),
    ("DR1", "HUB", "10.1.2.3", None, CERTIFICATE),
    ("DR1", "HUB", "192.0.2.9", "cc", "both"),
    ("CT1", "HUB", "10.1.2.3", None, CERTIFICATE),
    ("MR1", "HUB", "10.1.2.3", "ff", CALLING),
    ("XA1", "HUB", "10.1.2.3", "aa", CALLING),
]


@pytest.mark.parametrize(("calling", "called", "address", "fingerprint", "who"), CASES)
def test_a_certificate_is_a_device_with_its_titles(
    calling: str, called: str, address: str, fingerprint: str | None, who: str | DeviceRefusal
) -> None:
    found = match_device(
        REGISTER, calling_ae_title=calling, called_ae_title=called, address=address, fingerprint=fingerprint
    )
    assert (found.device_id if isinstance(found, Device) else found) == who


@pytest.mark.parametrize(
    ("one", "other", "is_overlap"),
    [
        (device("a", "aa"), device("b", "aa"), True),
        (device("a", "aa", "bb"), device("b", "bb", "cc"), True),
        (device("a", "aa"), device("b", "bb"), False),
        (device("a", "aa"), device("b", "aa", calling="US2"), False),
        (device("a", "aa"), device("b", "aa", called="HUB2"), False),
        (device("a", "aa"), device("b", network="10.0.0.0/8"), False),
        (device("a", "aa", network="10.1.0.0/16"), device("b", network="10.0.0.0/8"), True),
        (device("a", "aa", network="10.1.0.0/16"), device("b", "bb", network="10.1.2.0/24"), True),
    ],
)
def test_two_devices_overlap_where_one_caller_could_be_both(
    one: Device, other: Device, is_overlap: bool
) -> None:
    assert overlap(one, other) is is_overlap
    assert overlap(other, one) is is_overlap


def test_what_is_bound_and_withdrawn_is_so_in_the_register(database: Database, clock: FixedClock) -> None:
    directory = Directory(database, clock)
    directory.add_site("township", "Township")
    first, second = certificate("aa" * 32), certificate("bb" * 32)
    named = {"site_id": "township", "name": "x", "called_ae_title": "HUB", "network": None}
    cart = directory.add_device(**named, calling_ae_title="US1", certificate=first)  # type: ignore[arg-type] # texts, and no network
    directory.add_device(**named, calling_ae_title="US1", certificate=second)  # type: ignore[arg-type] # as above
    with pytest.raises(AlreadyRegistered):
        directory.bind_certificate(cart.device_id, first)
    with pytest.raises(AlreadyRegistered):
        directory.bind_certificate(cart.device_id, second)
    for device_id, fingerprint in (("nobody", first.fingerprint), (cart.device_id, second.fingerprint)):
        with pytest.raises(NotFound):
            directory.withdraw_certificate(device_id, fingerprint)
    directory.withdraw_certificate(cart.device_id, first.fingerprint)
    (withdrawn,) = [each for each in directory.devices("US1") if each.device_id == cart.device_id]
    assert (withdrawn.certificates, withdrawn.needs_certificate) == ((), True)
    assert directory.bind_certificate(cart.device_id, first) == cart


def test_a_subject_is_harmless_to_print() -> None:
    made = certificate_of(b"der", subject="CN=x\r\ny" + "z" * 300, not_after=UNTIL)
    assert made.subject.startswith("CN=x\\r\\nyz")
    assert len(made.subject) == 200
