"""What is decided about how a device writes its text is remembered, shown, reversible, and read anew."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from core.access import Scope
from core.errors import InvalidRequest, NotFound
from core.origin import Origin, OriginKind
from database.audit import audit_events
from database.change_feed import ChangeKind, changes
from storage.archive import Archive
from storage.character_set_decision import TextSource
from storage.character_sets import AS_DECLARED, DOUBTFUL, REPAIRED
from storage.instance import Study
from storage.patient_records import find_patient
from storage.rereading import Rereading
from tests.fixtures.archive import device_at
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import at_site
from tests.fixtures.held import held
from tests.fixtures.instances import labelled
from tests.fixtures.searching import EVERYTHING, query

DEVICE = device_at("township")
SOURCE = TextSource.of(DEVICE)


def stored(store: Callable[..., Any], archive: Archive, *arguments: Any, **more: Any) -> Study:
    """Store an instance and return its study as it is listed."""
    origin = more.pop("origin", DEVICE)
    receipt = store(labelled(*arguments, **more), origin)
    return listed(archive, receipt.study_instance_uid)


def listed(archive: Archive, study_instance_uid: str) -> Study:
    (study,) = archive.search_studies(query(StudyInstanceUID=study_instance_uid), visible_to=EVERYTHING)
    return study


@pytest.fixture
def reread(archive: Archive, clock: FixedClock) -> Callable[[], int]:
    """Reads anew all that is due, two series at a time, and returns in how many batches."""
    rereading = Rereading(database=archive.catalogue.database, blobs=archive.blobs, clock=clock, batch=2)

    def run() -> int:
        return sum(1 for _ in iter(rereading.run, False))

    return run


LI_YUN = "Li^Yun=李^運"
WRONG_LABELS = [
    ("ISO_IR 100", "gbk"),
    (None, "gbk"),
    ("ISO_IR 6", "gbk"),
    ("ISO_IR 999", "gbk"),
    ("ISO_IR 192", "gbk"),
    ("ISO_IR 100", "utf-8"),
    (None, "utf-8"),
    ("GB2312", "utf-8"),
    ("GB18030", "utf-8"),
]


@pytest.mark.parametrize(("label", "encoding"), WRONG_LABELS)
def test_a_chinese_name_under_a_wrong_label_is_right_everywhere_and_its_bytes_stay(
    archive: Archive, store: Callable[..., Any], label: str | None, encoding: str
) -> None:
    study = stored(store, archive, LI_YUN.encode(encoding), label)
    assert (study.patient_name, study.text_finding) == (LI_YUN, REPAIRED)
    (decision,) = archive.character_sets.decisions(EVERYTHING)
    assert (decision.declared, decision.decided_by, decision.characters) == (label or "", "hub", 2)
    (instance,) = archive.search_instances(query(), visible_to=EVERYTHING)
    assert LI_YUN.encode(encoding) in b"".join(archive.whole(instance))
    held(archive)


RIGHT_LABELS = [
    ("GB18030", "李^運".encode("gb18030"), "李^運"),
    ("GB18030", "李^𠮷".encode("gb18030"), "李^𠮷"),
    ("GBK", "李^運".encode("gbk"), "李^運"),
    ("GB2312", "李^運".encode("gbk"), "李^運"),
    ("ISO_IR 192", "李^運".encode(), "李^運"),
    ("\\ISO 2022 IR 58", b"Zhang^San=\x1b$)A\xd5\xc5^\x1b$)A\xc8\xfd", "Zhang^San=张^三"),
    ("\\ISO 2022 IR 58", "Zhang^San=张^三".encode("gb2312"), "Zhang^San=张^三"),
    ("ISO_IR 100", "Müller^Jörg".encode("latin_1"), "Müller^Jörg"),
]


@pytest.mark.parametrize(("label", "raw", "name"), RIGHT_LABELS)
def test_a_name_under_a_right_label_is_read_by_it_and_nothing_is_decided(
    archive: Archive, store: Callable[..., Any], label: str, raw: bytes, name: str
) -> None:
    assert stored(store, archive, raw, label).patient_name == name
    assert archive.character_sets.decisions(EVERYTHING) == []


def test_one_short_name_is_left_in_doubt_until_the_device_has_told_how_it_writes(
    archive: Archive, store: Callable[..., Any], reread: Callable[[], int]
) -> None:
    wang = "王".encode("gbk")
    before = stored(store, archive, wang, PatientID="1")
    assert (before.patient_name, before.text_finding) == ("Íõ", DOUBTFUL)
    stored(store, archive, "张三".encode("gbk"), PatientID="2")
    after = stored(store, archive, wang, PatientID="3")
    assert (after.patient_name, after.text_finding) == ("王", REPAIRED)
    assert reread() == 2
    assert listed(archive, before.study_instance_uid).patient_name == "王"


def test_what_is_decided_holds_for_its_device_and_label_alone(
    archive: Archive, store: Callable[..., Any]
) -> None:
    stored(store, archive, "张三".encode("gbk"))
    wang = "王".encode("gbk")
    other_device = Origin(kind=OriginKind.DEVICE, site_id="township", source="another")
    same_key_as_import = Origin(kind=OriginKind.IMPORT, site_id="township", source=DEVICE.source)
    for origin in (other_device, same_key_as_import, device_at("elsewhere")):
        assert stored(store, archive, wang, origin=origin).patient_name == "Íõ"
    assert stored(store, archive, wang, "ISO_IR 6").patient_name == "Íõ"


def test_a_device_that_writes_gbk_may_still_send_a_european_name_or_utf_8(
    archive: Archive, store: Callable[..., Any]
) -> None:
    stored(store, archive, "张三".encode("gbk"), PatientID="1")
    assert (
        stored(store, archive, "Müller^Jörg".encode("latin_1"), PatientID="2").patient_name == "Müller^Jörg"
    )
    assert stored(store, archive, "李四".encode(), PatientID="3").patient_name == "李四"


def test_what_the_hub_itself_publishes_is_believed(archive: Archive, store: Callable[..., Any]) -> None:
    hub = Origin(kind=OriginKind.HUB, site_id="township", source="report")
    assert stored(store, archive, "张三".encode("gbk"), origin=hub).patient_name == "ÕÅÈý"
    assert archive.character_sets.decisions(EVERYTHING) == []


def test_an_administrator_sets_it_otherwise_and_takes_it_back(
    archive: Archive, store: Callable[..., Any], reread: Callable[[], int]
) -> None:
    memory = archive.character_sets
    first = stored(store, archive, "张三".encode("gbk"), PatientID="1", StudyDescription="Abdomen")
    others = [stored(store, archive, "王".encode("gbk"), PatientID=f"2{n}") for n in range(4)]
    reread()
    decision = memory.set(SOURCE, "ISO_IR 100", AS_DECLARED, by=at_site("admin", "township"))
    assert (decision.decided_by, decision.is_set_by_person) == ("admin@township", True)
    assert [each.encoding for each in memory.decisions(EVERYTHING)] == [AS_DECLARED]
    assert reread() == 3
    assert [listed(archive, each.study_instance_uid).patient_name for each in others] == ["Íõ"] * 4
    assert listed(archive, first.study_instance_uid).patient_name == "ÕÅÈý"
    assert stored(store, archive, "李四".encode("gbk"), PatientID="4").patient_name == "ÀîËÄ"
    memory.set(SOURCE, "ISO_IR 100", "GB18030", by=at_site("admin", None, "chief"))
    reread()
    assert listed(archive, first.study_instance_uid).patient_name == "张三"
    assert found_by(archive, "zhangs") == {first.study_instance_uid}
    with archive.catalogue.database.read() as connection:
        actors = connection.scalars(
            select(audit_events.c.actor).where(audit_events.c.subject == SOURCE.source)
        )
        assert list(actors) == ["admin@township", "chief"]


def found_by(archive: Archive, typed: str) -> set[str]:
    from storage.query import Query, SingleValue

    asked = Query(conditions={"PatientName": SingleValue(typed)}, is_fuzzy=True)
    return {study.study_instance_uid for study in archive.search_studies(asked, visible_to=EVERYTHING)}


def test_reading_anew_changes_what_is_text_and_nothing_else(
    archive: Archive, store: Callable[..., Any], reread: Callable[[], int]
) -> None:
    before = stored(store, archive, "王".encode("gbk"), PatientID="1")
    store(labelled("王".encode("gbk"), StudyInstanceUID=before.study_instance_uid, PatientID="1"))
    content = held(archive).instances
    archive.character_sets.set_by_administrator(SOURCE, "ISO_IR 100", "GB18030", username="admin")
    reread()
    after = listed(archive, before.study_instance_uid)
    text = {"patient_name", "text_finding"}
    assert {key for key, value in vars(before).items() if value != getattr(after, key)} - {
        "last_received_at",
        "number_of_study_related_instances",
        "number_of_study_related_series",
    } == text
    assert held(archive).instances == content
    with archive.catalogue.database.read() as connection:
        told = list(connection.scalars(select(changes.c.kind).order_by(changes.c.sequence)))
    assert told.count(ChangeKind.STUDY_REREAD.value) == 1
    assert reread() == 0


def test_a_patient_follows_the_name_of_the_study(
    archive: Archive, store: Callable[..., Any], reread: Callable[[], int]
) -> None:
    one = stored(store, archive, "王".encode("gbk"), PatientID="7")
    archive.character_sets.set_by_administrator(SOURCE, "ISO_IR 100", "GB18030", username="admin")
    other = stored(store, archive, "王".encode("gbk"), PatientID="7")
    reread()
    assert listed(archive, one.study_instance_uid).patient_key == other.patient_key
    with archive.catalogue.database.read() as connection:
        patient = find_patient(connection, other.patient_key)
    assert patient is not None
    assert patient.identity.patient_name == "王"


def test_a_patient_id_that_reads_otherwise_is_another_patient(
    archive: Archive, store: Callable[..., Any], reread: Callable[[], int]
) -> None:
    misread = stored(store, archive, b"Wang", PatientID="Íõ7")
    archive.character_sets.set_by_administrator(SOURCE, "ISO_IR 100", "GB18030", username="admin")
    right = stored(store, archive, b"Wang", PatientID="Íõ7")
    assert (right.patient_id, right.patient_key == misread.patient_key) == ("王7", False)
    reread()
    again = listed(archive, misread.study_instance_uid)
    assert (again.patient_id, again.patient_key) == ("王7", right.patient_key)


def test_only_who_administers_the_site_may_set_it_and_only_for_who_has_sent(
    archive: Archive, store: Callable[..., Any]
) -> None:
    memory = archive.character_sets
    administrator = at_site("admin", "township")
    with pytest.raises(NotFound):
        memory.set(SOURCE, "", "GB18030", by=administrator)
    assert memory.set(SOURCE, "", "GB18030", by=administrator, is_registered=True).encoding == "GB18030"
    stored(store, archive, b"Zhang^San")
    for stranger in (at_site("admin", "elsewhere"), at_site("technician", "township")):
        with pytest.raises(NotFound):
            memory.set(SOURCE, "ISO_IR 100", "GB18030", by=stranger)
    for encoding in ("KLINGON", "", "gb18030", "utf-8"):
        with pytest.raises(InvalidRequest):
            memory.set(SOURCE, "ISO_IR 100", encoding, by=administrator)
    assert memory.decisions(Scope(site_ids=frozenset({"elsewhere"}))) == []
    assert len(memory.decisions(Scope(site_ids=frozenset({"township"})), source=SOURCE.source)) == 1


def test_a_worker_that_dies_over_a_batch_costs_no_more_than_that(
    archive: Archive, store: Callable[..., Any], clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies = [stored(store, archive, "王".encode("gbk"), PatientID=str(n)) for n in range(3)]
    archive.character_sets.set_by_administrator(SOURCE, "ISO_IR 100", "GB18030", username="admin")
    rereading = Rereading(database=archive.catalogue.database, blobs=archive.blobs, clock=clock, batch=2)
    assert rereading.run()
    with monkeypatch.context() as patch:
        patch.setattr("storage.rereading.write_text", dying)
        with pytest.raises(KeyboardInterrupt):
            rereading.run()
    assert not rereading.run()
    clock.advance(minutes=6)
    assert rereading.run()
    assert [listed(archive, each.study_instance_uid).patient_name for each in studies] == ["王"] * 3


def dying(*_: Any) -> Iterator[None]:
    """Stand for the end of a process within its transaction."""
    raise KeyboardInterrupt
