"""A watched folder: what is whole is taken once, what is refused says why, and nothing is ever lost."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from core.errors import StorageUnavailable
from hub.watched_folder import ALONE_SECONDS, SETTLED_SECONDS, WatchedFolder
from storage.file_taking import LeftOut, Taken
from storage.instance import StoreOutcome
from storage.zip_files import Opener


class Door:
    """Takes files as the archive would; a test says what becomes of each."""

    def __init__(self) -> None:
        self.outcome: dict[str, Taken] = {}
        self.taken: list[tuple[str, bytes]] = []
        self.is_away = False

    def take(self, name: str, opened: Opener, beside: Mapping[str, Opener]) -> Taken:
        assert name in beside
        if self.is_away:
            raise StorageUnavailable
        with opened() as stream:
            self.taken.append((name, stream.read()))
        return self.outcome.get(name, Taken(outcome=StoreOutcome.STORED))


@pytest.fixture
def door() -> Door:
    return Door()


def watched(folder: Path, door: Door) -> WatchedFolder:
    return WatchedFolder(folder, door.take, lambda _: None)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_taken_when_it_no_longer_grows(tmp_path: Path, door: Door) -> None:
    folder, path = watched(tmp_path, door), tmp_path / "a.scp"
    path.write_bytes(b"one")
    folder.look(0)
    path.write_bytes(b"one two")
    assert folder.look(SETTLED_SECONDS) == 0
    assert door.taken == []

    assert folder.look(2 * SETTLED_SECONDS) == 1

    assert door.taken == [("a.scp", b"one two")]
    assert names(tmp_path) == ["done/a.scp"]


def settle(folder: WatchedFolder, until: float = SETTLED_SECONDS) -> int:
    folder.look(0)
    return folder.look(until)


def test_what_is_refused_lies_apart_with_a_note(tmp_path: Path, door: Door) -> None:
    door.outcome["bad.xml"] = Taken(outcome=LeftOut.QUARANTINED, detail="HL7 aECG: no leads")
    (tmp_path / "bad.xml").write_bytes(b"<")

    settle(watched(tmp_path, door))

    assert names(tmp_path) == ["refused/bad.xml", "refused/bad.xml.why.txt"]
    assert "no leads" in (tmp_path / "refused" / "bad.xml.why.txt").read_text(encoding="utf-8")


def test_another_file_of_the_same_name_takes_no_other_ones_place(tmp_path: Path, door: Door) -> None:
    folder = watched(tmp_path, door)
    for content in (b"one", b"two", b"three"):
        (tmp_path / "ecg.scp").write_bytes(content)
        settle(folder)

    kept = {(tmp_path / name).read_bytes() for name in names(tmp_path)}
    assert names(tmp_path) == ["done/ecg (2).scp", "done/ecg (3).scp", "done/ecg.scp"]
    assert kept == {b"one", b"two", b"three"}


def test_while_the_archive_is_away_a_file_stays_and_is_tried_again(tmp_path: Path, door: Door) -> None:
    (tmp_path / "a.scp").write_bytes(b"one")
    folder, door.is_away = watched(tmp_path, door), True
    assert settle(folder) == 0
    assert names(tmp_path) == ["a.scp"]

    door.is_away = False

    assert folder.look(2 * SETTLED_SECONDS) == 1


def test_a_new_process_goes_on_where_another_ended(tmp_path: Path, door: Door) -> None:
    (tmp_path / "a.scp").write_bytes(b"one")
    watched(tmp_path, door).look(0)

    assert settle(watched(tmp_path, door)) == 1


def test_a_record_of_several_files_is_taken_when_all_of_it_is_there(tmp_path: Path, door: Door) -> None:
    door.outcome["r.hea"] = Taken(outcome=StoreOutcome.STORED, companions=frozenset({"r.dat"}))
    door.outcome["r.dat"] = Taken(outcome=LeftOut.NOT_DICOM)
    folder = watched(tmp_path, door)
    (tmp_path / "r.dat").write_bytes(b"samples")
    settle(folder)
    assert names(tmp_path) == ["r.dat"]  # it waits for what it belongs to

    (tmp_path / "r.hea").write_bytes(b"header")
    folder.look(SETTLED_SECONDS + 1)
    folder.look(2 * SETTLED_SECONDS + 1)

    assert names(tmp_path) == ["done/r.dat", "done/r.hea"]


def test_what_is_nothing_and_stays_alone_is_refused_in_the_end(tmp_path: Path, door: Door) -> None:
    door.outcome["notes.doc"] = Taken(outcome=LeftOut.NOT_DICOM)
    (tmp_path / "notes.doc").write_bytes(b"x")

    settle(watched(tmp_path, door), ALONE_SECONDS)

    assert names(tmp_path) == ["refused/notes.doc", "refused/notes.doc.why.txt"]


def test_links_hidden_files_and_folders_are_left_alone(tmp_path: Path, door: Door) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.scp").write_bytes(b"one")
    (tmp_path / ".a.part").write_bytes(b"one")
    (tmp_path / "link").symlink_to(tmp_path / "sub" / "a.scp")

    assert settle(watched(tmp_path, door)) == 0
    assert door.taken == []
