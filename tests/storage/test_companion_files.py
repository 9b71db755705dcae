"""Which files of a folder belong to one that is no DICOM."""

from pathlib import Path

from storage.companion_files import MOST_COMPANIONS, companions_of, files_beside


def test_beside_a_file_lie_those_that_are_named_like_it(tmp_path: Path) -> None:
    for name in ("r[1].hea", "r[1].dat", "r[1]", "r[1].x.dat", "r[1]2.dat", "r1.dat", "elsewhere"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "r[1].folder").mkdir()
    (tmp_path / "r[1].link").symlink_to(tmp_path / "elsewhere")
    header = tmp_path / "r[1].hea"

    assert list(files_beside(header, follow_links=False)) == ["r[1]", "r[1].dat", "r[1].hea"]
    followed = files_beside(header, follow_links=True)
    assert companions_of(header.name, followed) == {
        "r[1]": b"r[1]",
        "r[1].dat": b"r[1].dat",
        "r[1].link": b"elsewhere",
    }


def test_no_more_are_read_than_belong_to_one(tmp_path: Path) -> None:
    for number in range(MOST_COMPANIONS + 3):
        (tmp_path / f"r.{number:02}").touch()
    found = companions_of("r.00", files_beside(tmp_path / "r.00", follow_links=False))
    assert list(found) == [f"r.{number:02}" for number in range(1, MOST_COMPANIONS + 1)]
