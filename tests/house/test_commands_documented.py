"""Every command that the documentation tells one to type exists, with the options shown."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from hub.cli import app
from hub.settings import OPTIONS, option

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = re.compile(r"(?:`|^|/|\$ )imaging-hub ([^`\n#&;>]*?)(?= \| |[`\n#&;>]|$)", re.MULTILINE)
NAMED = ("serve", "demo", "gateway", "api", "worker", "migrate", "doctor", "import", "admin")


@pytest.fixture(scope="module")
def commands() -> Any:
    return get_command(app)


def documented(tracked_files: list[Path], pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Return what the documents tell one to type, with the name of the document."""
    for path in tracked_files:
        if path.suffix == ".md":
            for match in pattern.finditer(path.read_text(encoding="utf-8").replace("\\\n", " ")):
                yield path.name, match[1]


def unknown_part(command: Any, words: list[str]) -> str:
    """Return the first word that the command line would not take, or nothing."""
    for word in words:
        if word.startswith("-"):
            if word not in {
                "--help",
                *(name for each in command.params for name in each.opts + each.secondary_opts),
            }:
                return word
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return word
            command = command.commands[word]
    return ""


def test_every_documented_command_exists(tracked_files: list[Path], commands: Any) -> None:
    unknown = [
        f"{document}: imaging-hub {text}: {part}"
        for document, text in documented(tracked_files, COMMAND)
        for alternative in alternatives(text)
        if (part := unknown_part(commands, alternative))
    ]
    assert unknown == []


def alternatives(text: str) -> list[list[str]]:
    """Read `admin site|device add` as the two commands that it stands for; values are left out."""
    lines: list[list[str]] = [[]]
    for word in text.split():
        if re.fullmatch(r"-{0,2}[a-z][a-z|-]*", word):
            lines = [[*line, each] for line in lines for each in word.split("|")]
    return lines


def test_the_rule_on_commands_knows_a_wrong_one(commands: Any) -> None:
    assert unknown_part(commands, ["serve", "--data"]) == ""
    assert unknown_part(commands, ["serve", "--no-such-option"]) == "--no-such-option"
    assert unknown_part(commands, ["launch"]) == "launch"
    assert unknown_part(commands, ["admin", "launch"]) == "launch"
    assert alternatives("admin site|group add --data DIR") == [
        ["admin", "site", "add", "--data"],
        ["admin", "group", "add", "--data"],
    ]
    shown = "`imaging-hub admin site|group add --data DIR`, then imaging-hub serves.\n"
    shown += ".venv/bin/imaging-hub serve # now"
    assert COMMAND.findall(shown) == ["admin site|group add --data DIR", "serve "]


def test_the_command_line_has_the_names_that_others_build_on(commands: Any) -> None:
    assert set(NAMED) <= set(commands.commands)


def test_serve_takes_every_setting_that_is_documented_as_an_option(commands: Any) -> None:
    assert unknown_part(commands, ["serve", *(option(name) for name in OPTIONS)]) == ""


@pytest.mark.tool("make")
def test_every_documented_target_of_make_exists(tracked_files: list[Path]) -> None:
    listed = subprocess.run(
        ["make", "-C", REPOSITORY, "--no-print-directory"], capture_output=True, text=True, check=True
    )
    targets = {line.split()[1] for line in listed.stdout.splitlines()}
    told = set(documented(tracked_files, re.compile(r"(?:`|^)make ([a-z]+)", re.MULTILINE)))
    assert told
    assert {target for _, target in told} <= targets
