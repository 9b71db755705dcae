"""What is committed fits any machine: no path of one, no registry's host, nothing that was generated."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT_BYTES = 2 * 1024 * 1024

# put together from parts, so that this file is not its own finding
MACHINE_PATH = re.compile(
    r"(?<![\w.$}~-])/(?:" + "|".join(["work", "root", "tmp/w", "home/[a-z]+"]) + r")(?=[/\s\"'`)]|$)"
)
REGISTRY = re.compile(
    "|".join(["py" + "pi", "python" + "hosted", "npm" + "js", "crates", "docker", "conda"]).join(["(?:", ")"])
    + r"\.(?:org|com|io)\b"
)
GENERATED = re.compile(r"(?:^|/)(?:uv\.lock|pylock\.toml|hub-data/|\.venv/)|\.(?:pyc|sqlite3|egg-info)$")


def texts(tracked_files: list[Path]) -> dict[str, str]:
    """Return every tracked text file; what does not read as UTF-8 is none."""
    found = {}
    for path in tracked_files:
        if path.stat().st_size > TEXT_BYTES:
            continue
        try:
            found[path.relative_to(REPOSITORY).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def lines_with(pattern: re.Pattern[str], tracked_files: list[Path]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts(tracked_files).items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_one_machine_is_written_anywhere(tracked_files: list[Path]) -> None:
    assert lines_with(MACHINE_PATH, tracked_files) == []


def test_no_registry_is_named_anywhere(tracked_files: list[Path]) -> None:
    assert lines_with(REGISTRY, tracked_files) == []


def test_nothing_that_is_generated_is_kept(tracked_files: list[Path]) -> None:
    names = [path.relative_to(REPOSITORY).as_posix() for path in tracked_files]
    assert [name for name in names if GENERATED.search(name)] == []


def test_the_rules_know_what_they_look_for() -> None:
    somewhere = "/" + "root"
    assert MACHINE_PATH.search(f"open('{somewhere}/file')")
    assert MACHINE_PATH.search(f"cd {somewhere}")
    assert not MACHINE_PATH.search(f"get('/api{somewhere}/x') or /worklist or {somewhere}s/")
    assert REGISTRY.search("https://" + "py" + "pi.org/simple")
    assert not REGISTRY.search("a conda, a docker")
