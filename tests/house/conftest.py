"""What the rules of the house are checked on: the files that belong to this repository."""

import ast
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tracked_files() -> list[Path]:
    """Return every file of the repository; from an unpacked archive, all that is not hidden."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if listed.returncode == 0:
        found = [REPOSITORY / name for name in listed.stdout.decode().split("\0") if name]
        return [path for path in found if path.is_file()]
    inside = [path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*") if path.is_file()]
    return [REPOSITORY / path for path in inside if not any(part.startswith(".") for part in path.parts[:-1])]


@pytest.fixture(scope="session")
def sources(tracked_files: list[Path]) -> dict[str, str]:
    """Return the text of every Python file, by its path from the repository's root."""
    python = [path for path in tracked_files if path.suffix == ".py"]
    return {path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8") for path in python}


@pytest.fixture(scope="session")
def trees(sources: dict[str, str]) -> dict[str, ast.Module]:
    """Return every Python file parsed."""
    return {name: ast.parse(text) for name, text in sources.items()}
