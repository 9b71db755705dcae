"""DICOM over TLS: a device is known by its certificate, and nobody gets in with less (PS3.15 B.12, B.13)."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from structlog.testing import capture_logs

from core.access import Scope
from core.errors import Misconfigured
from registry.device import Device
from tests.fixtures.encrypted_line import HUB_NAME, LONG_AGO, Authority, Identity, encrypted
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded
from tests.fixtures.raw_scu import (
    ASSOCIATE_RJ,
    ASSOCIATE_RQ,
    VERIFICATION,
    RawSCU,
    association_request,
    store_command,
)
from tests.pacs_gateway.running_gateway import SITE, RunningGateway, eventually, running_gateway

NOT_RECOGNIZED = (ASSOCIATE_RJ, b"\0\1\1\3")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "own")


@pytest.fixture(scope="module")
def hub(authority: Authority) -> Identity:
    return authority.issue("HUB")


@pytest.fixture(scope="module")
def cart(authority: Authority) -> Identity:
    return authority.issue("CART")


@pytest.fixture
def gateway(
    start_gateway: Callable[..., RunningGateway], authority: Authority, hub: Identity, cart: Identity
) -> RunningGateway:
    """A gateway that knows one device by its certificate, and the usual ones by their address."""
    running = start_gateway(tls=authority.settings(hub))
    registered(running, "CART", cart)
    return running


def registered(gateway: RunningGateway, title: str, identity: Identity) -> Device:
    return gateway.directory.add_device(
        site_id=SITE,
        name=title,
        calling_ae_title=title,
        called_ae_title="HUB",
        network=None,
        certificate=identity.read,
    )


def connect(gateway: RunningGateway, context: ssl.SSLContext) -> RawSCU:
    """Connect to the encrypted port; closed at the end of the test at the latest."""
    assert gateway.gateway.tls_port is not None
    gateway.connected.append(RawSCU(gateway.gateway.tls_port))
    return encrypted(gateway.connected[-1], context)


def answer_to(scu: RawSCU, calling: str) -> tuple[int, bytes]:
    """Ask for an association and return the PDU that comes back."""
    scu.send_pdu(
        ASSOCIATE_RQ,
        association_request([(VERIFICATION, ["1.2.840.10008.1.2"])], calling=calling.encode()),
    )
    return scu.receive_pdu()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_device_stores_over_tls(
    gateway: RunningGateway, authority: Authority, cart: Identity, version: ssl.TLSVersion
) -> None:
    context = authority.client_context(cart)
    context.minimum_version = context.maximum_version = version
    instance = data_set(PixelData=bytes(2_000_000))
    with capture_logs() as lines, connect(gateway, context) as scu:
        scu.associate(calling="CART")
        assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0
        assert scu.echo() == 0
        scu.release()
        assert eventually(lambda: any(line.get("tls") for line in lines))
    assert gateway.stored_data_set(gateway.instance(instance.SOPInstanceUID)) == encoded(instance)
    assert gateway.instance(instance.SOPInstanceUID)["site_id"] == SITE


def test_what_is_decrypted_already_is_not_waited_for(
    gateway: RunningGateway, authority: Authority, cart: Identity
) -> None:
    """Several PDUs in one TLS record: the socket knows of the first read only."""
    with connect(gateway, authority.client_context(cart)).associate(calling="CART") as scu:
        sent: list[bytes] = []
        line, scu.socket = scu.socket, Collecting(sent)  # type: ignore[assignment] # has what is used
        instances = [data_set(PixelData=bytes(100)) for _ in range(2)]
        for instance in instances:
            scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
            scu.send_data_set(encoded(instance))
        scu.socket = line
        scu.socket.sendall(b"".join(sent))
        assert [scu.receive_response().status for _ in instances] == [0, 0]


class Collecting:
    """Stands for a socket, and collects what is sent."""

    def __init__(self, sent: list[bytes]) -> None:
        self.sendall = sent.append


def _expired(authority: Authority, folder: Path) -> ssl.SSLContext:
    return authority.client_context(authority.issue("OLD", not_after=LONG_AGO))


def _of_another_authority(authority: Authority, folder: Path) -> ssl.SSLContext:
    return authority.client_context(Authority(folder / "other").issue("CART"))


def _none(authority: Authority, folder: Path) -> ssl.SSLContext:
    return authority.client_context(None)


def _of_its_own_making(authority: Authority, folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "own.key", folder / "own.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", key, "-out", certificate, "-subj", "/CN=CART", "-days", "2"),
        ],
        check=True,
        capture_output=True,
    )
    return authority.client_context(Identity(certificate, key))


def _tls_1_1(authority: Authority, folder: Path) -> ssl.SSLContext:
    context = authority.client_context(authority.issue("OLDER"))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _weak(ciphers: str) -> Callable[[Authority, Path], ssl.SSLContext]:
    def context(authority: Authority, folder: Path) -> ssl.SSLContext:
        made = authority.client_context(authority.issue("WEAK"))
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers(ciphers)
        return made

    return context


REFUSED_BY_TLS = {
    "expired": (_expired, "certificate verify failed"),
    "of another authority": (_of_another_authority, "certificate verify failed"),
    "of its own making": (_of_its_own_making, "certificate verify failed"),
    "no certificate": (_none, "peer did not return a certificate"),
    "TLS 1.1": (_tls_1_1, "unsupported protocol"),
    "CBC": (_weak("ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA256"), "no shared cipher"),
    "no forward secrecy": (_weak("AES256-GCM-SHA384:AES128-SHA"), "no shared cipher"),
    "export": (_weak("NULL-SHA256:@SECLEVEL=0"), "no shared cipher"),
}


@pytest.mark.parametrize("case", REFUSED_BY_TLS)
def test_who_shows_no_good_certificate_is_not_heard(
    gateway: RunningGateway, authority: Authority, tmp_path: Path, case: str
) -> None:
    make, reason = REFUSED_BY_TLS[case]
    context = make(authority, tmp_path)
    with capture_logs() as lines:
        with pytest.raises(OSError):  # noqa: PT011 - TLS 1.3 tells the client only when it reads
            answer_or_end(connect(gateway, context))
        assert eventually(lambda: any(reason in line.get("reason", "") for line in lines)), lines
    assert gateway.gateway.counts.associations == 0


def answer_or_end(scu: RawSCU) -> None:
    scu.send_pdu(ASSOCIATE_RQ, association_request([(VERIFICATION, ["1.2.840.10008.1.2"])], calling=b"CART"))
    if scu.socket.recv(1) == b"":
        raise ConnectionError


def test_a_good_certificate_of_another_device_does_not_help(
    gateway: RunningGateway, authority: Authority, cart: Identity
) -> None:
    other = authority.issue("OTHER")
    registered(gateway, "OTHER", other)
    stranger = authority.issue("STRANGER")
    for identity, calling in [
        (other, "CART"),
        (cart, "OTHER"),
        (stranger, "CART"),
        (stranger, "STRANGER"),
        (stranger, "US1"),
        (cart, "US1"),
        (cart, "cart"),
    ]:
        with connect(gateway, authority.client_context(identity)) as scu:
            assert answer_to(scu, calling) == NOT_RECOGNIZED, calling
    with connect(gateway, authority.client_context(cart)) as scu:
        assert scu.associate(calling="CART").echo() == 0


def test_a_device_with_a_certificate_is_not_let_in_without_it(gateway: RunningGateway) -> None:
    device = gateway.directory.devices("US1")[0]
    with gateway.scu() as scu:
        assert answer_to(scu, "CART") == NOT_RECOGNIZED
    with gateway.scu().associate(calling="US1") as scu:
        assert scu.echo() == 0
    certificate = gateway.directory.devices("CART")[0].certificates[0]
    gateway.directory.bind_certificate(device.device_id, certificate)
    for _ in range(2):
        with gateway.scu() as scu:
            assert answer_to(scu, "US1") == NOT_RECOGNIZED
        if gateway.directory.devices("US1")[0].certificates:
            gateway.directory.withdraw_certificate(device.device_id, certificate.fingerprint)
    strangers = gateway.unknown_devices.listed
    assert eventually(
        lambda: (
            {(each.calling_ae_title, each.refusal) for each in strangers(Scope(everything=True))}
            >= {("CART", "the device of this AE title needs its certificate")}
        )
    )


def test_a_device_gets_a_new_certificate_before_the_old_one_ends(
    gateway: RunningGateway, authority: Authority, cart: Identity
) -> None:
    newer = authority.issue("CART-2")
    device = gateway.directory.devices("CART")[0]
    gateway.directory.bind_certificate(device.device_id, newer.read)
    for identity in (cart, newer):
        with connect(gateway, authority.client_context(identity)) as scu:
            assert scu.associate(calling="CART").echo() == 0
    gateway.directory.withdraw_certificate(device.device_id, cart.read.fingerprint)
    with connect(gateway, authority.client_context(cart)) as scu:
        assert answer_to(scu, "CART") == NOT_RECOGNIZED
    with connect(gateway, authority.client_context(newer)) as scu:
        assert scu.associate(calling="CART").echo() == 0


def test_a_stranger_with_a_certificate_is_adopted_by_it(
    gateway: RunningGateway, authority: Authority
) -> None:
    stranger = authority.issue("NEW-CART")
    everywhere = Scope(everything=True)
    with connect(gateway, authority.client_context(stranger)) as scu:
        assert answer_to(scu, "NEW-CART") == NOT_RECOGNIZED
    assert eventually(lambda: len(gateway.unknown_devices.listed(everywhere)) == 1)
    (unknown,) = gateway.unknown_devices.listed(everywhere)
    assert unknown.certificate is not None
    assert unknown.certificate.fingerprint == stranger.read.fingerprint
    assert "CN=NEW-CART" in unknown.certificate.subject.replace("commonName", "CN")
    gateway.unknown_devices.adopt(unknown.unknown_device_id, site_id=SITE, scope=everywhere, by="chief")
    with connect(gateway, authority.client_context(stranger)) as scu:
        assert scu.associate(calling="NEW-CART").echo() == 0


def test_silent_connections_do_not_stop_one_that_speaks(
    gateway: RunningGateway, authority: Authority, cart: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pacs_gateway.lobby.TLS_HANDSHAKE_SECONDS", 2.0)  # instead of five
    assert gateway.gateway.tls_port is not None
    began = time.monotonic()
    silent = [RawSCU(gateway.gateway.tls_port) for _ in range(50)]
    gateway.connected.extend(silent)
    silent[0].socket.sendall(b"\x16\x03\x01\x02\x00\x01")
    with connect(gateway, authority.client_context(cart)) as scu:
        assert scu.associate(calling="CART").echo() == 0
    assert time.monotonic() - began < 2
    assert silent[0].is_cut()
    assert 1.5 < time.monotonic() - began < 5


def test_plain_dicom_on_the_encrypted_port_is_not_heard(gateway: RunningGateway) -> None:
    with RawSCU(gateway.gateway.tls_port or 0) as scu:
        kind, _ = answer_to(scu, "US1")
        assert kind not in {ASSOCIATE_RQ, 2, ASSOCIATE_RJ}


def test_an_encrypted_line_ends_with_a_word(
    gateway: RunningGateway, authority: Authority, cart: Identity
) -> None:
    context = authority.client_context(cart)
    with connect(gateway, context).associate(calling="CART") as scu:
        scu.socket.suppress_ragged_eofs = False  # type: ignore[attr-defined] # of an SSL socket
        scu.send_pdu(5, bytes(4))
        assert scu.receive_pdu()[0] == 6
        assert scu.socket.recv(1) == b"", "and not an error that something was cut off"


@pytest.mark.tool("storescu")
def test_dcmtk_stores_over_tls(
    gateway: RunningGateway, authority: Authority, cart: Identity, tmp_path: Path
) -> None:
    instance = data_set()
    instance.file_meta = FileMetaDataset()
    instance.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = tmp_path / "instance.dcm"
    instance.save_as(path, enforce_file_format=True)
    command = ["storescu", "-v", "-aet", "CART", "-aec", "HUB"]
    line = ["127.0.0.1", str(gateway.gateway.tls_port), str(path)]
    identified = ["+tls", cart.key, cart.certificate, "+cf", authority.file]
    assert subprocess.run([*command, *identified, *line], check=False, capture_output=True).returncode == 0
    assert gateway.instance(instance.SOPInstanceUID)
    anonymous = subprocess.run(
        [*command, "+tla", "+cf", authority.file, *line], check=False, capture_output=True
    )
    assert anonymous.returncode != 0


def test_pynetdicom_stores_over_tls(gateway: RunningGateway, authority: Authority, cart: Identity) -> None:
    ae = AE(ae_title="CART")
    ae.add_requested_context(ULTRASOUND_IMAGE, ExplicitVRLittleEndian)
    association = ae.associate(
        "127.0.0.1",
        gateway.gateway.tls_port or 0,
        ae_title="HUB",
        tls_args=(authority.client_context(cart), HUB_NAME),
    )
    assert association.is_established
    instance = data_set()
    instance.file_meta = FileMetaDataset()
    instance.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    assert association.send_c_store(instance).Status == 0
    association.release()


@pytest.fixture
def refused_start(
    database: object, tmp_path: Path, authority: Authority, hub: Identity
) -> Callable[..., str]:
    """Return a function that starts a gateway which may not start, and says why."""

    def start(**values: object) -> str:
        with (
            pytest.raises(Misconfigured) as refusal,
            running_gateway(database, tmp_path / "hub", tls=authority.settings(hub, **values)),  # type: ignore[arg-type] # a Database
        ):
            pass
        return str(refusal.value)

    return start


def test_a_key_that_others_can_read_is_refused_at_the_start(
    refused_start: Callable[..., str], authority: Authority
) -> None:
    careless = authority.issue("CARELESS")
    careless.key.chmod(0o644)
    said = refused_start(certificate=careless.certificate, key=careless.key)
    assert said.startswith("Others can read the TLS key")
    assert "\n" not in said


@pytest.mark.parametrize("name", ["certificate", "key", "client_authorities"])
@pytest.mark.parametrize("content", [None, b"", b"no PEM"])
def test_a_file_of_tls_that_cannot_be_used_is_named(
    refused_start: Callable[..., str], tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / "bad.pem"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    assert "cannot be" in refused_start(**{name: path})


def test_the_key_of_another_certificate_is_refused(refused_start: Callable[..., str], cart: Identity) -> None:
    assert "key values mismatch" in refused_start(key=cart.key)


def test_a_taken_port_leaves_no_other_open(
    refused_start: Callable[..., str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "Address already in use" in refused_start(port=taken.getsockname()[1])
