"""What a device sends is kept byte for byte, answered truly, and held once."""

import resource
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread, examples
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from structlog.testing import capture_logs

from core.uids import new_uid
from storage.part10 import read_part10_preamble
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded
from tests.fixtures.raw_scu import (
    C_CANCEL_RQ,
    C_FIND_RQ,
    EXPLICIT_VR_LITTLE_ENDIAN,
    P_DATA,
    RELEASE_RP,
    RELEASE_RQ,
    VERIFICATION,
    RawSCU,
    command_set,
    fragment_item,
    store_command,
    uid,
)
from tests.pacs_gateway.running_gateway import SITE, RunningGateway

CT = "1.2.840.10008.5.1.4.1.1.2"
PRIVATE_SYNTAX = "1.2.840.113619.5.2"
DATA_SET_TRAILING_PADDING = 0xFFFCFFFC


def data_set_of(path: Path) -> bytes:
    """Return a file's data set as its bytes."""
    with path.open("rb") as stream:
        stream.seek(read_part10_preamble(stream).data_set_offset)
        return stream.read()


def test_success_means_durable_and_the_bytes_are_those_sent(gateway: RunningGateway) -> None:
    instance = data_set()
    sent = encoded(instance)
    with capture_logs() as lines, gateway.scu().associate() as scu:
        response = scu.store(sent, sop_instance_uid=instance.SOPInstanceUID, message_id=4242)
        row = gateway.instance(instance.SOPInstanceUID)
        scu.release()
        assert gateway.is_clean()
        gateway.gateway.stop()
    assert response.status == 0
    assert response.number(0x0100) == 0x8001
    assert response.number(0x0120) == 4242
    assert response.elements[0x0002] == uid(ULTRASOUND_IMAGE)
    assert response.elements[0x1000] == uid(instance.SOPInstanceUID)
    assert 0x0902 not in response.elements
    assert gateway.stored_data_set(row) == sent
    assert (row["site_id"], row["origin_kind"]) == (SITE, "device")
    assert row["transfer_syntax_uid"] == EXPLICIT_VR_LITTLE_ENDIAN
    (device,) = gateway.directory.devices("US1")
    assert row["source"] == device.device_id
    (line,) = [line for line in lines if line["event"] == "association"]
    assert line["requests"] == {"stored": 1}
    assert (line["bytes"], line["contexts"], line["ended"]) == (len(sent), 2, "released")
    assert (line["calling_ae_title"], line["called_ae_title"]) == ("US1", "HUB")
    assert "Zhang" not in str(lines)


@pytest.mark.parametrize("length", [1, 7, 100, 4096, 16378, 131_066])
def test_however_it_is_cut_the_data_set_is_whole(gateway: RunningGateway, length: int) -> None:
    instance = data_set(PixelData=bytes(range(250)) * 40)
    sent = encoded(instance)
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
        scu.send_data_set(sent, length=length)
        assert scu.receive_response().status == 0
    assert gateway.stored_data_set(gateway.instance(instance.SOPInstanceUID)) == sent


def test_command_and_data_may_share_a_pdu_and_a_command_be_cut(gateway: RunningGateway) -> None:
    instance = data_set()
    sent, command = encoded(instance), store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID)
    with gateway.scu().associate() as scu:
        scu.send_pdu(P_DATA, fragment_item(command[:50], context_id=1, control=1))
        scu.send_pdu(
            P_DATA,
            fragment_item(command[50:], context_id=1, control=3)
            + fragment_item(sent[:100], context_id=1, control=0)
            + fragment_item(b"", context_id=1, control=0)
            + fragment_item(sent[100:], context_id=1, control=0)
            + fragment_item(b"", context_id=1, control=2),
        )
        assert scu.receive_response().status == 0
    assert gateway.stored_data_set(gateway.instance(instance.SOPInstanceUID)) == sent


def test_the_same_again_is_success_and_nothing_new(gateway: RunningGateway) -> None:
    instance = data_set()
    with gateway.scu().associate() as scu:
        for _ in range(3):
            assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0
    assert len(gateway.instances()) == 1
    assert len(list(gateway.archive.blobs.keys())) == 1


