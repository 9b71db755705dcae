"""A study whose large instance is still on the line is said to be arriving."""

import time
from pathlib import Path

import pytest
from sqlalchemy import event

from core.uids import new_uid
from pacs_gateway import transfers
from storage.archive import Archive
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded
from tests.fixtures.raw_scu import EXPLICIT_VR_LITTLE_ENDIAN, store_command
from tests.pacs_gateway.running_gateway import SITE, RunningGateway, eventually


@pytest.fixture(autouse=True)
def _in_quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "ROUND_SECONDS", 0.2)
    monkeypatch.setattr(transfers, "RENEWAL_SECONDS", 0.5)


def test_a_study_is_noted_while_it_arrives_and_until_it_is_kept(gateway: RunningGateway) -> None:
    instance = data_set(PixelData=bytes(300_000))
    sent = encoded(instance)
    study = (SITE, instance.StudyInstanceUID)
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
        scu.send_fragment(sent[:100_000], context_id=1, control=0)
        assert eventually(lambda: gateway.archive.studies_in_transfer() == {study})
        (noted,) = gateway.in_transfer()
        time.sleep(1)
        assert gateway.in_transfer()[0]["seen_at"] == noted["seen_at"], "a stalled transfer is not renewed"
        scu.send_fragment(sent[100_000:200_000], context_id=1, control=0)
        assert eventually(lambda: gateway.in_transfer()[0]["seen_at"] > noted["seen_at"])
        scu.send_data_set(sent[200_000:])
        assert scu.receive_response().status == 0
        assert gateway.in_transfer() == []
    assert gateway.instance(instance.SOPInstanceUID)


def test_a_note_ends_with_its_association(gateway: RunningGateway) -> None:
    instance = data_set(PixelData=bytes(300_000))
    scu = gateway.scu().associate()
    scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
    scu.send_fragment(encoded(instance)[:100_000], context_id=1, control=0)
    assert eventually(gateway.in_transfer)
    scu.socket.close()
    assert eventually(lambda: gateway.in_transfer() == [])
    assert gateway.is_clean()


def test_small_instances_cost_no_transaction_more(gateway: RunningGateway) -> None:
    statements: list[str] = []
    event.listen(
        gateway.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )
    with gateway.scu().associate() as scu:
        for _ in range(5):
            instance = data_set()
            assert scu.store(encoded(instance), sop_instance_uid=instance.SOPInstanceUID).status == 0
    assert any("instances" in statement for statement in statements)
    assert [statement for statement in statements if "transfers" in statement] == []


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        encoded(data_set())[:20],
        b"\xff" * 5000,
        encoded(data_set(StudyInstanceUID="not a uid", PixelData=bytes(5000))),
    ],
    ids=["nothing", "too little", "noise", "a UID that is none"],
)
def test_what_names_no_study_is_not_noted(gateway: RunningGateway, beginning: bytes) -> None:
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, "1.2.3"))
        scu.send_fragment(beginning, context_id=1, control=0)
        time.sleep(1)
        assert gateway.in_transfer() == []
        scu.send_data_set(bytes(100))
        assert scu.receive_response().status == 0xC000


def test_a_study_is_noted_once_its_uid_has_come(gateway: RunningGateway) -> None:
    instance = data_set(PixelData=bytes(100_000))
    sent = encoded(instance)
    with gateway.scu().associate() as scu:
        scu.send_command(store_command(ULTRASOUND_IMAGE, instance.SOPInstanceUID))
        scu.send_fragment(sent[:30], context_id=1, control=0)
        time.sleep(0.6)
        assert gateway.in_transfer() == []
        scu.send_fragment(sent[30:50_000], context_id=1, control=0)
        assert eventually(lambda: len(gateway.in_transfer()) == 1)


def test_nothing_is_noted_after_the_end(archive: Archive, tmp_path: Path) -> None:
    watch = transfers.TransferWatch(archive)
    incoming = archive.incoming.new_file(archive._clock.now())
    incoming.write(encoded(data_set(StudyInstanceUID=new_uid(), PixelData=bytes(1000))))
    transfer = watch.begin(incoming, site_id=SITE, transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN)
    time.sleep(0.3)
    watch.look()
    assert len(archive.studies_in_transfer()) == 1
    watch.end(transfer)
    transfer.look()
    assert archive.studies_in_transfer() == set()
    incoming.discard()
