"""`imaging-hub import`: what a USB stick may hold, and what becomes of each file."""

import zipfile
from functools import partial
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from core.access import Scope
from core.errors import NotFound, TooLarge
from core.origin import Origin, OriginKind
from database.tallies import IMPORTED, read_tally
from hub.import_files import run_import
from hub.register import open_register
from hub.settings import Settings, load
from hub.watch import taken_by
from hub.watched_folder import SETTLED_SECONDS, WatchedFolder
from hub.wiring import open_house
from storage.query import Query
from tests.ecg.formats.aecg_files import aecg
from tests.ecg.formats.written_records import at_the_door
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.kept_samples import assert_kept
from tests.fixtures.migrated import Migrated


@pytest.fixture
def settings(tmp_path: Path, migrated: Migrated) -> Settings:
    """A migrated hub with one site."""
    settings = load(data=migrated(tmp_path / "data"), disk_reserve=0)
    register = open_register(settings)
    register.directory.add_site("xinglong", "兴隆镇卫生院")
    register.database.close()
    return settings


def _stored(settings: Settings) -> set[str]:
    house = open_house(settings)
    found = house.archive.search_instances(Query(), visible_to=Scope(site_ids=frozenset({"xinglong"})))
    house.close()
    return {instance.sop_instance_uid for instance in found}


def _tally(settings: Settings) -> dict[str, int]:
    """Return what a monitor is told of all imports."""
    database = open_catalogue(settings.database_url)
    with database.read() as connection:
        found = read_tally(connection, IMPORTED)
    database.close()
    return found


def test_a_stick_with_a_directory_and_other_files_gives_its_images(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = tmp_path / "stick"
    (stick / "DICOM" / "A").mkdir(parents=True)
    directory = Path(str(get_testdata_file("DICOMDIR", download=False)))
    (stick / "DICOMDIR").write_bytes(directory.read_bytes())
    (stick / "autorun.inf").write_text("[autorun]")
    image = Path(str(get_testdata_file("CT_small.dcm", download=False)))
    (stick / "DICOM" / "A" / "1").write_bytes(image.read_bytes())
    assert run_import(settings, [stick], "xinglong") == 0
    assert _stored(settings) == {dcmread(image).SOPInstanceUID}
    told = capsys.readouterr().out
    assert "1 stored" in told
    assert "1 DICOMDIR" in told
    assert "1 not DICOM" in told
    assert run_import(settings, [stick], "xinglong") == 0
    tally = {"stored": 1, "already-held": 1, "dicomdir": 2, "not-dicom": 2}
    assert _tally(settings) == tally


def test_earlier_exams_say_so_for_good(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(encoded(data_set()))
    assert run_import(settings, [tmp_path / "old"], "xinglong", are_priors=True) == 0
    house = open_house(settings)
    [kept] = house.archive.search_instances(Query(), visible_to=Scope(site_ids=frozenset({"xinglong"})))
    house.close()
    assert (kept.origin_kind, kept.source) == ("prior", "import")


def test_a_data_set_without_file_meta_is_taken_in(settings: Settings, tmp_path: Path) -> None:
    sent = data_set()
    (tmp_path / "bare").write_bytes(encoded(sent))
    assert run_import(settings, [tmp_path / "bare"], "xinglong") == 0
    assert _stored(settings) == {sent.SOPInstanceUID}


def test_a_zip_is_taken_in_and_names_in_it_lead_nowhere(settings: Settings, tmp_path: Path) -> None:
    sent = data_set()
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("../../outside", encoded(sent))
        packed.writestr("/etc/passwd", b"no exam")
    assert run_import(settings, [archive], "xinglong") == 0
    assert _stored(settings) == {sent.SOPInstanceUID}
    assert not (tmp_path.parent / "outside").exists()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(settings: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros", bytes(64 * 1024 * 1024))
    with pytest.raises(TooLarge, match="packed more than"):
        run_import(settings, [archive], "xinglong")


def test_a_truncated_image_is_kept_in_quarantine_and_the_command_says_so(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = Path(str(get_testdata_file("CT_small.dcm", download=False))).read_bytes()
    (tmp_path / "cut").write_bytes(image[:-1000])
    assert run_import(settings, [tmp_path / "cut"], "xinglong") == 1
    assert _stored(settings) == set()
    assert "kept in quarantine: cut" in capsys.readouterr().out
    assert _tally(settings) == {"quarantined": 1}


def test_nothing_to_import_is_no_success(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run_import(settings, [tmp_path / "empty"], "xinglong") == 1


def test_an_unknown_site_is_refused_before_anything_is_read(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        run_import(settings, [tmp_path], "nowhere")


def test_an_ecg_file_is_imported_and_one_that_cannot_be_read_says_why(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good", tmp_path / ("bad" * 30)
    good.write_text(aecg(), encoding="utf-8")
    bad.write_text("<AnnotatedECG/>", encoding="utf-8")

    assert run_import(settings, [good, bad], "xinglong") == 1

    assert len(_stored(settings)) == 1
    [said] = [line for line in capsys.readouterr().out.splitlines() if "bad" in line]
    assert f"{bad.name} (HL7 aECG:" in said
    assert said.endswith(")"), "a line that a program reads is not broken at some width"


def test_what_lies_in_a_watched_folder_when_it_is_opened_is_taken(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "one.xml").write_text(aecg(), encoding="utf-8")
    house = open_house(settings)
    origin = Origin(kind=OriginKind.IMPORT, site_id="xinglong", source="watch cart")
    watched = WatchedFolder(folder, partial(taken_by, house, origin), lambda _: None)
    watched.look(0)

    moved = watched.look(SETTLED_SECONDS)

    house.close()
    assert moved == 1
    assert len(_stored(settings)) == 1
    assert (folder / "done" / "one.xml").exists()


def test_recordings_are_imported_with_their_samples(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = at_the_door()
    folder = tmp_path / "recorder"
    folder.mkdir()
    for recorded in kinds.values():
        for name, body in recorded.files.items():
            (folder / name).write_bytes(body)

    assert run_import(settings, [folder], "xinglong") == 0
    assert capsys.readouterr().out.startswith(f"{len(kinds) + 1:6} stored\n")

    house = open_house(settings)
    by_name = {name: recorded for recorded in kinds.values() for name in recorded.files}
    found = house.archive.search_instances(Query(), visible_to=Scope(site_ids=frozenset({"xinglong"})))
    for instance in found:
        assert_kept(house.archive, instance, by_name[house.archive.originals_of(instance)[0].name])
    house.close()
    assert len(found) == len(kinds)