def test_another_data_set_under_one_uid_is_kept_beside(gateway: RunningGateway) -> None:
    first = data_set()
    second = data_set(**{each.keyword: each.value for each in first} | {"PatientName": "Li^Si"})
    with gateway.scu().associate() as scu:
        for _ in range(2):
            for instance in (first, second):
                assert scu.store(encoded(instance), sop_instance_uid=first.SOPInstanceUID).status == 0
    assert gateway.stored_data_set(gateway.instance(first.SOPInstanceUID)) == encoded(first)
    (beside,) = gateway.kept_aside("conflict")
    assert gateway.stored_data_set(beside) == encoded(second)


def _samples(folder: Path) -> dict[str, Path]:
    """Return real files with fresh UIDs, since several samples share theirs."""
    names = {
        "ultrasound": examples.get_path("rgb_color"),
        "ultrasound JPEG cine": get_testdata_file("color3d_jpeg_baseline.dcm"),
        "ultrasound JPEG lossless": get_testdata_file("JPGLosslessP14SV1_1s_1f_8b.dcm"),
        "ultrasound RLE": get_testdata_file("OBXXXX1A_rle.dcm"),
        "ultrasound big endian": get_testdata_file("OBXXXX1A_expb.dcm"),
        "ultrasound JPEG 2000": get_testdata_file("US1_J2KI.dcm"),
        "radiograph": get_testdata_file("RG1_UNCR.dcm"),
        "radiograph JPEG 2000": get_testdata_file("RG3_J2KR.dcm"),
        "ecg": examples.get_path("waveform"),
        "deflated": get_testdata_file("image_dfl.dcm"),
        "implicit": get_testdata_file("MR_small_implicit.dcm"),
        "JPEG-LS": get_testdata_file("emri_small_jpeg_ls_lossless.dcm"),
        "report": get_testdata_file("reportsi.dcm"),
    }
    made = {}
    for name, source in names.items():
        dataset = dcmread(source)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = new_uid()
        dataset.pop(DATA_SET_TRAILING_PADDING, None)  # which DCMTK does not send
        made[name] = folder / f"{name.replace(' ', '-')}.dcm"
        dataset.save_as(made[name], enforce_file_format=True)
    return made


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return _samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def dcmtk_samples(samples: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the samples as DCMTK writes, and so sends, them: it gives every sequence an explicit length."""
    folder = tmp_path_factory.mktemp("dcmtk")
    for path in samples.values():
        subprocess.run(["dcmconv", path, folder / path.name], check=True)
    return {name: folder / path.name for name, path in samples.items()}


@pytest.mark.tool("dcmsend", "dcmconv")
def test_dcmsend_has_compressed_and_raw_instances_kept_as_sent(
    gateway: RunningGateway, dcmtk_samples: dict[str, Path]
) -> None:
    # It offers all uncompressed syntaxes in one context, and sends what is chosen: explicit little endian.
    converted = {"ultrasound big endian", "implicit", "deflated", "report"}
    sendable = [path for name, path in dcmtk_samples.items() if name not in converted]
    command = [
        "dcmsend",
        "--decompress-never",
        "-aec",
        "HUB",
        "127.0.0.1",
        str(gateway.port),
        *map(str, sendable),
    ]
    sent = subprocess.run(command, capture_output=True, text=True, check=False)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    _assert_kept(gateway, sendable)


@pytest.mark.tool("storescu", "dcmconv")
@pytest.mark.parametrize(
    ("calling", "name", "option"),
    [
        ("US1", "ultrasound JPEG cine", "-xy"),
        ("US1", "ultrasound RLE", "-xr"),
        ("US1", "ultrasound JPEG 2000", "-xw"),
        ("US1", "ultrasound big endian", "-xb"),
        ("DR1", "radiograph", "-xe"),
        ("DR1", "radiograph JPEG 2000", "-xv"),
        ("ECG1", "ecg", "-xe"),
    ],
)
def test_storescu_has_its_instances_kept(
    gateway: RunningGateway, dcmtk_samples: dict[str, Path], calling: str, name: str, option: str
) -> None:
    command = ["storescu", "-aet", calling, "-aec", "HUB", option, "127.0.0.1", str(gateway.port)]
    sent = subprocess.run([*command, dcmtk_samples[name]], capture_output=True, text=True, check=False)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    _assert_kept(gateway, [dcmtk_samples[name]])


def _assert_kept(gateway: RunningGateway, files: list[Path]) -> None:
    assert len(gateway.instances()) == len(files)
    for path in files:
        meta = dcmread(path, stop_before_pixels=True).file_meta
        row = gateway.instance(meta.MediaStorageSOPInstanceUID)
        assert row["transfer_syntax_uid"] == meta.TransferSyntaxUID, path.name
        assert gateway.stored_data_set(row) == data_set_of(path), path.name


def test_every_sample_is_kept_in_the_syntax_it_was_sent_in(
    gateway: RunningGateway, samples: dict[str, Path]
) -> None:
    for path in samples.values():
        meta = dcmread(path, stop_before_pixels=True).file_meta
        with gateway.scu().associate((meta.MediaStorageSOPClassUID, [meta.TransferSyntaxUID])) as scu:
            response = scu.store(
                data_set_of(path),
                sop_class_uid=meta.MediaStorageSOPClassUID,
                sop_instance_uid=meta.MediaStorageSOPInstanceUID,
            )
        assert response.status == 0, path.name
    _assert_kept(gateway, list(samples.values()))


def test_a_private_transfer_syntax_is_kept_as_sent(gateway: RunningGateway) -> None:
    instance = data_set()
    with gateway.scu().associate((ULTRASOUND_IMAGE, [PRIVATE_SYNTAX])) as scu:
        assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0
    row = gateway.instance(instance.SOPInstanceUID)
    assert row["transfer_syntax_uid"] == PRIVATE_SYNTAX
    assert gateway.stored_data_set(row) == encoded(instance)
    with gateway.archive.blobs.open(row["blob_key"]) as blob:
        header = read_part10_preamble(blob)
    assert header.transfer_syntax_uid == PRIVATE_SYNTAX
    assert header.media_storage_sop_instance_uid == instance.SOPInstanceUID


def test_a_python_sender_stores(gateway: RunningGateway) -> None:
    entity = AE("US2")
    entity.add_requested_context(ULTRASOUND_IMAGE, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", gateway.port, ae_title="HUB")
    instance = data_set()
    instance.file_meta = FileMetaDataset()
    instance.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    assert association.send_c_store(instance).Status == 0
    association.release()
    assert gateway.stored_data_set(gateway.instance(instance.SOPInstanceUID)) == encoded(instance)


def test_senders_at_once_do_not_disturb_each_other(start_gateway: Callable[..., RunningGateway]) -> None:
    gateway = start_gateway(per_device=6)
    instances = [[data_set(PixelData=bytes([n]) * 50_000) for n in range(10)] for _ in range(6)]
    statuses: list[int] = []

    def send(own: list[Dataset]) -> None:
        with RawSCU(gateway.port).associate() as scu:
            statuses.extend(
                scu.store(encoded(each), sop_instance_uid=each.SOPInstanceUID).status for each in own
            )
            scu.release()

    threads = [threading.Thread(target=send, args=(own,)) for own in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 60
    for own in instances:
        for each in own:
            assert gateway.stored_data_set(gateway.instance(each.SOPInstanceUID)) == encoded(each)
    assert gateway.is_clean()


def test_a_sender_that_does_not_wait_gets_every_answer_in_order(gateway: RunningGateway) -> None:
    instances = [data_set() for _ in range(20)]
    with gateway.scu().associate() as scu:
        for number, each in enumerate(instances):
            scu.send_command(store_command(ULTRASOUND_IMAGE, each.SOPInstanceUID, message_id=number))
            scu.send_data_set(encoded(each))
        scu.send_pdu(RELEASE_RQ, bytes(4))
        responses = [scu.receive_response() for _ in instances]
        assert scu.receive_pdu()[0] == RELEASE_RP
    assert [response.number(0x0120) for response in responses] == list(range(20))
    assert {response.status for response in responses} == {0}
    assert len(gateway.instances()) == 20
    assert gateway.is_clean()


def test_a_peer_with_a_small_pdu_gets_its_response_in_pieces(gateway: RunningGateway) -> None:
    instance = data_set(StudyInstanceUID=None)
    with gateway.scu().associate(maximum_length=140) as scu:
        response = scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID)
    assert response.status == 0xC000
    assert response.elements[0x1000] == uid(instance.SOPInstanceUID)


def test_other_requests_are_answered_as_not_agreed(gateway: RunningGateway) -> None:
    instance = data_set()
    with gateway.scu().associate() as scu:
        find = command_set({0x0002: uid(ULTRASOUND_IMAGE), 0x0100: C_FIND_RQ, 0x0110: 9, 0x0800: 1})
        scu.send_command(find)
        scu.send_data_set(encoded(Dataset()) or bytes(8))
        response = scu.receive_response()
        assert (response.status, response.number(0x0100), response.number(0x0120)) == (0x0211, 0x8020, 9)
        scu.send_command(command_set({0x0100: C_CANCEL_RQ, 0x0120: 9, 0x0800: 0x0101}))
        assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0
        assert scu.echo() == 0


def test_a_class_that_is_not_kept_is_refused_though_its_context_is_another(
    start_gateway: Callable[..., RunningGateway],
) -> None:
    gateway = start_gateway(accept_any_storage_class=False)
    instance = data_set(SOPClassUID=CT)
    with gateway.scu().associate() as scu:
        response = scu.store(encoded(instance), sop_class_uid=CT, sop_instance_uid=instance.SOPInstanceUID)
        assert response.status == 0x0122
        verification = scu.store(
            encoded(instance), sop_class_uid=VERIFICATION, sop_instance_uid=instance.SOPInstanceUID
        )
        assert verification.status == 0x0122
    assert gateway.instances() == []
    assert gateway.is_clean()


def test_a_full_disk_asks_to_come_again_and_nothing_is_written(
    start_gateway: Callable[..., RunningGateway],
) -> None:
    gateway = start_gateway(disk_reserve_bytes=2**62)
    instance = data_set(PixelData=bytes(200_000))
    with capture_logs() as lines, gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
        scu.send_fragment(encoded(instance)[:1000], context_id=1, control=0)
        assert list(gateway.incoming.iterdir()) == []
        scu.send_data_set(encoded(instance)[1000:])
        response = scu.receive_response()
        assert scu.echo() == 0
    assert response.status == 0xA700
    assert "reserve" in response.error_comment
    (line,) = [line for line in lines if line["event"] == "instance refused"]
    assert (line["status"], line["sop_instance_uid"]) == ("A700", instance.SOPInstanceUID)


def test_a_disk_that_fills_up_in_the_middle_asks_to_come_again(gateway: RunningGateway) -> None:
    """A limit on the size of a file fails a write as a full disk does."""
    large, small = data_set(PixelData=bytes(6_000_000)), data_set()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with gateway.scu().associate() as scu:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, hard))
        try:
            response = scu.store(encoded(large), sop_instance_uid=large.SOPInstanceUID)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert response.status == 0xA700
        assert response.error_comment == "The disk for incoming instances is full."
        assert gateway.is_clean()
        for instance in (small, large):
            assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0


def test_without_the_catalogue_it_is_never_success(gateway: RunningGateway, tmp_path: Path) -> None:
    first, second = data_set(), data_set()
    catalogue, away = tmp_path / "catalogue.sqlite", tmp_path / "away"
    with gateway.scu().associate() as scu:
        gateway.database.engine.dispose()
        away.mkdir()
        for path in list(tmp_path.glob("catalogue.sqlite*")):
            shutil.move(path, away / path.name)
        catalogue.mkdir()
        try:
            assert scu.store(encoded(first), sop_instance_uid=first.SOPInstanceUID).status == 0xA700
        finally:
            catalogue.rmdir()
            for path in list(away.iterdir()):
                shutil.move(path, tmp_path / path.name)
        assert scu.store(encoded(first), sop_instance_uid=first.SOPInstanceUID).status == 0
        assert scu.store(encoded(second), sop_instance_uid=second.SOPInstanceUID).status == 0
    assert len(gateway.instances()) == 2
    assert gateway.is_clean()


@pytest.mark.parametrize("missing", ["incoming", "blobs"])
def test_without_its_disk_it_is_never_success(gateway: RunningGateway, missing: str) -> None:
    instance = data_set()
    folder = gateway.incoming.parent / missing
    folder.rmdir()
    with gateway.scu().associate() as scu:
        response = scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID)
        assert response.status == 0xA700
        folder.mkdir()
        assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0


def test_a_bug_costs_one_instance_and_not_the_association(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = data_set()

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("Zhang^San")

    with gateway.scu().associate() as scu:
        with monkeypatch.context() as patch:
            patch.setattr(gateway.archive, "store", broken)
            response = scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID)
        assert response.status == 0x0110
        assert "Zhang" not in response.error_comment
        assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0
    assert gateway.is_clean()
