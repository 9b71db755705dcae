"""What the command line says of itself and of what it did."""

from importlib.metadata import version
from pathlib import Path

from typer.testing import CliRunner

from hub.cli import app
from hub.schema import head_revision


def test_the_version_is_told_with_the_newest_schema_step() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (
        0,
        f"imaging-hub {version('imaging-hub')}, newest schema step {head_revision()}\n",
    )


def test_the_help_begins_with_what_the_hub_is_and_names_the_version() -> None:
    help_text = CliRunner().invoke(app, ["--help"]).stdout
    assert "A device sends a study" in help_text
    assert "--version" in help_text


def test_a_migration_is_told_in_whole_sentences(tmp_path: Path) -> None:
    told = [CliRunner().invoke(app, ["migrate", "--data", str(tmp_path / "data")]).stdout for _ in range(2)]
    assert told == [
        f"The catalogue was migrated from empty to {head_revision()}.\n",
        "The catalogue is up to date.\n",
    ]
