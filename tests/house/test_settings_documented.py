"""Tables in the documentation say what the code says."""

from pathlib import Path

import pytest

from hub.documentation import REPOSITORY, TABLES, regenerated
from hub.settings import Settings, variable


@pytest.mark.parametrize("document", TABLES)
def test_a_generated_table_is_up_to_date(document: str) -> None:
    text = Path(REPOSITORY, document).read_text(encoding="utf-8")
    assert regenerated(text, TABLES[document]) == text, "run .venv/bin/python -m hub.documentation"


def test_every_setting_is_documented_with_its_meaning() -> None:
    text = Path(REPOSITORY, "docs/settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `{variable(name)}` |" in text
        assert field.description
        assert field.description in text


@pytest.mark.parametrize(
    "text", ["no marks", "<!-- a -->\n", "<!-- a -->\n<!-- /a -->\n<!-- a -->\n<!-- /a -->"]
)
def test_a_table_without_its_marks_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="must stand once"):
        regenerated(text, {"a": lambda: "| row |"})


def test_only_what_stands_between_the_marks_is_made_anew() -> None:
    text = "before\n<!-- a -->\nold\n<!-- /a -->\nafter <!-- b -->\n"
    assert regenerated(text, {"a": lambda: "new"}) == text.replace("old", "new")
